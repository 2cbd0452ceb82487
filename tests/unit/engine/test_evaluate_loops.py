from __future__ import annotations

import gc
from typing import Any
from weakref import ref

import numpy as np
import pytest

from datahub.engine.evaluate import assign, evaluate
from datahub.engine.scope import Scope
from datahub.frames.frame import Frame
from datahub.semantic import ir
from datahub.types import model as t
from tests.unit.engine.trees import (
    BOOL,
    INT,
    TEXT,
    call,
    col,
    const,
    elements,
    failure,
    frame,
    loop,
    members,
    run,
    state,
    told,
    total,
    values,
)

LINE = t.Struct((("sku", TEXT), ("qty", t.Int(True))))
LINES = t.ListOf(LINE)
MAYBE = t.Int(True)


def orders(**failures: Any) -> Frame:
    return frame(
        {
            "o.lines": (LINES, [[("a", 1), ("b", 2)], [], [("c", 3), ("d", None), ("e", 5)]]),
            "o.rate": (MAYBE, [10, 20, 30]),
        },
        **failures,
    )


def lines(**more: Any) -> ir.Loop:
    return loop(col("o.lines", LINES), **more)


def times(left: ir.Expression, right: ir.Expression) -> ir.Call:
    return call("*", left, right, kind=MAYBE, signature="*(left: int")


def summed(value: ir.Expression, over: ir.Over) -> ir.Aggregate:
    return total("sum", over, value, kind=INT, signature="sum(value: int")


QTY = col("l.qty", MAYBE)


def test_elements_read_their_fields_and_the_columns_of_their_row():
    column = run(ir.Collect(times(QTY, col("o.rate")), lines(), t.ListOf(MAYBE)), orders())

    assert values(column, 3) == [[10, 20], [], [90, None, 150]]


def test_an_element_that_is_no_struct_is_read_by_the_name_of_the_item():
    kind = t.ListOf(INT)
    rows = frame({"r.xs": (kind, [[3, 1], []])})

    assert values(run(ir.Collect(call("+", col("x"), const(1), signature="+(left: int"), loop(col("r.xs", kind), "x"), kind), rows), 2) == [
        [4, 2],
        [],
    ]


def test_positions_count_from_one_in_the_list_as_it_was():
    where = call(">", QTY, const(1), kind=BOOL)

    column = run(ir.Collect(col("p"), lines(where=where, position="p"), t.ListOf(INT)), orders())

    assert values(column, 3) == [[2], [], [1, 3]]


def test_elements_are_put_in_order_nulls_last_within_their_row():
    order = (ir.Sorting(QTY, True),)

    assert values(run(ir.Collect(QTY, lines(order=order), t.ListOf(MAYBE)), orders()), 3) == [[2, 1], [], [5, 3, None]]


def test_texts_are_ordered_by_code_point():
    kind = t.ListOf(TEXT)
    rows = frame({"r.xs": (kind, [["é", "z", "B", "a"]])})

    column = run(ir.Collect(col("x", TEXT), loop(col("r.xs", kind), "x", order=(ir.Sorting(col("x", TEXT), False),)), kind), rows)

    assert values(column, 1) == [["B", "a", "z", "é"]]


def test_members_of_an_enumeration_are_ordered_as_declared():
    size = t.Enum(("S", "M", "L"))
    kind = t.ListOf(size)
    rows = frame({"r.xs": (kind, [["L", "S", "M"]])})

    column = run(ir.Collect(col("x", size), loop(col("r.xs", kind), "x", order=(ir.Sorting(col("x", size), False),)), kind), rows)

    assert values(column, 1) == [["S", "M", "L"]]


def test_aggregates_of_nothing_are_what_their_kernels_say():
    assert values(run(summed(QTY, lines()), orders()), 3) == [3, 0, 8]
    assert values(run(total("count", lines(), kind=INT, signature="count()"), orders()), 3) == [2, 0, 3]


def test_a_null_list_gives_null_where_the_result_may_be_null_and_is_empty_where_not():
    kind = t.ListOf(INT, True)
    rows = frame({"r.xs": (kind, [None, [1]])})
    over = loop(col("r.xs", kind), "x")

    assert values(run(total("sum", over, col("x"), kind=MAYBE, signature="sum(value: int"), rows), 2) == [None, 1]
    assert values(run(total("sum", over, col("x"), kind=INT, signature="sum(value: int"), rows), 2) == [0, 1]
    assert values(run(ir.Collect(col("x"), over, t.ListOf(INT, True)), rows), 2) == [None, [1]]


def test_an_element_that_fails_says_where_it_stands_and_fails_the_aggregate_of_its_row():
    divided = call("/", const(6), QTY, kind=t.Decimal(True, 25, 6), signature="/(left: decimal")
    rows = frame({"o.lines": (LINES, [[("a", 2), ("b", 0)], [("c", 3)]])})

    column = run(total("sum", lines(), divided, kind=t.Decimal(False, 35, 6), signature="sum(value: decimal"), rows)

    assert told(column) == [(0, "R601", "/lines/1")]
    assert [None if one is None else int(one) for one in values(column, 2)] == [None, 2]


