"""Rounding of numbers, to digits and to steps."""

from __future__ import annotations

import decimal
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions import decimals
from datahub.functions.columns import all_valid, as_array, broadcast, length_of, map_distinct, nulled, outcome
from datahub.functions.declare import Datum, Mask, Outcome, example, function
from datahub.functions.precision import as_decimal, capped, decimal_of, planned_rounding, rounding_rule
from datahub.types import model as t
from datahub.types.arrow import arrow_type

CATEGORY = "number"


def _declare(name: str, mode: str, doc: str, **told: Any) -> None:
    """Declare a way of rounding for decimals, whole numbers and floats."""

    def decimal_kernel(value: Datum, digits: Datum) -> Outcome:
        return _rounded(value, digits, mode)

    def int_kernel(value: Datum, digits: Datum) -> Outcome:
        result = _rounded(value, digits, mode)
        return _as_ints(result)

    def float_kernel(value: Datum, digits: Datum) -> Outcome:
        # The digits of a float are those that it is written with: 2.675 is no 2.67499… here.
        return map_distinct(lambda number, places: _float(number, places, mode), pa.float64(), value, digits)

    for kernel, signature, rule in (
        (int_kernel, f"{name}(value: int, digits: int = 0) -> int", None),
        (decimal_kernel, f"{name}(value: decimal, digits: int = 0) -> decimal", rounding_rule),
        (float_kernel, f"{name}(value: float, digits: int = 0) -> float", None),
    ):
        kernel.__doc__ = doc
        kernel.__module__ = __name__
        function(signature, category=CATEGORY, rejects=("R602",), rule=rule, **told)(kernel)


_MODES: Mapping[str, str] = {
    "half_up": decimal.ROUND_HALF_UP,
    "half_even": decimal.ROUND_HALF_EVEN,
    "half_down": decimal.ROUND_HALF_DOWN,
    "down": decimal.ROUND_DOWN,
    "up": decimal.ROUND_UP,
    "floor": decimal.ROUND_FLOOR,
    "ceil": decimal.ROUND_CEILING,
}
"""Ways of rounding as Python's decimals call them; `half_up` is away from zero, as in commerce."""


def _float(number: float, places: int, mode: str) -> float:
    if abs(places) > 400:
        return number if places > 0 else 0.0
    exact = Decimal(repr(number))
    unit = Decimal(1).scaleb(-places)
    return float((exact / unit).to_integral_value(_MODES[mode]) * unit) + 0.0


def _rounded(value: Datum, digits: Datum, mode: str) -> Outcome:
    if isinstance(digits, pa.Scalar):
        return decimals.rounded_to(value, digits.as_py() or 0, mode)
    column, places = broadcast(value, digits)
    kind = decimal_of(column)
    planned = planned_rounding(kind, None)
    values = pa.nulls(len(column), arrow_type(planned))
    lost = np.zeros(len(column), np.bool_)
    # A column of digits has few distinct numbers: each of them is rounded to at once.
    for places_told in pc.unique(places).to_pylist():
        if places_told is None:
            continue
        rows = pc.fill_null(pc.equal(places, places_told), False)
        some = decimals.rounded_to(column.filter(rows), max(min(places_told, kind.scale), -80), mode)
        brought = decimals.at_scale(some.values, planned, "half_up")
        values = pc.replace_with_mask(values, rows, brought.values)
        mask = rows.to_numpy(zero_copy_only=False)
        for failed, _ in (*some.failed, *brought.failed):
            lost[np.flatnonzero(mask)[failed]] = True
    return outcome(values, (lost, "R602"))


def _as_ints(result: Outcome) -> Outcome:
    """Whole decimals as int64; R602 where they do not fit."""
    column = as_array(result.values, 1)
    numbers = decimals.at_scale(column, t.Decimal(False, 20, 0), "down")
    small = decimals.as_int64(numbers.values)
    return outcome(small.values, *result.failed, *numbers.failed, *small.failed)


