"""Input over which processes die: counted, set aside after a while, and named until a person has seen to it."""

from __future__ import annotations

from collections.abc import Iterable

from datahub.runner.jobs.job_context import JobContext
from datahub.runner.jobs.transform import Failed
from datahub.state.records import Claim, Run, RunStatus

MOST_CRASHES = 3
"""An input over which the process has ended so often is set aside."""
_MOST_NAMES = 5


def set_poison_aside(context: JobContext, claim: Claim, run: Run) -> None:
    """Set the input of a run aside that has ended the process several times while it was read; raise where that is so."""
    if run.status is not RunStatus.CRASHED:
        return
    items = context.store.items.crashed(claim)
    if any(item.crashes >= MOST_CRASHES for item in items):
        context.store.items.quarantine(claim)
        told = f"the process has ended {MOST_CRASHES} times while {_names(item.name for item in items)} was read; it is set aside"
        raise Failed("POISON", told, f"no run takes it again by itself; `dhm runs resume {run.id}` does")


def left_aside(context: JobContext) -> str:
    """What a person has to know who sees files lie there which an earlier run has set aside."""
    found = [one for name in sorted(context.driving & context.places.keys()) for one in context.store.items.aside(context.places[name])]
    if not found:
        return ""
    run = found[-1][1]
    names = _names(name for name, by in found if by == run)
    return f"{names} was set aside, which ended the process {MOST_CRASHES} times: `dhm runs resume {run}` reads it once more"


def _names(names: Iterable[str]) -> str:
    several = list(names)
    more = f" and {len(several) - _MOST_NAMES:,} more" if several[_MOST_NAMES:] else ""
    return ", ".join(f"`{name}`" for name in several[:_MOST_NAMES]) + more
