"""Where files and rows come from and go to: one module a connector, found through the one registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datahub.connectors.declare import Connector
    from datahub.project.connection import Kinds


def load() -> dict[str, Connector]:
    """Every declared connector by its kind."""
    import datahub.connectors as package
    from datahub.connectors.declare import CONNECTORS
    from datahub.registry import load_all

    load_all(package)
    return CONNECTORS


def kinds() -> Kinds:
    """The model of each kind of connection, as `datahub.project.load` asks for them."""
    return {kind: connector.connection for kind, connector in load().items()}
