"""Fires and runs in the ledger: what is let in, who may go on with it, where it is and how it ended."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING

from datahub.project.redaction import redacted
from datahub.state.owner import Owner
from datahub.state.records import ENDED, Admission, Claim, Counts, Fire, FireKind, Overlap, Run, RunStatus
from datahub.state.sqlite.admitted import OPEN, PENDING, PRECEDING, WORKING, admitted, cancel
from datahub.state.sqlite.going_on import GoingOn, going_on
from datahub.state.sqlite.instants import read, read_or_null, written
from datahub.state.sqlite.leases import fence
from datahub.state.sqlite.moments import moment
from datahub.state.sqlite.run_ids import new_id
from datahub.state.store import LEASE_SECONDS

if TYPE_CHECKING:
    from datahub.state.sqlite.ledger import SqliteLedger

_COUNTS = tuple(one.name for one in fields(Counts))
_CLOSED = ", ".join(f"'{status}'" for status in sorted(ENDED))
_MOST_AT_ONCE = 500
"""So many runs of a job are looked through for one that can be claimed."""
_APART = "'replay', 'backfill'"
# A run that found nothing new has a code; it says as little of how much there should be as rejects or a range that are run again.
_GOOD = f"status = 'success' AND code = '' AND kind NOT IN ({_APART})"
_OWN_TABLES = ("taken", "batch", "sending", "out_file", "planned", "proposed", "rejects", "again")


class SqliteRuns:
    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger

    # ------------------------------------------------------------ fires

    def submit(self, fire: Fire, admission: Admission, now: datetime) -> Run | None:
        if fire.key and self._recorded(fire):
            # What fires again and again costs no transaction.
            return None
        with self._ledger.writing() as sql:
            run = new_id(sql, now)
            key = fire.key or (run if fire.kind in (FireKind.MANUAL, FireKind.REPLAY, FireKind.BACKFILL) else "")
            recorded = sql.execute(
                "INSERT INTO fire VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (fire.job, fire.kind, written(fire.at), key, run, written(now)),
            )
            if not recorded.rowcount:
                return None
            status, reason = admitted(sql, fire.job, admission, now)
            scope = f"job:{fire.job}/{run}" if admission.overlap is Overlap.ALLOW else f"job:{fire.job}"
            ended = written(now) if status in ENDED else None
            sql.execute(
                "INSERT INTO run (id, job, kind, fire_at, status, as_of, parameters, reason, scope, ended, approved, window,"
                " precedes) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
                (
                    *(run, fire.job, fire.kind, written(fire.at), status, written(admission.as_of or now), admission.parameters),
                    *(reason, scope, ended, admission.approved, admission.window, admission.precedes),
                ),
            )
            return self.get(run)

    def _recorded(self, fire: Fire) -> bool:
        told = (fire.job, fire.kind, written(fire.at), fire.key)
        return bool(self._ledger.rows("SELECT 1 FROM fire WHERE job = ? AND kind = ? AND fire_at = ? AND key = ?", told))

    def watched_from(self, job: str, schedule: str, now: datetime) -> datetime:
        if (known := self._watched(job, schedule)) is not None:
            return known
        with self._ledger.writing() as sql:
            # What a schedule would have done before anybody knew it is not missed.
            sql.execute(
                "INSERT INTO fire SELECT ?, 'baseline', ?, ?, '', ? WHERE NOT EXISTS"
                " (SELECT 1 FROM fire WHERE job = ? AND kind = 'baseline' AND key = ?)",
                (job, written(now), schedule, written(now), job, schedule),
            )
            found = self._watched(job, schedule)
            assert found is not None
            return found

    def watch(self, job: str, schedule: str, since: datetime) -> None:
        with self._ledger.writing() as sql:
            sql.execute("UPDATE fire SET fire_at = ? WHERE job = ? AND kind = 'baseline' AND key = ?", (written(since), job, schedule))

    def _watched(self, job: str, schedule: str) -> datetime | None:
        rows = self._ledger.rows("SELECT max(fire_at) FROM fire WHERE job = ? AND kind = 'baseline' AND key = ?", (job, schedule))
        return read_or_null(rows[0][0])

    # ------------------------------------------------------------ claims

    def claim(self, job: str, owner: Owner, now: datetime, run: str | None = None) -> tuple[Claim, Run] | None:
        with self._ledger.writing() as sql:
            for row in self._candidates(job, now, run):
                given_back = self._ledger.leases.given_back(row["scope"])
                epoch = self._ledger.leases.acquire(row["scope"], owner, LEASE_SECONDS)
                if epoch is not None:
                    return self._claimed(sql, row, Claim(row["scope"], epoch, row["id"]), going_on(row, given_back=given_back), now)
        return None

    def _candidates(self, job: str, now: datetime, run: str | None = None) -> Iterator[sqlite3.Row]:
        """The runs of a job that could be claimed now, were nobody at work on them; with `run`, that one alone."""
        for row in self._in_order(job, run):
            alone = row["scope"] == f"job:{job}"
            waits = row["status"] == RunStatus.HELD or (row["not_before"] is not None and row["not_before"] > written(now))
            if not waits and run in (None, row["id"]):
                yield row
            if alone:
                # The runs of a job that must not overlap keep their order, also behind one that waits.
                return

    def _in_order(self, job: str, run: str | None = None) -> list[sqlite3.Row]:
        """The open runs of a job as they are to be claimed; with `run`, that one among them in any case."""
        # Each part in the order of the index: many may wait.
        rows = self._ledger.rows(f"SELECT * FROM run WHERE job = ? AND {WORKING} ORDER BY +rowid LIMIT {_MOST_AT_ONCE}", (job,))
        if not rows or rows[0]["scope"] != f"job:{job}":
            waiting = f"SELECT * FROM run WHERE job = ? AND {PENDING} ORDER BY rowid"
            preceding = self._ledger.rows(f"SELECT * FROM run WHERE job = ? AND {PRECEDING} ORDER BY rowid LIMIT 1", (job,))
            first = preceding or self._ledger.rows(f"{waiting} LIMIT 1", (job,))
            alone = bool(first) and first[0]["scope"] == f"job:{job}"
            rows += first if alone else self._ledger.rows(f"{waiting} LIMIT {_MOST_AT_ONCE}", (job,))
        if run is not None and all(row["id"] != run for row in rows):
            rows += self._ledger.rows(f"SELECT * FROM run WHERE id = ? AND {OPEN}", (run,))
        return rows

    def _claimed(self, sql: sqlite3.Connection, row: sqlite3.Row, claim: Claim, to: GoingOn, now: datetime) -> tuple[Claim, Run]:
        sql.execute(
            "UPDATE run SET attempt = attempt + ?, started = coalesce(started, ?), not_before = NULL, status = ?, code = '', reason = ?,"
            " help = '' WHERE id = ?",
            (to.attempts, written(now), to.status, to.reason, row["id"]),
        )
        found = self.get(row["id"])
        assert found is not None
        return claim, found

    def upcoming(self, job: str, now: datetime) -> Sequence[Run]:
        rows = self._candidates(job, now)
        return tuple(_run(row) for row in rows if self._ledger.leases.holder(row["scope"]) is None)

    def first(self, job: str) -> Run | None:
        return next(map(_run, self._in_order(job)), None)

    def ready(self, now: datetime) -> Sequence[str]:
        jobs = self._ledger.rows(f"SELECT DISTINCT job FROM run WHERE {OPEN}")
        return tuple(row["job"] for row in jobs if self.upcoming(row["job"], now))

    # ------------------------------------------------------------ reading

    def get(self, id: str) -> Run | None:
        rows = self._ledger.rows("SELECT * FROM run WHERE id = ?", (id,))
        return _run(rows[0]) if rows else None

    def find(self, text: str) -> Sequence[Run]:
        if text == "last":
            return self.list(limit=1)
        # By its bounds, so that the index serves.
        rows = self._ledger.rows("SELECT * FROM run WHERE id >= ? AND id < ? || char(1114111) ORDER BY rowid DESC LIMIT 20", (text, text))
        return tuple(map(_run, rows))

    def list(self, job: str = "", statuses: Sequence[RunStatus] = (), limit: int = 50) -> Sequence[Run]:
        marks = ", ".join("?" * len(statuses))
        # What is not asked for is not written, so that an index serves.
        chosen = [*(["job = ?"] if job else []), *([f"status IN ({marks})"] if statuses else [])]
        where = f"WHERE {' AND '.join(chosen)}" if chosen else ""
        values = (*([job] if job else []), *statuses, limit)
        rows = self._ledger.rows(f"SELECT * FROM run {where} ORDER BY rowid DESC LIMIT ?", values)
        return tuple(map(_run, rows))

    def cause(self, id: str) -> str:
        rows = self._ledger.rows("SELECT key FROM fire WHERE run = ? AND kind = 'event'", (id,))
        # A message that was taken up again has the number of the attempt behind its id.
        return str(rows[0]["key"]).partition(" #")[0] if rows else ""

    def last_good(self, job: str) -> Run | None:
        rows = self._ledger.rows(f"SELECT * FROM run WHERE job = ? AND {_GOOD} ORDER BY rowid DESC LIMIT 1", (job,))
        return _run(rows[0]) if rows else None

    def overtaken(self, id: str) -> Run | None:
        rows = self._ledger.rows(
            "SELECT other.* FROM run JOIN run AS other ON other.job = run.job AND other.arrived_at > run.read_at"
            " WHERE run.id = ? AND run.read_at > 0 AND other.id <> run.id ORDER BY other.arrived_at DESC LIMIT 1",
            (id,),
        )
        return _run(rows[0]) if rows else None

    def planned_since(self, job: str, id: str) -> Sequence[Run]:
        query = "SELECT run.* FROM run JOIN planned ON planned.run = run.id WHERE run.job = ? AND run.rowid >="
        rows = self._ledger.rows(f"{query} (SELECT rowid FROM run WHERE id = ?) ORDER BY run.rowid DESC", (job, id))
        return tuple(map(_run, rows))

    def generation(self, job: str, input_digest: str) -> int:
        # What broke off last is gone on with; whatever was sent before that is another matter, whether all of it arrived or not.
        planned = f"SELECT id, status FROM run JOIN planned ON planned.run = run.id WHERE run.job = ? AND run.kind NOT IN ({_APART})"
        last = self._ledger.rows(f"{planned} ORDER BY run.rowid DESC LIMIT 1", (job,))
        open = last[0]["id"] if last and last[0]["status"] != RunStatus.SUCCESS else ""
        query = "SELECT count(*) FROM run WHERE job = ? AND input_digest = ? AND (status = 'success' OR"
        query = f"{query} (kind NOT IN ({_APART}) AND id <> ? AND id IN (SELECT run FROM planned)))"
        return int(self._ledger.rows(query, (job, input_digest, open))[0][0])

    # ------------------------------------------------------------ going on

    def advance(self, claim: Claim, status: RunStatus, now: datetime, **facts: str | int) -> None:
        assert set(facts) <= {"plan", "input_digest", "generation"}
        with self._ledger.writing() as sql:
            fence(sql, claim)
            told = "".join(f", {name} = ?" for name in facts)
            if "input_digest" in facts:
                # Of what it reads some may be left out later; when it was read stays as it was.
                sql.execute("UPDATE run SET read_at = ? WHERE id = ? AND input_digest = ''", (moment(sql), claim.run))
            if status is RunStatus.DELIVERED:
                sql.execute("UPDATE run SET arrived_at = ? WHERE id = ?", (moment(sql), claim.run))
            sql.execute(f"UPDATE run SET status = ?{told} WHERE id = ?", (status, *facts.values(), claim.run))

    def counted(self, claim: Claim, counts: Counts) -> None:
        with self._ledger.writing() as sql:
            fence(sql, claim)
            sql.execute(
                f"UPDATE run SET {', '.join(f'{name} = ?' for name in _COUNTS)} WHERE id = ?",
                (*(getattr(counts, name) for name in _COUNTS), claim.run),
            )

    def end(self, claim: Claim, status: RunStatus, now: datetime, *, code: str = "", reason: str = "", help: str = "") -> None:
        with self._ledger.writing() as sql:
            fence(sql, claim)
            ended = None if status is RunStatus.HELD else written(now)
            sql.execute(
                "UPDATE run SET status = ?, ended = ?, code = ?, reason = ?, help = ? WHERE id = ?",
                (status, ended, code, redacted(reason), redacted(help), claim.run),
            )
            if status is RunStatus.SUCCESS:
                # It broke off nothing: nobody looks through all that ever went well.
                sql.execute("UPDATE sending SET closed = 1 WHERE run = ?", (claim.run,))
            self._ledger.leases.release(claim.scope, claim.epoch)

    def retry(self, claim: Claim, not_before: datetime, *, code: str, reason: str, help: str = "", since: datetime | None = None) -> None:
        with self._ledger.writing() as sql:
            fence(sql, claim)
            sql.execute(
                "UPDATE run SET status = 'failed_retryable', not_before = ?, code = ?, reason = ?, help = ?,"
                " failing = coalesce(?, failing) WHERE id = ?",
                (written(not_before), code, redacted(reason), redacted(help), since and written(since), claim.run),
            )
            self._ledger.leases.release(claim.scope, claim.epoch)

    # ------------------------------------------------------------ what people ask for

    def cancel(self, id: str, reason: str, now: datetime, *, orphaned: bool = False) -> RunStatus | None:
        with self._ledger.writing() as sql:
            run = self.get(id)
            if run is not None and not run.ended_for_good:
                cancel(self._ledger, sql, run.id, reason, now, orphaned=orphaned)
            return None if run is None else run.status

    def cancelled(self, claim: Claim) -> str:
        rows = self._ledger.rows("SELECT iif(arrived_at > 0, '', cancel) FROM run WHERE id = ?", (claim.run,))
        return str(rows[0][0]) if rows else ""

    def reopen(self, id: str, now: datetime, *, approved: bool = False) -> bool:
        with self._ledger.writing() as sql:
            # Whoever failed took back what it had set down; versions before this one did not write that down.
            sql.execute(
                "UPDATE out_file SET state = 'planned' WHERE run = ? AND state IN ('staging', 'staged')"
                " AND (SELECT status FROM run AS failed WHERE failed.id = out_file.run) IN ('failed', 'rejected_over_limit')",
                (id,),
            )
            changed = sql.execute(
                "UPDATE run SET status = 'failed_retryable', attempt = 0, started = NULL, failing = NULL, not_before = ?, ended = NULL,"
                " cancel = '', approved = ? WHERE id = ? AND status IN ('held', 'failed', 'rejected_over_limit', 'failed_retryable')",
                (written(now), approved, id),
            )
            return changed.rowcount == 1

    def forget(self, before: datetime, job: str = "", besides: Sequence[str] = ()) -> Sequence[str]:
        # The last good run of a job is what guards compare with; it stays.
        good = [row[0] for row in self._ledger.rows(f"SELECT max(rowid) FROM run WHERE {_GOOD} GROUP BY job")]
        gone: list[str] = []
        last = 0
        while True:
            # Some at a time: whoever else writes waits no longer than for these.
            several = self._ledger.rows(
                f"SELECT rowid, id FROM run WHERE rowid > ? AND status IN ({_CLOSED}) AND ended < ?"
                " AND rowid NOT IN (SELECT value FROM json_each(?)) AND (? = '' OR job = ?)"
                f" AND job NOT IN (SELECT value FROM json_each(?)) ORDER BY rowid LIMIT {_MOST_AT_ONCE}",
                (last, written(before), json.dumps(good), job, job, json.dumps(besides)),
            )
            if not several:
                return gone
            last = several[-1]["rowid"]
            gone += self._forgotten([row["id"] for row in several])

    def _forgotten(self, ids: Sequence[str]) -> Sequence[str]:
        chosen, told = "(SELECT value FROM json_each(?))", (json.dumps(ids),)
        with self._ledger.writing() as sql:
            # A run that overlaps others has a lease of its own, and no claim can be made under it any more.
            sql.execute(
                f"DELETE FROM lease WHERE scope IN (SELECT scope FROM run WHERE id IN {chosen} AND scope = 'job:' || job || '/' || id)",
                told,
            )
            for table, run in (("run", "id"), *((table, "run") for table in _OWN_TABLES)):
                sql.execute(f"DELETE FROM {table} WHERE {run} IN {chosen}", told)
        return ids

    def forget_fires(self, before: datetime) -> int:
        # The latest may still come again; one whose run is kept is kept with it.
        kept = (
            "NOT EXISTS (SELECT 1 FROM run WHERE run.id = old.run) AND fire_at <"
            " (SELECT max(fire_at) FROM fire AS latest WHERE latest.job = old.job AND latest.kind = old.kind)"
        )
        old = self._ledger.rows(f"SELECT * FROM fire AS old WHERE kind <> 'baseline' AND recorded < ? AND {kept}", (written(before),))
        for at in range(0, len(old), _MOST_AT_ONCE):
            several = [(row["job"], row["kind"], row["fire_at"], row["key"]) for row in old[at : at + _MOST_AT_ONCE]]
            with self._ledger.writing() as sql:
                sql.executemany("DELETE FROM fire WHERE job = ? AND kind = ? AND fire_at = ? AND key = ?", several)
        return len(old)


def _run(row: sqlite3.Row) -> Run:
    return Run(
        id=row["id"],
        job=row["job"],
        kind=FireKind(row["kind"]),
        fire_at=read(row["fire_at"]),
        status=RunStatus(row["status"]),
        as_of=read(row["as_of"]),
        attempt=row["attempt"],
        plan=row["plan"],
        generation=row["generation"],
        input_digest=row["input_digest"],
        parameters=row["parameters"],
        started=read_or_null(row["started"]),
        ended=read_or_null(row["ended"]),
        not_before=read_or_null(row["not_before"]),
        counts=Counts(*(row[name] for name in _COUNTS)),
        code=row["code"],
        reason=row["reason"],
        help=row["help"],
        cancel=row["cancel"],
        approved=bool(row["approved"]),
        window=row["window"],
        precedes=bool(row["precedes"]),
        failing=read_or_null(row["failing"]),
    )
