"""Whole numbers of up to 76 digits as columns: what exact decimals are worked out in when 64 bits do not do.

A wide column is a decimal256 whose scale is of no account: it is read as its raw whole numbers. Arrow plans the
precision of a result from the precisions of its operands and refuses what could be too large; here the operands
are given smaller precisions than they have, and whether a result was too large is found out from the values.
"""

from __future__ import annotations

from decimal import Context, Decimal
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions import long_division
from datahub.functions.columns import as_mask, buffer_view, decimals_from_ints, validity
from datahub.functions.declare import Mask

if TYPE_CHECKING:
    import numpy.typing as npt

Wide: TypeAlias = "pa.Array | pa.Scalar"
DIGITS = 76
# A decimal256 wraps at 2^255, which is 5.79e76: below this a float is near enough to tell that it did not.
_SURELY_HELD = 5e76
EXACT = Context(prec=DIGITS + 4)
_MOST_STEPS = 9
"""How often what is left over of a division is divided once more: each time takes some fifty of 252 bits, and the last unit a few more."""


def widened(values: pa.Array) -> pa.Array:
    """The raw whole numbers of an int64 or decimal column."""
    kind = pa.decimal256(DIGITS, 0)
    if pa.types.is_integer(values.type):
        return decimals_from_ints(buffer_view(values, np.int64), _keep(values), kind)
    if values.type.bit_width == 256:
        return retyped(values, kind)
    return pa.Array.from_buffers(kind, len(values), [validity(_keep(values)), pa.py_buffer(_four_words(words_of(values)))])


def of_words(words: npt.NDArray[np.int64], keep: Mask | None) -> pa.Array:
    """Raw whole numbers out of rows of four words, null where `keep` is false; of no row where it is None."""
    packed = np.ascontiguousarray(words)
    return pa.Array.from_buffers(pa.decimal256(DIGITS, 0), len(packed), [validity(keep), pa.py_buffer(packed)])


def wide_constant(number: int) -> pa.Scalar:
    """A constant operand."""
    digits = max(len(str(abs(number))), 1)
    return pa.scalar(Decimal(number), pa.decimal256(digits, 0))


def narrowed(values: pa.Array, kind: pa.DataType) -> pa.Array:
    """Raw whole numbers, all of which are known to fit, as decimals of `kind`."""
    if kind.bit_width == 256:
        return retyped(values, kind)
    packed = np.ascontiguousarray(words_of(values)[:, :2])
    return pa.Array.from_buffers(kind, len(values), [validity(_keep(values)), pa.py_buffer(packed)])


def narrowed_to_ints(values: pa.Array) -> tuple[npt.NDArray[np.int64], Mask]:
    """The lowest 64 bits of raw whole numbers, and where more are needed."""
    words = words_of(values)
    sign = words[:, 0] >> 63
    return np.ascontiguousarray(words[:, 0]), (words[:, 1:] != sign[:, None]).any(axis=1)


def product(left: Wide, right: Wide) -> tuple[pa.Array, Mask]:
    """The product, and where it has more than 76 digits."""
    raw = _times(left, right)
    estimate = np.abs(_estimated(left) * _estimated(right))
    return raw, (estimate >= _SURELY_HELD) | beyond(raw, DIGITS)


def total(left: Wide, right: Wide) -> tuple[pa.Array, Mask]:
    """The sum of two numbers of at most 76 digits, and where it has more."""
    raw = _plus(left, right)
    return raw, beyond(raw, DIGITS)


def difference(left: Wide, right: Wide) -> tuple[pa.Array, Mask]:
    """The difference of two numbers of at most 76 digits, and where it has more."""
    raw = _minus(left, right)
    return raw, beyond(raw, DIGITS)


def _times(left: Wide, right: Wide) -> pa.Array:
    return retyped(pc.multiply(_as(left, 37), _as(right, 38)), pa.decimal256(DIGITS, 0))


def _plus(left: Wide, right: Wide) -> pa.Array:
    return retyped(pc.add(_as(left, 75), _as(right, 75)), pa.decimal256(DIGITS, 0))


def _minus(left: Wide, right: Wide) -> pa.Array:
    return retyped(pc.subtract(_as(left, 75), _as(right, 75)), pa.decimal256(DIGITS, 0))


