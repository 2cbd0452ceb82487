"""Which file holds what was last committed of each entity, and which jobs are switched off, in the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from datahub.state.records import Claim, Snapshot
from datahub.state.sqlite.leases import fence

if TYPE_CHECKING:
    from datahub.state.sqlite.ledger import SqliteLedger


class SqliteSnapshots:
    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger

    def current(self, entity: str) -> Snapshot | None:
        rows = self._ledger.rows("SELECT * FROM snapshot WHERE entity = ?", (entity,))
        return Snapshot(**dict(rows[0])) if rows else None

    def commit(self, claim: Claim, snapshots: Sequence[Snapshot]) -> None:
        with self._ledger.writing() as sql:
            fence(sql, claim)
            sql.executemany(
                "INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?, ?, ?)",
                [(one.entity, one.sha256, one.rows, one.last_count, one.run) for one in snapshots],
            )

    def files(self) -> Sequence[str]:
        return tuple(str(row[0]) for row in self._ledger.rows("SELECT DISTINCT sha256 FROM snapshot"))


class SqliteSwitches:
    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger

    def all(self) -> Mapping[str, bool]:
        return {row["job"]: bool(row["turned_on"]) for row in self._ledger.rows("SELECT * FROM switch")}

    def turn(self, job: str, on: bool, actor: str, now: datetime) -> None:
        with self._ledger.writing() as sql:
            sql.execute("INSERT OR REPLACE INTO switch VALUES (?, ?)", (job, on))
            self._ledger.audit(actor, "enable" if on else "disable", job, now)
