"""Aggregates against plain Python loops: on random segments, empty ones and nulls among them, over rows and over lists."""

from __future__ import annotations

import datetime as dt
import math
import statistics as oracle
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datahub.functions import aggregates as a
from datahub.functions import members as m
from datahub.functions import statistics as s
from datahub.functions.declare import REGISTRY, Outcome
from datahub.functions.segments import beginnings, listed, over_lists

WIDE = Context(prec=200, rounding=ROUND_HALF_UP)
INTS = st.one_of(st.integers(-3, 3), st.integers(-(2**63), 2**63 - 1))
DECIMALS = st.decimals(-(10**9), 10**9, places=2) | st.decimals(Decimal(-(10**30)), Decimal(10**30), places=2)
FLOATS = st.floats(-1e6, 1e6).map(lambda x: round(x, 3) + 0.0)
TEXTS = st.text("abé€z", max_size=3)
DATES = st.dates(dt.date(1990, 1, 1), dt.date(2030, 1, 1))
DURATIONS = st.timedeltas(dt.timedelta(-10), dt.timedelta(10))
TYPES: dict[str, tuple[Any, pa.DataType]] = {
    "int": (INTS, pa.int64()),
    "decimal": (DECIMALS, pa.decimal128(38, 2)),
    "float": (FLOATS, pa.float64()),
    "text": (TEXTS, pa.string()),
    "date": (DATES, pa.date32()),
    "duration": (DURATIONS, pa.duration("us")),
    "bool": (st.booleans(), pa.bool_()),
    "list": (st.lists(TEXTS, max_size=2), pa.list_(pa.field("item", pa.string()))),
    "struct": (st.fixed_dictionaries({"a": st.integers(0, 1) | st.none(), "b": TEXTS}), pa.struct([("a", pa.int64()), ("b", pa.string())])),
}
R511, R602 = "R511", "R602"


def exact(value: Any, digits: int) -> Decimal:
    """`value` (a fraction as numerator and denominator) rounded half away from zero."""
    return WIDE.divide(Decimal(value[0]), Decimal(value[1])).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, WIDE)


def int_sum(xs: list[Any]) -> Any:
    return total if -(2**63) <= (total := sum(xs)) < 2**63 else R602


def product(xs: list[Any]) -> Any:
    if not xs:
        return None
    total = math.prod(xs)
    return total if abs(total) < 2**63 else R602


def decimal_product(xs: list[Any]) -> Any:
    if not xs or 0 in xs:
        return Decimal(0) if xs else None
    total = Decimal(1)
    for x in xs:
        total = WIDE.multiply(total, x).quantize(Decimal("1e-10"), ROUND_HALF_UP, WIDE)
        if abs(total) >= Decimal(10) ** 28:
            return R602
    return total


def key(value: Any) -> Any:
    return repr(sorted(value.items())) if isinstance(value, dict) else repr(value)


def deduplicated(xs: list[Any]) -> list[Any]:
    kept: dict[Any, Any] = {}
    for x in xs:
        kept.setdefault(key(x), x)
    return list(kept.values())


def by_rank(xs: list[Any], n: int, largest: bool) -> Any:
    ordered = sorted(xs, reverse=largest)
    return ordered[n - 1] if len(ordered) >= n else None


def same(rows: list[Any]) -> Any:
    return R511 if len({key(x) for x in rows}) > 1 else rows[0] if rows else None


def most(xs: list[Any]) -> Any:
    names = [key(x) for x in xs]
    return max(xs, key=lambda x: (names.count(key(x)), -names.index(key(x)))) if xs else None


def mean(xs: list[Any]) -> Any:
    return exact((total_of(xs), len(xs)), 6) if xs else None


def total_of(xs: list[Any]) -> Decimal:
    total = Decimal(0)
    for x in xs:
        total = WIDE.add(total, Decimal(x))
    return total


