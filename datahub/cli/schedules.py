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


def started_by(job: Job) -> list[str]:
    """What starts a job beside its schedule, in words."""
    from datahub.project.model import shown_length
    from datahub.project.trigger import AfterJob, FileArrived, StatusEntered, Webhook

    said = []
    for trigger in job.triggers:
        match trigger:
            case Webhook(path=path):
                said.append(f"on messages to /hooks/{path}")
            case AfterJob(job=other):
                said.append(f"after {other}")
            case FileArrived(every=every):
                said.append(f"when a file arrives, looked for every {shown_length(every)}")
            case StatusEntered(entity=entity, statuses=statuses, again=again):
                several = [*statuses, *(f"{one} (each time)" for one in again if one not in statuses)]
                said.append(f"when a row of {entity} enters {' or '.join(several)}")
    return said
