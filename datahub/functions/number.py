"""Numbers: sign, division, powers and logarithms, divisors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions import decimals
from datahub.functions.columns import all_valid, as_array, bools, broadcast, constant, from_ints, ints, outcome, valid
from datahub.functions.declare import Datum, Mask, Outcome, example, function
from datahub.functions.operators import as_float, finite, multiply_ints, negate_int
from datahub.functions.precision import as_decimal, capped, decimal_same_rule, planned_product
from datahub.types import model as t

if TYPE_CHECKING:
    import numpy.typing as npt

_LEAST = -(2**63)


# --- sign and division -------------------------------------------------------------------------------------------


@function(
    "abs(value: int) -> int",
    rejects=("R602",),
    sql="ABS",
    excel="ABS",
    also=("VRL abs", "JSONata $abs", "DataWeave abs", "Bloblang abs", "jq fabs", "FEEL abs", "CEL math.abs"),
    examples=[example("abs(-3)", 3), example("abs(3)", 3), example("abs(-9223372036854775807 - 1)", rejected="R602")],
)
def abs_int(value: Datum) -> Outcome:
    """The number without its sign."""
    column = as_array(value, 1)
    numbers, keep = ints(column), valid(column)
    lost = keep & (numbers == _LEAST)
    return outcome(from_ints(np.abs(numbers), keep), (lost, "R602"))


@function("abs(value: decimal) -> decimal", rule=decimal_same_rule, examples=[example("abs(-1.5)", Decimal("1.5"))])
def abs_decimal(value: Datum) -> Outcome:
    """The number without its sign."""
    return decimals.absolute(value)


@function("abs(value: float) -> float")
def abs_float(value: Datum) -> pa.Array:
    """The number without its sign."""
    return pc.abs(as_array(value, 1))


@function("abs(value: duration) -> duration", rejects=("R602",))
def abs_duration(value: Datum) -> Outcome:
    """The duration without its sign."""
    column = as_array(value, 1)
    result = abs_int(from_ints(ints(column), valid(column)))
    return Outcome(pc.cast(result.values, pa.duration("us")), result.failed)


@function(
    "sign(value: number) -> int",
    sql="SIGN",
    excel="SIGN",
    also=("CEL math.sign", "Polars sign"),
    examples=[example("sign(-3.5)", -1), example("sign(0)", 0), example("sign(7)", 1)],
)
def sign(value: Datum) -> pa.Array:
    """-1 for numbers below zero, 0 for zero, 1 for those above."""
    column = as_array(value, 1)
    if pa.types.is_floating(column.type):
        return pc.cast(pc.sign(column), pa.int64())
    return from_ints(decimals.order(column, pa.scalar(0)), valid(column))


@function(
    "div(left: int, right: int) -> int",
    "div(left: decimal, right: decimal) -> int",
    rejects=("R601", "R602"),
    sql="DIV",
    excel="QUOTIENT",
    also=("Python //", "FEEL floor(a / b)", "GREL quotient"),
    examples=[
        example("div(7, 2)", 3),
        example("div(-7, 2)", -4),
        example("div(7.5, 2)", 3),
        example("div(1, 0)", rejected="R601"),
        example("div(-9223372036854775807 - 1, -1)", rejected="R602"),
    ],
)
def div(left: Datum, right: Datum) -> Outcome:
    """How often the right number goes into the left one, by floor: `div(-7, 2)` is -4, as in FEEL; `trunc(a / b)` cuts."""
    return decimals.floor_divide(left, right)[0]


@function(
    "mod(left: int, right: int) -> int",
    rejects=("R601",),
    sql="MOD",
    excel="MOD",
    also=("VRL mod", "JSONata %", "DataWeave mod", "Bloblang %", "jq %", "GREL mod", "FEEL modulo", "CEL %"),
    examples=[example("mod(7, 2)", 1), example("mod(-7, 2)", 1), example("mod(7, -2)", -1), example("mod(1, 0)", rejected="R601")],
)
def mod_int(left: Datum, right: Datum) -> Outcome:
    """What is left over of the left number, with the sign of the right one, as in Excel and FEEL; SQL's MOD has the left one's."""
    _, rest = decimals.floor_divide(left, right)
    return outcome(decimals.as_int64(rest.values).values, *rest.failed)


def _mod_rule(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type:
    a, b = as_decimal(kinds[0], constants[0]), as_decimal(kinds[1], constants[1])
    scale = max(a.scale, b.scale)
    return capped(max(a.precision - a.scale, b.precision - b.scale) + scale, scale)


@function(
    "mod(left: decimal, right: decimal) -> decimal",
    rejects=("R601", "R602"),
    rule=_mod_rule,
    examples=[example("mod(7.5, 2)", Decimal("1.5"))],
)
def mod_decimal(left: Datum, right: Datum) -> Outcome:
    """What is left over of the left number, with the sign of the right one."""
    return decimals.floor_divide(left, right)[1]


@function("mod(left: float, right: float) -> float", rejects=("R601", "R602"))
def mod_float(left: Datum, right: Datum) -> Outcome:
    """What is left over of the left number, with the sign of the right one."""
    x, y = (as_float(one) for one in broadcast(left, right))
    with np.errstate(all="ignore"):
        return finite(np.mod(x, y), all_valid(left, right), (y == 0, "R601"))


# --- powers and logarithms ---------------------------------------------------------------------------------------


def _whole_power(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type | None:
    return t.Int() if isinstance(constants[1], int) and constants[1] >= 0 else None


@function(
    "power(base: int, exponent: int) -> int",
    rejects=("R602",),
    rule=_whole_power,
    sql="POWER",
    excel="POWER",
    also=("JSONata $power", "DataWeave pow", "Bloblang pow", "jq pow", "GREL pow", "FEEL **", "CEL math.pow"),
    examples=[
        example("power(8, 2)", 64),
        example("power(2, 63)", rejected="R602"),
        example("power(4, 0.5)", 2.0),
        example("power(10, -2)", 0.01),
        example("power(-8, 0.5)", rejected="R603"),
    ],
)
def power_int(base: Datum, exponent: Datum) -> Outcome:
    """The base to the power of the exponent.

    Exact for whole numbers and decimals where the exponent is a constant whole number not below zero; else a float.
    R602 where the result is too large, R603 where there is none (a root of a negative number).
    """
    column, times = as_array(base, 1), int(constant(exponent))
    result = Outcome(from_ints(np.ones(len(column), np.int64), valid(column)))
    # Beyond 64, only 0, 1 and -1 have powers that fit: their parity tells the rest.
    for _ in range(times if times <= 64 else 64 + times % 2):
        step = multiply_ints(result.values, column)
        result = outcome(step.values, *result.failed, *step.failed)
    return Outcome(result.values, _united(result.failed))


def _united(failed: Sequence[tuple[Mask, str]]) -> tuple[tuple[Mask, str], ...]:
    if not failed:
        return ()
    return ((np.logical_or.reduce([mask for mask, _ in failed]), failed[0][1]),)


def _decimal_power(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type | None:
    times = constants[1]
    if not isinstance(times, int) or not 1 <= times <= 20:
        return None
    base = planned = as_decimal(kinds[0], constants[0])
    for _ in range(times - 1):
        planned = planned_product(planned, base)
    return planned


@function(
    "power(base: decimal, exponent: int) -> decimal",
    rejects=("R602",),
    rule=_decimal_power,
    examples=[example("power(1.05, 2)", Decimal("1.1025"))],
)
def power_decimal(base: Datum, exponent: Datum) -> Outcome:
    """The base to the power of the exponent."""
    result, times = Outcome(as_array(base, 1)), int(constant(exponent))
    for _ in range(times - 1):
        step = decimals.multiply(result.values, as_array(base, 1))
        result = outcome(step.values, *result.failed, *step.failed)
    return Outcome(result.values, _united(result.failed))


@function("power(base: number, exponent: number) -> float", rejects=("R602", "R603"))
def power_float(base: Datum, exponent: Datum) -> Outcome:
    """The base to the power of the exponent."""
    x, y = (as_float(one) for one in broadcast(base, exponent))
    with np.errstate(all="ignore"):
        numbers = np.power(x, y)
    none = np.isnan(numbers) | ((x == 0) & (y < 0))
    return finite(numbers, all_valid(base, exponent), (none, "R603"))


@function(
    "sqrt(value: number) -> float",
    rejects=("R603",),
    sql="SQRT",
    excel="SQRT",
    also=("JSONata $sqrt", "DataWeave sqrt", "jq sqrt", "FEEL sqrt", "CEL math.sqrt"),
    examples=[example("sqrt(16)", 4.0), example("sqrt(2)", 1.4142135623730951), example("sqrt(-1)", rejected="R603")],
)
def sqrt(value: Datum) -> Outcome:
    """The square root, a float; R603 of a number below zero."""
    return _real(value, np.sqrt, lambda x: x < 0)


@function(
    "exp(value: number) -> float",
    rejects=("R602",),
    sql="EXP",
    excel="EXP",
    also=("jq exp", "FEEL exp", "GREL exp"),
    examples=[example("exp(0)", 1.0), example("exp(1000)", rejected="R602")],
)
def exp(value: Datum) -> Outcome:
    """The number e to the power of the value, a float."""
    return _real(value, np.exp, lambda x: np.zeros(len(x), np.bool_))


@function(
    "ln(value: number) -> float",
    rejects=("R603",),
    sql="LN",
    excel="LN",
    also=("jq log", "FEEL log", "GREL ln", "Bloblang log"),
    examples=[example("ln(1)", 0.0), example("ln(0)", rejected="R603")],
)
def ln(value: Datum) -> Outcome:
    """The natural logarithm, a float; R603 of a number not above zero."""
    return _real(value, np.log, lambda x: x <= 0)


@function(
    "log10(value: number) -> float",
    rejects=("R603",),
    sql="LOG10",
    excel="LOG10",
    also=("jq log10", "Bloblang log10", "GREL log"),
    examples=[example("log10(1000)", 3.0), example("log10(-1)", rejected="R603")],
)
def log10(value: Datum) -> Outcome:
    """The logarithm to base 10, a float; R603 of a number not above zero."""
    return _real(value, np.log10, lambda x: x <= 0)


@function(
    "log(base: number, value: number) -> float",
    rejects=("R603",),
    sql="LOG",
    excel="LOG",
    examples=[example("log(2, 8)", 3.0), example("log(10, 0)", rejected="R603")],
)
def log(base: Datum, value: Datum) -> Outcome:
    """The logarithm to a base, a float, in SQL's order: the base first (Excel has it last)."""
    b, x = (as_float(one) for one in broadcast(base, value))
    none = (x <= 0) | (b <= 0) | (b == 1)
    with np.errstate(all="ignore"):
        # The exact ones of bases 2 and 10 are not quite so by a quotient.
        numbers = np.where(b == 2, np.log2(x), np.where(b == 10, np.log10(x), np.log(x) / np.log(b)))
    return finite(numbers, all_valid(base, value), (none, "R603"))


