"""A run that cannot be begun as things are, because its script does not compile or a secret is missing: it waits, and then fails."""

from __future__ import annotations

from datetime import datetime

from datahub.project.job import Job
from datahub.runner.jobs.backoff import tried
from datahub.runner.jobs.outbox import of_run
from datahub.state.owner import this_process
from datahub.state.records import RunStatus
from datahub.state.store import StateStore

UNREADY = "UNREADY"


def unready(store: StateStore, job: Job, id: str, reason: str, help: str, now: datetime) -> None:
    """Write down why the run `id` was not begun, and what helps. As often as the job tries again it is asked for once more, and then it
    has failed.

    Nothing here passes by itself: a person mends it, so the longest wait of the job lies between two attempts.
    """
    asked = store.runs.get(id)
    found = None if asked is None else store.runs.claim(asked.job, this_process(), now, id)
    if found is None:
        return
    claim, run = found
    with store.together():
        if run.attempt < job.retry.attempts:
            store.runs.retry(claim, now + job.retry.longest, code=UNREADY, reason=reason, help=help)
            return
        told = f"{reason}{tried(run.attempt)}"
        store.runs.end(claim, RunStatus.FAILED, now, code=UNREADY, reason=told, help=help)
        store.inbox.settled(run.id, taken=False, reason=told)
        ended = store.runs.get(run.id)
        assert ended is not None
        store.outbox.put(list(of_run(store, job, ended, now)))


def mended(store: StateStore, job: str, now: datetime) -> None:
    """Let runs of a job go on at once that could not be begun: whoever calls this has its script, its connections and its secrets."""
    for run in store.runs.list(job, [RunStatus.RETRYABLE]):
        if run.code == UNREADY:
            store.runs.reopen(run.id, now, approved=run.approved)