def test_an_element_that_fails_fails_alone_in_the_list_made_of_it():
    divided = call("/", const(6), QTY, kind=t.Decimal(True, 25, 6), signature="/(left: decimal")
    where = call("<>", col("l.sku", TEXT), const("a"), kind=BOOL)
    rows = frame({"o.lines": (LINES, [[("a", 2), ("b", 0), ("c", 1)]])})

    column = run(ir.Collect(divided, lines(where=where), t.ListOf(t.Decimal(True, 25, 6))), rows)

    assert told(column) == [(0, "R601", "/lines/1")]
    assert elements(column.failures[0]) == [0]
    assert values(column, 1)[0][0] is None
    assert values(column, 1)[0][1] is not None


def test_a_failed_column_of_the_row_stays_a_failure_of_the_row():
    column = run(ir.Collect(times(QTY, col("o.rate")), lines(), t.ListOf(MAYBE)), orders(o__rate=[failure([0, 1], "R101")]))

    assert told(column) == [(0, "R101", "")]


def test_a_failed_element_of_the_source_counts_only_where_its_field_is_read():
    bad = failure([2], "R101", elements=[1], paths=["/lines/1/qty"], inside="qty")
    rows = orders(o__lines=[bad])

    assert told(run(summed(QTY, lines()), rows)) == [(2, "R101", "/lines/1/qty")]
    assert told(run(ir.Collect(col("l.sku", TEXT), lines(), t.ListOf(TEXT)), rows)) == []


def test_a_failed_element_that_the_filter_leaves_out_does_not_count():
    bad = failure([2], "R101", elements=[1], paths=["/lines/1/qty"], inside="qty")
    where = call("<>", col("l.sku", TEXT), const("d"), kind=BOOL)

    assert told(run(summed(QTY, lines(where=where)), orders(o__lines=[bad]))) == []


def test_a_list_that_failed_as_a_whole_fails_what_is_made_of_it():
    rows = frame({"o.lines": (t.ListOf(LINE, True), [None, [("a", 1)]])}, o__lines=[failure([0], "R005")])

    column = run(summed(QTY, lines()), rows)

    assert told(column) == [(0, "R005", "")]
    assert values(column, 2) == [None, 1]


def test_a_filter_that_fails_fails_the_row_and_leaves_the_element_out():
    bad = failure([2], "R101", elements=[1], paths=["/lines/1/qty"], inside="qty")
    where = call(">", QTY, const(0), kind=BOOL)

    column = run(ir.Collect(col("l.sku", TEXT), lines(where=where), t.ListOf(TEXT)), orders(o__lines=[bad]))

    assert told(column) == [(2, "R101", "/lines/1/qty")]


def test_loops_stand_within_loops_and_paths_show_the_way():
    kind = t.ListOf(t.Struct((("parts", t.ListOf(INT)),)))
    rows = frame({"o.lines": (kind, [[([1, 2],), ([],)], [([0],)]])})
    divided = call("/", const(1), col("p"), kind=t.Decimal(False, 25, 6), signature="/(left: decimal")
    inner = total("sum", loop(col("l.parts", t.ListOf(INT)), "p"), divided, kind=t.Decimal(False, 35, 6), signature="sum(value: decimal")

    column = run(ir.Collect(inner, loop(col("o.lines", kind)), t.ListOf(t.Decimal(False, 35, 6))), rows)

    assert told(column) == [(1, "R601", "/lines/0/parts/0")]
    assert [[None if one is None else float(one) for one in row] for row in values(column, 2)] == [[1.5, 0.0], [None]]


def test_a_loop_over_constants_is_the_same_in_every_row():
    kind = t.ListOf(INT)
    rows = frame({"o.rate": (INT, [10, 20])})
    over = loop(const((1, 2), kind), "x")

    assert values(run(summed(times(col("x"), col("o.rate")), over), rows), 2) == [30, 60]


def test_a_list_is_taken_apart_once_for_all_that_go_over_it():
    scope = Scope(orders(), state())
    scope.evaluate(summed(QTY, lines()))
    made = dict(scope._made)
    scope.evaluate(total("max", lines(), QTY, kind=MAYBE, signature="max(value"))

    assert scope._made.keys() == made.keys()


# ---------------------------------------------------------------- members of groups


def grouped() -> tuple[Frame, Frame, Any]:
    groups = frame({"key.ref": (TEXT, ["A", "B"])})
    rows = frame({"r.qty": (MAYBE, [1, 2, None]), "r.tags": (t.ListOf(TEXT), [["x"], ["y"], []])}, r__qty=[failure([2], "R101")])
    return groups, rows, np.array([0, 2, 3])


