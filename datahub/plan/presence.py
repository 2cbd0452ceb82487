"""Whether a record has a column at all is asked of its reader: `has()` of a value, and what a patch leaves alone, mean nothing without."""

from __future__ import annotations

from dataclasses import replace

from datahub.plan import operators as op
from datahub.plan.demand import demanded, marks_asked
from datahub.plan.order import over, rerooted, roots, topological


def asking_presence(plan: op.Plan) -> op.Plan:
    """`plan` whose readers tell of each column that something asks about whether it was there."""
    needed = demanded(plan)
    if not any(name.startswith("?") for names in needed.values() for name in names):
        return plan
    done: dict[int, op.Operator] = {}
    for operator in topological(roots(plan)):
        done[id(operator)] = _asking(over(operator, done), needed[id(operator)])
    return rerooted(plan, done)


def _asking(operator: op.Operator, wanted: set[str]) -> op.Operator:
    match operator:
        case op.Read(columns=columns):
            return replace(operator, columns=(*columns, *(f"!present.{name[1:]}" for name in sorted(wanted) if name.startswith("?"))))
        case op.Rename(input=source, columns=columns):
            marks = ((_mark(source, f"{old}{path}"), f"?{new}{path}") for old, new, path in marks_asked(columns, wanted))
            return replace(operator, columns=(*columns, *marks))
        case _:
            return operator


def _mark(source: op.Operator, name: str) -> str:
    """What the mark of presence of a column is called where `source` gives it: the reader's own name for it, or that of a row."""
    while isinstance(source, op.Compute | op.Filter):
        source = source.input
    return f"!present.{name}" if isinstance(source, op.Read) else f"?{name}"
