"""Exact decimal arithmetic on columns: 64-bit whole numbers where they do, 256 bits where not.

A decimal is a whole number and a scale. Most columns hold numbers whose whole number fits 64 bits, whatever precision
was declared; those are worked out in NumPy. The others go through `wide`. Operands may be int64 too.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, localcontext
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions import double_words, wide
from datahub.functions.columns import (
    Ints,
    Reject,
    all_valid,
    as_array,
    decimals_as_ints,
    decimals_from_ints,
    from_ints,
    ints,
    length_of,
    map_distinct,
    nulled,
    outcome,
    valid,
)
from datahub.functions.declare import Datum, Mask, Outcome
from datahub.functions.precision import MOST_DIGITS, capped, decimal_of, planned_product, planned_quotient, planned_rounding, planned_sum
from datahub.types import model as t
from datahub.types.arrow import arrow_type

if TYPE_CHECKING:
    import numpy.typing as npt

_INT64 = 2**63
_WHOLE = t.Decimal(False, 19, 0)


def add(left: Datum, right: Datum) -> Outcome:
    """The exact sum; R602 beyond 76 digits."""
    return _sum(left, right, np.add, wide.total, Decimal.__add__)


def subtract(left: Datum, right: Datum) -> Outcome:
    """The exact difference; R602 beyond 76 digits."""
    return _sum(left, right, np.subtract, wide.difference, Decimal.__sub__)


def multiply(left: Datum, right: Datum, planned: t.Decimal | None = None) -> Outcome:
    """The exact product, or rounded to what `planned` has, which is not more; R602 beyond 76 digits."""
    a, b = decimal_of(left), decimal_of(right)
    planned = planned or planned_product(a, b)
    surplus = a.scale + b.scale - planned.scale
    keep, x, y = all_valid(left, right), scaled(left), scaled(right)
    if surplus == 0 and x is not None and y is not None and _largest(x) * _largest(y) < _INT64:
        return _small(x * y, planned, keep)
    if surplus == 0 and x is not None and y is not None and planned.precision < MOST_DIGITS:
        words = np.broadcast_to(double_words.product(x, y), (len(keep), 4))
        return Outcome(wide.narrowed(wide.of_words(words, keep), arrow_type(planned)))
    raw, lost = wide.product(*_wides(left, right))
    values = _large(wide.rounded(raw, surplus, "half_up"), lost, planned, keep)
    return reworked(values, Decimal.__mul__, left, right, planned)


def divide(left: Datum, right: Datum) -> Outcome:
    """The quotient, rounded half away from zero at the planned scale; R601 by zero, R602 beyond 76 digits."""
    return quotient(left, right, planned_quotient(decimal_of(left), decimal_of(right)))


def quotient(left: Datum, right: Datum, planned: t.Decimal) -> Outcome:
    """The quotient in the type `planned`."""
    keep, zero = all_valid(left, right), all_valid(left, right) & is_zero(right, length_of(left, right))
    digits = planned.scale + decimal_of(right).scale - decimal_of(left).scale
    small = _small_quotient(scaled(left), scaled(right), digits)
    if small is not None:
        result = _small(small, planned, keep & ~zero)
    else:
        top, bottom = _wides(left, right)
        raw, lost = wide.quotient(top, wide.one_where(zero, bottom), digits)
        lost = lost | wide.beyond(raw, planned.precision)
        result = reworked(_large(raw, lost, planned, keep & ~zero), Decimal.__truediv__, left, right, planned)
    return outcome(result.values, (zero, "R601"), *result.failed)


def floor_divide(left: Datum, right: Datum) -> tuple[Outcome, Outcome]:
    """The quotient by floor (R602 where no int holds it) and what is left over, which has the divisor's sign; R601 by zero."""
    a, b = decimal_of(left), decimal_of(right)
    scale, keep = max(a.scale, b.scale), all_valid(left, right)
    zero = keep & is_zero(right, len(keep))
    rest = capped(max(a.precision - a.scale, b.precision - b.scale) + scale, scale)
    x, y = _at_scale(scaled(left), scale - a.scale), _at_scale(scaled(right), scale - b.scale)
    # The least number of 64 bits divided by -1 is none of them.
    if x is not None and y is not None and _largest(x) < _INT64:
        # Also where a null is: what stands there may be zero.
        whole, over = np.divmod(x, np.where(np.asarray(y) == 0, 1, y))
        wholes, overs = _small(whole, _WHOLE, keep & ~zero), _small(over, rest, keep & ~zero)
    else:
        (p, lost_p), (q, lost_q) = _wide_at(left, scale, len(keep)), _wide_at(right, scale, len(keep))
        beyond = np.broadcast_to(lost_p | lost_q, keep.shape)
        large, left_over, lost = wide.floor_quotient(wide.zero_where(beyond, p), wide.one_where(zero | beyond, q))
        lost = lost | beyond
        _, most = wide.narrowed_to_ints(large)
        wholes = reworked(_large(large, lost | most, _WHOLE, keep & ~zero), _floored, left, right, _WHOLE)
        overs = reworked(_large(left_over, lost, rest, keep & ~zero), _left_over, left, right, rest)
    counted = as_int64(wholes.values)
    return outcome(counted.values, (zero, "R601"), *wholes.failed, *counted.failed), outcome(overs.values, (zero, "R601"), *overs.failed)