def shifted(values: Wide, digits: int) -> tuple[pa.Array, Mask]:
    """The numbers with `digits` zeros appended, and where they then have more than 76 digits."""
    if digits < DIGITS:
        return product(values, wide_constant(10**digits))
    column = values if isinstance(values, pa.Array) else pa.array([values.as_py()], pa.decimal256(DIGITS, 0))
    lost = (signs(column) != 0) & as_mask(pc.is_valid(column))
    return zero_where(lost, column), lost


def rounded(values: pa.Array, digits: int, mode: str) -> pa.Array:
    """The numbers without their last `digits` digits, rounded."""
    return of_words(long_division.cut(words_of(values), digits, mode), _keep(values)) if digits else values


def quotient(left: pa.Array, right: pa.Array, digits: int, mode: str = "half_up") -> tuple[pa.Array, Mask]:
    """`left * 10^digits / right`, rounded, and where that is beyond reach; `right` must not be zero."""
    larger, lost = shifted(left, max(digits, 0))
    larger = zero_where(lost, larger)
    whole, over, far = _truncated(larger, right)
    if digits >= 0:
        return _gone_away(whole, over, larger, right, mode), lost | far
    # A digit behind the last says that something is left over, which is all that rounding asks of it.
    apart = widened(pa.array((signs(over) != 0) * (signs(left).astype(np.int64) * signs(right))))
    marked, high = shifted(whole, 1)
    return rounded(_plus(zero_where(high, marked), apart), 1 - digits, mode), lost | far | high


def floor_quotient(left: pa.Array, right: pa.Array) -> tuple[pa.Array, pa.Array, Mask]:
    """Quotient by floor, what is left over (with the sign of `right`), and where that is beyond reach; `right` must not be zero."""
    whole, over, far = _truncated(left, right)
    apart = pa.array((signs(over) != 0) & (signs(over) != signs(right)))
    down = _minus(whole, widened(pc.cast(apart, pa.int64())))
    return down, pc.if_else(apart, _plus(over, right), over), far


def _truncated(left: pa.Array, right: pa.Array) -> tuple[pa.Array, pa.Array, Mask]:
    """`left / right` without what is behind the point, what is left over, and where neither was found.

    Arrow's own division of 256 bits loses parts of quotients near powers of two and of ten (pyarrow 26.0.1). Its products and
    differences are right: what is left over is divided as a float, some fifty bits of the quotient at a time.
    """
    there = as_mask(pc.and_(pc.is_valid(left), pc.is_valid(right)))
    whole, over, size, sign = widened(pa.array(np.zeros(len(left), np.int64))), left, pc.abs(right), signs(left)
    divisor = np.where(there, _estimated(right), 1.0)
    for _ in range(_MOST_STEPS):
        steps = np.trunc(np.where(there, _estimated(over), 0.0) / divisor)
        if not steps.any():
            break
        step = _of_floats(steps)
        whole, over = _plus(whole, step), _minus(over, _times(step, right))
    # The last unit is beyond a float: too many is a rest of the other sign, too few a rest as large as the divisor.
    side = widened(pa.array(signs(right).astype(np.int64)))
    for _ in range(_MOST_STEPS):
        many, few = signs(over) == -sign, as_mask(pc.greater_equal(pc.abs(over), size))
        turn = np.where(there, np.where(many & (sign != 0), -1, few), 0).astype(np.int64) * sign
        if not turn.any():
            break
        turns = widened(pa.array(turn))
        whole, over = _plus(whole, _times(turns, side)), _minus(over, _times(turns, size))
    return whole, over, turn != 0


