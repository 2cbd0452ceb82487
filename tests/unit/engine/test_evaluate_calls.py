from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa

from datahub.engine.scope import Scope
from datahub.semantic import ir
from datahub.types import model as t
from tests.unit.engine.trees import BOOL, INT, TEXT, call, col, const, failure, frame, run, state, told, values


def divided() -> ir.Call:
    return call("/", col("r.a"), col("r.b"), kind=t.Decimal(False, 25, 6), signature="/(left: decimal")


def test_null_in_gives_null_out():
    rows = frame({"r.a": (t.Int(True), [1, None, 3])})

    assert values(run(call("+", col("r.a"), const(1), signature="+(left: int"), rows), 3) == [2, None, 4]


def test_a_null_constant_makes_every_row_null():
    rows = frame({"r.a": (INT, [1, 2])})

    assert values(run(call("+", col("r.a"), const(None, INT), signature="+(left: int"), rows), 2) == [None, None]


def test_a_kernel_s_failures_are_those_of_the_rows():
    rows = frame({"r.a": (INT, [6, 6]), "r.b": (INT, [0, 2])})

    column = run(divided(), rows)

    assert told(column) == [(0, "R601", "")]
    assert [str(value) for value in values(column, 2)] == ["None", "3.000000"]


def test_a_row_that_failed_before_does_not_fail_again_in_the_kernel():
    rows = frame({"r.a": (INT, [6, 6]), "r.b": (t.Int(True), [None, 0])}, r__b=[failure([0], "R101")])

    assert told(run(divided(), rows)) == [(0, "R101", ""), (1, "R601", "")]


def test_a_failure_that_comes_by_two_routes_is_told_once():
    rows = frame({"r.a": (t.Int(True), [None, 2])}, r__a=[failure([0], "R101")])
    picked = ir.Choose(((call("=", col("r.a"), const(2), kind=BOOL), const(1)),), col("r.a"), INT)

    assert told(run(call("+", picked, col("r.a"), signature="+(left: int"), rows)) == [(0, "R101", "")]


def test_a_failed_operand_of_a_null_aware_function_fails_the_result():
    rows = frame({"r.a": (t.Int(True), [None, None])}, r__a=[failure([0], "R101")])

    column = run(call("=", col("r.a"), const(None, INT), kind=BOOL), rows)

    assert values(column, 2) == [None, True]
    assert told(column) == [(0, "R101", "")]


def test_constants_are_folded_once_and_stay_constants():
    rows = frame({"r.a": (INT, [1, 2])})
    expression = call("+", const(2), const(3), signature="+(left: int")

    column = run(expression, rows)

    assert column.values == pa.scalar(5)


def test_a_constant_that_fails_fails_every_row():
    rows = frame({"r.a": (INT, [1, 2])})

    column = run(call("/", const(1), const(0), kind=t.Decimal(False, 7, 6), signature="/(left: decimal"), rows)

    assert told(column) == [(0, "R601", ""), (1, "R601", "")]
    assert values(column, 2) == [None, None]


def test_a_constant_that_fails_fails_no_row_where_there_is_none():
    rows = frame({"r.a": (INT, [])})

    assert told(run(call("/", const(1), const(0), kind=t.Decimal(False, 7, 6), signature="/(left: decimal"), rows)) == []


def test_equal_expressions_are_evaluated_once():
    rows = frame({"r.a": (INT, [1, 2])})
    scope = Scope(rows, state())
    once = scope.evaluate(call("+", col("r.a"), const(1), signature="+(left: int"))

    assert scope.evaluate(call("+", col("r.a"), const(1), signature="+(left: int")) is once


def test_a_failed_element_of_a_list_fails_what_is_made_of_the_whole_list():
    kind = t.ListOf(INT)
    rows = frame({"r.xs": (kind, [[1, None], [3]])}, r__xs=[failure([0], "R101", elements=[1], paths=["/xs/1"])])

    column = run(call("sum", col("r.xs", kind), kind=INT, signature="sum(values: [int"), rows)

    assert values(column, 2) == [None, 3]
    assert told(column) == [(0, "R101", "/xs/1")]
    assert column.failures[0].elements is None


def test_parameters_are_given_by_the_run():
    rows = frame({"r.a": (TEXT, ["x", "y"])})

    assert values(run(ir.Parameter("p", INT), rows, parameters={"p": 7}), 2) == [7, 7]


def test_long_chains_are_evaluated_without_running_out_of_stack():
    chain: ir.Expression = col("r.a")
    for _ in range(3000):
        chain = call("+", chain, const(1), signature="+(left: int")

    assert values(run(chain, frame({"r.a": (INT, [1, None])})), 2) == [3001, None]


def test_parts_that_are_shared_many_times_are_evaluated_once():
    shared: ir.Expression = col("r.a")
    for _ in range(40):
        shared = call("-", call("+", shared, shared, signature="+(left: int"), shared, signature="-(left: int")

    assert values(run(shared, frame({"r.a": (INT, [7])})), 1) == [7]


def test_threads_may_share_what_a_run_knows():
    state_of_run = state()
    chain: ir.Expression = col("r.a")
    for number in range(60):
        chain = call("+", chain, call("+", const(number), const(1), signature="+(left: int"), signature="+(left: int")
    rows = frame({"r.a": (INT, [1, 2, 3])})

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: values(Scope(rows, state_of_run).evaluate(chain), 3), range(16)))

    assert made == [[1831, 1832, 1833]] * 16


def test_a_list_is_as_long_whatever_failed_within_it():
    kind = t.ListOf(INT)
    bad = [failure([0], "R101", elements=[1], paths=["/xs/1"]), failure([1], "R005")]
    rows = frame({"r.xs": (t.ListOf(INT, True), [[1, None], None]), "r.n": (INT, [1, 2])}, r__xs=bad)

    column = run(call("length", col("r.xs", kind), kind=INT, signature="length(values: [T"), rows)

    assert values(column, 2) == [2, None]
    assert told(column) == [(1, "R005", "")]