def _real(value: Datum, ufunc: Callable[..., npt.NDArray[np.float64]], outside: Callable[[Any], Mask]) -> Outcome:
    column = as_array(value, 1)
    numbers = as_float(column)
    with np.errstate(all="ignore"):
        return finite(ufunc(numbers), valid(column), (outside(numbers), "R603"))


# --- whole numbers -----------------------------------------------------------------------------------------------


@function(
    "is_odd(value: int) -> bool",
    excel="ISODD",
    also=("FEEL odd", "DataWeave isOdd", "Excel ODD", "GREL odd"),
    examples=[example("is_odd(3)", True), example("is_odd(-2)", False)],
)
def is_odd(value: Datum) -> pa.Array:
    """Whether the number is odd."""
    column = as_array(value, 1)
    return bools(ints(column) % 2 != 0, valid(column))


@function(
    "is_even(value: int) -> bool",
    excel="ISEVEN",
    also=("FEEL even", "DataWeave isEven", "Excel EVEN", "GREL even"),
    examples=[example("is_even(3)", False), example("is_even(0)", True)],
)
def is_even(value: Datum) -> pa.Array:
    """Whether the number is even."""
    column = as_array(value, 1)
    return bools(ints(column) % 2 == 0, valid(column))


@function(
    "gcd(left: int, right: int) -> int",
    rejects=("R602",),
    sql="GCD",
    excel="GCD",
    also=("GREL greatestCommonDenominator",),
    examples=[example("gcd(12, 18)", 6), example("gcd(0, 5)", 5), example("gcd(-9223372036854775807 - 1, 0)", rejected="R602")],
)
def gcd(left: Datum, right: Datum) -> Outcome:
    """The greatest number that divides both."""
    a, b = broadcast(left, right)
    keep = all_valid(a, b)
    numbers = np.gcd(ints(a), ints(b))
    return outcome(from_ints(numbers, keep), (keep & (numbers < 0), "R602"))


