"""Messages in the ledger, one box of what came in and one of what goes out."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from datahub.project.redaction import redacted
from datahub.state.records import Message, MessageState
from datahub.state.sqlite.instants import read, read_or_null, written, written_or_null

if TYPE_CHECKING:
    from datahub.state.sqlite.ledger import SqliteLedger


class SqliteMessages:
    def __init__(self, ledger: SqliteLedger, box: str) -> None:
        self._ledger, self._box = ledger, box

    def put(self, messages: Sequence[Message]) -> Sequence[bool]:
        with self._ledger.writing() as sql:
            return tuple(self._put(sql, one) for one in messages)

    def _put(self, sql: sqlite3.Connection, one: Message) -> bool:
        values = (self._box, one.id, one.channel, one.key, one.kind, one.version, one.body, written(one.received), one.state)
        added = sql.execute(
            "INSERT INTO message (box, id, channel, key, kind, version, body, received, state, not_before, reason)"
            " VALUES (?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (box, id) DO NOTHING",
            (*values, written_or_null(one.not_before), one.reason),
        )
        return added.rowcount == 1

    def get(self, id: str) -> Message | None:
        rows = self._ledger.rows("SELECT * FROM message WHERE box = ? AND id = ?", (self._box, id))
        return _message(rows[0]) if rows else None

    def claim(self, channel: str, now: datetime, limit: int, blocked: bool = True) -> Sequence[Message]:
        behind = (
            " AND (key = '' OR NOT EXISTS (SELECT 1 FROM message AS earlier WHERE earlier.box = message.box AND"
            " earlier.channel = message.channel AND earlier.key = message.key AND earlier.number < message.number"
            " AND earlier.state IN ('new', 'claimed')))"
        )
        with self._ledger.writing() as sql:
            rows = sql.execute(
                "SELECT * FROM message WHERE box = ? AND channel = ? AND state = 'new' AND (not_before IS NULL OR not_before <= ?)"
                f"{behind if blocked else ''} ORDER BY number LIMIT ?",
                (self._box, channel, written(now), limit),
            ).fetchall()
            sql.executemany(
                "UPDATE message SET state = 'claimed', claimed = ?, attempts = attempts + 1 WHERE number = ?",
                [(written(now), row["number"]) for row in rows],
            )
            return tuple(replace(_message(row), state=MessageState.CLAIMED, attempts=row["attempts"] + 1) for row in rows)

    def mark(self, id: str, state: MessageState, *, reason: str = "", not_before: datetime | None = None) -> None:
        with self._ledger.writing() as sql:
            sql.execute(
                "UPDATE message SET state = ?, reason = ?, not_before = ? WHERE box = ? AND id = ?",
                (state, redacted(reason), written_or_null(not_before), self._box, id),
            )

    def release(self, before: datetime) -> int:
        with self._ledger.writing() as sql:
            freed = sql.execute(
                "UPDATE message SET state = 'new', claimed = NULL WHERE box = ? AND state = 'claimed' AND claimed < ?",
                (self._box, written(before)),
            )
            return freed.rowcount

    def list(self, state: str = "", limit: int = 100) -> Sequence[Message]:
        rows = self._ledger.rows(
            "SELECT * FROM message WHERE box = ? AND (? = '' OR state = ?) ORDER BY number DESC LIMIT ?", (self._box, state, state, limit)
        )
        return tuple(map(_message, rows))

    def counts(self) -> Mapping[str, int]:
        rows = self._ledger.rows("SELECT state, count(*) AS n FROM message WHERE box = ? GROUP BY state", (self._box,))
        return {row["state"]: row["n"] for row in rows}

    def newest(self, channel: str, key: str) -> str:
        rows = self._ledger.rows(
            "SELECT max(version) FROM message WHERE box = ? AND channel = ? AND key = ? AND key <> '' AND version <> '' AND state = 'done'",
            (self._box, channel, key),
        )
        return str(rows[0][0] or "")


def _message(row: sqlite3.Row) -> Message:
    return Message(
        id=row["id"],
        channel=row["channel"],
        key=row["key"],
        body=bytes(row["body"]),
        received=read(row["received"]).astimezone(UTC),
        kind=row["kind"],
        version=row["version"],
        state=MessageState(row["state"]),
        attempts=row["attempts"],
        not_before=read_or_null(row["not_before"]),
        reason=row["reason"],
    )
