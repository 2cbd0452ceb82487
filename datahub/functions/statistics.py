"""Aggregates that need the values in order or more than one pass: median, spread, product, the n-th largest, tallies."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pyarrow as pa

from datahub.functions import exact
from datahub.functions.aggregates import finite, float_sums, of_digits
from datahub.functions.columns import Ints, floats, from_floats, from_ints, outcome
from datahub.functions.declare import Floats, Mask, Offsets, Outcome, example
from datahub.functions.members import tallied
from datahub.functions.results import listed_values, mean, mean_digits, ordered, product_of, same_or_null
from datahub.functions.segments import (
    aggregate,
    beginnings,
    lengths_of,
    listed,
    mapped,
    owners,
    picked,
    places,
    present,
    sorted_rows,
)

PRODUCT_DIGITS = 38


@aggregate(
    "median(value: int?) -> decimal?",
    "median(value: decimal?) -> decimal?",
    rule=mean,
    rejects=("R602",),
    sql="MEDIAN",
    excel="MEDIAN",
    also=("FEEL median", "Spark percentile_approx"),
    examples=[example("median([5, 1, 3])", Decimal(3)), example("median([1, 2, null])", Decimal("1.5")), example("median([null])", None)],
)
def median(values: pa.Array, offsets: Offsets) -> Outcome:
    """The value in the middle when all are sorted, or the mean of the two there; nulls are left out.

    Like `avg` it has at least six decimals.
    """
    low, high, filled = _middle(values, offsets)
    numbers = exact.scaled(low.take(filled)).astype(object) + exact.scaled(high.take(filled)).astype(object)
    decimal = pa.types.is_decimal(values.type)
    scale, precision = (values.type.scale, values.type.precision) if decimal else (0, 19)
    width, after = mean_digits(precision, scale)
    spread = np.zeros(len(offsets) - 1, object)
    spread[filled.to_numpy()] = exact.quotient(exact.times(numbers, 10 ** (after - scale)), 2)
    keep = np.zeros(len(spread), np.bool_)
    keep[filled.to_numpy()] = True
    return of_digits(spread, keep, width, after)


@aggregate(
    "percentile(value: int?, share: decimal!) -> decimal?",
    "percentile(value: decimal?, share: decimal!) -> decimal?",
    rule=mean,
    rejects=("R602",),
    sql="PERCENTILE_CONT",
    excel="PERCENTILE.INC",
    also=("Excel QUARTILE", "pandas quantile", "Excel QUARTILE.INC", "Excel PERCENTILE"),
    examples=[example("percentile([1, 2, 3, 4], 50%)", Decimal("2.5")), example("percentile([10, 20], 90%)", Decimal(19))],
)
def percentile(values: pa.Array, offsets: Offsets, share: Decimal) -> Outcome:
    """The value below which that share of the values lies, in between two of them in proportion; nulls are left out.

    `percentile(x, 0)` is the smallest, `percentile(x, 50%)` the median, `percentile(x, 1)` the largest. Null where there are
    no values, or where the share is not between 0 and 1.
    """
    values, offsets = present(values, offsets)
    decimal = pa.types.is_decimal(values.type)
    scale, precision = (values.type.scale, values.type.precision) if decimal else (0, 19)
    width, after = mean_digits(precision, scale)
    lengths = lengths_of(offsets)
    keep = (lengths > 0) & (0 <= share <= 1)
    top, bottom = Fraction(share).as_integer_ratio()
    whole, over = _parts(lengths, top, bottom)
    ordered = exact.scaled(values.take(pa.array(sorted_rows(values, offsets)))).astype(object)
    at = np.where(keep, offsets[:-1] + np.minimum(whole, np.maximum(lengths - 1, 0)), 0)
    next_one = np.where(keep & (whole + 1 < lengths), at + 1, at)
    if not len(ordered):
        return Outcome(pa.nulls(len(lengths), exact.decimal_type(width, after)))
    low, high = ordered[at], ordered[next_one]
    between = exact.times(low * bottom + over * (high - low), 10 ** (after - scale))
    return of_digits(exact.quotient(between, bottom), keep, width, after)


def _parts(lengths: Ints, top: int, bottom: int) -> tuple[Ints, exact.Exact]:
    """The share `top / bottom` of the way from the first to the last: whole steps, and what is over, in parts of `bottom`."""
    way = np.maximum(lengths - 1, 0).astype(object) * top
    whole = way // bottom
    return np.clip(whole, 0, 2**62).astype(np.int64), way - whole * bottom


@aggregate("median(value: float?) -> float?")
def median_of_floats(values: pa.Array, offsets: Offsets) -> pa.Array:
    """The median of floats."""
    low, high, filled = _middle(values, offsets)
    keep = np.zeros(len(offsets) - 1, np.bool_)
    keep[filled.to_numpy()] = True
    # Halved before they are added: the sum of two large floats would be infinite.
    return from_floats(np.where(keep, floats(low) / 2 + floats(high) / 2, 0.0), keep)


def _middle(values: pa.Array, offsets: Offsets) -> tuple[pa.Array, pa.Array, pa.Array]:
    """The lower and the upper value in the middle of each segment, null where it is empty, and which are not empty."""
    values, offsets = present(values, offsets)
    ordered = values.take(pa.array(sorted_rows(values, offsets)))
    lengths = lengths_of(offsets)
    low = picked(ordered, offsets[:-1] + (lengths - 1) // 2, lengths > 0)
    high = picked(ordered, offsets[:-1] + lengths // 2, lengths > 0)
    return low, high, pa.array(np.flatnonzero(lengths))


@aggregate(
    "stddev(value: int?) -> float?",
    "stddev(value: decimal?) -> float?",
    "stddev(value: float?) -> float?",
    rejects=("R602",),
    sql="STDDEV_SAMP",
    excel="STDEV.S",
    also=(
        "FEEL stddev",
        "pandas std",
        "Excel STDEV",
    ),
    examples=[
        example("stddev([2, 4, 6])", 2.0),
        example("stddev([5])", None),
        example('stddev([float("1e300"), float("-1e300")])', rejected="R602"),
    ],
)
def stddev(values: pa.Array, offsets: Offsets) -> Outcome:
    """The standard deviation of a sample: how far the values lie from their mean; null for fewer than two values.

    It is a float: the squares are divided by one less than there are values.
    """
    return _spread(values, offsets, 1)


@aggregate(
    "stddev_all(value: int?) -> float?",
    "stddev_all(value: decimal?) -> float?",
    "stddev_all(value: float?) -> float?",
    rejects=("R602",),
    sql="STDDEV_POP",
    excel="STDEV.P",
    examples=[
        example("stddev_all([2, 4, 4, 4, 5, 5, 7, 9])", 2.0),
        example("stddev_all([5])", 0.0),
        example('stddev_all([float("1e300"), float("-1e300")])', rejected="R602"),
    ],
)
def stddev_all(values: pa.Array, offsets: Offsets) -> Outcome:
    """The standard deviation where the values are all there are, not a sample; null for no value."""
    return _spread(values, offsets, 0)


@aggregate(
    "variance(value: int?) -> float?",
    "variance(value: decimal?) -> float?",
    "variance(value: float?) -> float?",
    rejects=("R602",),
    sql="VAR_SAMP",
    excel="VAR.S",
    also=("Excel VAR", "pandas var"),
    examples=[
        example("variance([2, 4, 6])", 4.0),
        example("variance([5])", None),
        example('variance([float("1e300"), float("-1e300")])', rejected="R602"),
    ],
)
def variance(values: pa.Array, offsets: Offsets) -> Outcome:
    """The variance of a sample, the square of its `stddev`; null for fewer than two values."""
    return _spread(values, offsets, 1, squared=True)


@aggregate(
    "variance_all(value: int?) -> float?",
    "variance_all(value: decimal?) -> float?",
    "variance_all(value: float?) -> float?",
    rejects=("R602",),
    sql="VAR_POP",
    excel="VAR.P",
    examples=[
        example("variance_all([2, 4, 4, 4, 5, 5, 7, 9])", 4.0),
        example("variance_all([5])", 0.0),
        example('variance_all([float("1e300"), float("-1e300")])', rejected="R602"),
    ],
)
def variance_all(values: pa.Array, offsets: Offsets) -> Outcome:
    """The variance where the values are all there are, not a sample; null for no value."""
    return _spread(values, offsets, 0, squared=True)


def _spread(values: pa.Array, offsets: Offsets, fewer: int, squared: bool = False) -> Outcome:
    values, offsets = present(values, offsets)
    lengths = lengths_of(offsets)
    if not pa.types.is_floating(values.type):
        values = _from_the_first(values, offsets, lengths)
    with np.errstate(over="ignore", invalid="ignore"):
        means = float_sums(values, offsets) / np.maximum(lengths, 1)
        away: Floats = floats(values) - np.repeat(means, lengths)
        squares = float_sums(from_floats(away * away), offsets)
        mean = squares / np.maximum(lengths - fewer, 1)
        return finite(mean if squared else np.sqrt(mean), lengths > fewer)


def _from_the_first(values: pa.Array, offsets: Offsets, lengths: Ints) -> pa.Array:
    """How far exact numbers lie from the first of their segment, as floats: they spread as much, and no digit is lost."""
    numbers, scale = exact.scaled(values), values.type.scale if pa.types.is_decimal(values.type) else 0
    if len(numbers) and exact.peak(numbers) >= exact.SMALL:
        numbers = numbers.astype(object)
    firsts = numbers[offsets[:-1][lengths > 0]]
    return from_floats((numbers - np.repeat(firsts, lengths[lengths > 0])).astype(np.float64) / 10.0**scale)


@aggregate(
    "product(value: int?) -> int?",
    rejects=("R602",),
    excel="PRODUCT",
    also=("FEEL product", "DuckDB product", "Polars product"),
    examples=[
        example("product([2, 3, 4])", 24),
        example("product([0.5, 0.5])", Decimal("0.25")),
        example("product([null])", None),
        example("product([9223372036854775807, 2])", rejected="R602"),
    ],
)
def product_of_ints(values: pa.Array, offsets: Offsets) -> Outcome:
    """The product of the values that are not null; null where there is none.

    A product of whole numbers is exact, and a reject (R602) where 64 bits do not hold it. A product of decimals has
    38 digits, at least ten of them after the point; it is rounded there, half away from zero, after each factor.
    """
    values, offsets = present(values, offsets)
    # -2^63 is an int, and 2^63 may become one again.
    numbers, lost = _multiplied(exact.scaled(values).astype(object), offsets, 0, 2**63 + 1)
    lost |= ~exact.fits_int64(numbers)
    keep = lengths_of(offsets) > 0
    return outcome(from_ints(exact.as_int64(numbers, keep & ~lost), keep), (lost, "R602"))


@aggregate("product(value: decimal?) -> decimal?", rejects=("R602",), rule=product_of)
def product_of_decimals(values: pa.Array, offsets: Offsets) -> Outcome:
    """The product of decimals."""
    values, offsets = present(values, offsets)
    scale = max(values.type.scale, 10)
    factors = exact.times(exact.scaled(values).astype(object), 10 ** (scale - values.type.scale))
    numbers, lost = _multiplied(factors, offsets, scale, 10**PRODUCT_DIGITS)
    keep = lengths_of(offsets) > 0
    return outcome(exact.as_decimals(numbers, keep & ~lost, pa.decimal128(PRODUCT_DIGITS, scale)), (lost, "R602"))


def _multiplied(factors: exact.Exact, offsets: Offsets, scale: int, limit: int) -> tuple[exact.Exact, Mask]:
    """The product of each segment's factors, rounded to `scale` after each, and where one on the way reached `limit`."""
    lengths = lengths_of(offsets)
    totals = np.full(len(lengths), 10**scale, object)
    lost = np.zeros(len(lengths), np.bool_)
    zeros = np.zeros(len(lengths), np.bool_)
    zeros[owners(offsets)[np.asarray(factors == 0, np.bool_)]] = True
    totals[zeros] = 0
    # Rounding after each factor has an order: the factors at one place of all segments are taken together.
    for place in range(int(lengths.max(initial=0))):
        going = np.flatnonzero((lengths > place) & ~lost & ~zeros)
        if not len(going):
            break
        raised = totals[going] * factors[offsets[going] + place]
        totals[going] = exact.quotient(raised, 10**scale) if scale else raised
        lost[going] = np.abs(totals[going]) >= limit
    return totals, lost


