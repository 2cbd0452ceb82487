"""What becomes of a fire while its job has other things to do, and how runs are cancelled."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import TYPE_CHECKING

from datahub.state.records import ENDED, Admission, Overlap, RunStatus
from datahub.state.sqlite.instants import written

if TYPE_CHECKING:
    from datahub.state.sqlite.ledger import SqliteLedger

# By naming what is wanted, so that the index serves: there may be many more runs that have ended.
OPEN = f"status IN ({', '.join(repr(status.value) for status in RunStatus if status not in ENDED)})"
PENDING = "status = 'pending'"
PRECEDING = "precedes = 1 AND status = 'pending'"
WORKING = f"status IN ({', '.join(repr(status.value) for status in RunStatus if status not in {*ENDED, RunStatus.PENDING})})"


def admitted(sql: sqlite3.Connection, job: str, admission: Admission, now: datetime) -> tuple[RunStatus, str]:
    """What becomes of a fire, and why, given what else the job has to do."""
    if admission.misfired:
        return RunStatus.MISFIRED, admission.misfired
    if admission.overlap is Overlap.ALLOW:
        return RunStatus.PENDING, ""
    # Those at work came before those that wait; asked one by one, so that the index gives the first of many.
    first = _first(sql, job, WORKING) or _first(sql, job, PRECEDING if admission.precedes else PENDING)
    if first is None:
        return RunStatus.PENDING, ""
    busy = f"run {first} is not done"
    match admission.overlap:
        case Overlap.SKIP | Overlap.QUEUE_ONE | Overlap.QUEUE_ALL if admission.alone:
            return RunStatus.PENDING, f"waits: {busy}"
        case Overlap.SKIP:
            return RunStatus.SKIPPED, busy
        case Overlap.QUEUE_ONE:
            waiting = _first(sql, job, PENDING)
            return (RunStatus.SKIPPED, f"run {waiting} waits already") if waiting else (RunStatus.PENDING, f"waits: {busy}")
        case Overlap.QUEUE_ALL:
            count = int(sql.execute("SELECT count(*) FROM run WHERE job = ? AND status = 'pending'", (job,)).fetchone()[0])
            if count >= admission.most_waiting:
                return RunStatus.SKIPPED, f"{count} runs wait already"
            return RunStatus.PENDING, f"waits: {busy}"
        case Overlap.CANCEL_PREVIOUS:
            for row in sql.execute(f"SELECT id, status FROM run WHERE job = ? AND {OPEN} ORDER BY +rowid", (job,)).fetchall():
                _mark_cancelled(sql, row, f"a later fire of {written(now)} takes its place", now)
            return RunStatus.PENDING, f"takes the place of run {first}"


def cancel(ledger: SqliteLedger, sql: sqlite3.Connection, id: str, reason: str, now: datetime, *, orphaned: bool) -> None:
    row = sql.execute("SELECT id, status, scope, arrived_at FROM run WHERE id = ?", (id,)).fetchone()
    if row["arrived_at"] and not orphaned:
        # All that a cancel could keep from happening has happened; whoever claims it moves its files away.
        sql.execute("UPDATE run SET not_before = NULL WHERE id = ?", (id,))
        return
    left = sql.execute("SELECT 1 FROM out_file WHERE run = ? AND state IN ('staging', 'staged')", (id,)).fetchone()
    if ledger.leases.holder(row["scope"]) is None and (left is None or orphaned):
        sql.execute("UPDATE run SET status = 'cancelled', ended = ?, reason = ?, help = '' WHERE id = ?", (written(now), reason, id))
    else:
        _mark_cancelled(sql, row, reason, now)


def _first(sql: sqlite3.Connection, job: str, chosen: str) -> str | None:
    """The id of the first run of a job that is so."""
    # With the sign the few that are so are sorted; by the index of their order all of the job would be looked at.
    order = "rowid" if chosen == PENDING else "+rowid"
    row = sql.execute(f"SELECT id FROM run WHERE job = ? AND {chosen} ORDER BY {order} LIMIT 1", (job,)).fetchone()
    return None if row is None else str(row["id"])


def _mark_cancelled(sql: sqlite3.Connection, row: sqlite3.Row, reason: str, now: datetime) -> None:
    """End a run that has left nothing anywhere, and ask any other to end: it is claimed once more, to take back what it set down."""
    left = sql.execute("SELECT 1 FROM out_file WHERE run = ? AND state IN ('staging', 'staged')", (row["id"],)).fetchone()
    if row["status"] in (RunStatus.PENDING, RunStatus.HELD) and left is None:
        sql.execute("UPDATE run SET status = 'cancelled', ended = ?, reason = ?, help = '' WHERE id = ?", (written(now), reason, row["id"]))
        return
    sql.execute(
        "UPDATE run SET cancel = ?, not_before = NULL, status = iif(status = 'held', 'failed_retryable', status)"
        " WHERE id = ? AND arrived_at = 0",
        (reason, row["id"]),
    )
