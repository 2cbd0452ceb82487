"""The schedules of a project's jobs, as commands show them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datahub.events.due import Clock
    from datahub.project.job import Job
    from datahub.project.load import Loaded


def clocks(loaded: Loaded, name: str) -> Sequence[Clock]:
    """The schedules of a job, each on the clock of its zone."""
    from datahub.runner.jobs.schedules import clocks_of

    return clocks_of(loaded, name)


def next_of(several: Sequence[Clock]) -> datetime | None:
    """When the first of them fires next."""
    from datahub.events.due import following

    now = datetime.now(UTC)
    found = [at for clock in several if (at := following(clock, now)) is not None]
    return min(found, default=None)


def described(loaded: Loaded, job: Job) -> list[str]:
    """Each schedule of a job in words."""
    zone = loaded.project.project.timezone
    return [f"{one.every} ({one.timezone or zone})" for one in job.schedule]