@aggregate("product(value: float?) -> float?", rejects=("R602",))
def product_of_floats(values: pa.Array, offsets: Offsets) -> Outcome:
    """The product of floats."""
    values, offsets = present(values, offsets)
    numbers, lengths = floats(values), lengths_of(offsets)
    totals = np.ones(len(lengths))
    with np.errstate(over="ignore", invalid="ignore"):
        for place in range(int(lengths.max(initial=0))):
            going = np.flatnonzero(lengths > place)
            totals[going] *= numbers[offsets[going] + place]
    return finite(totals, lengths > 0)


@aggregate(
    "nth_largest(value: T?, n: int!) -> T?",
    rule=ordered(same_or_null),
    excel="LARGE",
    sql="NTH_VALUE",
    examples=[example("nth_largest([3, 9, 5], 2)", 5), example("nth_largest([3, 9], 5)", None), example("nth_largest([9, 9, 5], 2)", 9)],
)
def nth_largest(values: pa.Array, offsets: Offsets, n: int) -> pa.Array:
    """The n-th largest value (1 is the largest), null where there are fewer; equal values count one by one."""
    return _nth(*present(values, offsets), n, descending=True)


@aggregate(
    "nth_smallest(value: T?, n: int!) -> T?",
    rule=ordered(same_or_null),
    excel="SMALL",
    sql="NTH_VALUE",
    examples=[example("nth_smallest([3, 9, 5], 2)", 5), example("nth_smallest([3, 9], 5)", None)],
)
def nth_smallest(values: pa.Array, offsets: Offsets, n: int) -> pa.Array:
    """The n-th smallest value (1 is the smallest), null where there are fewer; equal values count one by one."""
    return _nth(*present(values, offsets), n, descending=False)


