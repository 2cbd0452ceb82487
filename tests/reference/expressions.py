"""What a typed expression gives for one row: a value, or the codes that there is none for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cmp_to_key
from typing import Any, assert_never

from datahub.semantic import ir
from datahub.types import model as t
from tests.reference import aggregation, commerce, dates, lists, numbers, texts
from tests.reference.meaning import AGGREGATES, MEANINGS, Asked, Meaning, Reject
from tests.reference.patterns import compiled

LOADED = (aggregation, commerce, dates, lists, numbers, texts)
NO_CODES: frozenset[str] = frozenset()
OMIT = "omit"


@dataclass(frozen=True, slots=True)
class Cell:
    """A value; or `codes` why there is none."""

    value: Any = None
    codes: frozenset[str] = NO_CODES


@dataclass(frozen=True, slots=True)
class World:
    """What all rows share: the tables, the parameters, the run's instant and zone."""

    now: datetime
    zone: str = "UTC"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    lookups: Mapping[str, ir.LookupTable] = field(default_factory=dict)
    decisions: Mapping[str, ir.DecisionTable] = field(default_factory=dict)


Row = Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an expression is asked: a row, the rows of its group, and all rows of the map for windows."""

    row: Row
    world: World
    members: Sequence[Row] = ()
    windows: Callable[[ir.Window, Row], Sequence[Row]] | None = None

    def within(self, **more: Cell) -> Place:
        return Place({**self.row, **more}, self.world, self.members, self.windows)

    def at(self, row: Row) -> Place:
        return Place({**self.row, **row}, self.world, (), self.windows)


def failed(*codes: str) -> Cell:
    return Cell(None, frozenset(codes))


def read(node: ir.Expression, place: Place) -> Cell:
    """`node`, for the row of `place`."""
    match node:
        case ir.Column(name=name):
            return place.row[name]
        case ir.Constant(value=value):
            return Cell(constant(value, node.type))
        case ir.Parameter(name=name):
            return Cell(place.world.parameters.get(name))
        case ir.Call():
            return called(node, place)
        case ir.Logic(operator=operator, left=left, right=right):
            first = read(left, place)
            return first if first.codes or first.value is (operator == "or") else read(right, place)
        case ir.Choose(branches=branches, otherwise=otherwise):
            return chosen(branches, otherwise, place)
        case ir.Default(value=value, fallback=fallback):
            cell = read(value, place)
            return cell if cell.codes or cell.value is not None else read(fallback, place)
        case ir.Recover(value=value, how=how, fallback=other, code=code):
            cell = read(value, place)
            if not cell.codes:
                return cell
            return failed(code) if how == "reject" or other is None else read(other, place)
        case ir.Field(of=of, name=name):
            cell = read(of, place)
            return Cell(None if cell.value is None else cell.value[name], cell.codes)
        case ir.MakeStruct(fields=fields):
            parts = {name: read(one, place) for name, one in fields}
            return together(parts.values(), {name: cell.value for name, cell in parts.items()})
        case ir.MakeList(items=items):
            found = [read(one, place) for one in items]
            return together(found, [cell.value for cell in found])
        case ir.Convert(value=value, reading=reading):
            from tests.reference.reading import converted

            cell = read(value, place)
            return cell if cell.codes else converted(cell.value, node.type, reading, place.world)
        case ir.Fit():
            from tests.reference.fitting import fitted

            return fitted(node, read(node.value, place), place)
        case ir.Aggregate():
            return aggregated(node, place)
        case ir.Collect(value=value, over=over):
            rows = over_rows(over, place)
            if isinstance(rows, Cell):
                return rows
            found = [read(value, one) for one in rows]
            return together(found, [cell.value for cell in found])
        case ir.WindowCall():
            return neighbour(node, place)
        case ir.LookUp():
            return looked_up(node, place)
        case ir.InLookUp(table=table, keys=keys):
            cells = [read(one, place) for one in keys]
            asked = [cell.value for cell in cells]
            return together(cells, any(same_key(row[0], asked) for row in place.world.lookups[table].rows))
        case ir.Decision():
            return decided(node, place)
        case ir.Present():
            return Cell(True)
        case ir.RowFact(fact=fact):
            return place.row[f"!{fact}"]
        case ir.Failed(value=value, code=code):
            cell = read(value, place)
            return Cell(code in cell.codes if code else bool(cell.codes))
        case ir.Omitted():
            return failed(OMIT)
        case _:
            assert_never(node)


def together(cells: Any, value: Any) -> Cell:
    codes = frozenset(code for cell in cells for code in cell.codes)
    return Cell(None, codes) if codes else Cell(value)


def constant(value: Any, kind: t.Type) -> Any:
    """A constant as its value: a list is a tuple of its items, a struct of its fields' values."""
    base = t.base_of(kind)
    if value is None:
        return None
    match base:
        case t.ListOf(item=item):
            return [constant(one, item) for one in value]
        case t.Struct(fields=fields):
            return {name: constant(one, inner) for (name, inner), one in zip(fields, value, strict=True)}
        case _:
            return value


