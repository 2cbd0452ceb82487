"""Arithmetic, text and truth, as kernels on columns."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from datahub.functions import civil, compare, operators, time_operators
from datahub.functions.declare import Outcome

LEAST, MOST = -(2**63), 2**63 - 1
EDGES = [0, 1, -1, 2, -2, 3037000499, 3037000500, -3037000500, MOST, MOST - 1, LEAST, LEAST + 1, 2**62, -(2**62)]


def told(result: Any) -> list[Any]:
    """Values, with the reject code in place of a failed one."""
    if not isinstance(result, Outcome):
        return result.to_pylist()
    values = result.values.to_pylist()
    for mask, code in result.failed:
        for row in mask.nonzero()[0]:
            values[row] = code
    return values


@pytest.mark.parametrize(
    ("kernel", "exactly"),
    [
        (operators.add_ints, lambda a, b: a + b),
        (operators.subtract_ints, lambda a, b: a - b),
        (operators.multiply_ints, lambda a, b: a * b),
    ],
)
def test_whole_numbers_never_wrap(kernel: Any, exactly: Any) -> None:
    rng = random.Random(1)
    pairs = [(a, b) for a in EDGES for b in EDGES] + [
        (rng.randint(LEAST, MOST) >> rng.randint(0, 60), rng.randint(LEAST, MOST) >> rng.randint(0, 60)) for _ in range(500)
    ]
    expected = [value if LEAST <= (value := exactly(a, b)) <= MOST else "R602" for a, b in pairs]
    columns = [pa.array(list(side)) for side in zip(*pairs, strict=True)]
    assert expected == told(kernel(*columns))
    assert expected == [told(kernel(pa.array([a]), pa.scalar(b)))[0] for a, b in pairs]


def test_a_null_operand_gives_null_and_no_failure() -> None:
    assert [None, None] == told(operators.add_ints(pa.array([None, MOST]), pa.array([MOST, None])))
    assert [None, None] == told(operators.divide_decimals(pa.array([1, None]), pa.array([None, 0], pa.int64())))


def test_dividing_whole_numbers_gives_a_decimal_rounded_half_away_from_zero() -> None:
    expected = [Decimal("3.5"), Decimal("0.333333"), Decimal("-0.666667"), "R601", Decimal("0.000001"), Decimal("-0.000001")]
    assert expected == told(operators.divide_decimals(pa.array([7, 1, -2, 5, 1, -1]), pa.array([2, 3, 3, 0, 2_000_000, 2_000_000])))


@pytest.mark.parametrize(
    "divisor", [Decimal(1), Decimal(100), Decimal("0.1"), Decimal(10**6), Decimal(10**7), Decimal(10**17), Decimal(-100), Decimal(7)]
)
def test_dividing_by_a_constant_is_dividing_by_a_column_of_it(divisor: Decimal) -> None:
    values = [Decimal("12.34"), Decimal("-0.05"), Decimal("0.00"), None, Decimal("92233720368547758.07"), Decimal("-5000000000000000.55")]
    column, kind = pa.array(values, pa.decimal128(22, 2)), pa.decimal128(19, 1)
    for rows in (slice(0, 4), slice(0, 6)):
        given = column[rows]
        by_column = operators.divide_decimals(given, pa.array([divisor] * len(given), kind))
        by_constant = operators.divide_decimals(given, pa.scalar(divisor, kind))
        assert by_column.values.equals(by_constant.values)
        assert told(by_column) == told(by_constant)


def test_decimals_of_ten_digits_after_the_point_multiply_without_loss() -> None:
    kind = pa.decimal128(28, 10)
    result = operators.multiply_decimals(
        pa.array([Decimal("12.5"), Decimal("-0.0000000001")], kind), pa.array([Decimal("0.07"), Decimal(3)], kind)
    )
    assert pa.decimal256(56, 20) == result.values.type
    assert [Decimal("0.875"), Decimal("-0.0000000003")] == told(result)


def test_floats_are_never_infinite() -> None:
    numbers = pa.array([1e308, 1.0, 0.0, None])
    assert ["R602", 10.0, 0.0, None] == told(operators.multiply_floats(numbers, pa.scalar(10.0)))
    assert ["R601", "R601", "R601", None] == told(operators.divide_floats(numbers, pa.scalar(0.0)))


def test_there_is_no_negative_zero() -> None:
    assert "0.0" == str(operators.negate_float(pa.array([0.0]))[0].as_py())
    assert "0.0" == str(operators.multiply_floats(pa.array([0.0]), pa.array([-1.0])).values[0].as_py())


def test_a_time_moved_out_of_the_calendar_is_rejected() -> None:
    kind, step = pa.timestamp("us", "UTC"), pa.duration("us")
    times = pa.array([0, civil.LATEST, civil.EARLIEST, 0, 0], pa.int64()).cast(kind)
    steps = pa.array([5, 1, -1, MOST, LEAST], pa.int64()).cast(step)
    result = time_operators.add_duration_to_time(times, steps)
    assert [5, "R602", "R602", "R602", "R602"] == told(Outcome(result.values.cast(pa.int64()), result.failed))
    result = time_operators.subtract_duration_from_time(times, steps)
    assert [-5, civil.LATEST - 1, civil.EARLIEST + 1, "R602", "R602"] == told(Outcome(result.values.cast(pa.int64()), result.failed))


def test_text_join_propagates_null() -> None:
    assert ["ab", None, "b"] == told(operators.join(pa.array(["a", None, ""]), pa.scalar("b")))


def test_equality_is_null_safe_and_by_value() -> None:
    left = pa.array([1, None, None, 3])
    right = pa.array([Decimal("1.00"), None, Decimal(2), Decimal("3.01")], pa.decimal128(10, 2))
    assert [True, True, False, False] == told(compare.equal(left, right))
    assert [False, False, True, True] == told(compare.unequal(left, right))
    assert [False, True, True, False] == told(compare.equal(left, pa.scalar(None)))


def test_lists_and_structs_are_equal_item_by_item() -> None:
    lists = pa.array([[1, 2], [1, None], None, []])
    assert [True, True, True, True] == told(compare.equal(lists, lists))
    assert [False, False, False, False] == told(compare.equal(lists, pa.array([[1], [1, 2], [], None], lists.type)))
    structs = pa.array([{"a": 1, "b": "x"}, {"a": None, "b": "x"}, None])
    assert [True, False, False] == told(compare.equal(structs, pa.array([{"a": 1, "b": "x"}, {"a": 2, "b": "x"}, {"a": None, "b": None}])))


def test_ordering_with_null_is_false_both_ways() -> None:
    left, right = pa.array([1, None, 2]), pa.array([None, None, 1], pa.int64())
    assert [False, False, True] == told(compare.greater(left, right))
    assert [False, False, False] == told(compare.less_or_equal(left, right))


def test_text_is_ordered_by_code_point() -> None:
    words = ["", "A", "Z", "a", "z", "é", "\uffff", "\U0001f600"]
    assert [True] * 7 == told(compare.less(pa.array(words[:-1]), pa.array(words[1:])))


def test_numbers_are_ordered_by_value_whatever_their_types() -> None:
    tiny = pa.array([Decimal("1e-38"), Decimal("-1e-38"), Decimal(0)], pa.decimal128(38, 38))
    huge = pa.array([MOST, LEAST, 0])
    assert [True, False, False] == told(compare.less(tiny, huge))
    assert [False, True, False] == told(compare.greater(tiny, huge))


def test_null_is_in_no_set_unless_the_set_says_so() -> None:
    values = pa.array(["a", None, "c"])
    assert [True, False, False] == told(compare.in_set(values, ("a", "b")))
    assert [True, True, False] == told(compare.in_set(values, ("a", None)))
    assert [False, False, True] == told(compare.not_in_set(values, ("a", "b")))


def test_a_set_may_hold_what_the_column_cannot() -> None:
    assert [True, False] == told(compare.in_set(pa.array([2, 3]), (Decimal("1.5"), Decimal("2.0"), 2**70)))
    assert [True, False] == told(compare.in_set(pa.array([Decimal("2.00"), Decimal("1.23")], pa.decimal128(5, 2)), (2, Decimal("1.234"))))


def test_membership_in_a_list_of_the_row() -> None:
    lists = pa.array([[1, 2], [], None, [None], [3]])
    assert [True, False, False, False, False] == told(compare.in_list(pa.array([2, 1, 1, None, None]), lists))
    assert [False, True, False, False, False] == told(compare.not_in_list(pa.array([2, 1, 1, None, None]), lists))


def test_blank_is_null_empty_or_white_space() -> None:
    assert [True, True, True, True, False] == told(compare.is_blank(pa.array([None, "", "  ", "\t\u00a0\n", "x"])))
