"""Waits that are worth a word to whoever looks on: a call that may be made once a minute looks like a run that hangs."""

from __future__ import annotations

import logging

LOG = logging.getLogger("datahub.waits")
_WORTH = 1.0
"""Seconds from which on a wait is told."""


def tell(seconds: float, why: str) -> None:
    """Say that `seconds` are waited from now on, and for what."""
    if seconds >= _WORTH:
        LOG.info("waiting %s: %s", _shown(seconds), why)


def _shown(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole} s" if whole < 100 else f"{round(seconds / 60)} min"
