"""Whether a job has done what its schedule asks: a run that fails says so itself, one that never began does not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import takewhile

from datahub.events.due import LOOKS, Clock, starts
from datahub.records import record
from datahub.state.records import RunStatus
from datahub.state.store import StateStore


@record(frozen=True, slots=True)
class Punctuality:
    """The last fire of a job that should be done by now, and when it last succeeded; each None where there was none."""

    job: str
    due: datetime | None
    succeeded: datetime | None
    began: bool
    """Whether any run of the job is known: what was just declared has missed nothing."""

    @property
    def late(self) -> bool:
        """Whether nothing has succeeded since."""
        return self.began and self.due is not None and (self.succeeded is None or self.succeeded < self.due)


def punctuality(store: StateStore, job: str, clocks: Sequence[Clock], now: datetime, within: timedelta) -> Punctuality:
    """How it is with a job whose runs are to be done `within` a time after they were due.

    A run that found nothing new has done what was asked; one that was typed counts like one that a schedule has started.
    """
    last = store.runs.list(job, [RunStatus.SUCCESS], 1)
    fires = [at for clock in clocks if (at := _last_fire(clock, now - within)) is not None]
    return Punctuality(job, max(fires, default=None), last[0].ended if last else None, bool(last or store.runs.list(job, limit=1)))


def _last_fire(clock: Clock, until: datetime) -> datetime | None:
    for back in LOOKS:
        found = [at for at, _ in takewhile(lambda one: one[1] <= until, starts(clock, until - back))]
        if found:
            return found[-1]
    return None
