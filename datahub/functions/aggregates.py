"""Many values to one: over the rows of a group or window, over a comprehension, over the items of a list."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from datahub.functions import exact
from datahub.functions.columns import Ints, as_mask, buffer_view, floats, from_floats, from_ints, outcome, valid
from datahub.functions.declare import Floats, Mask, Offsets, Outcome, example, function
from datahub.functions.results import mean, mean_digits, ordered, same_or_null, total
from datahub.functions.segments import (
    aggregate,
    counted,
    lengths_of,
    owners,
    picked,
    present,
    ranks,
    reduced,
    true_in,
)


@function(
    "count() -> int",
    kind="aggregate",
    sql="COUNT(*)",
    excel="ROWS",
    also=(
        "JSONata $count",
        "DataWeave sizeOf",
        "FEEL count",
        "CEL size",
        "Excel COUNT",
        "GREL facetCount",
        "Bloblang count",
        "Excel SUBTOTAL",
    ),
    examples=[example("count(for x in [4, 5, 6])", 3), example("count(for x in [4, 5, 6] where x > 4)", 2)],
)
def count_rows(values: None, offsets: Offsets) -> pa.Array:
    """How many rows there are, or how many values that are not null.

    `count()` counts rows, `count(x)` the rows in which `x` is not null. Of nothing it is 0.
    """
    return from_ints(lengths_of(offsets))


@aggregate("count(value: T?) -> int", sql="COUNT(x)", excel="COUNTA", examples=[example("count([1, null, 3])", 2)])
def count(values: pa.Array, offsets: Offsets) -> pa.Array:
    """How many values are not null."""
    return from_ints(counted(valid(values), offsets) if values.null_count else lengths_of(offsets))


@aggregate(
    "sum(value: int?) -> int",
    rejects=("R602",),
    sql="SUM",
    excel="SUM",
    also=("JSONata $sum", "DataWeave sum", "FEEL sum", "GREL sum", "jq add", "Excel SUBTOTAL", "Excel SUMSQ"),
    examples=[
        example("sum([1, 2, 3])", 6),
        example("sum(x * 2 for x in [1, 2])", 6),
        example("sum([1.5, 2])", Decimal("3.5")),
        example("sum([9223372036854775807, 1])", rejected="R602"),
    ],
)
def sum_of_ints(values: pa.Array, offsets: Offsets) -> Outcome:
    """The sum of the values, exact; nulls are left out.

    Of nothing it is 0. A sum that its type cannot hold is a reject (R602): whole numbers have 64 bits, a sum of
    decimals has ten digits more than its values.
    """
    return sums_in(pa.int64(), exact.segment_sums(*present(values, offsets)))


@aggregate("sum(value: decimal?) -> decimal", rejects=("R602",), rule=total)
def sum_of_decimals(values: pa.Array, offsets: Offsets) -> Outcome:
    """The sum of decimals, exact."""
    return sums_in(values.type, exact.segment_sums(*present(values, offsets)))


@aggregate("sum(value: float?) -> float", rejects=("R602",))
def sum_of_floats(values: pa.Array, offsets: Offsets) -> Outcome:
    """The sum of floats, added up in the order of the rows."""
    return finite(float_sums(*present(values, offsets)))


@aggregate("sum(value: duration?) -> duration", rejects=("R602",))
def sum_of_durations(values: pa.Array, offsets: Offsets) -> Outcome:
    """The sum of durations."""
    return sums_in(values.type, exact.segment_sums(*present(values, offsets)))


def sums_in(kind: pa.DataType, sums: exact.Exact) -> Outcome:
    """Exact sums of values of a type, in the type that their sum has; R602 where it cannot hold them."""
    if not pa.types.is_decimal(kind):
        keep = exact.fits_int64(sums)
        return outcome(from_ints(exact.as_int64(sums, keep), None, kind), (~keep, "R602"))
    precision = min(kind.precision + 10, 76)
    keep = exact.fits(sums, precision)
    return outcome(exact.as_decimals(sums, keep, exact.decimal_type(precision, kind.scale)), (~keep, "R602"))


def float_sums(values: pa.Array, offsets: Offsets) -> Floats:
    """The sum of each segment of a float column without nulls, added from left to right."""
    # `bincount` adds one after another; `reduceat` adds pairs, and so gives other last digits.
    sums: Any = np.bincount(owners(offsets), floats(values), len(offsets) - 1)
    return np.asarray(sums, np.float64)


def finite(numbers: Floats, keep: Mask | None = None) -> Outcome:
    """A float column, null where `keep` is false; R602 where a number is none."""
    wild = ~np.isfinite(numbers) & (True if keep is None else keep)
    return outcome(from_floats(np.where(wild, 0.0, numbers), keep), (wild, "R602"))


@aggregate(
    "avg(value: int?) -> decimal?",
    "avg(value: decimal?) -> decimal?",
    rule=mean,
    rejects=("R602",),
    sql="AVG",
    excel="AVERAGE",
    also=("JSONata $average", "DataWeave avg", "FEEL mean", "Bloblang mean"),
    examples=[
        example("avg([1, 2])", Decimal("1.5")),
        example("avg([1, null, 3])", Decimal(2)),
        example("avg(x for x in [1, 1, 2])", Decimal("1.333333")),
    ],
)
def avg(values: pa.Array, offsets: Offsets) -> Outcome:
    """The mean of the values that are not null; null where there are none.

    The mean of whole numbers or decimals is a decimal with as many decimals as they have, and at least six, rounded
    half away from zero. The mean of floats is a float.
    """
    values, offsets = present(values, offsets)
    return means_in(values.type, exact.segment_sums(values, offsets), lengths_of(offsets))


def means_in(kind: pa.DataType, sums: exact.Exact, members: Ints) -> Outcome:
    """The means of so many values of a type each, given their exact sums; null where there are none, R602 beyond 76 digits."""
    scale = kind.scale if pa.types.is_decimal(kind) else 0
    precision = kind.precision if pa.types.is_decimal(kind) else 19
    width, after = mean_digits(precision, scale)
    return of_digits(exact.quotient(exact.times(sums, 10 ** (after - scale)), np.maximum(members, 1)), members > 0, width, after)


def of_digits(numbers: exact.Exact, keep: Mask, precision: int, scale: int) -> Outcome:
    """Decimals out of their scaled numbers, null where `keep` is false; R602 where one has more digits than `precision`."""
    held = exact.fits(numbers, precision)
    return outcome(exact.as_decimals(numbers, keep & held, exact.decimal_type(precision, scale)), (keep & ~held, "R602"))


@aggregate("avg(value: float?) -> float?", rejects=("R602",))
def avg_of_floats(values: pa.Array, offsets: Offsets) -> Outcome:
    """The mean of floats."""
    values, offsets = present(values, offsets)
    members = lengths_of(offsets)
    return finite(float_sums(values, offsets) / np.maximum(members, 1), members > 0)


@aggregate(
    "min(value: T?) -> T?",
    rule=ordered(same_or_null),
    sql="MIN",
    excel="MIN",
    also=("JSONata $min", "DataWeave min", "FEEL min", "Bloblang min"),
    examples=[example("min([3, 1, 2])", 1), example('min(["b", "a"])', "a"), example("min([null])", None)],
)
def smallest(values: pa.Array, offsets: Offsets) -> pa.Array:
    """The smallest value that is not null; null where there is none.

    Texts compare by code point.
    """
    return _extreme(np.minimum, *present(values, offsets))


@aggregate(
    "max(value: T?) -> T?",
    rule=ordered(same_or_null),
    sql="MAX",
    excel="MAX",
    also=("JSONata $max", "DataWeave max", "FEEL max", "Bloblang max"),
    examples=[example("max([3, 1, 2])", 3), example('max(["b", "a"])', "b"), example("max([null])", None)],
)
def largest(values: pa.Array, offsets: Offsets) -> pa.Array:
    """The largest value that is not null; null where there is none.

    Texts compare by code point.
    """
    return _extreme(np.maximum, *present(values, offsets))


def _extreme(operation: np.ufunc, values: pa.Array, offsets: Offsets) -> pa.Array:
    filled = lengths_of(offsets) > 0
    if not len(values):
        return pa.nulls(len(filled), values.type)
    numbers = ordered_numbers(values)
    if numbers is not None:
        return _from_numbers(reduced(operation, numbers, offsets, 0), filled, values.type)
    numbers = ranks(values)
    row_of = np.empty(int(numbers.max()) + 1, np.int64)
    row_of[numbers] = np.arange(len(values))
    return picked(values, row_of[reduced(operation, numbers, offsets, 0)], filled)


def ordered_numbers(values: pa.Array) -> Any:
    """Numbers that are ordered as the values are, where the column holds such; else None."""
    kind = values.type
    if pa.types.is_decimal(kind):
        return exact.scaled(values)
    if pa.types.is_primitive(kind) and not pa.types.is_boolean(kind):
        return buffer_view(values, {32: np.int32, 64: np.float64 if pa.types.is_floating(kind) else np.int64}[kind.bit_width])
    return None


def _from_numbers(numbers: Any, keep: Any, kind: pa.DataType) -> pa.Array:
    if pa.types.is_decimal(kind):
        return exact.as_decimals(numbers, keep, kind)
    return from_floats(numbers, keep) if pa.types.is_floating(kind) else from_ints(numbers, keep, kind)


@aggregate(
    "any(value: bool?) -> bool",
    sql="BOOL_OR",
    excel="OR",
    also=("JSONata $boolean", "DataWeave some", "FEEL any", "jq any", "CEL exists"),
    examples=[example("any([false, true])", True), example("any(x > 2 for x in [1, 2])", False), example("any([null, true])", True)],
)
def is_any(values: pa.Array, offsets: Offsets) -> pa.Array:
    """Whether one of the values is true; nulls are left out, and of nothing it is false."""
    return pa.array(true_in(values, offsets) > 0)


@aggregate(
    "all(value: bool?) -> bool",
    sql="BOOL_AND",
    excel="AND",
    also=("DataWeave every", "FEEL all", "jq all", "CEL all"),
    examples=[example("all([false, true])", False), example("all(x > 0 for x in [1, 2])", True), example("all([null, true])", True)],
)
def are_all(values: pa.Array, offsets: Offsets) -> pa.Array:
    """Whether all values are true; nulls are left out, and of nothing it is true."""
    return pa.array(counted(valid(values) & ~as_mask(values), offsets) == 0)
