"""What is sent, in the ledger: batches and files with their keys, how far sources were read, and what was rejected."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from datahub.project.redaction import redacted
from datahub.state.records import Again, Batch, BatchState, Claim, FileState, OutFile, Rejects, RunStatus, Sending
from datahub.state.sqlite.leases import fence
from datahub.state.sqlite.moments import moment

if TYPE_CHECKING:
    from datahub.state.sqlite.ledger import SqliteLedger


_BROKEN = ", ".join(f"'{status}'" for status in (RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.OVER_LIMIT))


class SqliteDeliveries:
    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger

    def plan(self, claim: Claim, batches: Sequence[Batch], files: Sequence[OutFile], sendings: Sequence[Sending] = ()) -> None:
        with self._ledger.writing() as sql:
            fence(sql, claim)
            sql.execute("INSERT INTO planned VALUES (?)", (claim.run,))
            now = moment(sql)
            sql.executemany(
                "INSERT INTO batch (run, target, number, first, last, key, sha256, state, answer, sent_by, body_of, begun, sent)"
                " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
                [
                    (
                        *(claim.run, one.target, one.number, one.first, one.last, one.key, one.sha256, one.state),
                        *(redacted(one.answer), one.sent_by, one.body_of, now if one.sent_by else 0, now if one.sent_by else 0),
                    )
                    for one in batches
                ],
            )
            sql.executemany(
                "INSERT INTO sending VALUES (?,?,?,?,?,?)",
                [(claim.run, one.target, one.place, one.rows, one.looked, one.closed) for one in sendings],
            )
            sql.executemany(
                "INSERT INTO out_file VALUES (?,?,?,?,?,?,?,?,?)",
                [self._row(claim, one) for one in files],
            )

    def add(self, claim: Claim, file: OutFile) -> None:
        with self._ledger.writing() as sql:
            fence(sql, claim)
            sql.execute("INSERT OR IGNORE INTO out_file VALUES (?,?,?,?,?,?,?,?,?)", self._row(claim, file))

    def _row(self, claim: Claim, file: OutFile) -> tuple[object, ...]:
        rendered = self._ledger.below.kept(file.rendered)
        return (claim.run, file.target, file.name, rendered, file.rows, file.sha256, file.key, file.state, file.receipt)

    def planned(self, run: str) -> bool:
        return bool(self._ledger.rows("SELECT 1 FROM planned WHERE run = ?", (run,)))

    def batches(self, run: str) -> Sequence[Batch]:
        return tuple(map(_batch, self._ledger.rows("SELECT * FROM batch WHERE run = ? ORDER BY target, number", (run,))))

    def files(self, run: str) -> Sequence[OutFile]:
        rows = self._ledger.rows("SELECT * FROM out_file WHERE run = ? ORDER BY target, name", (run,))
        found = self._ledger.below.found
        return tuple(OutFile(**{**dict(row), "rendered": found(row["rendered"]), "state": FileState(row["state"])}) for row in rows)

    def broken_off(self, place: str) -> Sequence[Sending]:
        query = "SELECT sending.* FROM sending JOIN run ON run.id = sending.run WHERE place = ? AND closed = 0 AND run.status IN"
        return tuple(map(_sending, self._ledger.rows(f"{query} ({_BROKEN}) ORDER BY run.rowid", (place,))))

    def places(self) -> Sequence[str]:
        return tuple(str(row[0]) for row in self._ledger.rows("SELECT DISTINCT place FROM sending ORDER BY place"))

    def sent_to(self, place: str, after: int, *beside: str) -> Sequence[tuple[Sending, Sequence[Batch]]]:
        these = json.dumps([place, *beside])
        at = "place IN (SELECT value FROM json_each(?))"
        known = {(one["run"], one["target"]): one for one in self._ledger.rows(f"SELECT * FROM sending WHERE {at}", (these,))}
        query = f"SELECT batch.* FROM sending JOIN batch USING (run, target) WHERE {at} AND sent > ? ORDER BY run, target, number"
        batches = map(_batch, self._ledger.rows(query, (these, after)))
        return [(_sending(known[key]), tuple(several)) for key, several in groupby(batches, lambda one: (one.run, one.target))]

    def looked(self, claim: Claim, sendings: Sequence[Sending]) -> None:
        with self._ledger.writing() as sql:
            fence(sql, claim)
            sql.executemany(
                "UPDATE sending SET looked = ?, closed = ? WHERE run = ? AND target = ?",
                [(one.looked, one.closed, one.run, one.target) for one in sendings],
            )

    def mark(self, claim: Claim, batch: Batch, state: BatchState, answer: str = "") -> None:
        with self._ledger.writing() as sql:
            fence(sql, claim)
            again = state is BatchState.SENDING
            order = moment(sql) if again else 0
            if again:
                # A run that was gone on with may break off once more.
                sql.execute("UPDATE sending SET closed = 0 WHERE run = ? AND target = ? AND closed = 1", (claim.run, batch.target))
            sql.execute(
                "UPDATE batch SET state = ?, answer = ?, attempts = attempts + ?, begun = iif(begun, begun, ?), sent = max(sent, ?)"
                " WHERE run = ? AND target = ? AND number = ?",
                (state, redacted(answer), again, order, order, claim.run, batch.target, batch.number),
            )

    def refused(self, claim: Claim, batch: Batch) -> None:
        with self._ledger.writing() as sql:
            fence(sql, claim)
            sql.execute(
                "UPDATE batch SET state = ?, begun = ?, sent = ? WHERE run = ? AND target = ? AND number = ?",
                (batch.state, batch.begun, batch.sent, claim.run, batch.target, batch.number),
            )

    def mark_file(self, claim: Claim, file: OutFile, state: FileState, receipt: str = "") -> None:
        with self._ledger.writing() as sql:
            fence(sql, claim)
            sql.execute(
                "UPDATE out_file SET state = ?, receipt = ? WHERE run = ? AND target = ? AND name = ?",
                (state, receipt or file.receipt, claim.run, file.target, file.name),
            )

    def settle(self, run: str, state: BatchState) -> int:
        with self._ledger.writing() as sql:
            order = moment(sql)
            # An earlier run that was asked about the same has its answer here.
            sql.execute(
                "UPDATE batch SET state = 'planned' WHERE run <> ? AND state IN ('sending', 'unknown')"
                " AND key IN (SELECT key FROM batch WHERE run = ? AND state = 'unknown')",
                (run, run),
            )
            answered = (
                "UPDATE batch SET state = ?, begun = iif(begun, begun, ?), sent = iif(sent, sent, ?) WHERE run = ? AND state = 'unknown'"
            )
            return sql.execute(answered, (state, order, order, run)).rowcount


class SqliteCursors:
    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger

    def value(self, scope: str, stream: str) -> str | None:
        rows = self._ledger.rows("SELECT value FROM position WHERE scope = ? AND stream = ?", (scope, stream))
        return str(rows[0][0]) if rows else None

    def propose(self, claim: Claim, scope: str, stream: str, value: str) -> None:
        with self._ledger.writing() as sql:
            fence(sql, claim)
            sql.execute("INSERT OR REPLACE INTO proposed VALUES (?, ?, ?, ?)", (claim.run, scope, stream, value))

    def proposed(self, claim: Claim, scope: str, stream: str) -> str | None:
        rows = self._ledger.rows("SELECT value FROM proposed WHERE run = ? AND scope = ? AND stream = ?", (claim.run, scope, stream))
        return str(rows[0][0]) if rows else None

    def commit(self, claim: Claim) -> None:
        with self._ledger.writing() as sql:
            fence(sql, claim)
            # A run that was overtaken has read less than what stands there.
            sql.execute(
                "INSERT INTO position SELECT scope, stream, value, run, (SELECT read_at FROM run WHERE id = ?1) FROM proposed"
                " WHERE run = ?1 ON CONFLICT (scope, stream) DO UPDATE SET value = excluded.value, run = excluded.run,"
                " read_at = excluded.read_at WHERE excluded.read_at >= position.read_at",
                (claim.run,),
            )
            sql.execute("DELETE FROM proposed WHERE run = ?", (claim.run,))


class SqliteRejects:
    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger

    def put(self, claim: Claim, rejects: Sequence[Rejects]) -> None:
        with self._ledger.writing() as sql:
            fence(sql, claim)
            sql.execute("DELETE FROM rejects WHERE run = ?", (claim.run,))
            sql.executemany(
                "INSERT INTO rejects (run, source, path, rows, codes) VALUES (?, ?, ?, ?, ?)",
                [(claim.run, one.source, self._ledger.below.kept(one.path), one.rows, one.codes) for one in rejects],
            )

    def add(self, claim: Claim, rejects: Rejects) -> None:
        with self._ledger.writing() as sql:
            fence(sql, claim)
            told = (claim.run, rejects.source, self._ledger.below.kept(rejects.path), rejects.rows, rejects.codes)
            sql.execute("INSERT OR IGNORE INTO rejects (run, source, path, rows, codes) VALUES (?, ?, ?, ?, ?)", told)

    def list(self, run: str = "", limit: int = 100) -> Sequence[Rejects]:
        query = "SELECT run, source, path, rows, codes FROM rejects WHERE ? = '' OR run = ? ORDER BY run DESC, source LIMIT ?"
        rows = self._ledger.rows(query, (run, run, limit))
        return tuple(Rejects(**{**dict(row), "path": self._ledger.below.found(row["path"])}) for row in rows)

    def replayed(self, again: Again) -> None:
        with self._ledger.writing() as sql:
            told = (again.run, again.source, again.replay, again.rows, again.places)
            sql.execute("INSERT OR REPLACE INTO again VALUES (?, ?, ?, ?, ?)", told)

    def again(self, run: str) -> Sequence[Again]:
        return tuple(Again(**dict(row)) for row in self._ledger.rows("SELECT * FROM again WHERE run = ? ORDER BY replay", (run,)))

    def replay_of(self, run: str) -> Again | None:
        rows = self._ledger.rows("SELECT * FROM again WHERE replay = ?", (run,))
        return Again(**dict(rows[0])) if rows else None


def _sending(row: sqlite3.Row) -> Sending:
    return Sending(**{**dict(row), "closed": bool(row["closed"])})


def _batch(row: sqlite3.Row) -> Batch:
    return Batch(**{**dict(row), "state": BatchState(row["state"])})