def negate(values: Datum) -> Outcome:
    """Zero minus the number, in its own type."""
    planned, x = decimal_of(values), scaled(values)
    if x is not None and _largest(x) < _INT64:
        return _small(-x, planned, valid(values))
    column = wide.widened(as_array(values, 1))
    return Outcome(wide.narrowed(wide.difference(wide.wide_constant(0), column)[0], arrow_type(planned)))


def absolute(values: Datum) -> Outcome:
    """The number without its sign, in its own type."""
    column = at_scale(as_array(values, 1), decimal_of(values), "down").values
    negative = pa.array(order(column, pa.scalar(0)) < 0)
    return Outcome(pa.compute.if_else(negative, negate(column).values, column))


# --- scale and size ----------------------------------------------------------------------------------------------


def at_scale(values: Datum, planned: t.Decimal, mode: str) -> Outcome:
    """The number in the type `planned`, rounded to its scale; R602 where it has too many digits before the point."""
    if not isinstance(values, pa.Scalar) and values.type == arrow_type(planned):
        return Outcome(values)
    surplus, x, keep = decimal_of(values).scale - planned.scale, scaled(values), valid(values)
    kind = arrow_type(planned)
    if surplus == 0 and isinstance(x, np.ndarray) and values.type.bit_width == kind.bit_width and _largest(x) < 10**planned.precision:
        # The same digits under another name.
        return Outcome(values.view(kind))
    small = None if x is None else _at_scale(x, -surplus) if surplus <= 0 else rounded_ints(x, surplus, mode)
    column = as_array(values, 1)
    if small is None and surplus > 0 and pa.types.is_decimal(column.type):
        small = double_words.quotient(wide.words_of(column), surplus, mode)
    if small is not None:
        return _small(small, planned, keep, check=True)
    column = wide.widened(column)
    raw, lost = wide.shifted(column, -surplus) if surplus <= 0 else (wide.rounded(column, surplus, mode), np.False_)
    return _large(raw, lost | wide.beyond(raw, planned.precision), planned, keep)


def rounded_to(values: Datum, digits: int, mode: str) -> Outcome:
    """The number rounded to `digits` after the point (before it where negative), in the type that `planned_rounding` says."""
    kind = decimal_of(values)
    planned = planned_rounding(kind, digits)
    if digits >= 0:
        return at_scale(values, planned, mode)
    column, keep = wide.widened(as_array(values, 1)), valid(values)
    raw = wide.rounded(column, min(kind.scale - digits, 2 * wide.DIGITS), mode)
    if -digits >= MOST_DIGITS:
        return _large(raw, wide.beyond_value(raw, 0), planned, keep)
    raw, lost = wide.shifted(raw, -digits)
    return _large(raw, lost | wide.beyond(raw, planned.precision), planned, keep)


