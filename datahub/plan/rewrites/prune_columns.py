"""Columns that nobody reads are neither computed nor read.

Only columns that some map or check needs are converted, so what is not needed cannot reject a row; a source that says
`strict` converts all of its columns all the same.
"""

from __future__ import annotations

from dataclasses import replace

from datahub.plan import operators as op
from datahub.plan.demand import demanded, needed_before, strict_sources
from datahub.plan.order import over, rerooted, roots, topological


def prune_columns(plan: op.Plan) -> op.Plan:
    """`plan` with every operator reduced to the columns that are read after it."""
    strict, needed = strict_sources(plan), demanded(plan)
    rebuilt: dict[int, op.Operator] = {}
    for operator in topological(roots(plan)):
        rebuilt[id(operator)] = _rebuilt(operator, needed[id(operator)], rebuilt, strict)
    return rerooted(plan, rebuilt)


def _rebuilt(operator: op.Operator, wanted: set[str], done: dict[int, op.Operator], strict: frozenset[str]) -> op.Operator:
    match operator:
        case op.Read(columns=columns):
            return replace(operator, columns=tuple(name for name in columns if name in wanted))
        case op.Compute(input=source, assignments=assignments):
            kept = needed_before(assignments, wanted, strict)[0]
            return replace(operator, input=done[id(source)], assignments=kept) if kept else done[id(source)]
        case op.Windowed(input=source, assignments=assignments):
            kept = needed_before(assignments, wanted, strict)[0]
            return replace(operator, input=done[id(source)], assignments=kept) if kept else done[id(source)]
        case op.Rename(input=source, columns=columns):
            kept_names = tuple(pair for pair in columns if pair[1] in wanted)
            return replace(operator, input=done[id(source)], columns=kept_names)
        case op.Expand(input=source, item=item, fields=fields):
            kept_fields = tuple(pair for pair in fields if f"{item}.{pair[0]}" in wanted)
            return replace(operator, input=done[id(source)], fields=kept_fields, kept=tuple(sorted(wanted)))
        case op.Join(left=left, right=right, columns=columns):
            kept_columns = tuple(pair for pair in columns if pair[1] in wanted)
            return replace(operator, left=done[id(left)], right=done[id(right)], columns=kept_columns)
        case op.Group(input=source, assignments=assignments):
            return replace(operator, input=done[id(source)], assignments=needed_before(assignments, wanted, frozenset())[0])
        case _:
            return over(operator, done)
