"""Rows that entered a status, in the ledger: each once for a job, unless the job wants them each time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from datahub.state.records import Claim, Entry
from datahub.state.sqlite.instants import read, written
from datahub.state.sqlite.leases import fence

if TYPE_CHECKING:
    from datahub.state.sqlite.ledger import SqliteLedger


class SqliteEntries:
    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger

    def put(self, claim: Claim, entries: Iterable[Entry], now: datetime) -> int:
        with self._ledger.writing() as sql:
            fence(sql, claim)
            before = sql.total_changes
            sql.executemany(
                "INSERT INTO entry (job, entity, key, status, again, sha256, row, run, at)"
                " VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
                ((one.job, one.entity, one.key, one.status, one.again, one.sha256, one.row, one.run, written(now)) for one in entries),
            )
            return sql.total_changes - before

    def after(self, job: str, entity: str, number: int, limit: int) -> Sequence[Entry]:
        rows = self._ledger.rows(
            "SELECT * FROM entry WHERE job = ? AND entity = ? AND number > ? ORDER BY number LIMIT ?", (job, entity, number, limit)
        )
        return tuple(map(_entry, rows))

    def latest(self, job: str, entity: str) -> Entry | None:
        rows = self._ledger.rows("SELECT * FROM entry WHERE job = ? AND entity = ? ORDER BY number DESC LIMIT 1", (job, entity))
        return _entry(rows[0]) if rows else None

    def files(self) -> Sequence[str]:
        # How far a job has read is its position in the stream of the entity.
        rows = self._ledger.rows(
            "SELECT DISTINCT sha256 FROM entry WHERE number > coalesce((SELECT CAST(value AS INTEGER) FROM position"
            " WHERE scope = entry.job || ':entries:' || entry.entity), 0)"
        )
        return tuple(str(row[0]) for row in rows)


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(**{**dict(row), "at": read(row["at"])})
