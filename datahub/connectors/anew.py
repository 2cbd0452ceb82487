"""The failure after which a file is fetched from its start."""

from __future__ import annotations

from datahub.connectors.declare import TransientError


class Anew(TransientError):
    """What was begun cannot be gone on with, or came damaged; from its start it can be had."""
