"""What a run waits behind, in words: one that is held, one that is tried again later, one that is at work."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datahub.state.records import Run
    from datahub.state.store import StateStore


def waiting(store: StateStore, run: Run) -> str:
    """Why a run is not worked on now, and what there is to do."""
    first = ahead(store, run)
    if first is None:
        return f"queued: run {run.id} waits"
    if first.not_before is None and _at_work(store, first):
        return f"queued: run {run.id} starts when run {first.id} ends"
    state, advice = met(store, first)
    return f"queued: run {run.id} waits behind run {first.id}, which {state}\n  {advice}"


def states(store: StateStore, runs: Sequence[Run], declared: Collection[str]) -> Iterator[str]:
    """Of each run why it is where it is, as things are now: what was written down when it was let in may be over."""
    from datahub.state.records import RunStatus

    now = datetime.now(UTC)
    jobs = {run.job for run in runs if not run.ended_for_good}
    free = {job: {run.id for run in store.runs.upcoming(job, now)} for job in jobs}
    first = {job: store.runs.first(job) for job in jobs}
    for run in runs:
        before = first.get(run.job)
        if not run.ended_for_good and run.job not in declared:
            yield orphaned(run)
        elif run.ended_for_good or run.status in (RunStatus.HELD, RunStatus.RETRYABLE) or before is None:
            yield run.reason
        elif run.id in free[run.job]:
            if run.status is RunStatus.PENDING:
                yield f"waits for a worker: `dhm serve` has some, `dhm run {run.job}` is one"
            else:
                yield f"its process is gone: `dhm serve` goes on with it by itself, `dhm run {run.job}` does it now"
        elif run.status is RunStatus.PENDING and before.id != run.id:
            yield f"waits behind run {before.id}"
        else:
            yield run.reason


def orphaned(run: Run) -> str:
    """What is to be said of a run that is not done and whose job the project has no more."""
    return f"dhm.toml has no job `{run.job}` any more: `dhm runs cancel {run.id}` ends it, and what has arrived counts for other jobs then"


def orphans(store: StateStore, declared: Collection[str]) -> Sequence[Run]:
    """Runs that are not done and that nobody will go on with: their job got another name, or is gone."""
    from datahub.state.records import ENDED, RunStatus

    return [run for run in store.runs.list(statuses=[one for one in RunStatus if one not in ENDED]) if run.job not in declared]


def ways_on(run: Run) -> str:
    """What a person can do about a run that is held."""
    from datahub.runner.jobs.begun import BRING_BACK

    if "--arrived" in run.reason:
        return f"`dhm runs resume {run.id}` or `dhm runs cancel {run.id}`, each with `--arrived` or `--resend`"
    if BRING_BACK in run.reason:
        return f"bring that back, then `dhm runs resume {run.id} --approve`; or `dhm runs cancel {run.id}`"
    return f"`dhm runs resume {run.id} --approve` or `dhm runs cancel {run.id}`"


def next_step(store: StateStore, run: Run) -> str:
    """The commands for a run that did not succeed, with what each of them reads."""
    from datahub.runner.jobs.overtaken import known_since
    from datahub.state.records import RunStatus

    if run.status is RunStatus.HELD:
        return ways_on(run)
    if run.status not in (RunStatus.FAILED, RunStatus.OVER_LIMIT):
        return ""
    rest = copies(store, run) or "what it has made"
    if (later := store.runs.overtaken(run.id)) is not None:
        alone = f"{known_since(store, run, later)}: `dhm runs resume {run.id}` goes on with {rest} behind that, and asks for `--approve`"
        return alone if run.window else f"{other_way(store, run)}; {alone}"
    goes_on = f"`dhm runs resume {run.id}` goes on with {rest}"
    # One of them: whoever types both may have rows arrive twice.
    return goes_on if run.window else f"either {other_way(store, run)}, or {goes_on}"


def other_way(store: StateStore, run: Run) -> str:
    """How a run that failed is done without going on with it."""
    from datahub.runner.jobs.undelivered import origin_of

    if origin := origin_of(store, run):
        return f"`dhm rejects replay {origin} --file …` replays the rows anew"
    return f"`dhm run {run.job}` reads what is there now"


def copies(store: StateStore, run: Run) -> str:
    """What a run reads when it goes on, whatever became of that at the source since; nothing where it reads nothing more."""
    if store.deliveries.planned(run.id):
        return ""
    taken = [one.item for one in store.items.taken(run.id) if one.source]
    if not taken:
        return "what its sources have"
    more = f" and {len(taken) - 1} more" if taken[1:] else ""
    return f"the copy of `{taken[0].name}` (sha256 {taken[0].sha256[:12]}…){more} that it had landed"


def ahead(store: StateStore, run: Run) -> Run | None:
    """The run of the same job that is to be done before it."""
    first = store.runs.first(run.job)
    return None if first is None or first.id == run.id else first


def met(store: StateStore, first: Run) -> tuple[str, str]:
    """How it is with a run that others wait behind, and what to do about it."""
    from datahub.state.records import RunStatus

    if first.status is RunStatus.HELD:
        return f"is held: {first.reason}", f"look at it with `dhm runs show {first.id}`; then {ways_on(first)}"
    if first.not_before is not None and first.not_before > datetime.now(UTC):
        return f"is tried again at {first.not_before:%H:%M:%S} UTC", f"`dhm runs resume {first.id}` does it now"
    if _at_work(store, first):
        return "is at work", f"`dhm runs show {first.id}` tells how far it is"
    return "waits for somebody to work on it", f"`dhm runs resume {first.id}` does it now"


def _at_work(store: StateStore, run: Run) -> bool:
    from datahub.state.records import RunStatus

    free = store.runs.upcoming(run.job, datetime.now(UTC))
    return run.status is not RunStatus.HELD and all(one.id != run.id for one in free)
