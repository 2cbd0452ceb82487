"""Which fields of an entity hang on the instant of a run: another run makes another value of them out of the same rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from datahub.functions.declare import REGISTRY
from datahub.plan import operators as op
from datahub.plan.order import topological
from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.walk import columns_read, walk


@record(frozen=True, slots=True)
class Origins:
    """What a value comes from: the instant of the run, the rows. A constant comes from neither."""

    run: bool = False
    rows: bool = False

    def __or__(self, other: Origins) -> Origins:
        return Origins(self.run or other.run, self.rows or other.rows)


@record(frozen=True, slots=True)
class Hanging:
    """The fields of an entity that hang on the run: `stamps` on it alone, so that they say nothing of their row; `mixed` on the row too."""

    stamps: tuple[str, ...] = ()
    mixed: tuple[str, ...] = ()


Columns: TypeAlias = "dict[str, Origins]"
_ROWS = Origins(rows=True)
_OF_ROWS = (ir.Aggregate, ir.WindowCall, ir.LookUp, ir.InLookUp, ir.Decision, ir.Present, ir.RowFact)


def hanging(plan: op.Plan) -> Mapping[str, Hanging]:
    """The fields of each entity that hang on the run."""
    found: dict[int, Columns] = {}
    decisions = {table.name for table in plan.decisions if _asks(_of_decision(table))}
    for operator in topological(output.rows for output in plan.outputs):
        found[id(operator)] = _columns(operator, found, decisions)
    told = {}
    for output in plan.outputs:
        mine = {name: one for name, one in found[id(output.rows)].items() if one.run}
        told[output.entity] = Hanging(
            tuple(sorted(name for name, one in mine.items() if not one.rows)), tuple(sorted(name for name, one in mine.items() if one.rows))
        )
    return told


def _columns(operator: op.Operator, done: Mapping[int, Columns], decisions: set[str]) -> Columns:
    """What the columns of an operator come from; those that are not named come from the rows."""
    match operator:
        case op.Read():
            return {}
        case op.Compute(input=source, assignments=assignments) | op.Windowed(input=source, assignments=assignments):
            return _assigned(done[id(source)], assignments, decisions)
        case op.Group(input=source, keys=keys, assignments=assignments):
            made = _assigned(done[id(source)], (*keys, *assignments), decisions)
            return {one.name: made[one.name] for one in (*keys, *assignments)}
        case op.Rename(input=source, columns=pairs):
            return {new: done[id(source)].get(old, _ROWS) for old, new in pairs}
        case op.Fill(input=source, columns=filled):
            return done[id(source)] | {name: done[id(source)].get(name, _ROWS) | _ROWS for name in filled}
        case op.Expand(input=source, over=over, item=item, fields=fields):
            items = _of(over, done[id(source)], decisions) | _ROWS
            return done[id(source)] | dict.fromkeys((item, *(f"{item}.{name}" for name, _ in fields)), items)
        case op.Join(left=left, right=right, columns=pairs):
            # Where there is no match, there is no value.
            return done[id(left)] | {new: done[id(right)].get(old, _ROWS) | _ROWS for old, new in pairs}
        case op.Union(inputs=several):
            return _all_of([done[id(one)] for one in several])
        case op.Surviving(graph=graph, entity=entity):
            return done[id(graph.inputs[graph.entities.index(entity)])]
        case op.Settle(input=source, columns=columns):
            return {name: done[id(source)].get(name, _ROWS) for name, _ in columns}
        case op.Graph():
            return {}
        case _:
            return done[id(operator.input)]


def _assigned(before: Columns, assignments: Iterable[ir.Assignment], decisions: set[str]) -> Columns:
    made = dict(before)
    for one in assignments:
        made[one.name] = _of(one.value, made, decisions)
    return made


def _all_of(several: list[Columns]) -> Columns:
    names = {name for one in several for name in one}
    found = {}
    for name in names:
        both = Origins()
        for one in several:
            both |= one.get(name, _ROWS)
        found[name] = both
    return found


def _of(expression: ir.Expression, columns: Columns, decisions: set[str]) -> Origins:
    found = Origins()
    for name in columns_read(expression):
        found |= columns.get(name, _ROWS)
    for node in walk(expression):
        if isinstance(node, _OF_ROWS):
            found |= _ROWS
        if isinstance(node, ir.Decision) and node.table in decisions:
            found |= Origins(run=True)
    return found | Origins(run=_asks([expression]))


def _asks(expressions: Iterable[ir.Expression]) -> bool:
    """Whether the instant of the run is asked for: by a function that is given nothing, and yet answers."""
    calls = (node for expression in expressions for node in walk(expression) if isinstance(node, ir.Call))
    return any((one := REGISTRY[call.function].overloads[call.overload]).context and not one.parameters for call in calls)


def _of_decision(table: ir.DecisionTable) -> Iterable[ir.Expression]:
    for row in table.rows:
        yield from row.outputs
    if table.otherwise is not None:
        yield table.otherwise
