"""Messages in the ledger, one box of what came in and one of what goes out."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from datahub.project.redaction import redacted
from datahub.state.records import Message, MessageState
from datahub.state.sqlite.instants import read, read_or_null, written, written_or_null

if TYPE_CHECKING:
    from datahub.state.sqlite.ledger import SqliteLedger

_AT_ONCE = 500
"""So many messages are added, or changed, by one statement."""


class SqliteMessages:
    def __init__(self, ledger: SqliteLedger, box: str) -> None:
        self._ledger, self._box = ledger, box

    def put(self, messages: Sequence[Message]) -> Sequence[bool]:
        with self._ledger.writing() as sql:
            known = _known(sql, self._box, [one.id for one in messages])
            new = []
            for one in messages:
                new.append(one.id not in known)
                known.add(one.id)
            fresh = [one for one, is_new in zip(messages, new, strict=True) if is_new]
            for at in range(0, len(fresh), _AT_ONCE):
                several = fresh[at : at + _AT_ONCE]
                # One statement for many: each gives way to other threads, and waits until they give way to it.
                sql.execute(_insert(len(several)), [value for one in several for value in self._values(one)])
            return tuple(new)

    def _values(self, one: Message) -> tuple[object, ...]:
        told = (self._box, one.id, one.channel, one.key, one.kind, one.version, one.body, written(one.received), one.state)
        return (*told, written_or_null(one.not_before), one.reason, sha256(one.body).hexdigest())

    def same(self, messages: Sequence[Message]) -> Sequence[bool]:
        ids = json.dumps([one.id for one in messages])
        rows = self._ledger.rows(
            "SELECT id, sha256 FROM message WHERE box = ? AND id IN (SELECT value FROM json_each(?))", (self._box, ids)
        )
        kept = {row["id"]: row["sha256"] for row in rows}
        return tuple(kept.get(one.id) == sha256(one.body).hexdigest() for one in messages)

    def get(self, id: str) -> Message | None:
        rows = self._ledger.rows("SELECT * FROM message WHERE box = ? AND id = ?", (self._box, id))
        return _message(rows[0]) if rows else None

    def claim(self, channel: str, now: datetime, limit: int, blocked: bool = True, *, behind_dead: bool = True) -> Sequence[Message]:
        waited_for = "'new', 'claimed'" if behind_dead else "'new', 'claimed', 'dead'"
        behind = (
            " AND (key = '' OR NOT EXISTS (SELECT 1 FROM message AS earlier WHERE earlier.box = message.box AND"
            " earlier.channel = message.channel AND earlier.key = message.key AND earlier.number < message.number"
            f" AND earlier.state IN ({waited_for})))"
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

    def unclaim(self, id: str) -> None:
        with self._ledger.writing() as sql:
            sql.execute(
                "UPDATE message SET state = 'new', claimed = NULL, attempts = attempts - 1 WHERE box = ? AND id = ? AND state = 'claimed'",
                (self._box, id),
            )

    def release_all(self, channel: str) -> int:
        with self._ledger.writing() as sql:
            return sql.execute(
                "UPDATE message SET state = 'new', claimed = NULL WHERE box = ? AND channel = ? AND state = 'claimed'", (self._box, channel)
            ).rowcount

    def again(self, id: str) -> bool:
        with self._ledger.writing() as sql:
            # What came in keeps the count of its attempts, which tells the run of this one from those before.
            changed = sql.execute(
                "UPDATE message SET state = 'new', not_before = NULL, reason = '', attempts = iif(box = 'in', max(attempts, 1), 0)"
                " WHERE box = ? AND id = ? AND state IN ('dead', 'done', 'superseded') AND body <> x''",
                (self._box, id),
            )
            return changed.rowcount == 1

    def overtaken(self, id: str) -> str:
        rows = self._ledger.rows(
            "SELECT later.id FROM message AS one JOIN message AS later ON later.box = one.box AND later.channel = one.channel"
            " AND later.key = one.key AND later.number > one.number AND later.state = 'done'"
            " WHERE one.box = ? AND one.id = ? AND one.key <> '' ORDER BY later.number DESC LIMIT 1",
            (self._box, id),
        )
        return str(rows[0][0]) if rows else ""

    def due(self, now: datetime) -> Sequence[str]:
        rows = self._ledger.rows(
            "SELECT DISTINCT channel FROM message WHERE box = ? AND state IN ('new', 'claimed')"
            " AND (not_before IS NULL OR not_before <= ?) AND channel NOT IN (SELECT channel FROM closed)",
            (self._box, written(now)),
        )
        return tuple(str(row["channel"]) for row in rows)

    def closed(self, channel: str) -> str:
        rows = self._ledger.rows("SELECT reason FROM closed WHERE channel = ?", (channel,))
        return str(rows[0][0]) if rows else ""

    def close_channel(self, channel: str, reason: str, now: datetime) -> None:
        with self._ledger.writing() as sql:
            sql.execute("INSERT OR REPLACE INTO closed VALUES (?, ?, ?)", (channel, written(now), redacted(reason)))

    def open_channel(self, channel: str) -> bool:
        with self._ledger.writing() as sql:
            return sql.execute("DELETE FROM closed WHERE channel = ?", (channel,)).rowcount == 1

    def mark(self, id: str, state: MessageState, *, reason: str = "", not_before: datetime | None = None) -> None:
        with self._ledger.writing() as sql:
            sql.execute(
                "UPDATE message SET state = ?, reason = ?, not_before = ? WHERE box = ? AND id = ?",
                (state, redacted(reason), written_or_null(not_before), self._box, id),
            )

    def settled(self, run: str, *, taken: bool, reason: str) -> None:
        became, was = ("done", "dead") if taken else ("dead", "done")
        with self._ledger.writing() as sql:
            # A message that was taken up again has the number of the attempt behind its id.
            sql.execute(
                "UPDATE message SET state = ?, reason = ? WHERE box = ? AND state = ? AND id = (SELECT CASE instr(key, ' #') WHEN 0"
                " THEN key ELSE substr(key, 1, instr(key, ' #') - 1) END FROM fire WHERE run = ? AND kind = 'event')",
                (became, redacted(f"run {run}" if taken else f"run {run}: {reason}"), self._box, was, run),
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

    def empty(self, states: Sequence[MessageState], before: datetime, channel: str = "", besides: Sequence[str] = ()) -> int:
        wanted = ", ".join(f"'{state.value}'" for state in states)
        return self._by_parts(
            "UPDATE message SET body = x'' WHERE number IN (SELECT number FROM message WHERE box = ? AND received < ? AND body <> x''"
            f" AND state IN ({wanted}) AND ? IN ('', channel) AND channel NOT IN (SELECT value FROM json_each(?)) LIMIT ?)",
            (written(before), channel, json.dumps(besides)),
        )

    def forget(self, before: datetime) -> int:
        return self._by_parts(
            "DELETE FROM message WHERE number IN (SELECT number FROM message WHERE box = ? AND received < ?"
            " AND state IN ('done', 'dead', 'superseded') LIMIT ?)",
            (written(before),),
        )

    def _by_parts(self, statement: str, told: tuple[str, ...]) -> int:
        """Change many messages, so many in a transaction that whoever takes messages at the same time hardly waits."""
        changed = 0
        while True:
            with self._ledger.writing() as sql:
                found = sql.execute(statement, (self._box, *told, _AT_ONCE)).rowcount
            changed += found
            if found < _AT_ONCE:
                return changed

    def digests(self, limit: int) -> Mapping[str, str]:
        rows = self._ledger.rows("SELECT id, sha256 FROM message WHERE box = ? ORDER BY number DESC LIMIT ?", (self._box, limit))
        return {row["id"]: row["sha256"] for row in rows}

    def newest(self, channel: str, key: str, version: str) -> str:
        kind = version[:1]
        rows = self._ledger.rows(
            "SELECT max(version) FROM message WHERE box = ? AND channel = ? AND key = ? AND key <> '' AND version <> '' AND state = 'done'"
            " AND version >= ? AND version < ?",
            (self._box, channel, key, kind, chr(ord(kind) + 1)),
        )
        return str(rows[0][0] or "")


def _known(sql: sqlite3.Connection, box: str, ids: Sequence[str]) -> set[str]:
    """Which of the ids have come before; as one value, which is one step of the database."""
    found = sql.execute(
        "SELECT json_group_array(id) FROM message WHERE box = ? AND id IN (SELECT value FROM json_each(?))", (box, json.dumps(ids))
    ).fetchone()[0]
    return set(json.loads(found))


@lru_cache(maxsize=_AT_ONCE)
def _insert(count: int) -> str:
    """The statement that adds so many messages."""
    one = "(?,?,?,?,?,?,?,?,?,?,?,?)"
    columns = "box, id, channel, key, kind, version, body, received, state, not_before, reason, sha256"
    return f"INSERT INTO message ({columns}) VALUES {', '.join([one] * count)}"


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
