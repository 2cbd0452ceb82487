"""What waits behind a run is done by the process that did the run: whoever was told that it starts then has gone."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from datahub.cli.output import Exit, Stop, say

if TYPE_CHECKING:
    from datahub.cli.job_run import Asked


def follow(asked: Asked) -> Exit:
    """Do the runs of a job that wait and can go on, one after the other; each with its project and script as they are then.

    What is given is how the first ended that did not go well of those that take what the run that was asked for has left.
    """
    from datahub.cli.job_run import run_job

    done: set[str] = set()
    code = Exit.DONE
    while (found := _next(asked))[0] and found[0] not in done:
        next, rest = found
        done.add(next)
        if not asked.quiet:
            say(f"run {next}, which waited, starts")
        try:
            ended = run_job(replace(asked, claimed=next, alone=True, parameters=(), span=None, fail_on_empty=False))
        except Stop as stop:
            stop.tell()
            return code or (stop.code if rest else Exit.DONE)
        code = code or (ended if rest else Exit.DONE)
    return code


def _next(asked: Asked) -> tuple[str, bool]:
    """The run that could be worked on now, and whether it takes what another has left.

    None where runs of the job may overlap, each of which has a process of its own."""
    from datetime import UTC, datetime

    from datahub.cli.project import ledger, project
    from datahub.runner.jobs.piled_up import REST
    from datahub.state.records import RunStatus

    loaded = project(asked.env)
    job = loaded.project.jobs.get(asked.job)
    if job is None or job.overlap == "allow":
        return "", False
    with closing(ledger(loaded)) as store:
        first = next(iter(store.runs.upcoming(asked.job, datetime.now(UTC))), None)
        # What did not succeed now is tried again later, not in the next breath.
        if first is None or first.status is RunStatus.RETRYABLE:
            return "", False
        return first.id, store.runs.cause(first.id).startswith(REST)
