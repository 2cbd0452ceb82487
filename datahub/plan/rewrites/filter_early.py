"""Rows that a `where` drops are dropped before anything is worked out for them that the condition does not ask for.

A filter that holds for a row lets its failures pass, and one that does not drops them with the row: so nothing that fails of a row
is told otherwise for being worked out behind the filter. It passes columns that are made of a row by itself, and new names. It stays
behind all that rejects rows, makes several of one, or looks at others: what these say of a row they must say first. What counts as
a run goes (values that were recovered, tables that answer with their `otherwise`) is worked out for all rows still.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from datahub.plan import operators as op
from datahub.plan.order import over, rerooted, roots, topological
from datahub.semantic import ir
from datahub.semantic.trees import substituted
from datahub.semantic.walk import columns_read, is_made, walk, walk_with_loops


def filter_early(plan: op.Plan) -> op.Plan:
    """`plan` with every filter as far down as that spares something."""
    ordered = topological(roots(plan))
    readers = Counter(id(source) for operator in ordered for source in op.inputs(operator))
    readers.update(id(root) for root in roots(plan))
    sinking = _Sinking(_counting(plan))
    done: dict[int, op.Operator] = {}
    for operator in ordered:
        rows = done[id(operator)] = sinking.rebuilt(operator, done)
        if readers[id(operator)] > 1:
            # What others read too is made once, before the ways part.
            sinking.shared.add(id(rows))
    return rerooted(plan, done)


Named: TypeAlias = tuple[frozenset[str], frozenset[str]]


def _counting(plan: op.Plan) -> Named:
    """The lookups that count what they do not find, and the decisions whose results may count something."""
    lookups = frozenset(table.name for table in plan.lookups if table.miss != "error")
    counting = (ir.Recover, ir.LookUp, ir.Decision)
    decisions = frozenset(
        table.name for table in plan.decisions if any(isinstance(node, counting) for one in _results(table) for node in walk(one))
    )
    return lookups, decisions


def _results(table: ir.DecisionTable) -> Iterable[ir.Expression]:
    for row in table.rows:
        yield from row.outputs
    if table.otherwise is not None:
        yield table.otherwise


class _Sinking:
    """Operators made anew over others, filters lower than they were; `shared` are those that several read."""

    def __init__(self, counting: Named) -> None:
        self._lookups, self._decisions = counting
        self.shared: set[int] = set()

    def rebuilt(self, operator: op.Operator, done: Mapping[int, op.Operator]) -> op.Operator:
        """`operator` over what its inputs have become."""
        if isinstance(operator, op.Filter):
            rows = done[id(operator.input)]
            return self._below(operator, rows) or replace(operator, input=rows)
        return over(operator, done)

    def _below(self, filter: op.Filter, rows: op.Operator) -> op.Operator | None:
        """`rows` with `filter` somewhere below; None where that spares nothing."""
        if id(rows) in self.shared:
            return None
        match rows:
            case op.Rename(input=source, columns=columns):
                inner = _named(filter, {new: ir.Column(old, filter.condition.type) for old, new in columns})
                below = None if inner is None else self._below(inner, source)
                return None if below is None else replace(rows, input=below)
            case op.Compute():
                return self._below_computed(filter, rows)
            case _:
                return None

    def _below_computed(self, filter: op.Filter, rows: op.Compute) -> op.Operator | None:
        inner = _named(filter, _copies(rows.assignments))
        if inner is None:
            return None
        first, rest = self._parted(rows.assignments, inner)
        spared = any(not isinstance(one.value, ir.Column | ir.Constant | ir.Parameter | ir.Present) for one in rest)
        below = None if first else self._below(inner, rows.input)
        if below is None:
            if not spared:
                return None
            below = replace(inner, input=op.Compute(rows.input, first) if first else rows.input)
        return op.Compute(below, rest) if rest else below

    def _parted(
        self, assignments: Sequence[ir.Assignment], filter: op.Filter
    ) -> tuple[tuple[ir.Assignment, ...], tuple[ir.Assignment, ...]]:
        """Those that must come before the filter, and the others."""
        before = {number for number, one in enumerate(assignments) if self._counts(one.value)}
        known: dict[object, ir.Expression] = {}
        work = [_worked_out(one.value, known) for one in assignments]
        while True:
            found = _asked_for(assignments, before, _asked(filter))
            # What both halves would work out is worked out once: who else reads it stays on this side.
            made = frozenset[int]().union(*(work[number] for number in found))
            found |= {number for number, parts in enumerate(work) if parts & made}
            if found == before:
                break
            before = found
        first = tuple(one for number, one in enumerate(assignments) if number in before)
        return first, tuple(one for number, one in enumerate(assignments) if number not in before)

    def _counts(self, expression: ir.Expression) -> bool:
        """Whether working out an expression tells the run something beside its value."""
        for node in walk(expression):
            match node:
                case ir.Recover(how="use" | "warn"):
                    return True
                case ir.LookUp(table=table) if table in self._lookups:
                    return True
                case ir.Decision(table=table) if table in self._decisions:
                    return True
                case _:
                    pass
        return False


CHEAP = frozenset(("+", "-", "*", "=", "<>", "<", "<=", ">", ">=", "between_inclusive", "not", "is_null"))
"""Calls that are no dearer than to keep a column for what they give."""


def _worked_out(expression: ir.Expression, known: dict[object, ir.Expression]) -> frozenset[int]:
    """The parts of an expression that cost something, each by the object in `known` that stands for all like it."""
    return frozenset(id(node) for node in walk(substituted(expression, {}, known)) if _costs(node))


def _costs(node: ir.Expression) -> bool:
    match node:
        case ir.Call(function=name) if name in CHEAP:
            return False
        case ir.Call() | ir.Convert() | ir.Aggregate() | ir.Collect() | ir.LookUp() | ir.InLookUp() | ir.Decision():
            # What reads no row is worked out once for the run.
            return bool(columns_read(node)) or any(isinstance(part, ir.RowFact) for part in walk(node))
        case _:
            return False


def _asked(filter: op.Filter) -> set[str]:
    return set(columns_read(filter.condition)) | {one.raw for one in filter.origin.evidence if one.raw}


def _asked_for(assignments: Sequence[ir.Assignment], before: set[int], wanted: set[str]) -> set[int]:
    """The numbers of those that make what is `wanted`, or what those made `before` read; and of those that they would overtake."""
    found, names = set(before), set(wanted)
    given: set[str] = set()
    for number in reversed(range(len(assignments))):
        one = assignments[number]
        # What is made anew behind it must not be made before, nor what it reads.
        overtaken = one.name in given or bool(given & _read(one))
        if number in before or one.name in names or overtaken:
            found.add(number)
            names.discard(one.name)
            names |= _read(one)
            given.add(one.name)
    return found


def _read(one: ir.Assignment) -> set[str]:
    return set(columns_read(one.value)) | {evidence.raw for evidence in one.origin.evidence if evidence.raw}


def _copies(assignments: Sequence[ir.Assignment]) -> dict[str, ir.Column]:
    """The columns that are others under a new name, none of which is made anew."""
    made = Counter(one.name for one in assignments)
    return {
        one.name: one.value
        for one in assignments
        if isinstance(one.value, ir.Column) and made[one.name] == 1 and not made[one.value.name] and not one.name.startswith("#")
    }


def _named(filter: op.Filter, columns: Mapping[str, ir.Column]) -> op.Filter | None:
    """`filter` with its columns under the names that they have further down; None where it asks more of a row than values."""
    values: dict[str, ir.Expression] = {}
    for node, made in walk_with_loops(filter.condition):
        match node:
            case ir.Present() | ir.WindowCall():
                return None
            case ir.Aggregate(over=over) | ir.Collect(over=over) if not isinstance(over, ir.Loop):
                return None
            case ir.Column(name=name) if name in columns:
                if is_made(name, made) or is_made(columns[name].name, made):
                    # A loop gives that name to something of its own.
                    return None
                values[name] = replace(node, name=columns[name].name)
            case _:
                pass
    below = {name: column.name for name, column in columns.items()}
    evidence = tuple(replace(one, read=tuple(below.get(name, name) for name in one.read)) for one in filter.origin.evidence)
    condition = substituted(filter.condition, values, {})
    return replace(filter, condition=condition, origin=replace(filter.origin, evidence=evidence))
