"""Filter: rows whose condition is true; a condition that failed rejects, it never filters."""

from __future__ import annotations

import numpy as np

from datahub.engine.evaluate import evaluate
from datahub.engine.ledger import Fate
from datahub.engine.scope import RunState, Scope
from datahub.engine.side import Side
from datahub.engine.undecided import turn_away
from datahub.frames.frame import Frame, as_mask
from datahub.plan.operators import Filter


def filter_rows(frame: Frame, operator: Filter, run: RunState, side: Side) -> Frame:
    """The rows of `frame` for which the condition holds; those of which that cannot be told are rejected."""
    scope = Scope(frame, run)
    condition = evaluate(operator.condition, scope)
    scope.forget()
    holds = as_mask(condition.values, frame.length)
    count = side.count(operator)
    dropped = ~holds
    if condition.failures:
        failed = turn_away(frame, operator, condition.failures, run, side)
        # A healthy false filters the row and its issues with it; only a row whose answer is unknown is rejected.
        dropped &= ~failed
        holds = holds & ~failed
    at = np.flatnonzero(dropped)
    side.mark(frame, at, Fate.FILTERED)
    count.filtered += len(at)
    return frame.filter(holds)
