"""The schedules of a project: which clocks its jobs run by, and what is due on them."""

from __future__ import annotations

from collections.abc import Sequence

from datahub.events.due import Clock
from datahub.project.load import Loaded


def clocks_of(loaded: Loaded, name: str) -> Sequence[Clock]:
    """The schedules of a job, each on the clock of its zone."""
    zone = loaded.project.project.timezone
    return [Clock(name, one.cron, one.timezone or zone, one) for one in loaded.project.jobs[name].schedule]