# ---------------------------------------------------------------- calls


def called(node: ir.Call, place: Place) -> Cell:
    cells = [read(one, place) for one in node.arguments]
    codes = [code for cell in cells for code in cell.codes]
    if codes:
        return Cell(None, frozenset(codes))
    return answered(asking_of(node), [cell.value for cell in cells], place.world)


@dataclass(frozen=True, slots=True)
class Asking:
    """What is the same of a call in every row: its meaning, types and constants, and which arguments are null when they are."""

    node: ir.Call
    meaning: Meaning
    kinds: tuple[t.Type, ...]
    constants: tuple[bool, ...]
    strict: tuple[int, ...]


ASKED: dict[int, Asking] = {}
"""By the call's identity; each holds its call, so that no other one takes its number."""


def asking_of(node: ir.Call) -> Asking:
    found = ASKED.get(id(node))
    if found is None or found.node is not node:
        found = ASKED[id(node)] = asking(node, meaning_of(node))
    return found


def asking(node: ir.Call, meaning: Meaning) -> Asking:
    """A call with the arguments that make it null: all, or of a list's aggregate the list; what aggregates skip are the nulls in it."""
    kinds = tuple(one.type for one in node.arguments)
    lists = [at for at, kind in enumerate(kinds) if at == 0 or isinstance(t.base_of(kind), t.ListOf)] if node.function in AGGREGATES else []
    strict = lists if meaning.takes_null else range(len(kinds))
    return Asking(node, meaning, kinds, tuple(is_constant(one) for one in node.arguments), tuple(strict))


def meaning_of(node: ir.Call) -> Meaning:
    if any(holds_pattern(one.type) for one in node.arguments) and node.function + "/pattern" in MEANINGS:
        return MEANINGS[node.function + "/pattern"]
    return MEANINGS.get(node.function) or AGGREGATES[node.function]


def holds_pattern(kind: t.Type) -> bool:
    return isinstance(t.base_of(kind), t.Pattern)


def answered(asking: Asking, values: list[Any], world: World) -> Cell:
    """What a function gives: null where one of its values is null, unless it takes them."""
    for at in asking.strict:
        if values[at] is None:
            return Cell(None)
    head: tuple[Asked, ...] = ()
    if asking.meaning.asks:
        head = (Asked(asking.kinds, t.base_of(asking.node.type), world.now, world.zone, asking.constants),)
    try:
        return Cell(asking.meaning.of(*head, *values))
    except Reject as reject:
        return failed(reject.code)


def chosen(branches: Sequence[tuple[ir.Expression, ir.Expression]], otherwise: ir.Expression, place: Place) -> Cell:
    for condition, value in branches:
        asked = read(condition, place)
        if asked.codes:
            return asked
        if asked.value:
            return read(value, place)
    return read(otherwise, place)


# ---------------------------------------------------------------- over rows


def over_rows(over: ir.Over, place: Place) -> list[Place] | Cell:
    """The places over which a loop, group or window goes, in order; or why it cannot."""
    codes: set[str] = set()
    match over:
        case ir.Loop():
            listed = read(over.over, place)
            if listed.codes:
                return listed
            if listed.value is None:
                return Cell(None)
            places = [place.within(**elements(over, value, at)) for at, value in enumerate(listed.value, 1)]
        case ir.Members():
            places = [place.at(row) for row in place.members]
        case ir.Window():
            assert place.windows is not None
            codes |= {code for key in over.keys for code in read(key, place).codes}
            places = [place.at(row) for row in place.windows(over, place.row)]
    if over.where is not None:
        kept = []
        for one in places:
            asked = read(over.where, one)
            codes |= concerned(asked, over, one, place)
            if asked.value is True:
                kept.append(one)
        places = kept
    if over.order:
        sought = [(one, [read(key.value, one) for key in over.order]) for one in places]
        codes |= {code for one, cells in sought for cell in cells for code in concerned(cell, over, one, place)}
        sought = [one for one in sought if not any(cell.codes for cell in one[1])]
        if not codes:
            places = [one for one, _ in ordered(sought, over.order)]
    return Cell(None, frozenset(codes)) if codes else places


