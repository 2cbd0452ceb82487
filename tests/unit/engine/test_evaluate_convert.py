from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from datahub.semantic import ir
from datahub.types import model as t
from tests.unit.engine.trees import INT, TEXT, col, elements, failure, frame, raw, run, told, values

RAW = t.Text(True)


def converted(cells: list[Any], kind: t.Type, raw: t.Type = RAW, **reading: Any):
    return run(ir.Convert(col("#s.a", raw), ir.Reading(**reading), "A", kind), frame({"#s.a": (raw, cells)}))


@pytest.mark.parametrize(
    ("kind", "cell", "expected", "reading"),
    [
        (INT, "12", 12, {}),
        (t.Decimal(False, 10, 2), "12,50", Decimal("12.50"), {"decimal": ","}),
        (t.Float(), "1.5", 1.5, {}),
        (t.Bool(), "O", True, {"true_words": ("O",), "false_words": ("N",)}),
        (t.Date(), "31/12/2024", date(2024, 12, 31), {"formats": ("dd/MM/yyyy",)}),
        (TEXT, " a ", " a ", {}),
        (TEXT, " a ", "a", {"trim": True}),
        (TEXT, "", "", {"empty_text": True}),
        (t.Int(True), "", None, {"empty_text": True}),
        (RAW, "", None, {}),
        (RAW, " ", " ", {}),
        (RAW, " ", None, {"trim": True}),
        (RAW, "N/A", None, {"null_words": ("N/A",)}),
        (t.Json(), '{"a": 1}', '{"a": 1}', {}),
        (t.Named("Count", t.Int()), "5", 5, {}),
    ],
)
def test_a_cell_is_read_as_its_column_says(kind, cell, expected, reading):
    column = converted([cell], kind, **reading)

    assert values(column, 1) == [expected]
    assert told(column) == []


@pytest.mark.parametrize(
    ("kind", "cell", "code"),
    [
        (INT, "0x10", "R101"),
        (INT, "99999999999999999999", "R102"),
        (t.Int(False, 16), "40000", "R102"),
        (t.Bool(), "maybe", "R103"),
        (t.Decimal(False, 10, 2), "abc", "R104"),
        (t.Decimal(False, 10, 2), "1.005", "R105"),
        (t.Date(), "2020-02-31", "R106"),
        (t.DateTime(), "2020-01-01 10:00:00", "R110"),
        (t.Time(), "25:00", "R108"),
        (t.Enum(("S", "M")), "XL", "R109"),
        (t.Json(), "{", "R111"),
        (t.Duration(), "soon", "R112"),
        (t.Text(False, None, 2), "abc", "R202"),
        (t.Text(False, 2, 3), "a", "R203"),
        (INT, None, "R201"),
        (INT, "", "R201"),
    ],
)
@pytest.mark.parametrize("copies", [1, 100])
def test_a_cell_that_cannot_be_read_is_null_and_told_with_its_text(kind, cell, code, copies):
    column = converted([cell] * copies, kind)

    assert values(column, copies) == [None] * copies
    assert told(column) == [(row, code, "") for row in range(copies)]
    assert [(one.column, raw(one)) for one in column.failures] == [("A", [cell] * copies)]


def test_the_text_told_is_the_raw_one_even_where_it_was_trimmed():
    assert converted([" x "], INT, trim=True).failures[0].values.to_pylist() == [" x "]


def test_a_row_that_failed_before_is_not_read():
    rows = frame({"#s.a": (RAW, ["x", "y"])}, **{"#s__a": [failure([0], "R002")]})

    assert told(run(ir.Convert(col("#s.a", RAW), ir.Reading(), "A", INT), rows)) == [(0, "R002", ""), (1, "R101", "")]


# ---------------------------------------------------------------- lists, maps, structs


def test_a_cell_is_split_and_its_items_fail_alone():
    column = converted(["1,x,3", "", None, "4"], t.ListOf(INT), split=(",",))

    assert values(column, 4) == [[1, None, 3], [], [], [4]]
    assert told(column) == [(0, "R101", "/A/1")]
    assert (elements(column.failures[0]), raw(column.failures[0])) == ([1], ["x"])


def test_marks_are_taken_from_the_outermost_in():
    assert values(converted(["1-2||3"], t.ListOf(t.ListOf(INT)), split=("||", "-")), 1) == [[[1, 2], [3]]]


def test_blank_items_are_no_items_unless_items_may_be_null():
    assert values(converted(["a,, b,"], t.ListOf(TEXT), split=(",",), trim=True), 1) == [["a", "b"]]
    assert values(converted(["a,,b"], t.ListOf(RAW), split=(",",)), 1) == [["a", None, "b"]]


def test_columns_gathered_in_a_list_are_read_item_by_item():
    column = converted([["1", None, "x"], []], t.ListOf(INT), t.ListOf(RAW))

    assert values(column, 2) == [[1, None], []]
    assert told(column) == [(0, "R101", "/A/1")]


def test_structs_gathered_from_numbered_columns_drop_what_is_blank_and_name_the_field_that_failed():
    raw = t.ListOf(t.Struct((("name", RAW), ("values", RAW))))
    kind = t.ListOf(t.Struct((("name", TEXT), ("values", t.ListOf(INT)))))
    inner = (ir.Reading(inner=(ir.Reading(), ir.Reading(split=(",",)))),)

    column = converted([[("size", "1,2"), (None, ""), ("width", "x")]], kind, raw, inner=inner)

    assert values(column, 1) == [[{"name": "size", "values": [1, 2]}, {"name": "width", "values": [None]}]]
    assert told(column) == [(0, "R101", "/A/1/values/0")]
    assert [(elements(one), one.inside) for one in column.failures] == [([1], "values")]


def test_a_required_field_of_a_gathered_struct_that_is_blank_fails_there():
    raw = t.ListOf(t.Struct((("name", RAW), ("size", RAW))))
    kind = t.ListOf(t.Struct((("name", TEXT), ("size", INT))))

    assert told(converted([[("a", "1"), ("b", None)]], kind, raw)) == [(0, "R201", "/A/1/size")]


def test_columns_gathered_in_a_map_make_no_entry_for_a_blank():
    column = converted([[("x", "1"), ("y", ""), ("z", "no")]], t.MapOf(INT), t.MapOf(RAW))

    assert values(column, 1) == [[("x", 1), ("z", None)]]
    assert told(column) == [(0, "R101", "/A/z")]


def test_a_map_is_split_out_of_one_cell():
    assert values(converted(["a=1;b=2"], t.MapOf(INT), split=(";", "=")), 1) == [[("a", 1), ("b", 2)]]


def test_many_equal_cells_are_read_once_and_give_the_same():
    cells = ["1", "x", None, "2"] * 50

    column = converted(cells, t.Int(True))

    assert values(column, 200) == [1, None, None, 2] * 50
    assert told(column) == [(row, "R101", "") for row in range(1, 200, 4)]
