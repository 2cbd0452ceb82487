"""Parts of lowering a rowset's clauses: where a list stands, what is worked out with other rows, what a group works out for later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import assert_never

from datahub.plan import operators as op
from datahub.semantic import ir
from datahub.semantic.walk import is_windowed
from datahub.types import model as t


def list_path(over: ir.Expression, traced: Mapping[str, str]) -> str:
    """Where a list stands within its row: `order_lines`, `customer/addresses`; nothing for one that is made.

    `traced` are the columns that are those of a source as they stand there, with their names in it.
    """
    match over:
        case ir.Column(name=name):
            return traced.get(name, "")
        case ir.Field(of=ir.Field() | ir.Column() as of, name=name):
            around = list_path(of, traced)
            return f"{around}/{name}" if around else ""
        case _:
            return ""


def element_fields(kind: t.Type) -> tuple[tuple[str, t.Type], ...]:
    listed = t.base_of(kind)
    item = t.base_of(listed.item) if isinstance(listed, t.ListOf) else t.Unknown()
    return item.fields if isinstance(item, t.Struct) else ()


def marks(body: ir.RowsetBody) -> Iterable[ir.Assignment]:
    """Beside each field that is a column as it stands: whether the source had that column at all, and each field inside of it."""
    for one in body.fields:
        if isinstance(one.value, ir.Column):
            for path in ((), *_paths(one.value.type)):
                made = ir.Present(one.value.name, t.Bool(), path)
                yield ir.Assignment("/".join((f"?{one.name}", *path)), made, one.origin)


def _paths(kind: t.Type) -> Iterator[tuple[str, ...]]:
    base = t.base_of(kind)
    for name, inner in base.fields if isinstance(base, t.Struct) else ():
        yield (name,)
        yield from ((name, *path) for path in _paths(inner))


def computed(rows: op.Operator, assignments: Sequence[ir.Assignment]) -> op.Operator:
    """Assignments in order; those that look at other rows in operators of their own."""
    waiting: list[ir.Assignment] = []
    for assignment in assignments:
        if is_windowed(assignment.value):
            rows = op.Windowed(op.Compute(rows, tuple(waiting)) if waiting else rows, (assignment,))
            waiting = []
        else:
            waiting.append(assignment)
    return op.Compute(rows, tuple(waiting)) if waiting else rows


def filtered(rows: op.Operator, condition: ir.Expression, origin: ir.Origin) -> op.Operator:
    if not is_windowed(condition):
        return op.Filter(rows, condition, origin)
    name = f"where.{origin.line}"
    return op.Filter(op.Windowed(rows, (ir.Assignment(name, condition, origin),)), ir.Column(name, condition.type), origin)


def over_columns(clause: ir.Clause, number: int, computed: list[ir.Assignment]) -> ir.Clause:
    """A clause after `group by`, over columns that the group computes."""

    def column(value: ir.Expression, part: int) -> ir.Expression:
        name = f"clause.{number}.{part}"
        computed.append(ir.Assignment(name, value, clause.origin))
        return ir.Column(name, value.type)

    match clause:
        case ir.WhereClause(condition=condition):
            return replace(clause, condition=column(condition, 0))
        case ir.OrderClause(keys=keys):
            return replace(clause, keys=tuple(replace(key, value=column(key.value, part)) for part, key in enumerate(keys)))
        case ir.UniqueClause(keys=keys):
            return replace(clause, keys=tuple(column(key, part) for part, key in enumerate(keys)))
        case ir.FillClause() | ir.EachClause() | ir.JoinClause() | ir.GroupClause():
            return clause
        case _:
            assert_never(clause)