def concerned(cell: Cell, over: ir.Over, one: Place, asking: Place) -> frozenset[str]:
    """The codes that count: a row of a window whose condition or order failed is in no window, and failed itself alone."""
    return NO_CODES if isinstance(over, ir.Window) and one.row["!at"] != asking.row["!at"] else cell.codes


def elements(over: ir.Loop, value: Any, at: int) -> dict[str, Cell]:
    """The columns of one element."""
    found = {over.item: Cell(value)}
    if isinstance(value, dict):
        found |= {f"{over.item}.{name}": Cell(one) for name, one in value.items()}
    elif value is None:
        kind = t.base_of(over.over.type)
        item = t.base_of(kind.item) if isinstance(kind, t.ListOf) else kind
        found |= {f"{over.item}.{name}": Cell(None) for name, _ in item.fields} if isinstance(item, t.Struct) else {}
    return found | ({over.position: Cell(at)} if over.position else {})


def ordered(rows: list[tuple[Any, list[Cell]]], keys: Sequence[ir.Sorting]) -> list[tuple[Any, list[Cell]]]:
    """A stable order: nulls last, whichever way."""

    def compared(left: tuple[Any, list[Cell]], right: tuple[Any, list[Cell]]) -> int:
        for one, other, key in zip(left[1], right[1], keys, strict=True):
            a, b = ranked(one.value, key.value.type), ranked(other.value, key.value.type)
            if a is None or b is None:
                if (a is None) != (b is None):
                    return 1 if a is None else -1
            elif a != b:
                return (1 if a > b else -1) * (-1 if key.descending else 1)
        return 0

    return sorted(rows, key=cmp_to_key(compared))


def ranked(value: Any, kind: t.Type) -> Any:
    """Members of an enum are ordered as declared."""
    base = t.base_of(kind)
    return base.members.index(value) if isinstance(base, t.Enum) and value is not None else value


def aggregated(node: ir.Aggregate, place: Place) -> Cell:
    rows = over_rows(node.over, place)
    if isinstance(rows, Cell) and rows.codes:
        return rows
    places = rows if isinstance(rows, list) else []
    constants = [read(one, place).value for one in node.arguments if not isinstance(one, ir.Column) and is_constant(one)]
    values = next((one for one in node.arguments if not is_constant(one)), None)
    if node.function == "count" and not node.arguments:
        return Cell(len(places))
    if values is None:
        values = node.arguments[-1] if node.function == "join_text" else node.arguments[0]
        constants = [read(one, place).value for one in node.arguments if one is not values]
    cells = [read(values, one) for one in places]
    if isinstance(node.over, ir.Window):
        mine = read(values, place)
        if mine.codes:
            return mine
        # A row whose value failed is left out of what its window says, and failed itself.
        cells = [cell for cell in cells if not cell.codes]
    codes = frozenset(code for cell in cells for code in cell.codes)
    if codes:
        return Cell(None, codes)
    found = [cell.value for cell in cells]
    meaning = AGGREGATES[node.function]
    head = (Asked((values.type,), t.base_of(node.type), place.world.now, place.world.zone),) if meaning.asks else ()
    given = (*constants, found) if node.function == "join_text" else (found, *constants)
    try:
        return Cell(meaning.of(*head, *given))
    except Reject as reject:
        return failed(reject.code)


def is_constant(node: ir.Expression) -> bool:
    return isinstance(node, ir.Constant | ir.Parameter)


def neighbour(node: ir.WindowCall, place: Place) -> Cell:
    """`row_number`, `lag`, `lead`."""
    rows = over_rows(node.over, place)
    if isinstance(rows, Cell):
        return rows
    if node.argument is not None:
        mine = read(node.argument, place)
        if mine.codes:
            return mine
        # A row whose value failed is left out of what its window says.
        rows = [one for one in rows if not read(node.argument, one).codes]
    at = next((number for number, one in enumerate(rows) if one.row["!at"] == place.row["!at"]), None)
    if at is None:
        return Cell(None)
    if node.function == "row_number":
        return Cell(at + 1)
    there = at + (node.steps if node.function == "lead" else -node.steps)
    assert node.argument is not None
    return read(node.argument, rows[there]) if 0 <= there < len(rows) else Cell(None)


# ---------------------------------------------------------------- tables


def same_key(key: Sequence[Any], asked: Sequence[Any]) -> bool:
    return all(one is not None and one == other for one, other in zip(key, asked, strict=True))