_declare(
    "round",
    "half_up",
    """The number rounded to so many digits after the point, half away from zero; to tens and hundreds where `digits` is below zero.

    2.5 becomes 3 and -2.5 becomes -3, as on an invoice. `round_half_even` rounds as banks and JSONata do.
    """,
    sql="ROUND",
    excel="ROUND",
    also=(
        "VRL round",
        "DataWeave round",
        "Bloblang round",
        "jq round",
        "GREL round",
        "CEL math.round",
        "FEEL round half up",
        "Polars round",
    ),
    examples=[
        example("round(2.5)", 3),
        example("round(-2.5)", -3),
        example("round(2.345, 2)", Decimal("2.35")),
        example("round(8793, -2)", 8800),
        example("round(9223372036854775807, -1)", rejected="R602"),
    ],
)
_declare(
    "round_half_even",
    "half_even",
    "The number rounded to so many digits after the point, a half to the even neighbour.",
    sql="ROUND_EVEN",
    also=("JSONata $round", "FEEL round half even", "Python round"),
    examples=[
        example("round_half_even(2.5)", 2),
        example("round_half_even(3.5)", 4),
        example("round_half_even(4.525, 2)", Decimal("4.52")),
        example("round_half_even(9223372036854775807, -1)", rejected="R602"),
    ],
)
_declare(
    "round_half_down",
    "half_down",
    "The number rounded to so many digits after the point, a half towards zero.",
    also=("FEEL round half down",),
    examples=[
        example("round_half_down(2.5)", 2),
        example("round_half_down(2.51)", 3),
        example("round_half_down(9223372036854775807, -19)", rejected="R602"),
    ],
)
_declare(
    "round_up",
    "up",
    "The number rounded away from zero to so many digits after the point.",
    excel="ROUNDUP",
    also=("FEEL round up",),
    examples=[
        example("round_up(2.01)", 3),
        example("round_up(-2.01)", -3),
        example("round_up(2.341, 2)", Decimal("2.35")),
        example("round_up(9223372036854775807, -1)", rejected="R602"),
    ],
)
_declare(
    "round_down",
    "down",
    "The number cut to so many digits after the point.",
    excel="ROUNDDOWN",
    also=("FEEL round down",),
    examples=[example("round_down(2.99)", 2), example("round_down(-2.99)", -2), example("round_down(2.349, 2)", Decimal("2.34"))],
)
_declare(
    "trunc",
    "down",
    "The number cut to so many digits after the point: what `round_down` does, under SQL's name.",
    sql="TRUNC",
    excel="TRUNC",
    also=("jq trunc", "CEL math.trunc"),
    examples=[example("trunc(-2.7)", -2), example("trunc(2.789, 1)", Decimal("2.7"))],
)
_declare(
    "floor",
    "floor",
    "The largest number not above this one that has no more than so many digits after the point.",
    sql="FLOOR",
    excel="FLOOR",
    also=(
        "VRL floor",
        "JSONata $floor",
        "DataWeave floor",
        "Bloblang floor",
        "jq floor",
        "GREL floor",
        "FEEL floor",
        "Excel INT",
        "CEL math.floor",
    ),
    examples=[
        example("floor(3.7)", 3),
        example("floor(-3.2)", -4),
        example("floor(4.345, 2)", Decimal("4.34")),
        example("floor(-9223372036854775807, -1)", rejected="R602"),
    ],
)
_declare(
    "ceil",
    "ceil",
    "The smallest number not below this one that has no more than so many digits after the point.",
    sql="CEIL",
    excel="CEILING",
    also=(
        "VRL ceil",
        "JSONata $ceil",
        "DataWeave ceil",
        "Bloblang ceil",
        "jq ceil",
        "GREL ceil",
        "FEEL ceiling",
        "CEL math.ceil",
        "JSLT ceiling",
    ),
    examples=[
        example("ceil(3.2)", 4),
        example("ceil(-3.7)", -3),
        example("ceil(4.345, 2)", Decimal("4.35")),
        example("ceil(9223372036854775807, -1)", rejected="R602"),
    ],
)


# --- to steps ----------------------------------------------------------------------------------------------------


