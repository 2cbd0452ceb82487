from __future__ import annotations

from typing import Any

import pytest

from datahub.frames.frame import Frame
from datahub.semantic import ir
from datahub.types import model as t
from tests.unit.engine.trees import BOOL, INT, TEXT, call, col, const, failure, frame, loop, run, told, total, values

MAYBE = t.Int(True)


def rows(**failures: Any) -> Frame:
    return frame(
        {"r.k": (t.Text(True), ["a", "b", "a", None, "a", None]), "r.x": (MAYBE, [3, 1, None, 5, 1, 6])},
        **failures,
    )


def window(**more: Any) -> ir.Window:
    return ir.Window((col("r.k", t.Text(True)),), more.get("where"), more.get("order", ()))


def summed(over: ir.Over) -> ir.Aggregate:
    return total("sum", over, col("r.x", MAYBE), kind=INT, signature="sum(value: int")


def counted(over: ir.Over) -> ir.Aggregate:
    return total("count", over, kind=INT, signature="count()")


BY_X = (ir.Sorting(col("r.x", MAYBE), False),)


def test_what_a_window_says_is_given_to_each_of_its_rows_and_nulls_are_one_window():
    assert values(run(summed(window()), rows()), 6) == [4, 1, 4, 11, 4, 11]
    assert values(run(counted(window()), rows()), 6) == [3, 1, 3, 2, 3, 2]


def test_a_window_without_keys_is_all_rows():
    assert values(run(counted(ir.Window((), None, ())), rows()), 6) == [6] * 6


def test_the_filter_of_a_window_keeps_rows_out_of_it_but_not_from_what_it_says():
    where = call("=", col("r.x", MAYBE), const(1), kind=BOOL)

    assert values(run(counted(window(where=where)), rows()), 6) == [1, 1, 1, 0, 1, 0]


def test_the_order_of_a_window_decides_first_and_last():
    column = run(total("first", window(order=BY_X), col("r.x", MAYBE), kind=MAYBE), rows())

    assert values(column, 6) == [1, 1, 1, 5, 1, 5]


def test_a_row_whose_value_failed_fails_and_is_left_out_for_the_others():
    column = run(summed(window()), rows(r__x=[failure([2], "R101")]))

    assert told(column) == [(2, "R101", "")]
    assert values(column, 6) == [4, 1, None, 11, 4, 11]


def test_a_row_whose_key_failed_is_in_no_window():
    column = run(counted(window()), rows(r__k=[failure([3], "R101")]))

    assert told(column) == [(3, "R101", "")]
    assert values(column, 6) == [3, 1, 3, None, 3, 1]


def test_a_reject_of_the_aggregate_concerns_every_row_of_its_window():
    column = run(total("same", window(), col("r.x", MAYBE), kind=MAYBE), rows())

    assert told(column) == [(row, "R511", "") for row in (0, 2, 3, 4, 5)]


def test_rows_are_numbered_in_the_order_of_their_window():
    assert values(run(ir.WindowCall("row_number", None, 0, window(), INT), rows()), 6) == [1, 1, 2, 1, 3, 2]
    assert values(run(ir.WindowCall("row_number", None, 0, window(order=BY_X), INT), rows()), 6) == [2, 1, 3, 1, 1, 2]


@pytest.mark.parametrize(
    ("function", "steps", "expected"),
    [
        ("lag", 1, [None, None, 3, None, None, 5]),
        ("lead", 1, [None, None, 1, 6, None, None]),
        ("lag", 2, [None, None, None, None, 3, None]),
    ],
)
def test_neighbours_are_rows_of_the_same_window(function, steps, expected):
    assert values(run(ir.WindowCall(function, col("r.x", MAYBE), steps, window(), MAYBE), rows()), 6) == expected


def test_a_window_in_a_branch_sees_all_rows():
    guarded = ir.Recover(summed(window()), "use", const(0), "", INT)
    condition = call("=", col("r.x", MAYBE), const(3), kind=BOOL)

    assert values(run(ir.Choose(((condition, guarded),), const(0), INT), rows()), 6) == [4, 0, 0, 0, 0, 0]


def test_a_window_in_a_comprehension_is_that_of_the_row():
    kind = t.ListOf(INT)
    lists = frame({"r.k": (TEXT, ["a", "a"]), "r.x": (MAYBE, [1, 2]), "r.xs": (kind, [[1, 2], [3]])})
    value = call("+", col("x"), summed(window()), signature="+(left: int")

    assert values(run(ir.Collect(value, loop(col("r.xs", kind), "x"), kind), lists), 2) == [[4, 5], [6]]


def test_no_rows_make_no_windows():
    assert values(run(summed(window()), frame({"r.k": (TEXT, []), "r.x": (INT, [])})), 0) == []