def _of_floats(numbers: npt.NDArray[np.float64]) -> pa.Array:
    """Floats without decimals as raw whole numbers."""
    parts, powers = np.frexp(numbers)
    shift = np.maximum(powers.astype(np.int64) - 53, 0)
    mantissas = np.where(shift > 0, parts * 2.0**53, numbers).astype(np.int64)
    if not shift.any():
        return widened(pa.array(mantissas))
    words = np.zeros((len(numbers), 4), np.uint64)
    words[np.arange(len(numbers)), shift // 64] = np.uint64(1) << (shift % 64).astype(np.uint64)
    return _times(widened(pa.array(mantissas)), of_words(words.view(np.int64), None))


def _gone_away(whole: pa.Array, over: pa.Array, left: pa.Array, right: pa.Array, mode: str) -> pa.Array:
    """Quotients rounded by what is left over of them."""
    rest, size = pc.abs(over), pc.abs(right)
    twice = _plus(rest, rest)
    # 1 below a half of the divisor, 2 at it, 3 above it, of 4; 0 where nothing is left over.
    part = np.where(as_mask(pc.less(twice, size)), 1, np.where(as_mask(pc.equal(twice, size)), 2, 3)) * (signs(over) != 0)
    sign = signs(left).astype(np.int64) * signs(right)
    away = np.asarray(long_division.AWAY[mode](words_of(whole)[:, 0], part, 4, sign < 0), np.int64)
    return _plus(whole, widened(pa.array(np.broadcast_to(away * sign, sign.shape)))) if away.any() else whole


def beyond(values: pa.Array, digits: int) -> Mask:
    """Where a number has more than `digits` digits."""
    if digits >= DIGITS:
        # 10^76 is no decimal256 of Arrow's, yet what a sum or product holds can be as large.
        return as_mask(pc.greater_equal(pc.abs(retyped(values, pa.decimal256(DIGITS, 1))), _limit()))
    return beyond_value(values, 10**digits - 1)


def beyond_value(values: pa.Array, most: int) -> Mask:
    """Where a number is more than `most` away from zero."""
    limit = pa.scalar(Decimal(most), pa.decimal256(DIGITS, 0))
    return as_mask(pc.greater(pc.abs(retyped(values, limit.type)), limit))


def signs(values: pa.Array) -> npt.NDArray[np.int8]:
    """-1, 0 or 1; arbitrary at a null."""
    words = words_of(values)
    return np.where(words[:, -1] < 0, -1, words.any(axis=1)).astype(np.int8)


def one_where(mask: Mask, values: pa.Array) -> pa.Array:
    """`values`, but 1 where `mask`: of a divisor that is zero, Arrow refuses the whole column."""
    return pc.if_else(pa.array(mask), pa.scalar(Decimal(1), values.type), values) if mask.any() else values


def retyped(values: pa.Array, kind: pa.DataType) -> pa.Array:
    """The same bits as another decimal type of the same width; no value is looked at."""
    return values if values.type == kind else pa.Array.from_buffers(kind, len(values), values.buffers(), offset=values.offset)


def _limit() -> pa.Scalar:
    packed = np.frombuffer((10**DIGITS).to_bytes(32, "little"), np.int64)
    return pa.Array.from_buffers(pa.decimal256(DIGITS, 1), 1, [None, pa.py_buffer(packed)])[0]


def _zero(kind: pa.DataType) -> pa.Scalar:
    return pa.scalar(Decimal(0), kind)


def zero_where(lost: Mask, values: pa.Array) -> pa.Array:
    """`values`, but zero where `lost`: what stands there is a number modulo 2^256."""
    if not lost.any():
        return values
    return pc.if_else(pa.array(lost), _zero(values.type), values)


def _as(values: Wide, precision: int) -> Wide:
    """`values` under a precision that Arrow shall plan with."""
    kind = pa.decimal256(precision, 0)
    if isinstance(values, pa.Array):
        return retyped(values, kind)
    return retyped(pa.array([values.as_py()], pa.decimal256(DIGITS, 0)), kind)[0]


def _estimated(values: Wide) -> npt.NDArray[np.float64]:
    if isinstance(values, pa.Scalar):
        return np.array(float(values.as_py() or 0))
    numbers: npt.NDArray[np.float64] = pc.cast(retyped(values, pa.decimal256(DIGITS, 0)), pa.float64()).to_numpy(zero_copy_only=False)
    return numbers


def _keep(values: pa.Array) -> Mask | None:
    return as_mask(pc.is_valid(values)) if values.null_count else None


def words_of(values: pa.Array) -> npt.NDArray[np.int64]:
    """The 64-bit words of a decimal column, one row a number, lowest word first."""
    words = values.type.bit_width // 64
    if not len(values):
        return np.empty((0, words), np.int64)
    end = values.offset + len(values)
    return np.frombuffer(values.buffers()[1], np.int64, end * words).reshape(-1, words)[values.offset :]


def _four_words(two: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    packed = np.empty((len(two), 4), np.int64)
    packed[:, :2] = two
    packed[:, 2:] = (two[:, 1] >> 63)[:, None]
    return packed