def _nth(values: pa.Array, offsets: Offsets, n: int, descending: bool) -> pa.Array:
    rows = sorted_rows(values, offsets, descending)
    there = (lengths_of(offsets) >= n) & (n >= 1)
    wanted: Ints = np.where(there, offsets[:-1] + n - 1, 0)
    return picked(values, rows[wanted] if len(rows) else wanted, there)


@aggregate(
    "mode(value: T?) -> T?",
    rule=same_or_null,
    sql="MODE",
    excel="MODE.SNGL",
    also=("FEEL mode",),
    examples=[example('mode(["b", "a", "b"])', "b"), example("mode([2, 1])", 2)],
)
def mode(values: pa.Array, offsets: Offsets) -> pa.Array:
    """The value that occurs most often, of several the one seen first; nulls are left out."""
    values, offsets = present(values, offsets)
    rows, times = tallied(values, offsets)
    segments = owners(offsets)[rows]
    order = np.lexsort((rows, -times, segments))
    starts = np.searchsorted(segments, np.arange(len(offsets) - 1))
    there = lengths_of(offsets) > 0
    return picked(values, rows[order][np.where(there, starts, 0)] if len(rows) else starts, there)


@aggregate(
    "tally(value: text?) -> map(int)",
    also=("VRL tally", "pandas value_counts", "Bloblang enumerated"),
    examples=[example('tally(["foo", "bar", "foo"])', {"foo": 2, "bar": 1}), example('tally(["a", null])', {"a": 1})],
)
def tally(values: pa.Array, offsets: Offsets) -> pa.Array:
    """How often each text occurs, in order of first appearance; nulls are left out."""
    values, offsets = present(values.cast(pa.string()), offsets)
    rows, times = tallied(values, offsets)
    seen = np.zeros(len(values), np.bool_)
    seen[rows] = True
    return mapped(values.take(pa.array(rows)), from_ints(times), beginnings(seen)[offsets])


@aggregate(
    "top(value: T?, n: int!) -> [T]",
    rule=ordered(listed_values),
    also=("Spark max_by", "DuckDB max(x, n)"),
    examples=[example("top([3, 9, 5], 2)", [9, 5]), example("top([3], 2)", [3])],
)
def top(values: pa.Array, offsets: Offsets, n: int) -> pa.Array:
    """The n largest values, largest first; fewer where there are fewer."""
    values, offsets = present(values, offsets)
    rows = sorted_rows(values, offsets, descending=True)
    keep = places(offsets) < n
    return listed(values.take(pa.array(rows[keep])), beginnings(keep)[offsets])