@function(
    "lcm(left: int, right: int) -> int",
    rejects=("R602",),
    sql="LCM",
    excel="LCM",
    also=("GREL leastCommonMultiple",),
    examples=[example("lcm(4, 6)", 12), example("lcm(0, 5)", 0), example("lcm(9223372036854775807, 2)", rejected="R602")],
)
def lcm(left: Datum, right: Datum) -> Outcome:
    """The smallest number above zero that both divide; 0 where one is 0."""
    a, b = broadcast(left, right)
    divisor = gcd(a, b)
    parts = from_ints(ints(a) // np.maximum(ints(divisor.values), 1), valid(a))
    product = multiply_ints(parts, b)
    negated = negate_int(product.values)
    negative = ints(product.values) < 0
    positive = pc.if_else(pa.array(negative), negated.values, product.values)
    # A result of 2^63 has no failure but that of its sign: the product is the least int, which has no opposite.
    unsigned = [(mask & negative, code) for mask, code in negated.failed]
    lost = [(mask & (ints(a) != 0) & (ints(b) != 0), code) for mask, code in (*divisor.failed, *product.failed, *unsigned)]
    zero = pa.array((ints(a) == 0) | (ints(b) == 0), mask=~all_valid(a, b))
    return outcome(pc.if_else(zero, 0, positive), *lost)
