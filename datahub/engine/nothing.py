"""Checks over all rows of an entity that has none: there is no row to ask them of, and they matter most then."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import numpy as np

from datahub.engine.evaluate import evaluate
from datahub.engine.execution import Execution
from datahub.engine.scope import RunState, Scope
from datahub.frames.frame import Frame, as_mask
from datahub.plan import operators as op
from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.trees import rebuilt
from datahub.semantic.walk import columns_read
from datahub.types import model as t


@record(frozen=True, slots=True)
class Unmet:
    """A check that no row at all breaks because there is none."""

    entity: str
    code: str
    severity: str
    message: str


def unmet_of_nothing(execution: Execution, run: RunState) -> Iterator[Unmet]:
    """The checks over whole entities that are not met where no row came, or after checks where none is left."""
    for settle in (one for one in execution.operators if isinstance(one, op.Settle)):
        flowed = execution.flowed.get(id(settle))
        if flowed is not None and flowed.rows_in:
            continue
        for check in _set_checks(settle):
            if _is_unmet(check, run):
                yield Unmet(settle.entity, check.code, check.severity, _message(check, run))


def _set_checks(settle: op.Settle) -> tuple[ir.CheckRule, ...]:
    below = settle.input.input if isinstance(settle.input, op.Key) else settle.input
    return below.checks if isinstance(below, op.SetCheck) else ()


def _is_unmet(check: ir.CheckRule, run: RunState) -> bool:
    when = True if check.when is None else _answer(check.when, run)
    return when is True and _answer(check.condition, run) is False


def _answer(expression: ir.Expression, run: RunState) -> bool | None:
    """What an expression says of no rows; None where it asks about one of them."""
    whole = _of_nothing(expression)
    if columns_read(whole):
        return None
    answer = evaluate(whole, Scope(_one_row(), run))
    return None if answer.failures else bool(as_mask(answer.values, 1)[0])


def _message(check: ir.CheckRule, run: RunState) -> str:
    if check.message is not None:
        whole = _of_nothing(check.message)
        if not columns_read(whole):
            return str(evaluate(whole, Scope(_one_row(), run)).array(1)[0].as_py())
    return f"check {check.code} is not met"


def _one_row() -> Frame:
    return Frame({}, 1, np.zeros(1, np.int64))


def _of_nothing(expression: ir.Expression) -> ir.Expression:
    """`expression` with what its aggregates give of no rows."""
    match expression:
        case ir.Aggregate(function=function, over=ir.Window(keys=()), type=kind):
            return ir.Constant(_nothing(function, kind), kind if function in _SOME else t.nullable(kind))
        case _:
            return rebuilt(expression, _of_nothing)


_SOME = frozenset(("count", "count_distinct", "sum", "any", "all"))


def _nothing(function: str, kind: t.Type) -> ir.Value:
    match function:
        case "count" | "count_distinct":
            return 0
        case "sum":
            return 0 if isinstance(t.base_of(kind), t.Int) else 0.0 if isinstance(t.base_of(kind), t.Float) else Decimal(0)
        case "any":
            return False
        case "all":
            return True
        case _:
            return None
