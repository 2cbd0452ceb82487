"""Filter: rows whose condition is true; a condition that failed rejects, it never filters."""

from __future__ import annotations

import numpy as np

from datahub.engine.evaluate import attributed, evaluate
from datahub.engine.ledger import Fate
from datahub.engine.scope import RunState, Scope
from datahub.engine.side import Side, reject
from datahub.frames.frame import Failures, Frame, Mask, as_mask
from datahub.plan.operators import Filter


def filter_rows(frame: Frame, operator: Filter, run: RunState, side: Side) -> tuple[Frame, Mask | None, Failures]:
    """The rows of `frame` for which the condition holds; which of it were rejected because that cannot be told, and why."""
    scope = Scope(frame, run)
    condition = evaluate(operator.condition, scope)
    scope.forget()
    holds = as_mask(condition.values, frame.length)
    count = side.count(operator)
    failed, failures = None, condition.failures
    if failures:
        # The failure is put down to the condition, so that what else the row has is told beside it.
        failures = attributed(failures, operator.origin, Scope(frame, run))
        failed = reject(side, frame, failures, operator.origin, operator)
        # A healthy false filters the row and its issues with it; only a row whose answer is unknown is rejected.
        dropped = ~holds & ~failed
        holds = holds & ~failed
    else:
        dropped = ~holds
    at = np.flatnonzero(dropped)
    side.mark(frame, at, Fate.FILTERED)
    count.filtered += len(at)
    return frame.filter(holds), failed, failures