def test_the_members_of_a_group_are_aggregated_and_read_the_group_s_columns():
    groups, rows, offsets = grouped()
    scope = Scope(groups, state(), members=Scope(rows, state()), offsets=offsets)
    joined = call("&", col("key.ref", TEXT), const("!"), kind=TEXT)

    assert values(evaluate(summed(col("r.qty"), ir.Members(None, ())), scope), 2) == [3, None]
    assert values(evaluate(total("first", ir.Members(None, ()), joined, kind=t.Text(True)), scope), 2) == ["A!", "B!"]


def test_a_failed_member_is_named_by_its_place_in_the_group():
    groups, rows, offsets = grouped()
    steps = [ir.Assignment("qty", summed(col("r.qty"), ir.Members(None, ())), ir.Origin("Offer", "qty"))]

    [failed] = assign(groups, steps, state(), members=(rows, np.arange(rows.length)), offsets=offsets).columns["qty"].failures

    assert (list(failed.rows), members(failed), failed.code) == ([1], [0], "R101")


def test_members_are_filtered_and_put_in_order():
    groups, rows, offsets = grouped()
    scope = Scope(groups, state(), members=Scope(rows, state()), offsets=offsets)
    where = call("=", call("count", col("r.tags", t.ListOf(TEXT)), kind=INT, signature="count(values: [T"), const(1), kind=BOOL)
    over = ir.Members(where, (ir.Sorting(col("r.qty"), True),))

    assert values(evaluate(ir.Collect(col("r.qty"), over, t.ListOf(MAYBE)), scope), 2) == [[2, 1], []]


@pytest.mark.parametrize(("flag", "expected"), [(True, [3, 0]), (False, [0, 0])])
def test_members_can_be_aggregated_in_a_branch(flag, expected):
    groups = frame({"key.ref": (TEXT, ["A", "B"])})
    rows = frame({"r.qty": (MAYBE, [1, 2, 4])})
    scope = Scope(groups, state(), members=Scope(rows, state()), offsets=np.array([0, 2, 3]))
    guarded = ir.Recover(summed(col("r.qty"), ir.Members(None, ())), "use", const(0), "", INT)
    condition = call("=", col("key.ref", TEXT), const("A" if flag else "Z"), kind=BOOL)

    assert values(evaluate(ir.Choose(((condition, guarded),), const(0), INT), scope), 2) == expected


def test_what_is_recovered_in_a_comprehension_is_counted_and_listed_with_its_place():
    divided = call("div", const(6), QTY, kind=MAYBE, signature="div(left: int")
    guarded = ir.Recover(divided, "warn", const(0), "", MAYBE, place="a.dhm:3")
    rows = frame({"o.lines": (LINES, [[("a", 2), ("b", 0)], [("c", 0)]])})
    run_state = state()

    made = assign(rows, [ir.Assignment("xs", ir.Collect(guarded, lines(), t.ListOf(MAYBE)), ir.Origin("Order", "xs"))], run_state)

    assert values(made.columns["xs"], 2) == [[3, 0], [0]]
    assert told(made.columns["xs"]) == []
    assert told(made.columns["!notes"]) == [(0, "R601", "/lines/1"), (1, "R601", "/lines/0")]
    assert run_state.recovered["a.dhm:3"] == 2


def test_a_comprehension_in_a_branch_goes_over_the_rows_of_that_branch():
    divided = call("div", const(6), QTY, kind=MAYBE, signature="div(left: int")
    guarded = ir.Recover(divided, "use", const(0), "", MAYBE, place="a.dhm:3")
    condition = call("=", col("o.rate"), const(1), kind=BOOL)
    rows = frame({"o.lines": (LINES, [[("a", 0)], [("b", 0)]]), "o.rate": (INT, [1, 2])})
    run_state = state()
    expression = ir.Choose(((condition, ir.Collect(guarded, lines(), t.ListOf(MAYBE))),), const((), t.ListOf(MAYBE)), t.ListOf(MAYBE))

    assert values(evaluate(expression, Scope(rows, run_state)), 2) == [[0], []]
    assert run_state.recovered["a.dhm:3"] == 1


def test_a_scope_that_forgets_leaves_nothing_for_the_collector():
    """What is made for elements of elements knows the scope around it, and would live until garbage is looked for."""
    rows = orders()
    kept = ir.Collect(
        col("l.qty", MAYBE), loop(ir.Collect(col("k", LINE), loop(col("o.lines", LINES), "k"), t.ListOf(LINE)), "l"), t.ListOf(MAYBE)
    )
    gc.collect()
    gc.disable()
    try:
        scope = Scope(rows, state())
        scope.evaluate(kept)
        inner = [ref(one()) for one in scope.inner]
        assert inner
        scope.forget()
        del scope
        assert [None] * len(inner) == [one() for one in inner]
    finally:
        gc.enable()
