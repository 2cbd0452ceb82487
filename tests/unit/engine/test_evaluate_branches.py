from __future__ import annotations

from typing import Literal

import numpy as np
import pyarrow as pa
import pytest

from datahub.engine.evaluate import assign, evaluate
from datahub.engine.scope import Scope
from datahub.semantic import ir
from datahub.types import model as t
from tests.unit.engine.trees import BOOL, INT, TEXT, call, col, const, failure, frame, raw, run, state, told, values

MAYBE = t.Int(True)


def is_(name: str, value: int) -> ir.Call:
    return call("=", col(name), const(value), kind=BOOL)


def recovered(how: Literal["use", "warn", "reject"] = "use", fallback: ir.Expression | None = None, code: str = "") -> ir.Recover:
    return ir.Recover(col("r.a"), how, fallback, code, MAYBE, place="a.dhm:7")


# ---------------------------------------------------------------- and, or


def test_the_right_side_of_and_fails_only_where_the_left_one_is_true():
    rows = frame({"r.a": (INT, [1, 2, 1]), "r.b": (MAYBE, [None, None, 5])}, r__b=[failure([0, 1], "R101")])

    column = run(ir.Logic("and", is_("r.a", 1), is_("r.b", 5), BOOL), rows)

    assert told(column) == [(0, "R101", "")]
    assert values(column, 3) == [None, False, True]


def test_the_right_side_of_or_fails_only_where_the_left_one_is_false():
    rows = frame({"r.a": (INT, [1, 2, 2]), "r.b": (MAYBE, [None, None, 5])}, r__b=[failure([0, 1], "R101")])

    column = run(ir.Logic("or", is_("r.a", 1), is_("r.b", 5), BOOL), rows)

    assert told(column) == [(1, "R101", "")]
    assert values(column, 3) == [True, None, True]


@pytest.mark.parametrize("operator", ["and", "or"])
def test_a_failed_left_side_fails_the_row_whatever_the_right_one_says(operator):
    rows = frame({"r.a": (MAYBE, [None, None]), "r.b": (INT, [5, 4])}, r__a=[failure([0, 1], "R101")])

    column = run(ir.Logic(operator, is_("r.a", 1), is_("r.b", 5), BOOL), rows)

    assert told(column) == [(0, "R101", ""), (1, "R101", "")]
    assert values(column, 2) == [None, None]


# ---------------------------------------------------------------- case


def test_the_first_branch_whose_condition_is_true_gives_the_value():
    rows = frame({"r.a": (INT, [1, 2, 3])})
    expression = ir.Choose(((is_("r.a", 1), const("one")), (is_("r.a", 2), const("two"))), const("many"), TEXT)

    assert values(run(expression, rows), 3) == ["one", "two", "many"]


def test_branches_of_columns_and_constants_meet_in_one_type():
    rows = frame({"r.a": (INT, [1, 2, 3, 4]), "r.b": (t.Decimal(), [1, 2, 3, 4])})
    expression = ir.Choose(
        ((is_("r.a", 1), col("r.b", t.Decimal())), (is_("r.a", 2), const(None)), (is_("r.a", 3), col("r.a"))), const(9), t.Decimal(True)
    )

    assert [None if one is None else int(one) for one in values(run(expression, rows), 4)] == [1, None, 3, 9]


def test_only_the_branch_taken_fails():
    rows = frame({"r.a": (INT, [1, 2]), "r.b": (MAYBE, [None, None])}, r__b=[failure([0, 1], "R101")])

    column = run(ir.Choose(((is_("r.a", 1), col("r.b")),), const(0), MAYBE), rows)

    assert told(column) == [(0, "R101", "")]
    assert values(column, 2) == [None, 0]


def test_a_failed_condition_fails_the_row_and_takes_no_branch():
    rows = frame({"r.a": (MAYBE, [None, 2])}, r__a=[failure([0], "R101")])

    column = run(ir.Choose(((is_("r.a", 1), const(10)),), const(0), INT), rows)

    assert told(column) == [(0, "R101", "")]
    assert values(column, 2) == [None, 0]


def test_conditions_behind_a_true_one_do_not_fail():
    rows = frame({"r.a": (INT, [1, 2]), "r.b": (MAYBE, [None, 3])}, r__b=[failure([0], "R101")])

    column = run(ir.Choose(((is_("r.a", 1), const(10)), (is_("r.b", 3), const(20))), const(0), INT), rows)

    assert told(column) == []
    assert values(column, 2) == [10, 20]


def test_a_branch_of_lists_is_chosen_row_by_row():
    kind = t.ListOf(INT)
    rows = frame({"r.a": (INT, [1, 2]), "r.xs": (kind, [[1], [2]]), "r.ys": (kind, [[8], [9]])})

    assert values(run(ir.Choose(((is_("r.a", 1), col("r.xs", kind)),), col("r.ys", kind), kind), rows), 2) == [[1], [9]]


# ---------------------------------------------------------------- default


def test_default_stands_in_for_null_but_not_for_what_failed():
    rows = frame({"r.a": (MAYBE, [None, None, 3])}, r__a=[failure([1], "R101")])

    column = run(ir.Default(col("r.a"), const(0), INT), rows)

    assert values(column, 3) == [0, None, 3]
    assert told(column) == [(1, "R101", "")]


def test_the_fallback_of_default_fails_only_where_it_is_used():
    rows = frame({"r.a": (MAYBE, [None, 2]), "r.b": (MAYBE, [None, None])}, r__b=[failure([0, 1], "R104")])

    column = run(ir.Default(col("r.a"), col("r.b"), MAYBE), rows)

    assert values(column, 2) == [None, 2]
    assert told(column) == [(0, "R104", "")]


