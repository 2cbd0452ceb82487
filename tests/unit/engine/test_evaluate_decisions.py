from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from datahub.engine import decisions
from datahub.semantic import ir
from datahub.types import model as t
from tests.unit.engine.trees import INT, TEXT, call, col, const, failure, frame, run, told, values

ANY, NULL = ir.AnyValue(), ir.IsNull()
RAW, MAYBE, MONEY = t.Text(True), t.Int(True), t.Decimal(True, 10, 2)


def one(*wanted: Any) -> ir.OneOf:
    return ir.OneOf(wanted)


def not_(*refused: Any) -> ir.OneOf:
    return ir.OneOf(refused, negated=True)


def between(low: Any, high: Any, ends: str = "[]") -> ir.Between:
    return ir.Between(low, ends[0] == "[", high, ends[1] == "]")


def table(inputs: dict[str, t.Type], rows: list[tuple[Any, ...]], result: t.Type = TEXT, **more: Any) -> ir.DecisionTable:
    """Each row: for each input a test or a tuple of tests, then the outputs."""
    made = []
    for line, row in enumerate(rows):
        tests = tuple(cell if isinstance(cell, tuple) else (cell,) for cell in row[: len(inputs)])
        outputs = tuple(cell if isinstance(cell, ir.Call | ir.Column | ir.Constant) else const(cell) for cell in row[len(inputs) :])
        made.append(ir.DecisionRow(tests, outputs, line))
    given = {"policy": "first", "otherwise": None, "message": None, **more}
    return ir.DecisionTable("d", tuple(inputs.items()), result, rows=tuple(made), **given)


def decide(declared: ir.DecisionTable, columns: dict[str, list[Any]], kind: t.Type = RAW, member: str = "", **failures: Any) -> Any:
    inputs = tuple(col(name, inner) for name, inner in declared.inputs)
    rows = frame({name: (dict(declared.inputs)[name], cells) for name, cells in columns.items()}, **failures)
    return run(ir.Decision("d", inputs, member, kind), rows, decisions={"d": decisions.build(declared)})


def test_the_first_row_that_is_satisfied_gives_the_output():
    declared = table(
        {"a": RAW, "b": MAYBE}, [(one("x", "y"), between(1, 5), "first"), (ANY, between(3, None), "second"), (NULL, NULL, "none")]
    )

    column = decide(declared, {"a": ["x", "y", "z", None, "x", None], "b": [1, 6, 3, None, 0, 2]})

    assert values(column, 6) == ["first", "second", "second", "none", None, None]
    assert told(column) == [(4, "R405", ""), (5, "R405", "")]


@pytest.mark.parametrize(
    ("test", "cells", "expected"),
    [
        (between("1.5", "2"), ["1.49", "1.5", "1.75", "2", "2.01", None], [0, 1, 1, 1, 0, 0]),
        (between("1.5", "2", "()"), ["1.5", "1.51", "2"], [0, 1, 0]),
        (between(None, "1.505"), ["1.50", "1.51", "-9"], [1, 0, 1]),
        (between("1.505", None), ["1.50", "1.51"], [0, 1]),
        (one("1.5", "3"), ["1.5", "1.50", "3", "2"], [1, 1, 1, 0]),
        (not_("1.5"), ["1.5", "2", None], [0, 1, 0]),
        (one("1.505"), ["1.50", "1.51"], [0, 0]),
        (ANY, ["1", None], [1, 1]),
        (NULL, ["1", None], [0, 1]),
    ],
)
def test_tests_of_numbers(test, cells, expected):
    def number(value: Any) -> Any:
        return None if value is None else Decimal(value)

    match test:
        case ir.OneOf(values=wanted, negated=negated):
            test = ir.OneOf(tuple(number(value) for value in wanted), negated)
        case ir.Between():
            test = ir.Between(number(test.low), test.low_closed, number(test.high), test.high_closed)
        case _:
            pass
    declared = table({"a": MONEY}, [(test, "yes")], otherwise=const("no"))

    column = decide(declared, {"a": [number(cell) for cell in cells]})

    assert values(column, len(cells)) == ["yes" if one else "no" for one in expected]


@pytest.mark.parametrize(
    ("test", "cells", "expected"),
    [
        (one("a", "b"), ["a", "b", "c", "", None], [1, 1, 0, 0, 0]),
        (not_("a", "b"), ["a", "b", "c", "", None], [0, 0, 1, 1, 0]),
        (ir.Like("[ab]+"), ["ab", "abc", "", None], [1, 0, 0, 0]),
        (between("b", "d", "[)"), ["a", "b", "c", "d", None], [0, 1, 1, 0, 0]),
    ],
)
def test_tests_of_texts(test, cells, expected):
    declared = table({"a": RAW}, [(test, "yes")], otherwise=const("no"))

    assert values(decide(declared, {"a": cells}), len(cells)) == ["yes" if one else "no" for one in expected]


