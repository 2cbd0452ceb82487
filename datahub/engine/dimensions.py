"""The inputs of decision tables: the values of each cut into few classes, and for each class the rows of the table it satisfies.

Rows of a table are bits of 64-bit words, so that a table of two hundred rows is asked by four operations on words for
each input and row of data, whatever stands in its cells.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import field
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias, assert_never

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.engine.values import array
from datahub.frames.frame import Mask, Rows, as_mask
from datahub.functions.columns import decimals_as_ints, floats, ints, valid
from datahub.records import record
from datahub.semantic import ir
from datahub.types import model as t

if TYPE_CHECKING:
    import numpy.typing as npt

Words: TypeAlias = "npt.NDArray[np.uint64]"
"""For each of some classes or rows of data, which rows of the table are satisfied: 64 of them a word."""


@record(frozen=True, slots=True)
class Asked:
    """A test, and the rows of the table in whose cell it stands."""

    test: ir.CellTest
    rows: Words


def tests_of(cells: Sequence[tuple[ir.CellTest, ...]], width: int) -> tuple[Asked, ...]:
    """The different tests of one column of cells."""
    found: dict[ir.CellTest, Words] = {}
    for row, cell in enumerate(cells):
        for test in cell:
            words = found.setdefault(test, np.zeros(width, np.uint64))
            words[row >> 6] |= np.uint64(1 << (row & 63))
    return tuple(Asked(test, words) for test, words in found.items())


def satisfied(masks: Sequence[Mask], asked: Sequence[Asked], classes: int, width: int) -> Words:
    """For each class the rows of the table whose cell it satisfies, given which classes each test holds for."""
    words = np.zeros((classes, width), np.uint64)
    for mask, one in zip(masks, asked, strict=True):
        words[mask] |= one.rows
    return words


# ---------------------------------------------------------------- values on a line


@record(frozen=True, slots=True)
class Line:
    """An input whose values are numbers, or count as such (days, instants, places in an enumeration).

    The bounds in the cells cut it into classes: below the first, the first, between the first two, … and null.
    """

    kind: t.Type
    bounds: tuple[Fraction, ...]
    words: Words
    marks: dict[Any, Any] = field(default_factory=dict, compare=False)
    """The bounds as numbers of each scale that was met."""

    def classes(self, values: pa.Array) -> tuple[Rows, Words]:
        """The class of each value, and what the classes satisfy."""
        numbers, scale = self._numbers(values)
        marks = self._marks_at(scale, numbers.dtype)
        if not len(marks):
            found = np.zeros(len(numbers), np.int64)
        else:
            below = np.searchsorted(marks, numbers, side="left")
            found = 2 * below + (marks[np.minimum(below, len(marks) - 1)] == numbers)
        if values.null_count:
            found = np.where(valid(values), found, 2 * len(self.bounds) + 1)
        return found, self.words

    def _marks_at(self, scale: int | None, dtype: Any) -> Any:
        key = (scale, str(dtype))
        if key not in self.marks:
            self.marks[key] = _marks(self.bounds, scale, dtype)
        return self.marks[key]

    def _numbers(self, values: pa.Array) -> tuple[Any, int | None]:
        """Twice the values as whole numbers of their last digit (so that a bound between two of them is one too)."""
        base = t.base_of(self.kind)
        if isinstance(base, t.Enum):
            values = pc.index_in(values, pa.array(base.members, pa.string())).cast(pa.int64())
        if pa.types.is_floating(values.type):
            return floats(values), None
        scale = values.type.scale if pa.types.is_decimal(values.type) else 0
        if pa.types.is_decimal(values.type):
            numbers = decimals_as_ints(values)
        else:
            numbers = ints(values.cast(pa.int64()) if pa.types.is_boolean(values.type) else values)
        if numbers is None or (len(numbers) and (numbers.max() >= 2**61 or numbers.min() <= -(2**61))):
            return _large(values, scale), scale
        return numbers * 2, scale


def _large(values: pa.Array, scale: int) -> Any:
    # Numbers beyond 64 bits: Python's own, which NumPy compares one by one. Prices and counts never come here.
    return np.array([0 if one is None else int(Fraction(one) * 10**scale) * 2 for one in values.to_pylist()], object)


def _marks(bounds: Sequence[Fraction], scale: int | None, dtype: Any) -> Any:
    if scale is None:
        return np.array([float(bound) for bound in bounds], np.float64)
    scaled = [bound * 10**scale for bound in bounds]
    doubled = [2 * math.floor(one) + (one.denominator != 1) for one in scaled]
    if dtype.hasobject:
        return np.array(doubled, object)
    return np.array([min(max(one, -(2**63)), 2**63 - 1) for one in doubled], np.int64)


def line(kind: t.Type, asked: Sequence[Asked], width: int) -> Line:
    """An input on a line, cut at all bounds that its cells name."""
    values = [bound for one in asked for bound in _bounds(one.test)]
    bounds = tuple(sorted({_place(value, kind) for value in values}))
    classes = 2 * len(bounds) + 2
    masks = [_on_line(one.test, kind, bounds, classes) for one in asked]
    return Line(kind, bounds, satisfied(masks, asked, classes, width))


def _bounds(test: ir.CellTest) -> list[ir.Value]:
    match test:
        case ir.OneOf(values=values):
            return [value for value in values if value is not None]
        case ir.Between(low=low, high=high):
            return [bound for bound in (low, high) if bound is not None]
        case ir.AnyValue() | ir.IsNull() | ir.Like():
            return []
        case _:
            assert_never(test)


def _place(value: ir.Value, kind: t.Type) -> Fraction:
    """A constant of a cell as a number on the line."""
    base = t.base_of(kind)
    if isinstance(base, t.Enum):
        return Fraction(base.members.index(str(value)))
    if isinstance(value, int | float | Decimal):
        return Fraction(value)
    one = array([value], kind)
    return Fraction(int(ints(one)[0]))


def _on_line(test: ir.CellTest, kind: t.Type, bounds: Sequence[Fraction], classes: int) -> Mask:
    """The classes for which a test holds; the last class is null."""
    mask = np.zeros(classes, np.bool_)
    match test:
        case ir.AnyValue():
            mask[:] = True
        case ir.IsNull():
            mask[-1] = True
        case ir.OneOf(values=values, negated=negated):
            mask[[2 * bisect_left(bounds, _place(value, kind)) + 1 for value in values if value is not None]] = True
            if negated:
                mask = ~mask
                mask[-1] = False
        case ir.Between(low=low, low_closed=low_closed, high=high, high_closed=high_closed):
            start = 0 if low is None else 2 * bisect_left(bounds, _place(low, kind)) + (1 if low_closed else 2)
            stop = classes - 1 if high is None else 2 * bisect_left(bounds, _place(high, kind)) + (2 if high_closed else 1)
            mask[start:stop] = True
        case ir.Like():
            raise AssertionError("a pattern for a number")
        case _:
            assert_never(test)
    return mask


# ---------------------------------------------------------------- texts


@record(frozen=True, slots=True)
class Vocabulary:
    """An input of texts: the words in its cells, others, and null; patterns and intervals look at each batch's own words."""

    vocabulary: pa.Array
    asked: tuple[Asked, ...]
    words: Words
    open: bool

    def classes(self, values: pa.Array) -> tuple[Rows, Words]:
        """The class of each value, and what the classes satisfy."""
        if not self.open:
            found = pc.index_in(values, self.vocabulary, skip_nulls=True)
            numbers = found.fill_null(len(self.vocabulary)).to_numpy(zero_copy_only=False).astype(np.int64)
            if values.null_count:
                numbers[~valid(values)] = len(self.vocabulary) + 1
            return numbers, self.words
        coded = values.dictionary_encode()
        count = len(coded.dictionary)
        masks = [_on_words(one.test, coded.dictionary) for one in self.asked]
        words = satisfied(masks, self.asked, count + 1, self.words.shape[1])
        return coded.indices.fill_null(count).to_numpy(zero_copy_only=False).astype(np.int64), words


