"""What is done at the sources once everything has arrived: files are moved, deleted or marked, and one that cannot be is told of."""

from __future__ import annotations

import time
from collections import deque

from datahub.connectors.declare import DataHubError, TransientError
from datahub.faults import reach
from datahub.runner.jobs.backoff import exhausted
from datahub.runner.jobs.begun import source_of
from datahub.runner.jobs.fetch import landed_again
from datahub.runner.jobs.hold import Hold
from datahub.runner.jobs.job_context import JobContext
from datahub.state.records import Claim, Run, Taken

_MOST, _LONGEST = 100, 1.0
"""How many files, or what is done to them within how many seconds, is written down at once. Whoever is killed before that looks at
those files again, and finds them gone; who is told to end waits for it."""


def dispose(context: JobContext, claim: Claim, run: Run, hold: Hold) -> tuple[str, ...]:
    """Settle what a run has read and delivered; what stays where it was all the same is given in words.

    What may pass is raised as long as the run is tried again for it. It is no failure of the run after that: all has arrived, and what
    the ledger knows keeps the file from being read again.
    """
    left: list[str] = []
    why, reached = "", True
    waiting = deque(one for one in context.store.items.taken(claim.run) if not one.disposed)
    while waiting and reached:
        gone: list[int] = []
        until = time.monotonic() + _LONGEST
        with hold.effect():
            try:
                while waiting and reached and len(gone) < _MOST and time.monotonic() < until:
                    one = waiting.popleft()
                    problem = _settled(context, run, one)
                    if problem is None:
                        gone.append(one.item.id)
                        continue
                    # Whoever cannot be reached for one cannot be for a thousand.
                    reached, why = not isinstance(problem, TransientError), why or problem.message
                    left.append(one.item.name)
            finally:
                # What is done is written down, whatever becomes of the next.
                context.store.items.disposed(claim, gone)
    left += [one.item.name for one in waiting]
    if not left:
        return ()
    more = f" and {len(left) - 1:,} more" if left[1:] else ""
    are, they = ("are", "they were") if more else ("is", "it was")
    return (f"`{left[0]}`{more} {are} delivered, will not be read again, and {are} still where {they}: {why}",)


def _settled(context: JobContext, run: Run, one: Taken) -> DataHubError | None:
    """What keeps a file where it is, if anything does."""
    reach("dispose")
    try:
        context.ways.sources[source_of(context, one)].settle(landed_again(one.item), succeeded=True)
    except DataHubError as problem:
        if isinstance(problem, TransientError) and not exhausted(context, run):
            raise
        return problem
    reach("disposed")
    return None