def middle(xs: list[Any]) -> Any:
    if not xs:
        return None
    ordered = sorted(xs)
    low, high = ordered[(len(xs) - 1) // 2], ordered[len(xs) // 2]
    return exact((total_of([low, high]), 2), 6)


def between(xs: list[Any], share: Decimal) -> Any:
    if not xs:
        return None
    ordered = sorted(xs)
    place = Fraction(share) * (len(xs) - 1)
    low, high = Fraction(ordered[int(place)]), Fraction(ordered[min(int(place) + 1, len(xs) - 1)])
    found = low + (place - int(place)) * (high - low)
    return exact((found.numerator, found.denominator), 6)


ORDERED = ("int", "decimal", "float", "text", "date", "duration", "bool")
ALL = tuple(TYPES)
# kernel, further arguments, types, what a plain loop gives, whether nulls are left out before
CASES: list[tuple[Any, tuple[Any, ...], tuple[str, ...], Any, bool]] = [
    (a.count, (), ALL, len, True),
    (a.sum_of_ints, (), ("int",), int_sum, True),
    (a.sum_of_decimals, (), ("decimal",), total_of, True),
    (a.sum_of_floats, (), ("float",), lambda xs: sum(xs, 0.0) if xs else 0.0, True),
    (a.sum_of_durations, (), ("duration",), lambda xs: sum(xs, dt.timedelta()), True),
    (a.avg, (), ("int", "decimal"), mean, True),
    (a.smallest, (), ORDERED, lambda xs: min(xs, default=None), True),
    (a.largest, (), ORDERED, lambda xs: max(xs, default=None), True),
    (a.is_any, (), ("bool",), any, True),
    (a.are_all, (), ("bool",), all, True),
    (m.first, (), ALL, lambda xs: xs[0] if xs else None, False),
    (m.last, (), ALL, lambda xs: xs[-1] if xs else None, False),
    (m.as_list, (), ALL, list, False),
    (m.same, (), ALL, same, False),
    (m.distinct, (), ALL, deduplicated, True),
    (m.count_distinct, (), ALL, lambda xs: len(deduplicated(xs)), True),
    (m.join_rows, (", ",), ("text",), lambda xs: ", ".join(xs) if xs else None, True),
    (m.increasing, (), ORDERED, lambda xs: all(x < y for x, y in pairwise(xs)), True),
    (s.median, (), ("int", "decimal"), middle, True),
    (s.percentile, (Decimal("0.3"),), ("int", "decimal"), lambda xs: between(xs, Decimal("0.3")), True),
    (m.duplicates, (), ALL, lambda xs: [x for x in deduplicated(xs) if [key(y) for y in xs].count(key(x)) > 1], True),
    (s.median_of_floats, (), ("float",), lambda xs: oracle.median(xs) if xs else None, True),
    (s.stddev, (), ("float",), lambda xs: pytest.approx(oracle.stdev(xs), abs=1e-6) if len(xs) > 1 else None, True),
    (s.stddev_all, (), ("float",), lambda xs: pytest.approx(oracle.pstdev(xs), abs=1e-6) if xs else None, True),
    (s.product_of_ints, (), ("int",), product, True),
    (s.product_of_decimals, (), ("decimal",), decimal_product, True),
    (s.nth_largest, (2,), ORDERED, lambda xs: by_rank(xs, 2, True), True),
    (s.nth_smallest, (2,), ORDERED, lambda xs: by_rank(xs, 2, False), True),
    (s.mode, (), ALL, most, True),
    (s.tally, (), ("text",), lambda xs: [(x, xs.count(x)) for x in dict.fromkeys(xs)], True),
    (s.top, (2,), ORDERED, lambda xs: sorted(xs, reverse=True)[:2], True),
]
EACH = [
    pytest.param(kernel, more, kind, plain, skip, id=f"{kernel.__name__}-{kind}")
    for kernel, more, kinds, plain, skip in CASES
    for kind in kinds
]


def answers(result: Outcome | pa.Array) -> list[Any]:
    """What a kernel gave, row by row, with the code where it failed."""
    if not isinstance(result, Outcome):
        return result.to_pylist()
    rows = result.values.to_pylist()
    for mask, code in result.failed:
        rows = [code if bad else value for value, bad in zip(rows, mask, strict=True)]
    return rows


@pytest.mark.parametrize(("kernel", "more", "kind", "plain", "skip"), EACH)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_an_aggregate_equals_a_plain_loop(kernel: Any, more: Any, kind: str, plain: Any, skip: bool, data: Any) -> None:
    strategy, arrow = TYPES[kind]
    segments = data.draw(st.lists(st.lists(strategy | st.none(), max_size=5), max_size=5))
    values = pa.array([x for segment in segments for x in segment], arrow)
    offsets = beginnings(np.array([len(segment) for segment in segments], np.int64))
    expected = [plain([x for x in segment if x is not None] if skip else segment) for segment in segments]
    assert expected == answers(kernel(values, offsets, *more))
    padded = pa.concat_arrays([pa.nulls(3, arrow), values])[3:]
    assert expected == answers(kernel(padded, offsets, *more))
    assert expected == answers(over_lists(kernel)(listed(values, offsets), *more))
    split = len(segments) // 2
    parts = [segments[:split], segments[split:]]
    lists = [over_lists(kernel)(pa.array(part, pa.list_(pa.field("item", arrow))), *more) for part in parts]
    assert expected == [row for part in lists for row in answers(part)]


def test_count_without_argument_counts_rows() -> None:
    assert [2, 0, 1] == a.count_rows(None, np.array([0, 2, 2, 3])).to_pylist()


def test_sums_are_exact_where_a_running_total_would_leave_64_bits() -> None:
    values = pa.array([2**62, 2**62, -(2**62), 2**62 - 1, 2**62, 1], pa.int64())
    assert [R602, -1, 2**62 + 1] == answers(a.sum_of_ints(values, np.array([0, 2, 4, 6])))
    ends = pa.array([2**63 - 1, -(2**63), 2**63 - 1, 1], pa.int64())
    assert [-1, R602] == answers(a.sum_of_ints(ends, np.array([0, 2, 4])))


def test_a_sum_of_decimals_of_76_digits_that_has_more_is_rejected() -> None:
    values = pa.array([Decimal(9) * 10**75, Decimal(9) * 10**75, Decimal(1)], pa.decimal256(76, 0))
    assert [R602, Decimal(1)] == answers(a.sum_of_decimals(values, np.array([0, 2, 3])))


def test_negative_zero_is_the_same_value_as_zero() -> None:
    assert [0.0] == answers(m.same(pa.array([0.0, -0.0]), np.array([0, 2])))


def test_a_product_of_many_small_factors_stays_small() -> None:
    values = pa.array([Decimal("0.25")] * 5000, pa.decimal128(4, 2))
    (result,) = answers(s.product_of_decimals(values, np.array([0, 5000])))
    assert Decimal(0) == result


def test_maps_with_equal_entries_are_the_same_in_any_order() -> None:
    maps = pa.array([[("a", 1), ("b", 2)], [("b", 2), ("a", 1)]], pa.map_(pa.string(), pa.int64()))
    assert [2] == a.count(maps, np.array([0, 2])).to_pylist()
    assert [1] == m.count_distinct(maps, np.array([0, 2])).to_pylist()


def test_every_aggregate_is_declared_over_rows_and_over_lists() -> None:
    for name in ("sum", "min", "max", "avg", "first", "last", "distinct", "same", "median", "increasing"):
        kinds = {one.kind for one in REGISTRY[name].overloads}
        assert {"aggregate", "function"} == kinds, name