def rounded_ints(numbers: Any, digits: int, mode: str) -> Ints | None:
    """Whole numbers without their last `digits` digits, rounded; None where 64 bits do not do."""
    if digits > 18:
        return None
    numbers, unit = np.asarray(numbers), np.int64(10**digits)
    if mode == "half_up" and digits and numbers.min(initial=0) >= 0 and numbers.max(initial=0) < _INT64 - 10**digits:
        above: Ints = (numbers + unit // 2) // unit
        return above
    whole: Ints = numbers // unit
    over = numbers - whole * unit
    twice = 2 * over
    up: Ints = _ROUNDS_UP[mode](numbers, whole, over, twice - unit)
    return whole + up


_ROUNDS_UP: dict[str, Callable[..., Any]] = {
    "floor": lambda number, whole, over, half: 0,
    "ceil": lambda number, whole, over, half: over > 0,
    "down": lambda number, whole, over, half: (over > 0) & (number < 0),
    "up": lambda number, whole, over, half: (over > 0) & (number > 0),
    "half_up": lambda number, whole, over, half: (half > 0) | ((half == 0) & (number > 0)),
    "half_even": lambda number, whole, over, half: (half > 0) | ((half == 0) & (whole % 2 != 0)),
    "half_down": lambda number, whole, over, half: (half > 0) | ((half == 0) & (number < 0)),
}
"""For each way of rounding, where a quotient by floor goes up by one; `half` has the sign of what is left over minus a half."""


def fit_decimal(values: pa.Array, precision: int, scale: int, rounding: str | None) -> Outcome:
    """Bring numbers into `decimal(precision, scale)`: R102 where they are too large, R105 where digits after the point would be lost.

    `rounding` (`half_up`, `half_even`, `down`, `up`) lets those after the point go; None lets none go.
    """
    result = at_scale(values, t.Decimal(False, precision, scale), rounding or "down")
    large, there = np.zeros(len(values), np.bool_), valid(values)
    for mask, _ in result.failed:
        large |= mask
    lost = np.zeros(len(values), np.bool_)
    if not rounding and decimal_of(values).scale > scale:
        lost = (order(values, result.values) != 0) & ~large
    return outcome(result.values, (large & there, "R102"), (lost & there, "R105"))


# --- comparison --------------------------------------------------------------------------------------------------


def order(left: Datum, right: Datum) -> npt.NDArray[np.int8]:
    """-1, 0 or 1 for each row: less, equal or greater; arbitrary where a value is null."""
    a, b, length = decimal_of(left), decimal_of(right), length_of(left, right)
    scale = max(a.scale, b.scale)
    x, y = _at_scale(scaled(left), scale - a.scale), _at_scale(scaled(right), scale - b.scale)
    if x is not None and y is not None:
        signs = np.greater(x, y).astype(np.int8) - np.less(x, y)
        return np.broadcast_to(signs, (length,))
    (p, lost_p), (q, lost_q) = _wide_at(left, scale, length), _wide_at(right, scale, length)
    raw, lost = wide.difference(p, q)
    far = lost | lost_p | lost_q
    if not np.any(far):
        return wide.signs(raw)
    # Scaled up, one is beyond 76 digits: then the two are so far apart that floats tell them from each other.
    return np.where(far, np.sign(_floats(left, length) - _floats(right, length)), wide.signs(raw)).astype(np.int8)


def is_zero(values: Datum, length: int) -> Mask:
    """Where a number is zero; arbitrary where it is null."""
    numbers = scaled(values)
    if numbers is not None:
        return np.broadcast_to(np.asarray(numbers) == 0, (length,))
    return np.broadcast_to(wide.signs(wide.widened(as_array(values, 1))) == 0, (length,))


def _floats(values: Datum, length: int) -> npt.NDArray[np.float64]:
    numbers: npt.NDArray[np.float64] = to_float(as_array(values, length)).fill_null(0).to_numpy(zero_copy_only=False)
    return numbers


def to_float(values: pa.Array) -> pa.Array:
    """Numbers of any kind as the floats nearest to them: Arrow's own cast of decimals is off in the last digit of some."""
    if not pa.types.is_decimal(values.type):
        return pc.cast(values, pa.float64(), safe=False)
    numbers, scale = decimals_as_ints(values), values.type.scale
    if numbers is not None and 0 <= scale <= 22 and _largest(numbers) <= 2**53:
        # Both are floats without rounding, and so their quotient is rounded once.
        return pa.array(numbers / np.float64(10**scale), mask=~valid(values))
    return pc.cast(pc.cast(values, pa.string()), pa.float64())


# --- operands ----------------------------------------------------------------------------------------------------


def scaled(values: Datum) -> Any:
    """A decimal or int64 operand as whole numbers: an array, an int for a constant, or None where 64 bits do not hold them."""
    if isinstance(values, pa.Scalar):
        whole = scaled_constant(values)
        return whole if abs(whole) < _INT64 else None
    return decimals_as_ints(values) if pa.types.is_decimal(values.type) else ints(values)


def scaled_constant(value: pa.Scalar) -> int:
    """A constant as a whole number scaled by its scale; 0 for null."""
    number = value.as_py()
    if number is None or isinstance(number, int):
        return number or 0
    return int(number.scaleb(value.type.scale, wide.EXACT))


def _sum(
    left: Datum,
    right: Datum,
    small: Callable[[Any, Any], Any],
    large: Callable[..., tuple[pa.Array, Mask]],
    exactly: Callable[[Decimal, Decimal], Decimal],
) -> Outcome:
    a, b = decimal_of(left), decimal_of(right)
    planned, keep = planned_sum(a, b), all_valid(left, right)
    x, y = _at_scale(scaled(left), planned.scale - a.scale), _at_scale(scaled(right), planned.scale - b.scale)
    if x is not None and y is not None and _largest(x) + _largest(y) < _INT64:
        return _small(small(x, y), planned, keep)
    (p, lost_p), (q, lost_q) = _wide_at(left, planned.scale, len(keep)), _wide_at(right, planned.scale, len(keep))
    raw, lost = large(p, q)
    return reworked(_large(raw, lost | lost_p | lost_q, planned, keep), exactly, left, right, planned)


_POWERS = {10**digits: digits for digits in range(19)}


def _small_quotient(x: Any, y: Any, digits: int) -> Any:
    if x is None or y is None or digits < 0:
        return None
    n, d = _largest(x), _largest(y)
    if isinstance(y, int) and y in _POWERS and _POWERS[y] <= digits:
        # Nothing is left over: 12.34 / 100 has the same digits.
        factor = 10 ** (digits - _POWERS[y])
        return None if max(n, 1) * factor >= _INT64 else x * np.int64(factor)
    if 2 * n * 10**digits + d >= _INT64:
        zeros = _trailing_zeros(y, digits)
        y, d, digits = y // 10**zeros, d // 10**zeros, digits - zeros
        if 2 * n * 10**digits + d >= _INT64:
            return None
    if 2 * d >= _INT64 or digits > 18:
        return None
    top, bottom = np.abs(np.asarray(x)) * np.int64(10**digits), np.maximum(np.abs(np.asarray(y)), 1)
    whole = (2 * top + bottom) // (2 * bottom)
    return np.where((np.asarray(x) < 0) == (np.asarray(y) < 0), whole, -whole)


def _trailing_zeros(numbers: Any, most: int) -> int:
    """How many zeros (`most` at most) all numbers end in: 12.5 is a small number, also where it was given ten digits."""
    column = np.asarray(numbers).ravel()
    for zeros in range(min(most, 18), 0, -1):
        if not (column[:64] % 10**zeros).any() and not (column % 10**zeros).any():
            return zeros
    return 0


def _at_scale(numbers: Any, digits: int) -> Any:
    if numbers is None or digits == 0:
        return numbers
    if digits > 18 or _largest(numbers) * 10**digits >= _INT64:
        return None
    return numbers * 10**digits


def _largest(numbers: Any) -> int:
    """How far from zero the numbers go."""
    if isinstance(numbers, int):
        return abs(numbers)
    return max(-int(numbers.min()), int(numbers.max())) if len(numbers) else 0


def _small(numbers: Any, planned: t.Decimal, keep: Mask, check: bool = False) -> Outcome:
    """Whole numbers as a column; `check` that none has more digits than planned."""
    column = np.broadcast_to(np.asarray(numbers, np.int64), keep.shape)
    values = decimals_from_ints(column, keep, arrow_type(planned))
    if not check or planned.precision > 18 or _largest(column) < 10**planned.precision:
        return Outcome(values)
    return outcome(values, (keep & (np.abs(column) >= 10**planned.precision), "R602"))


def _large(raw: pa.Array, lost: Any, planned: t.Decimal, keep: Mask) -> Outcome:
    lost = np.broadcast_to(lost, keep.shape) & keep
    raw = as_array(raw[0], len(keep)) if len(raw) != len(keep) else raw
    return outcome(wide.narrowed(nulled(raw, lost | ~keep), arrow_type(planned)), (lost, "R602"))


def reworked(result: Outcome, exactly: Callable[[Decimal, Decimal], Decimal], left: Datum, right: Datum, planned: t.Decimal) -> Outcome:
    """`result` with those failures taken back whose value does fit: only what led to it did not.

    They are so rare that Python works them out, on the distinct ones.
    """
    if not result.failed:
        return result
    lost, code = result.failed[0]
    unit = Decimal(1).scaleb(-planned.scale)

    def rework(a: Decimal | int, b: Decimal | int) -> Decimal | Reject:
        with localcontext(prec=400):
            value = exactly(Decimal(a), Decimal(b)).quantize(unit, ROUND_HALF_UP)
            return value if abs(value.scaleb(planned.scale)) < 10**planned.precision else Reject(code)

    rows = pa.array(lost)
    again = map_distinct(rework, arrow_type(planned), *(one.filter(rows) if isinstance(one, pa.Array) else one for one in (left, right)))
    still = np.zeros(len(lost), np.bool_)
    if again.failed:
        still[np.flatnonzero(lost)] = again.failed[0][0]
    return outcome(pa.compute.replace_with_mask(result.values, rows, again.values), (still, code))


def _floored(left: Decimal, right: Decimal) -> Decimal:
    return (left / right).to_integral_value(ROUND_FLOOR)


def _left_over(left: Decimal, right: Decimal) -> Decimal:
    return left - right * _floored(left, right)


def _wides(left: Datum, right: Datum) -> tuple[pa.Array, pa.Array]:
    length = length_of(left, right)
    return wide.widened(as_array(left, length)), wide.widened(as_array(right, length))


def _wide_at(values: Datum, scale: int, length: int) -> tuple[pa.Array, Any]:
    column, more = wide.widened(as_array(values, length)), scale - decimal_of(values).scale
    return wide.shifted(column, more) if more else (column, np.False_)


def as_int64(values: pa.Array) -> Outcome:
    """Decimals without digits after the point as int64; R602 where they do not fit."""
    numbers = decimals_as_ints(values)
    if numbers is not None:
        return Outcome(from_ints(numbers, valid(values)))
    low, lost = wide.narrowed_to_ints(values)
    keep = valid(values)
    return outcome(from_ints(low, keep & ~lost), (lost & keep, "R602"))
