"""What waits behind a run is done by the process that did the run: whoever was told that it starts then has gone."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from datahub.cli.output import Stop, say

if TYPE_CHECKING:
    from datahub.cli.job_run import Asked


def follow(asked: Asked) -> None:
    """Do the runs of a job that wait and can go on, one after the other; each with its project and script as they are then."""
    from datahub.cli.job_run import run_job

    done: set[str] = set()
    while (next := _next(asked)) and next not in done:
        done.add(next)
        if not asked.quiet:
            say(f"run {next}, which waited, starts")
        try:
            run_job(replace(asked, claimed=next, alone=True, parameters=(), span=None))
        except Stop as stop:
            stop.tell()
            return


def _next(asked: Asked) -> str:
    """The run that could be worked on now; none where runs of the job may overlap, each of which has a process of its own."""
    from datetime import UTC, datetime

    from datahub.cli.project import ledger, project
    from datahub.state.records import RunStatus

    loaded = project(asked.env)
    job = loaded.project.jobs.get(asked.job)
    if job is None or job.overlap == "allow":
        return ""
    with closing(ledger(loaded)) as store:
        first = next(iter(store.runs.upcoming(asked.job, datetime.now(UTC))), None)
        # What did not succeed now is tried again later, not in the next breath.
        return "" if first is None or first.status is RunStatus.RETRYABLE else first.id
