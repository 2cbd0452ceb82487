"""What can be proved of a decision table before any row of data is there: gaps, overlaps, rows and fallbacks never reached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field
from functools import reduce
from operator import and_, or_

from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.proof_boxes import Answer, Budget, Spent, by_class, covered, held
from datahub.semantic.proof_spaces import Space, few, line
from datahub.semantic.proof_words import matched, words
from datahub.types import model as t

BOXES, EACH = 200_000, 50_000
"""How many boxes are looked at for a table, and for one question about it: well under half a second."""


@record(frozen=True, slots=True)
class Example:
    """Values of the inputs that the table tests, in their order."""

    values: tuple[tuple[str, ir.Value], ...]


@record(frozen=True, slots=True)
class Overlap:
    """Two rows that both fit `example`; `others` more rows overlap with the second. `never`: it fits nowhere alone."""

    first: int
    second: int
    example: Example
    others: int
    never: bool


@record(frozen=True, slots=True)
class Dead:
    """A row that never decides: the rows `by` fit whatever fits it, or no value at all fits its cell of the input `cell`."""

    row: int
    by: tuple[int, ...]
    cell: str


@record(frozen=True, slots=True)
class Proof:
    """What is proved of a table, rows counted from 0.

    `gap` is an input that no row fits, for certain; `complete` says that there is none. Neither, where patterns or conditions
    of types leave it open. `covering` are the cells, by row and input, several tests of which fit every value together.
    `spent` are the questions that the budget did not suffice for: rows, and -1 for the gap.
    """

    gap: Example | None
    complete: bool
    overlaps: tuple[Overlap, ...]
    dead: tuple[Dead, ...]
    covering: tuple[tuple[int, str], ...]
    spent: tuple[int, ...]


def prove(table: ir.DecisionTable, conditioned: frozenset[str] = frozenset(), budget: Budget | None = None) -> Proof:
    """Prove what can be proved of a table; the types of the inputs `conditioned` have conditions that only some values meet."""
    dimensions = _dimensions(table, conditioned)
    proving = _Proving(table, dimensions, budget or Budget(BOXES, EACH))
    gap, complete = proving.gap()
    overlaps = tuple(proving.overlaps()) if table.policy == "unique" else ()
    covering = tuple((row, one.name) for row in range(len(table.rows)) for one in dimensions if one.is_covering(row))
    return Proof(gap, complete, overlaps, tuple(proving.dead()), covering, tuple(dict.fromkeys(proving.spent)))


def fits_all(table: ir.DecisionTable) -> bool:
    """Whether every input has a row, for certain: then none is rejected for want of one (R405)."""
    return _Proving(table, _dimensions(table), Budget(EACH, EACH)).is_complete()


def excludes(table: ir.DecisionTable) -> bool:
    """Whether no two rows fit one input, for certain: then none is rejected because two do (R406)."""
    if has_patterns(table):
        # What two patterns have in common is not looked into.
        return False
    return not _Proving(table, _dimensions(table), Budget(EACH, EACH)).may_overlap()


def has_patterns(table: ir.DecisionTable) -> bool:
    return any(isinstance(test, ir.Like) for row in table.rows for cell in row.tests for test in cell)


# ---------------------------------------------------------------- inputs


@record(slots=True)
class _Dimension:
    """An input: its classes, the cell of each row as classes, and for each class the rows whose cells have it."""

    name: str
    space: Space
    sure: int
    tests: Sequence[tuple[ir.CellTest, ...]]
    cells: Sequence[int]
    classes: Sequence[int]
    _held: dict[int, tuple[int, ...]] = field(default_factory=dict)
    _meeting: dict[int, int] = field(default_factory=dict)
    _whole: dict[int, int] = field(default_factory=dict)

    def held(self, cell: int) -> tuple[int, ...]:
        """The classes of a cell, as the rows that have them."""
        if cell not in self._held:
            self._held[cell] = held(cell, self.classes)
        return self._held[cell]

    def meeting(self, cell: int) -> int:
        """The rows whose cells have a class of `cell`."""
        if cell not in self._meeting:
            self._meeting[cell] = reduce(or_, self.held(cell), 0)
        return self._meeting[cell]

    def whole(self, cell: int) -> int:
        """The rows whose cells have all classes of `cell`."""
        if cell not in self._whole:
            self._whole[cell] = reduce(and_, self.held(cell), -1)
        return self._whole[cell]

    def example(self, cell: int, rows: int | None = None) -> ir.Value:
        """A value of a class of `cell`: of one that just `rows` have, if they are given."""
        if rows is None:
            return self.space.example((cell & -cell).bit_length() - 1)
        return self.space.example(next(at for at, one in enumerate(self.classes) if one == rows and cell >> at & 1))

    def is_tested(self) -> bool:
        return any(cell != self.space.every for cell in self.cells)

    def is_covering(self, row: int) -> bool:
        """Whether several tests of a cell together fit every value; a list of all values is no mistake."""
        tests = self.tests[row]
        if len(tests) < 2:
            return False
        values = self.space.every & ~self.space.null
        listed = [self.space.mask(one) for one in tests if isinstance(one, ir.OneOf) and not one.negated]
        return not values & ~self.cells[row] and all(values & ~one for one in listed)


def _dimensions(table: ir.DecisionTable, conditioned: frozenset[str] = frozenset()) -> list[_Dimension]:
    return [_dimension(table, at, name in conditioned) for at, (name, _) in enumerate(table.inputs)]


def _dimension(table: ir.DecisionTable, at: int, conditioned: bool) -> _Dimension:
    name, kind = table.inputs[at]
    tests = [row.tests[at] for row in table.rows]
    index: dict[ir.CellTest, int] = {}
    numbered = [[index.setdefault(test, len(index)) for test in cell] for cell in tests]
    space = space_of(kind, tuple(index))
    masks = [space.mask(test) for test in index]
    cells = [reduce(or_, [masks[number] for number in numbers], 0) for numbers in numbered]
    sure = space.sure
    if conditioned:
        # Of the values that a condition leaves, those are known that a cell names.
        sure &= reduce(or_, (masks[at] for one, at in index.items() if isinstance(one, ir.OneOf) and not one.negated), space.null)
    return _Dimension(name, space, sure, tests, cells, by_class(cells, space.every.bit_length()))


def space_of(kind: t.Type, tests: Sequence[ir.CellTest]) -> Space:
    """The values of a type, cut into classes that none of `tests` tells apart."""
    match t.base_of(kind):
        case t.Bool():
            return few(kind, (False, True), {})
        case t.Enum(members=members):
            return few(kind, members, {one.pattern: matched(one.pattern, members) for one in tests if isinstance(one, ir.Like)})
        case t.Text() | t.Json() | t.Pattern() | t.Unknown():
            return words(kind, tests)
        case t.ListOf() | t.Struct() | t.MapOf() | t.Nothing():
            return few(kind, ("",), {})
        case _:
            return line(kind, tests)


# ---------------------------------------------------------------- questions


@record(slots=True)
class _Proving:
    table: ir.DecisionTable
    dimensions: Sequence[_Dimension]
    budget: Budget
    spent: list[int] = field(default_factory=list)

    def gap(self) -> tuple[Example | None, bool]:
        """An input that no row fits; and whether there is certainly none."""
        sure = [one.sure for one in self.dimensions]
        answer = self._covered(sure, -1, -1) if all(sure) else Answer(None)
        if answer is None:
            return None, False
        if answer.outside is not None:
            return self._example(sure, answer.outside), False
        if sure == [one.space.every for one in self.dimensions]:
            return None, answer.outside is None
        return None, self.is_complete()

    def is_complete(self) -> bool:
        """Whether the rows fit every input, known by an example or not."""
        answer = self._covered([one.space.every for one in self.dimensions], -1, -1)
        return answer is not None and answer.outside is None

    def may_overlap(self) -> bool:
        """Whether two rows may fit one input, known by an example or not."""
        for row in range(len(self.table.rows)):
            cells = [one.cells[row] for one in self.dimensions]
            if not self._affords(cells, row) or self._meeting(cells, (1 << row) - 1):
                return True
        return False

    def overlaps(self) -> Iterator[Overlap]:
        """For each row the first of those above it that fit an input that it fits."""
        for row in range(len(self.table.rows)):
            sure = [one.cells[row] & one.sure for one in self.dimensions]
            if not self._affords(sure, row):
                continue
            meeting = self._meeting(sure, (1 << row) - 1)
            if meeting:
                first = (meeting & -meeting).bit_length() - 1
                both = [cell & one.cells[first] for cell, one in zip(sure, self.dimensions)]
                others = self._covered([one.cells[row] for one in self.dimensions], ~(1 << row))
                never = others is not None and others.outside is None
                yield Overlap(first, row, self._example(both), meeting.bit_count() - 1, never)

    def dead(self) -> Iterator[Dead]:
        """The rows that never decide. Where several may, or all that fit do, these are the rows that fit nothing."""
        for row in range(len(self.table.rows)):
            empty = next((one.name for one in self.dimensions if not one.cells[row]), None)
            if empty is not None:
                yield Dead(row, (), empty)
            elif self.table.policy == "first":
                answer = self._covered([one.cells[row] for one in self.dimensions], (1 << row) - 1, row)
                if answer is not None and answer.outside is None:
                    yield Dead(row, tuple(_rows(answer.by)), "")

    def _covered(self, cells: Sequence[int], rows: int, asked: int | None = None) -> Answer | None:
        """Whether `rows` cover the box of `cells`; None where the budget does not suffice, which is kept for what was `asked`."""
        if not self._affords(cells, asked):
            return None
        among = self._meeting(cells, rows & (1 << len(self.table.rows)) - 1)
        box = [one.held(cell) for one, cell in zip(self.dimensions, cells)]
        whole = [one.whole(cell) for one, cell in zip(self.dimensions, cells)]
        question = self.budget.question()
        given = question.left
        try:
            return covered(box, whole, among, question)
        except Spent:
            self._give_up(asked)
            return None
        finally:
            self.budget.left -= given - max(question.left, 0)

    def _affords(self, cells: Sequence[int], asked: int | None) -> bool:
        """Whether the budget suffices for putting together the rows that meet a box; this is quick work, and counts as such."""
        try:
            self.budget.spend(sum(cell.bit_count() for cell in cells) >> 4)
        except Spent:
            self._give_up(asked)
            return False
        return True

    def _give_up(self, asked: int | None) -> None:
        if asked is not None:
            self.spent.append(asked)

    def _meeting(self, cells: Sequence[int], rows: int) -> int:
        """Those of `rows` that meet the box of `cells`."""
        return reduce(and_, (one.meeting(cell) for one, cell in zip(self.dimensions, cells)), rows)

    def _example(self, cells: Sequence[int], point: Sequence[int] | None = None) -> Example:
        tested = [at for at, one in enumerate(self.dimensions) if one.is_tested()]
        return Example(
            tuple((self.dimensions[at].name, self.dimensions[at].example(cells[at], None if point is None else point[at])) for at in tested)
        )


def _rows(rows: int) -> Iterator[int]:
    while rows:
        yield (rows & -rows).bit_length() - 1
        rows &= rows - 1
