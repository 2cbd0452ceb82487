"""Whole numbers of any size by the column, so that sums, means and products of decimals are exact.

They are int64 where that is enough, else Python's integers in an object array: NumPy then calls their arithmetic
in a loop of its own, some ten times slower, on the few values that need it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa

from datahub.functions.columns import Ints, decimals_as_ints, decimals_from_ints, ints, validity
from datahub.functions.declare import Mask, Offsets
from datahub.functions.segments import beginnings

if TYPE_CHECKING:
    import numpy.typing as npt

Exact: TypeAlias = "npt.NDArray[Any]"
"""Whole numbers: int64, or Python's integers (dtype object)."""

SMALL = 2**62


def scaled(values: pa.Array) -> Exact:
    """The whole numbers of a column without nulls, those of decimals scaled by ten to the power of their scale."""
    if not pa.types.is_decimal(values.type):
        return ints(values)
    small = decimals_as_ints(values)
    return _joined(_words(values).T) if small is None else small


def segment_sums(values: pa.Array, offsets: Offsets) -> Exact:
    """The exact sum of each segment of a column without nulls; decimals are scaled whole numbers."""
    numbers = decimals_as_ints(values) if pa.types.is_decimal(values.type) else ints(values)
    longest = int(np.diff(offsets).max(initial=0))
    if numbers is not None and peak(numbers) * longest < SMALL:
        return _spans(numbers, offsets)
    words = _words(values) if numbers is None else _halves(numbers)
    return _joined(np.stack([_spans(column, offsets) for column in words.T]))


def _spans(numbers: Ints, offsets: Offsets) -> Ints:
    # The running total may wrap; the difference of two of its values is right all the same.
    return np.diff(beginnings(numbers)[offsets])


def _words(values: pa.Array) -> Ints:
    """The 32-bit words of decimals, lowest first; the highest carries the sign."""
    count = values.type.bit_width // 32
    held = np.frombuffer(values.buffers()[1], np.uint32, (values.offset + len(values)) * count)
    words = held.reshape(-1, count)[values.offset :].astype(np.int64)
    words[:, -1] = words[:, -1].astype(np.int32)
    return words


def _halves(numbers: Ints) -> Ints:
    return np.stack([numbers & 0xFFFFFFFF, numbers >> 32], axis=1)


def _joined(words: Ints) -> Exact:
    """The numbers whose digits to the base 2**32 are the rows of `words`, lowest first."""
    total: Exact = words[-1].astype(object)
    for word in words[-2::-1]:
        total = total * 2**32 + word.astype(object)
    return total


def peak(numbers: Exact) -> int:
    """The largest magnitude among the numbers."""
    return max(int(numbers.max()), -int(numbers.min())) if len(numbers) else 0


def times(numbers: Exact, factor: int) -> Exact:
    """The numbers multiplied."""
    wide = numbers.dtype == object or peak(numbers) * abs(factor) >= SMALL
    multiplied: Exact = (numbers.astype(object) if wide else numbers) * factor
    return multiplied


def product(left: Exact, right: Exact) -> Exact:
    """Left times right, row by row."""
    wide = left.dtype == object or right.dtype == object or peak(left) * peak(right) >= SMALL
    return np.multiply(left.astype(object), right.astype(object)) if wide else np.multiply(left, right)


def quotient(numbers: Exact, by: int | Exact) -> Exact:
    """The numbers divided by positive ones, rounded half away from zero."""
    largest = by if isinstance(by, int) else peak(by)
    if numbers.dtype == object or 2 * (peak(numbers) + largest) >= SMALL:
        numbers = numbers.astype(object)
        by = by if isinstance(by, int) else by.astype(object)
    magnitude: Exact = (2 * np.abs(numbers) + by) // (2 * by)
    return np.where(numbers < 0, -magnitude, magnitude)


def rescaled(numbers: Exact, before: int, after: int) -> Exact:
    """Scaled numbers brought from one scale to another, rounded half away from zero."""
    return times(numbers, 10 ** (after - before)) if after >= before else quotient(numbers, 10 ** (before - after))


def fits(numbers: Exact, precision: int) -> Mask:
    """Which numbers have at most `precision` digits."""
    limit = 10**precision
    if numbers.dtype != object and limit > 2**63:
        return np.ones(len(numbers), np.bool_)
    return np.asarray((numbers < limit) & (numbers > -limit), np.bool_)


def fits_int64(numbers: Exact) -> Mask:
    """Which numbers 64 bits can hold."""
    if numbers.dtype != object:
        return np.ones(len(numbers), np.bool_)
    return np.asarray((numbers < 2**63) & (numbers >= -(2**63)), np.bool_)


def as_int64(numbers: Exact, keep: Mask) -> Ints:
    """The numbers in 64 bits, 0 where `keep` is false."""
    return np.where(keep, numbers, 0).astype(np.int64)


def as_decimals(numbers: Exact, keep: Mask, kind: pa.DataType) -> pa.Array:
    """A column of decimal `kind` out of its scaled numbers, null where `keep` is false."""
    numbers = np.where(keep, numbers, 0)
    if numbers.dtype != object:
        return decimals_from_ints(numbers, keep, kind)
    count = kind.bit_width // 64
    packed = np.empty((len(numbers), count), np.uint64)
    for word in range(count):
        packed[:, word] = ((numbers >> (64 * word)) & (2**64 - 1)).astype(np.uint64)
    return pa.Array.from_buffers(kind, len(numbers), [validity(keep), pa.py_buffer(packed)])


def decimal_type(precision: int, scale: int) -> pa.DataType:
    """The Arrow type of decimals of this precision."""
    return pa.decimal128(precision, scale) if precision <= 38 else pa.decimal256(precision, scale)
