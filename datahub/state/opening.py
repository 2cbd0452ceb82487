"""Which kind of ledger a project has: the one place that knows, all else goes by the protocol of `store`."""

from __future__ import annotations

from pathlib import Path

from datahub.state.store import StateStore


def opened(path: Path, *, look: bool = False) -> StateStore:
    """The ledger at `path`, made where there is none; `LedgerUnusable` says what stands in the way. To `look` makes and changes nothing."""
    from datahub.state.sqlite.ledger import SqliteLedger

    return SqliteLedger(path, look=look)