# ---------------------------------------------------------------- on error


def test_on_error_puts_the_fallback_in_place_and_counts_it():
    rows = frame({"r.a": (MAYBE, [None, None, 3])}, r__a=[failure([1], "R101")])
    run_state = state()

    column = evaluate(recovered(fallback=const(0)), Scope(rows, run_state))

    assert values(column, 3) == [None, 0, 3]
    assert told(column) == []
    assert run_state.recovered["a.dhm:7"] == 1


def test_on_error_counts_only_rows_of_the_branch_taken():
    rows = frame({"r.a": (MAYBE, [None, None, None]), "r.b": (INT, [1, 1, 2])}, r__a=[failure([0, 1, 2], "R101")])
    run_state = state()

    column = evaluate(ir.Choose(((is_("r.b", 1), recovered(fallback=const(0))),), const(5), INT), Scope(rows, run_state))

    assert values(column, 3) == [0, 0, 5]
    assert run_state.recovered["a.dhm:7"] == 2


def test_on_error_warn_lists_what_it_recovered_from():
    rows = frame({"r.a": (MAYBE, [None, 3])}, r__a=[failure([0], "R101", column="A")])

    made = assign(rows, [ir.Assignment("price", recovered("warn", const(0)), ir.Origin("Offer", "price"))], state())

    assert values(made.columns["price"], 2) == [0, 3]
    assert [(list(one.rows), one.code, one.severity, one.column) for one in made.columns["!notes"].failures] == [([0], "R101", "warn", "A")]


def test_on_error_reject_renames_the_failure_and_keeps_its_cause():
    rows = frame({"r.a": (MAYBE, [None, 3])}, r__a=[failure([0], "R101")])

    column = run(recovered("reject", code="P-7"), rows)

    assert [(one.code, one.cause) for one in column.failures] == [("P-7", "R101")]


def test_failed_says_whether_a_value_failed_and_never_fails():
    rows = frame({"r.a": (MAYBE, [None, 3, None])}, r__a=[failure([0], "R101"), failure([2], "R102")])

    assert values(run(ir.Failed(col("r.a"), "", BOOL), rows), 3) == [True, False, True]
    assert values(run(ir.Failed(col("r.a"), "R102", BOOL), rows), 3) == [False, False, True]


def test_an_omitted_value_is_null_and_marked_where_it_is_chosen():
    rows = frame({"r.a": (INT, [1, 2])})

    column = run(ir.Default(ir.Choose(((is_("r.a", 1), ir.Omitted(MAYBE)),), col("r.a"), MAYBE), const(9), MAYBE), rows)

    assert values(column, 2) == [None, 2]
    assert told(column) == [(0, "omit", "")]
    assert values(run(ir.Failed(ir.Omitted(MAYBE), "", BOOL), rows), 2) == [False, False]


# ---------------------------------------------------------------- assignments


def test_later_assignments_read_those_before_and_failures_say_who_answers():
    rows = frame({"#s.a": (t.Text(True), ["x", "3"]), "r.a": (MAYBE, [None, 3])}, r__a=[failure([0], "R101")])
    origin = ir.Origin("Offer", "price", evidence=(ir.Evidence("PRIX", "#s.a"),))
    run_state = state()
    steps = [
        ir.Assignment("price", col("r.a"), origin),
        ir.Assignment("double", call("+", col("price"), col("price"), signature="+(left: int"), ir.Origin("Offer", "double")),
    ]

    made = assign(rows, steps, run_state)

    [told_once] = made.columns["double"].failures
    assert (told_once.column, raw(told_once), list(told_once.rows)) == ("PRIX", ["x"], [0])
    assert run_state.origins[told_once.origin] == origin
    assert values(made.columns["double"], 2) == [None, 6]


def test_an_assignment_may_replace_a_column_that_was_read_before():
    rows = frame({"a": (INT, [1, 2])})
    twice = call("+", col("a"), col("a"), signature="+(left: int")
    steps = [ir.Assignment("b", twice, ir.Origin()), ir.Assignment("a", const(5), ir.Origin()), ir.Assignment("c", twice, ir.Origin())]

    made = assign(rows, steps, state())

    assert values(made.columns["b"], 2) == [2, 4]
    assert values(made.columns["c"], 2) == [10, 10]


def test_row_facts_are_asked_of_the_run():
    rows = frame({"a": (INT, [1, 2])})

    column = run(ir.RowFact("row_no", INT), rows, facts=lambda fact, asked: pa.array(asked.rows + 1))

    assert values(column, 2) == [1, 2]


def test_presence_is_what_the_reader_noted_else_the_column_is_there():
    rows = frame({"?r.a": (BOOL, [True, False]), "r.b": (INT, [1, 2])})

    assert values(run(ir.Present("r.a", BOOL), rows), 2) == [True, False]
    assert values(run(ir.Present("r.b", BOOL), rows), 2) == [True, True]


def test_a_branch_evaluated_for_few_rows_gives_what_it_would_for_all():
    count = 200
    rows = frame({"r.a": (INT, list(range(count))), "r.b": (MAYBE, [None] * count)}, r__b=[failure(list(range(0, count, 2)), "R101")])
    slow = ir.Recover(col("r.b"), "reject", None, "X-1", MAYBE)
    condition = call("<", col("r.a"), const(10), kind=BOOL)

    column = run(ir.Choose(((condition, slow),), const(0), MAYBE), rows)

    assert told(column) == [(row, "X-1", "") for row in range(0, 10, 2)]
    assert values(column, count) == [None] * 10 + [0] * 190
    assert np.all(np.diff(column.failures[0].rows) > 0)
