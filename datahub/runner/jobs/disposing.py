"""What is done at the sources once everything has arrived: files are moved, deleted or marked, and one that cannot be is told of."""

from __future__ import annotations

from datahub.connectors.declare import DataHubError, TransientError
from datahub.faults import reach
from datahub.runner.jobs.backoff import exhausted
from datahub.runner.jobs.begun import source_of
from datahub.runner.jobs.fetch import landed_again
from datahub.runner.jobs.hold import Hold
from datahub.runner.jobs.job_context import JobContext
from datahub.state.records import Claim, Run, Taken


def dispose(context: JobContext, claim: Claim, run: Run, hold: Hold) -> tuple[str, ...]:
    """Settle what a run has read and delivered; what stays where it was all the same is given in words.

    What may pass is raised as long as the run is tried again for it. It is no failure of the run after that: all has arrived, and what
    the ledger knows keeps the file from being read again.
    """
    left: list[str] = []
    why, reached = "", True
    for one in context.store.items.taken(claim.run):
        if one.disposed:
            continue
        try:
            if reached:
                with hold.effect():
                    _settle(context, claim, one)
                continue
        except DataHubError as problem:
            # Whoever cannot be reached for one cannot be for a thousand.
            reached = not isinstance(problem, TransientError)
            if not reached and not exhausted(context, run):
                raise
            why = why or problem.message
        left.append(one.item.name)
    if not left:
        return ()
    more = f" and {len(left) - 1:,} more" if left[1:] else ""
    are, they = ("are", "they were") if more else ("is", "it was")
    return (f"`{left[0]}`{more} {are} delivered, will not be read again, and {are} still where {they}: {why}",)


def _settle(context: JobContext, claim: Claim, one: Taken) -> None:
    reach("dispose")
    context.ways.sources[source_of(context, one)].settle(landed_again(one.item), succeeded=True)
    reach("disposed")
    context.store.items.disposed(claim, one.item.id)