def texts(asked: tuple[Asked, ...], width: int) -> Vocabulary:
    """An input of texts."""
    named = [str(value) for one in asked if isinstance(one.test, ir.OneOf) for value in one.test.values if value is not None]
    vocabulary = pa.array(sorted(set(named)), pa.string())
    is_open = any(isinstance(one.test, ir.Like | ir.Between) for one in asked)
    if is_open:
        return Vocabulary(vocabulary, asked, np.zeros((0, width), np.uint64), True)
    # One more word stands for all that no cell names: no text of a cell is null, so null will do.
    masks = [_on_words(one.test, vocabulary, other=True) for one in asked]
    return Vocabulary(vocabulary, asked, satisfied(masks, asked, len(vocabulary) + 2, width), False)


def _on_words(test: ir.CellTest, words: pa.Array, other: bool = False) -> Mask:
    """For which words a test holds; then (`other`) for a word that no cell names, and last for null."""
    count = len(words)
    mask = np.zeros(count + (2 if other else 1), np.bool_)
    match test:
        case ir.AnyValue():
            mask[:] = True
        case ir.IsNull():
            mask[-1] = True
        case ir.OneOf(values=values, negated=negated):
            mask[:count] = _truth(pc.is_in(words, pa.array([one for one in values if one is not None], pa.string())))
            if negated:
                mask = ~mask
                mask[-1] = False
        case ir.Between(low=low, low_closed=low_closed, high=high, high_closed=high_closed):
            mask[:count] = True
            if low is not None:
                mask[:count] &= _truth((pc.greater_equal if low_closed else pc.greater)(words, pa.scalar(low, pa.string())))
            if high is not None:
                mask[:count] &= _truth((pc.less_equal if high_closed else pc.less)(words, pa.scalar(high, pa.string())))
        case ir.Like(pattern=pattern):
            mask[:count] = _truth(pc.match_substring_regex(words, f"^(?:{pattern})$"))
        case _:
            assert_never(test)
    return mask


def _truth(values: pa.Array) -> Mask:
    return as_mask(values, len(values))


# ---------------------------------------------------------------- either


Dimension = Line | Vocabulary


def dimension(kind: t.Type, cells: Sequence[tuple[ir.CellTest, ...]], width: int) -> Dimension:
    """The input of type `kind` whose column of cells is `cells`."""
    asked = tests_of(cells, width)
    match t.base_of(kind):
        case t.Text() | t.Json() | t.Pattern() | t.Nothing() | t.Unknown() | t.ListOf() | t.Struct() | t.MapOf():
            return texts(asked, width)
        case t.Enum() if any(isinstance(one.test, ir.Like) for one in asked):
            return texts(asked, width)
        case _:
            return line(kind, asked, width)
