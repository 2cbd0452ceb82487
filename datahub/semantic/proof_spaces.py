"""The values of an input of a decision table, cut into classes that no cell tells apart: numbers and dates, and finite types.

Classes are bits of a whole number. A class is *sure* where a value of it can be shown: what is claimed to happen is claimed
of such values alone. Values that are longer or more exact than the input's type says come as they are, so they count
where something is claimed never to happen.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_
from typing import Protocol, assert_never

from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.proof_numbers import Numbers
from datahub.types import model as t


class Space(Protocol):
    """An input's values, cut into classes."""

    @property
    def every(self) -> int:
        """All classes that there are."""
        ...

    @property
    def sure(self) -> int:
        """The classes of which a value is known."""
        ...

    @property
    def null(self) -> int:
        """The class of null."""
        ...

    def mask(self, test: ir.CellTest) -> int:
        """The classes whose values all satisfy `test`."""
        ...

    def example(self, at: int) -> ir.Value:
        """A value of the sure class `at`."""
        ...


# ---------------------------------------------------------------- numbers, and what counts as such


@record(frozen=True, slots=True)
class Line:
    """Ordered values, cut at `bounds`: each bound, and after it what lies up to the next; last what is below the first, and null.

    Of these places only those are classes that have a value: between 3 and 4 no whole number lies.
    """

    numbers: Numbers
    bounds: tuple[int, ...]
    at: dict[ir.Value, int]
    """The place of each bound."""
    rank: tuple[int, ...]
    """For each place how many classes come before it."""
    every: int
    sure: int
    null: int

    def mask(self, test: ir.CellTest) -> int:
        match test:
            case ir.AnyValue():
                return self.every
            case ir.IsNull():
                return self.null & self.every
            case ir.OneOf(values=values, negated=negated):
                found = reduce(or_, (self._classes(self.at[one], self.at[one] + 1) for one in values if one is not None), 0)
                return self.every & ~found & ~self.null if negated else found
            case ir.Between():
                return self._between(test)
            case ir.Like():
                return 0
            case _:
                assert_never(test)

    def _classes(self, start: int, stop: int) -> int:
        """The classes of the places from `start` up to `stop`."""
        return (1 << self.rank[stop]) - (1 << self.rank[start]) if stop > start else 0

    def _between(self, test: ir.Between) -> int:
        end = 2 * len(self.bounds)
        start = 0 if test.low is None else self.at[test.low] + (not test.low_closed)
        stop = end if test.high is None else self.at[test.high] + test.high_closed
        return self._classes(start, stop) | (self._classes(end, end + 1) if test.low is None else 0)

    def example(self, at: int) -> ir.Value:
        place = bisect_right(self.rank, at) - 1
        if place > 2 * len(self.bounds):
            return None
        number = self.numbers.between(*_ends(self.bounds, place)) if _is_stretch(self.bounds, place) else self.bounds[place // 2]
        return None if number is None else self.numbers.value(number)


def line(kind: t.Type, tests: Iterable[ir.CellTest]) -> Line:
    """The classes of an input whose values have an order, but for texts."""
    values = dict.fromkeys(value for test in tests for value in named(test))
    numbers = Numbers.of(t.base_of(kind), values)
    counted = {value: numbers.number(value) for value in values}
    bounds = tuple(sorted(set(counted.values())))
    index = {bound: 2 * at for at, bound in enumerate(bounds)}
    rank, sure = [0], 0
    for place in range(2 * len(bounds) + 1):
        has, writes = _known(numbers, bounds, place)
        sure |= writes << rank[-1]
        rank.append(rank[-1] + has)
    null = 1 << rank[-1]
    every = null - 1 | (null if kind.nullable else 0)
    return Line(numbers, bounds, {value: index[one] for value, one in counted.items()}, tuple(rank), every, (sure | null) & every, null)


def _known(numbers: Numbers, bounds: Sequence[int], place: int) -> tuple[bool, bool]:
    """Whether there is a value at a place, and whether one is known."""
    if not _is_stretch(bounds, place):
        return True, numbers.is_written(bounds[place // 2])
    low, high = _ends(bounds, place)
    has = numbers.has_between(low, high)
    return has, has and numbers.writes_between(low, high)


def _is_stretch(bounds: Sequence[int], place: int) -> bool:
    return place % 2 == 1 or place == 2 * len(bounds)


def _ends(bounds: Sequence[int], place: int) -> tuple[int | None, int | None]:
    """Between which bounds the stretch at a place lies."""
    if place >= 2 * len(bounds):
        return None, bounds[0] if bounds else None
    return bounds[place // 2], bounds[place // 2 + 1] if place // 2 + 1 < len(bounds) else None


def named(test: ir.CellTest) -> tuple[ir.Value, ...]:
    """The values that a test writes."""
    match test:
        case ir.OneOf(values=values):
            return tuple(value for value in values if value is not None)
        case ir.Between(low=low, high=high):
            return tuple(value for value in (low, high) if value is not None)
        case ir.AnyValue() | ir.IsNull() | ir.Like():
            return ()
        case _:
            assert_never(test)


# ---------------------------------------------------------------- few values


@record(frozen=True, slots=True)
class Few:
    """Values that can be counted, each a class, in their order; null last. `like` are the patterns that cells ask for, and who matches."""

    values: tuple[ir.Value, ...]
    place: dict[ir.Value, int]
    like: dict[str, int]
    every: int

    @property
    def sure(self) -> int:
        return self.every

    @property
    def null(self) -> int:
        return 1 << len(self.values)

    def mask(self, test: ir.CellTest) -> int:
        match test:
            case ir.AnyValue():
                return self.every
            case ir.IsNull():
                return self.null & self.every
            case ir.OneOf(values=values, negated=negated):
                found = sum(1 << self.place[value] for value in set(values) if value in self.place)
                return self.every & (~found & ~self.null if negated else found)
            case ir.Between(low=low, low_closed=low_closed, high=high, high_closed=high_closed):
                start = 0 if low is None else self.place[low] + (not low_closed)
                stop = len(self.values) if high is None else self.place[high] + high_closed
                return (1 << stop) - (1 << start) if stop > start else 0
            case ir.Like(pattern=pattern):
                return self.like.get(pattern, 0)
            case _:
                assert_never(test)

    def example(self, at: int) -> ir.Value:
        return self.values[at] if at < len(self.values) else None


def few(kind: t.Type, values: tuple[ir.Value, ...], like: dict[str, int]) -> Few:
    """The classes of an input of few values."""
    every = (1 << len(values)) - 1 | (1 << len(values) if kind.nullable else 0)
    return Few(values, {value: at for at, value in enumerate(values)}, like, every)