def _step_rule(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type:
    return _step_type(as_decimal(kinds[0], constants[0]), as_decimal(kinds[1], constants[1]))


def _step_type(value: t.Decimal, step: t.Decimal) -> t.Decimal:
    return capped(max(value.precision - value.scale, step.precision - step.scale) + 1 + step.scale, step.scale)


def _declare_step(name: str, mode: str, up: Callable[[Datum, Datum, Mask], Mask], doc: str, **told: Any) -> None:
    def decimal_kernel(value: Datum, step: Datum) -> Outcome:
        return _to_step(value, step, up, mode)

    def int_kernel(value: Datum, step: Datum) -> Outcome:
        return _as_ints(_to_step(value, step, up, mode))

    for kernel, kind, rule in ((int_kernel, "int", None), (decimal_kernel, "decimal", _step_rule)):
        kernel.__doc__ = doc
        kernel.__module__ = __name__
        function(f"{name}(value: {kind}, step: {kind}) -> {kind}", category=CATEGORY, rejects=("R601", "R602"), rule=rule, **told)(kernel)


def _to_step(value: Datum, step: Datum, up: Callable[[Datum, Datum, Mask], Mask], mode: str) -> Outcome:
    """Multiples of steps: the one below, or where `up` says so the next, which is how `mode` rounds how many there are.

    `up` is asked of what is over the one below, of what is missing to the next, and of where the number is above 0.
    """
    column, steps = broadcast(value, step)
    planned = _step_type(decimal_of(column), decimal_of(steps))
    steps = decimals.absolute(steps).values
    # What is left over is taken away, so that nobody minds how many steps there are.
    _, over = decimals.floor_divide(column, steps)
    rest = decimals.subtract(steps, over.values)
    above = up(over.values, rest.values, decimals.order(column, pa.scalar(0)) > 0)
    more = pc.if_else(pa.array(above), steps, pa.scalar(0, steps.type))
    apart = decimals.subtract(column, over.values)
    # Multiples of a step have no more decimals than it.
    below = decimals.at_scale(apart.values, planned, "half_up")
    nearest = decimals.add(below.values, more)
    result = decimals.at_scale(nearest.values, planned, "half_up")
    zero = [pair for pair in over.failed if pair[1] == "R601"]
    failed = (*over.failed, *rest.failed, *apart.failed, *below.failed, *nearest.failed, *result.failed)
    lost = _one_of(len(above), *failed) & ~_one_of(len(above), *zero)
    there = outcome(nulled(result.values, ~all_valid(column, steps)), (lost, "R602"))
    found = decimals.reworked(there, lambda a, b: (a / b).to_integral_value(_MODES[mode]) * b, column, steps, planned)
    return outcome(found.values, *zero, *found.failed)


def _one_of(length: int, *failed: tuple[Mask, str]) -> Mask:
    """Where one of the failures is."""
    found: Mask = np.logical_or.reduce([np.zeros(length, np.bool_), *(mask for mask, _ in failed)])
    return found


def _half_up(over: Datum, rest: Datum, positive: Mask) -> Mask:
    beyond = decimals.order(over, rest)
    up: Mask = (beyond > 0) | ((beyond == 0) & positive)
    return up


_declare_step(
    "round_to",
    "half_up",
    _half_up,
    "The multiple of a step that is nearest, half away from zero: prices to 5 cents, quantities to whole boxes.",
    excel="MROUND",
    also=("Postgres round(x / step) * step",),
    examples=[
        example("round_to(12.37, 0.05)", Decimal("12.35")),
        example("round_to(17, 5)", 15),
        example("round_to(1, 0)", rejected="R601"),
        example("round_to(9223372036854775807, 10)", rejected="R602"),
    ],
)
_declare_step(
    "ceil_to",
    "ceil",
    lambda over, rest, positive: decimals.order(over, pa.scalar(0)) != 0,
    "The smallest multiple of a step that is not below the number.",
    excel="CEILING.MATH",
    also=("GREL ceil", "Excel EVEN", "Excel ODD"),
    examples=[
        example("ceil_to(12.31, 0.05)", Decimal("12.35")),
        example("ceil_to(13, 12)", 24),
        example("ceil_to(9223372036854775807, 10)", rejected="R602"),
        example("ceil_to(5, 0)", rejected="R601"),
    ],
)
_declare_step(
    "floor_to",
    "floor",
    lambda over, rest, positive: np.zeros(length_of(over, rest), np.bool_),
    "The largest multiple of a step that is not above the number.",
    excel="FLOOR.MATH",
    also=("GREL floor",),
    examples=[
        example("floor_to(12.39, 0.05)", Decimal("12.35")),
        example("floor_to(23, 12)", 12),
        example("floor_to(-9223372036854775807, 10)", rejected="R602"),
        example("floor_to(5, 0)", rejected="R601"),
    ],
)