def test_tests_of_days_enumerations_and_truth_values():
    size = t.Enum(("S", "M", "L"))
    inputs: dict[str, t.Type] = {"d": t.Date(), "s": size, "f": t.Bool()}
    declared = table(inputs, [(between(date(2024, 1, 1), None), between("M", "L"), one(True), "yes")], otherwise=const("no"))
    columns: dict[str, list[Any]] = {
        "d": [date(2024, 1, 1), date(2023, 12, 31), date(2024, 6, 1), date(2024, 6, 1)],
        "s": ["M", "L", "S", "L"],
        "f": [True, True, True, False],
    }

    assert values(decide(declared, columns), 4) == ["yes", "no", "no", "no"]


def test_numbers_beyond_64_bits_are_compared_exactly():
    wide = t.Decimal(False, 38, 0)
    declared = table({"a": wide}, [(one(Decimal(10**30)), "yes")], otherwise=const("no"))

    assert values(decide(declared, {"a": [Decimal(10**30), Decimal(10**30 + 1), Decimal(5)]}), 3) == ["yes", "no", "no"]


def test_several_outputs_make_a_struct_of_which_one_can_be_asked_for():
    result = t.Struct((("carrier", TEXT), ("days", INT)))
    declared = table({"a": RAW}, [(one("FR"), "Colissimo", 2), (ANY, "DHL", 5)], result)

    assert values(decide(declared, {"a": ["FR", "DE"]}, result), 2) == [{"carrier": "Colissimo", "days": 2}, {"carrier": "DHL", "days": 5}]
    assert values(decide(declared, {"a": ["FR", "DE"]}, INT, "days"), 2) == [2, 5]


def test_outputs_read_the_inputs_and_fail_only_where_their_row_is_chosen():
    quotient = call("/", const(6), col("b"), kind=t.Decimal(True, 25, 6), signature="/(left: decimal")
    declared = table(
        {"a": RAW, "b": INT}, [(one("x"), ANY, quotient), (ANY, ANY, const(Decimal(1), t.Decimal(True, 25, 6)))], t.Decimal(True, 25, 6)
    )

    column = decide(declared, {"a": ["x", "x", "y"], "b": [0, 2, 0]}, t.Decimal(True, 25, 6))

    assert [None if value is None else int(value) for value in values(column, 3)] == [None, 3, 1]
    assert told(column) == [(0, "R601", "")]


def test_under_unique_a_second_row_is_a_failure():
    declared = table({"a": MAYBE}, [(between(1, 5), "low"), (between(5, 9), "high")], policy="unique")

    column = decide(declared, {"a": [1, 5, 9, 10]})

    assert values(column, 4) == ["low", None, "high", None]
    assert told(column) == [(1, "R406", ""), (3, "R405", "")]


def test_under_collect_all_rows_answer_in_their_order():
    declared = table({"a": MAYBE}, [(between(1, 5), "low"), (ANY, "any"), (between(5, 9), "high")], policy="collect")

    assert values(decide(declared, {"a": [5, 1, 20]}, t.ListOf(TEXT)), 3) == [["low", "any", "high"], ["low", "any"], ["any"]]


def test_nothing_collected_is_an_empty_list():
    declared = table({"a": MAYBE}, [(one(1), "one")], policy="collect")

    assert values(decide(declared, {"a": [2]}, t.ListOf(TEXT)), 1) == [[]]


def test_the_table_says_itself_what_is_wrong():
    message = call("&", const("nothing for "), col("a", TEXT), kind=TEXT)
    declared = table({"a": TEXT}, [(one("x"), "y")], message=message)

    assert decide(declared, {"a": ["x", "q"]}).failures[0].texts.to_pylist() == ["nothing for q"]


def test_a_failed_input_fails_the_row():
    declared = table({"a": MAYBE}, [(ANY, "any")])

    column = decide(declared, {"a": [None, 1]}, a=[failure([0], "R101")])

    assert values(column, 2) == [None, "any"]
    assert told(column) == [(0, "R101", "")]


@pytest.mark.parametrize("count", [1, 63, 64, 65, 200])
def test_tables_may_have_many_rows(count):
    declared = table({"a": MAYBE}, [(one(number), f"row {number}") for number in range(count)], otherwise=const("no"))

    column = decide(declared, {"a": [0, count - 1, count, None]})

    assert values(column, 4) == ["row 0", f"row {count - 1}", "no", "no"]
