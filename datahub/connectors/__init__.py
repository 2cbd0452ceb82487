"""Where files and rows come from and go to: one module a kind of connection in `kinds`, found through the one registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datahub.connectors.declare import Connector
    from datahub.project.connection import Kinds


def load() -> dict[str, Connector]:
    """Every declared connector by its kind."""
    from datahub.connectors import kinds
    from datahub.connectors.declare import CONNECTORS
    from datahub.registry import load_all

    load_all(kinds)
    return CONNECTORS


def models() -> Kinds:
    """The model of each kind of connection, as `datahub.project.load` asks for them."""
    return {kind: connector.connection for kind, connector in load().items()}
