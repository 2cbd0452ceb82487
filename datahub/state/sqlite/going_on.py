"""What a run becomes when it is claimed: one whose process died is told from one whose process was told to end."""

from __future__ import annotations

import sqlite3

from datahub.records import record
from datahub.state.records import RunStatus


@record(frozen=True, slots=True)
class GoingOn:
    status: RunStatus
    reason: str = ""
    attempts: int = 1
    """How many attempts of the run this is more."""


def going_on(row: sqlite3.Row, *, given_back: bool) -> GoingOn:
    """`given_back`: whoever worked on it last has released its lease. Then nothing has failed, and it is the same attempt."""
    status = RunStatus(row["status"])
    if status in (RunStatus.PENDING, RunStatus.RETRYABLE):
        return GoingOn(RunStatus.FETCHING)
    if not given_back:
        return GoingOn(RunStatus.CRASHED, "its process was gone")
    if status is RunStatus.CRASHED:
        status = RunStatus.STAGED if row["input_digest"] else RunStatus.FETCHING
    return GoingOn(status, attempts=0)
