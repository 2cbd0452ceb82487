"""Trying again: only what may pass, later each time, by chance within a bound, and as long as the job has patience."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from datahub.connectors.declare import DataHubError, TransientError, Uncertain
from datahub.project.policy import Retry
from datahub.runner.jobs.hold import Hold
from datahub.runner.jobs.job_context import JobContext
from datahub.state.records import Run

T = TypeVar("T")
IN_PLACE = 3
"""How often one effect is tried before the whole run is left for later."""
LONGEST_IN_PLACE = 10.0
"""Waits that are longer are not spent with the lease held: the run is left for later."""


def exhausted(context: JobContext, run: Run) -> bool:
    """Whether a run that fails in a way that may pass is not tried again."""
    policy, now = context.job.retry, context.clock()
    return run.attempt >= policy.attempts or now - (run.failing or now) > policy.within


def tried(attempts: int) -> str:
    """How often something was tried, where that is worth a word behind why it failed."""
    return f" (tried {attempts} times)" if attempts > 1 else ""


def patiently(context: JobContext, hold: Hold, act: Callable[[], T], *, again: bool = True) -> T:
    """What `act` gives, tried again for a moment where it fails in a way that may pass.

    What may have arrived is sent again only where the other side can tell (`again`). Whose connection says how often a request is
    sent has done so: the two would multiply.
    """
    attempt, untouched = 1, True
    while True:
        try:
            return act()
        except DataHubError as problem:
            # What one try may have done, the next one that is refused does not take back.
            problem.untouched = untouched = problem.untouched and untouched
            if not isinstance(problem, TransientError) or problem.tries:
                raise
            wait = pause(context, attempt, getattr(problem, "wait", None))
            if (isinstance(problem, Uncertain) and not again) or attempt >= IN_PLACE or wait > LONGEST_IN_PLACE:
                raise
        time.sleep(wait)
        hold.check()
        attempt += 1


def pause(context: JobContext, attempt: int, asked: float | None = None) -> float:
    """How many seconds to wait after so many attempts: drawn from an interval that doubles, or what the other side asks for."""
    policy: Retry = context.job.retry
    longest = policy.longest / timedelta(seconds=1)
    if asked is not None:
        return min(max(asked, 0.0), longest)
    bound = min(policy.first / timedelta(seconds=1) * 2 ** min(attempt - 1, 30), longest)
    return context.chance.uniform(0, bound)
