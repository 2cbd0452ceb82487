"""The operators of arithmetic and of text, and those that the evaluator takes care of itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions import decimals
from datahub.functions.bounds import together
from datahub.functions.columns import all_valid, as_array, broadcast, from_floats, from_ints, ints, length_of, outcome, valid
from datahub.functions.declare import Datum, Floats, Mask, Outcome, example, function
from datahub.functions.precision import decimal_same_rule, product_rule, quotient_rule, sum_rule

# --- addition ----------------------------------------------------------------------------------------------------


@function(
    "+(left: int, right: int) -> int",
    kind="operator",
    rejects=("R602",),
    sql="+",
    excel="+",
    also=("VRL +", "JSONata +", "CEL +", "FEEL +"),
    examples=[example("1 + 2", 3), example("9223372036854775807 + 1", rejected="R602"), example("1 + null", None)],
)
def add_ints(left: Datum, right: Datum) -> Outcome:
    """The sum of two numbers, or a time moved by a duration.

    Whole numbers that do not fit 64 bits are rejected (R602), never wrapped. The sum of decimals is exact.
    """
    x, y = _int(left), _int(right)
    total = np.add(x, y)
    return _checked_ints(total, ((x ^ total) & (y ^ total)) < 0, left, right)


@function(
    "+(left: decimal, right: decimal) -> decimal", kind="operator", rejects=("R602",), rule=sum_rule, examples=[example("0.1 + 0.2", 0.3)]
)
def add_decimals(left: Datum, right: Datum) -> Outcome:
    """The exact sum."""
    return decimals.add(left, right)


@function("+(left: float, right: float) -> float", kind="operator", rejects=("R602",), examples=[example("float(1) + float(2)", 3.0)])
def add_floats(left: Datum, right: Datum) -> Outcome:
    """The sum."""
    return _float_outcome(np.add, left, right)


# --- subtraction -------------------------------------------------------------------------------------------------


@function(
    "-(left: int, right: int) -> int",
    kind="operator",
    rejects=("R602",),
    sql="-",
    excel="-",
    also=("VRL -", "JSONata -", "CEL -", "FEEL -"),
    examples=[example("1 - 2", -1), example("-9223372036854775807 - 2", rejected="R602"), example("1 - null", None)],
)
def subtract_ints(left: Datum, right: Datum) -> Outcome:
    """The difference of two numbers, or of two times.

    For the days between two dates there is `days_between`.
    """
    x, y = _int(left), _int(right)
    rest = np.subtract(x, y)
    return _checked_ints(rest, ((x ^ y) & (x ^ rest)) < 0, left, right)


@function(
    "-(left: decimal, right: decimal) -> decimal", kind="operator", rejects=("R602",), rule=sum_rule, examples=[example("0.3 - 0.1", 0.2)]
)
def subtract_decimals(left: Datum, right: Datum) -> Outcome:
    """The exact difference."""
    return decimals.subtract(left, right)


@function("-(left: float, right: float) -> float", kind="operator", rejects=("R602",), examples=[example("float(3) - float(1)", 2.0)])
def subtract_floats(left: Datum, right: Datum) -> Outcome:
    """The difference."""
    return _float_outcome(np.subtract, left, right)


# --- multiplication and division ---------------------------------------------------------------------------------


@function(
    "*(left: int, right: int) -> int",
    kind="operator",
    rejects=("R602",),
    sql="*",
    excel="*",
    also=("VRL *", "JSONata *", "CEL *", "FEEL *"),
    examples=[example("6 * 7", 42), example("4611686018427387904 * 2", rejected="R602"), example("2 * null", None)],
)
def multiply_ints(left: Datum, right: Datum) -> Outcome:
    """The product of two numbers.

    The product of decimals is exact: it has the digits of both, up to 76 in all (else R602).
    """
    x, y = _int(left), _int(right)
    product = np.multiply(x, y)
    if _span(x) * _span(y) < 2**63:
        lost = np.False_
    else:
        # The float is off by a few units in 2^53, so only products near the limit need the division.
        near = np.abs(x.astype(np.float64) * y.astype(np.float64)) > 9.2e18
        with np.errstate(over="ignore"):
            lost = near & ((product // np.where(y == 0, 1, y) != x) | ((x == -(2**63)) & (y == -1)) | ((y == -(2**63)) & (x == -1)))
    return _checked_ints(product, lost, left, right)


@function(
    "*(left: decimal, right: decimal) -> decimal", kind="operator", rejects=("R602",), rule=product_rule, examples=[example("1.5 * 3", 4.5)]
)
def multiply_decimals(left: Datum, right: Datum) -> Outcome:
    """The exact product."""
    return decimals.multiply(left, right)


@function("*(left: float, right: float) -> float", kind="operator", rejects=("R602",), examples=[example("float(3) * float(2)", 6.0)])
def multiply_floats(left: Datum, right: Datum) -> Outcome:
    """The product."""
    return _float_outcome(np.multiply, left, right)


@function(
    "/(left: decimal, right: decimal) -> decimal",
    kind="operator",
    rejects=("R601", "R602"),
    rule=quotient_rule,
    sql="/",
    excel="/",
    also=("VRL /", "JSONata /", "CEL /", "FEEL /"),
    examples=[
        example("7 / 2", 3.5),
        example("1 / 3", 0.333333),
        example("-1 / 3", -0.333333),
        example("round(50.00 * 1.000000000000 / 10001, 2)", 0.0),
        example("1 / 0", rejected="R601"),
        example("99999999999999999999999999999999999999 / 0.0000000000000000000001", rejected="R602"),
        example("1 / null", None),
    ],
)
def divide_decimals(left: Datum, right: Datum) -> Outcome:
    """The quotient of two numbers; a decimal, also of whole numbers.

    It has as many digits after the point as the operands, six at least, rounded half away from zero. For whole
    quotients there are `div` and `mod`. What is rounded afterwards is rounded twice: `round(50.00 / 10001, 2)` is 0.01, though
    the quotient is 0.00499950. A dividend with more digits has the quotient have them too: `a * 1.000000000000 / b`.
    """
    return decimals.divide(left, right)


@function(
    "/(left: float, right: float) -> float",
    kind="operator",
    rejects=("R601", "R602"),
    examples=[example("float(7) / float(2)", 3.5), example("float(1) / float(0)", rejected="R601")],
)
def divide_floats(left: Datum, right: Datum) -> Outcome:
    """The quotient."""
    zero = as_float(right) == 0
    return _float_outcome(np.divide, left, right, (np.broadcast_to(zero, length_of(left, right)), "R601"))


@function(
    "neg(value: int) -> int",
    kind="operator",
    rejects=("R602",),
    sql="-",
    excel="-",
    examples=[example("-(5)", -5), example("-(0 - 9223372036854775807 - 1)", rejected="R602"), example("-null", None)],
)
def negate_int(value: Datum) -> Outcome:
    """The number with the other sign."""
    x = _int(value)
    return _checked_ints(-x, x == -(2**63), value)


@function("neg(value: decimal) -> decimal", kind="operator", rule=decimal_same_rule, examples=[example("-(1.5)", -1.5)])
def negate_decimal(value: Datum) -> Outcome:
    """The number with the other sign."""
    return decimals.negate(value)


@function("neg(value: float) -> float", kind="operator", examples=[example("-(float(2))", -2.0)])
def negate_float(value: Datum) -> pa.Array:
    """The number with the other sign."""
    # Not np.negative: there is no -0.
    return from_floats(0.0 - as_float(value), valid(value))


# --- text and truth ----------------------------------------------------------------------------------------------


@function(
    "&(left: text, right: text) -> text",
    rejects=("R603",),
    kind="operator",
    sql="||",
    excel="&",
    also=("DataWeave ++", "JSONata &", "VRL +"),
    examples=[
        example('"a" & "b"', "ab"),
        example('text(1) & "%"', "1%"),
        example('"a" & null'),
        example('replace(repeat("a", 4000), "a", repeat("b", 4000)) & repeat("c", 900000)', rejected="R603"),
    ],
)
def join(left: Datum, right: Datum) -> pa.Array | Outcome:
    """Two texts as one; null where either is null.

    `join_text` skips nulls instead. Other types become text with `text(x)`. R603 where that would be more than 16 MiB.
    """
    return together(left, right)


@function(
    "not(value: bool) -> bool",
    kind="operator",
    sql="NOT",
    excel="NOT",
    also=("VRL !", "CEL !", "FEEL not"),
    examples=[example("not true", False), example("not (1 > 2)", True)],
)
def negate_bool(value: Datum) -> pa.Array:
    """True where the condition is false."""
    return pc.invert(as_array(value, 1))


# --- inside ------------------------------------------------------------------------------------------------------


def as_float(value: Datum) -> Floats:
    """A numeric operand as floats; NaN where it is null."""
    numbers: Floats = decimals.to_float(as_array(value, 1)).to_numpy(zero_copy_only=False)
    return numbers


def finite(numbers: Floats, keep: Mask, *failed: tuple[Mask, str]) -> Outcome:
    """Floats as a column: what is not finite is beyond reach (R602), unless `failed` says why."""
    known = np.zeros(len(keep), np.bool_)
    for mask, _ in failed:
        known |= mask
    lost = keep & ~known & ~np.isfinite(numbers)
    # Adding zero makes 0.0 of -0.0.
    return outcome(from_floats(numbers + 0.0, keep), *((mask & keep, code) for mask, code in failed), (lost, "R602"))


def _int(value: Datum) -> Any:
    return np.int64(value.as_py() or 0) if isinstance(value, pa.Scalar) else ints(value)


def _span(numbers: Any) -> int:
    """How far from zero the numbers go."""
    flat = np.atleast_1d(numbers)
    return max(-int(flat.min()), int(flat.max())) if len(flat) else 0


def _checked_ints(numbers: Any, lost: Any, *operands: Datum) -> Outcome:
    keep = all_valid(*operands)
    values = from_ints(np.broadcast_to(numbers, keep.shape), keep)
    return outcome(values, (np.broadcast_to(lost, keep.shape) & keep, "R602"))


def _float_outcome(ufunc: Callable[..., Floats], left: Datum, right: Datum, *failed: tuple[Mask, str]) -> Outcome:
    with np.errstate(all="ignore"):
        numbers = ufunc(as_float(left), as_float(right))
    keep = all_valid(left, right)
    return finite(np.broadcast_to(numbers, keep.shape), keep, *failed)


# --- what the evaluator takes care of ----------------------------------------------------------------------------


@function(
    "and(left: bool, right: bool) -> bool",
    kind="special",
    sql="AND",
    excel="AND",
    also=("VRL &&", "CEL &&", "FEEL and"),
    examples=[example("true and false", False), example("1 > 2 and 1 / 0 > 1", False)],
)
def both(left: Datum, right: Datum) -> pa.Array:
    """Whether both conditions are true.

    Where the left one is false, what fails on the right does not count: `x <> 0 and 1 / x > 2` rejects nothing.
    """
    return pc.and_(*broadcast(left, right))


@function(
    "or(left: bool, right: bool) -> bool",
    kind="special",
    sql="OR",
    excel="OR",
    also=("VRL ||", "CEL ||", "FEEL or"),
    examples=[example("true or false", True), example("1 < 2 or 1 / 0 > 1", True)],
)
def either(left: Datum, right: Datum) -> pa.Array:
    """Whether one of the conditions is true.

    Where the left one is true, what fails on the right does not count.
    """
    return pc.or_(*broadcast(left, right))
