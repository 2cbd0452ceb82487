"""The schedules of a project: which clocks its jobs run by, and what is due on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from datahub.events.due import PUNCTUAL, Clock
from datahub.project.load import Loaded
from datahub.state.store import StateStore


def watched_from(store: StateStore, job: str, schedule: str, now: datetime, tell: Callable[[str], object] | None = None) -> datetime:
    """From when on fires may be missing: never later than now.

    Where the clock was ahead, as one is that starts without a battery, nothing would happen until it is that late again.
    """
    since = store.runs.watched_from(job, schedule, now)
    if since - now < PUNCTUAL:
        return since
    if tell is not None:
        tell(f"the clock has gone back from {since:%Y-%m-%d %H:%M} UTC, or was ahead: what is due is looked for from now on")
    store.runs.watch(job, schedule, now)
    return now


def clocks_of(loaded: Loaded, name: str) -> Sequence[Clock]:
    """The schedules of a job, each on the clock of its zone."""
    zone = loaded.project.project.timezone
    return [Clock(name, one.cron, one.timezone or zone, one) for one in loaded.project.jobs[name].schedule]