def looked_up(node: ir.LookUp, place: Place) -> Cell:
    table = place.world.lookups[node.table]
    cells = [read(one, place) for one in node.keys]
    day = read(node.day, place) if node.day is not None else None
    codes = frozenset(code for cell in (*cells, *([day] if day else [])) for code in cell.codes)
    if codes:
        return Cell(None, codes)
    asked = [cell.value for cell in cells]
    if any(one is None for one in asked) or (day is not None and day.value is None):
        return Cell(None)
    if node.inverse:
        return backwards(node, table, asked[0])
    rows = [row for row in table.rows if same_key(row[0], asked)]
    code = "R401"
    if table.valid_from and rows:
        when: Any = day.value if day is not None else place.world.now.date()
        begun: list[Any] = [row for row in rows if row[1] is None or row[1] <= when]
        rows = sorted(begun, key=lambda row: (row[1] is not None, row[1] or 0))[-1:]
        code = "R402"
    if rows:
        found = constant(rows[-1][2], table.result)
        return Cell(found[node.member] if node.member and found is not None else found)
    if table.miss == "error":
        return failed(code)
    if table.miss == "self":
        return Cell(asked[0])
    if table.fallback is None:
        return Cell(None)
    other = read(table.fallback, place.within(**{name: cell for (name, _), cell in zip(table.keys, cells, strict=True)}))
    return Cell(other.value[node.member], other.codes) if node.member and other.value is not None else other


def backwards(node: ir.LookUp, table: ir.LookupTable, value: Any) -> Cell:
    for keys, _, result in table.rows:
        found = constant(result, table.result)
        if (found[node.member] if node.member else found) == value:
            return Cell(keys[0])
    return (
        failed("R401")
        if table.miss == "error" or (table.miss == "value" and not table.misses_to_null)
        else Cell(value if table.miss == "self" else None)
    )


def decided(node: ir.Decision, place: Place) -> Cell:
    table = place.world.decisions[node.table]
    cells = [read(one, place) for one in node.inputs]
    codes = frozenset(code for cell in cells for code in cell.codes)
    if codes:
        return Cell(None, codes)
    inner = place.within(**{name: cell for (name, _), cell in zip(table.inputs, cells, strict=True)})
    kinds = [kind for _, kind in table.inputs]
    hits = [
        row
        for row in table.rows
        if all(satisfied(tests, cell.value, kind) for tests, cell, kind in zip(row.tests, cells, kinds, strict=True))
    ]
    if table.policy == "unique" and len(hits) > 1:
        return failed("R406")
    if table.policy == "collect":
        given = [outputs(table, row, inner) for row in hits]
        found = together(given, [cell.value for cell in given])
        if hits or table.otherwise is None:
            return Cell([one[node.member] for one in found.value], found.codes) if node.member and not found.codes else found
    if hits:
        return of_member(node, outputs(table, hits[0], inner))
    return failed("R405") if table.otherwise is None else of_member(node, read(table.otherwise, inner))


def of_member(node: ir.Decision, cell: Cell) -> Cell:
    return Cell(cell.value[node.member], cell.codes) if node.member and cell.value is not None else cell


def outputs(table: ir.DecisionTable, row: ir.DecisionRow, place: Place) -> Cell:
    result = t.base_of(table.result)
    if table.policy == "collect" and isinstance(result, t.ListOf):
        result = t.base_of(result.item)
    cells = [read(one, place) for one in row.outputs]
    if isinstance(result, t.Struct) and len(result.fields) == len(cells):
        return together(cells, {name: cell.value for (name, _), cell in zip(result.fields, cells, strict=True)})
    return cells[0]


def satisfied(tests: Sequence[ir.CellTest], value: Any, kind: t.Type) -> bool:
    return any(test_holds(one, value, kind) for one in tests)


def test_holds(test: ir.CellTest, value: Any, kind: t.Type) -> bool:
    match test:
        case ir.AnyValue():
            return True
        case ir.IsNull():
            return value is None
        case ir.OneOf(values=values, negated=negated):
            return value is not None and (value in values) is not negated
        case ir.Between(low=low, low_closed=low_closed, high=high, high_closed=high_closed):
            if value is None:
                return False
            base = t.base_of(kind)
            if isinstance(base, t.Enum):
                rank = base.members.index
                value, low, high = rank(value), None if low is None else rank(low), None if high is None else rank(high)
            above = low is None or value > low or (low_closed and value == low)
            return bool(above and (high is None or value < high or (high_closed and value == high)))
        case ir.Like(pattern=pattern):
            return value is not None and compiled(pattern).fullmatch(value) is not None
        case _:
            assert_never(test)
