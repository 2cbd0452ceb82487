"""Leases in the ledger: one row a scope, whose epoch only grows."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from datahub.state.owner import Owner, uptime
from datahub.state.records import Claim
from datahub.state.store import Fenced

if TYPE_CHECKING:
    from datahub.state.sqlite.ledger import SqliteLedger

STRANGE = 300.0
"""Clocks of two machines may differ by so many seconds before one takes the other's lease for run out."""


class SqliteLeases:
    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger

    def acquire(self, scope: str, owner: Owner, seconds: float) -> int | None:
        with self._ledger.writing() as sql:
            row = sql.execute("SELECT * FROM lease WHERE scope = ?", (scope,)).fetchone()
            if row is not None and _held(row):
                return None
            epoch = 1 if row is None else int(row["epoch"]) + 1
            sql.execute(
                "INSERT OR REPLACE INTO lease VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
                (scope, epoch, owner.host, owner.boot, owner.pid, owner.started, uptime() + seconds, _now()),
            )
            return epoch

    def renew(self, scope: str, epoch: int, seconds: float) -> bool:
        with self._ledger.writing() as sql:
            # The beat carries the length too: another machine knows nothing of our uptime.
            changed = sql.execute(
                "UPDATE lease SET expires = ?, beat = ? WHERE scope = ? AND epoch = ? AND pid <> 0",
                (uptime() + seconds, _now(), scope, epoch),
            )
            return changed.rowcount == 1

    def release(self, scope: str, epoch: int) -> None:
        with self._ledger.writing() as sql:
            # The row stays for its epoch, which must never be given twice.
            sql.execute("UPDATE lease SET pid = 0, expires = 0 WHERE scope = ? AND epoch = ?", (scope, epoch))

    def ending(self, scope: str, epoch: int) -> None:
        with self._ledger.writing() as sql:
            sql.execute("UPDATE lease SET ending = 1 WHERE scope = ? AND epoch = ?", (scope, epoch))

    def given_back(self, scope: str) -> bool:
        """Whether the last who held a lease has released it or was told to, and was not taken from it by death or silence."""
        rows = self._ledger.rows("SELECT pid, ending FROM lease WHERE scope = ?", (scope,))
        return not rows or not rows[0]["pid"] or bool(rows[0]["ending"])

    def holder(self, scope: str) -> Owner | None:
        rows = self._ledger.rows("SELECT * FROM lease WHERE scope = ?", (scope,))
        return _owner(rows[0]) if rows and _held(rows[0]) else None


def fence(sql: sqlite3.Connection, claim: Claim) -> None:
    """Raise `Fenced` where the claim's lease is no longer its own; part of every write under a claim."""
    row = sql.execute("SELECT 1 FROM lease WHERE scope = ? AND epoch = ? AND pid <> 0", (claim.scope, claim.epoch)).fetchone()
    if row is None:
        raise Fenced(f"another process goes on with run {claim.run}")


def _held(row: sqlite3.Row) -> bool:
    """Whether a lease is in force: its owner lives, as far as can be known, and it has not run out."""
    if not row["pid"]:
        return False
    alive = _owner(row).alive
    if alive is None:
        # Another machine: its uptime means nothing here, its last beat does.
        return (datetime.now(UTC) - datetime.fromisoformat(row["beat"])).total_seconds() < STRANGE
    return alive and float(row["expires"]) > uptime()


def _owner(row: sqlite3.Row) -> Owner:
    return Owner(row["host"], row["boot"], int(row["pid"]), row["started"])


def _now() -> str:
    return datetime.now(UTC).isoformat()
