from __future__ import annotations

from decimal import Decimal

from datahub.engine.evaluate import assign
from datahub.semantic import ir
from datahub.types import model as t
from tests.unit.engine.trees import BOOL, INT, TEXT, call, col, const, elements, failure, frame, raw, run, state, told, values

MAYBE = t.Int(True)
WORD = t.Text(True)


def fit(value: ir.Expression, kind: t.Type, rounding: str = "", conditions: tuple[tuple[ir.Expression, str], ...] = ()) -> ir.Fit:
    return ir.Fit(value, kind, rounding, conditions)


# ---------------------------------------------------------------- structs and lists


def test_a_field_of_a_null_struct_is_null():
    kind = t.Struct((("a", INT),), True)
    rows = frame({"r.s": (kind, [None, (7,)])})

    assert values(run(ir.Field(col("r.s", kind), "a", MAYBE), rows), 2) == [None, 7]


def test_a_struct_is_made_of_columns_and_constants():
    kind = t.Struct((("a", INT), ("b", TEXT)))
    rows = frame({"r.a": (INT, [1, 2])})

    assert values(run(ir.MakeStruct((("a", col("r.a")), ("b", const("x"))), kind), rows), 2) == [{"a": 1, "b": "x"}, {"a": 2, "b": "x"}]


def test_what_failed_of_one_field_does_not_fail_another():
    kind = t.Struct((("a", MAYBE), ("b", TEXT)))
    rows = frame({"r.a": (MAYBE, [None, 2])}, r__a=[failure([0], "R101")])
    made = ir.MakeStruct((("a", col("r.a")), ("b", const("x"))), kind)

    assert told(run(made, rows)) == [(0, "R101", "")]
    assert told(run(ir.Field(made, "b", TEXT), rows)) == []
    assert told(run(ir.Field(made, "a", MAYBE), rows)) == [(0, "R101", "")]


def test_a_list_is_made_row_by_row_and_its_elements_fail_alone():
    rows = frame({"r.a": (MAYBE, [None, 2]), "r.b": (INT, [5, 6])}, r__a=[failure([0], "R101")])

    column = run(ir.MakeList((col("r.b"), col("r.a"), const(9)), t.ListOf(MAYBE)), rows)

    assert values(column, 2) == [[5, None, 9], [6, 2, 9]]
    assert [(list(one.rows), elements(one)) for one in column.failures] == [([0], [1])]


def test_an_empty_list_is_a_constant():
    assert values(run(ir.MakeList((), t.ListOf(t.Nothing())), frame({"r.a": (INT, [1, 2])})), 2) == [[], []]


# ---------------------------------------------------------------- fitting


def test_a_required_field_that_is_null_fails_unless_it_failed_already():
    rows = frame({"r.a": (MAYBE, [None, None, 3])}, r__a=[failure([1], "R101")])

    assert told(run(fit(col("r.a", MAYBE), INT), rows)) == [(0, "R201", ""), (1, "R101", "")]


def test_an_omitted_value_is_not_missing():
    assert told(run(fit(ir.Omitted(MAYBE), INT), frame({"r.a": (INT, [1])}))) == [(0, "omit", "")]


def test_text_is_measured_in_code_points():
    rows = frame({"r.a": (TEXT, ["éé", "abc", "x", "ab"])})

    column = run(fit(col("r.a", TEXT), t.Text(False, 2, 2)), rows)

    assert told(column) == [(1, "R202", ""), (2, "R203", "")]
    assert values(column, 4) == ["éé", None, None, "ab"]
    assert [raw(one) for one in column.failures] == [["abc"], ["x"]]


def test_surplus_digits_fail_unless_a_rounding_is_told():
    price = t.Decimal(False, 10, 3)
    rows = frame({"r.a": (price, [Decimal("1.005"), Decimal("1.25"), Decimal("2.5")])})

    assert told(run(fit(col("r.a", price), t.Decimal(False, 10, 2)), rows)) == [(0, "R105", "")]
    assert values(run(fit(col("r.a", price), t.Decimal(False, 10, 2), "half_up"), rows), 3) == [
        Decimal("1.01"),
        Decimal("1.25"),
        Decimal("2.50"),
    ]


def test_whole_numbers_become_decimals():
    assert values(run(fit(col("r.a"), t.Decimal(False, 6, 2)), frame({"r.a": (INT, [12])})), 1) == [Decimal("12.00")]


def test_a_narrow_int_has_its_bounds():
    rows = frame({"r.a": (INT, [32767, 32768, -32768, -32769])})

    assert told(run(fit(col("r.a"), t.Int(False, 16)), rows)) == [(1, "R102", ""), (3, "R102", "")]


def test_a_text_that_is_no_member_fails():
    rows = frame({"r.a": (TEXT, ["S", "XL"])})

    assert told(run(fit(col("r.a", TEXT), t.Enum(("S", "M"))), rows)) == [(1, "R109", "")]


def test_conditions_of_named_types_ask_nothing_of_null():
    small = t.Named("Small", t.Int(), True)
    condition = call("<", col("it"), const(3), kind=BOOL)
    rows = frame({"r.a": (MAYBE, [2, 3, None])})

    assert told(run(fit(col("r.a", MAYBE), small, conditions=((condition, "R301"),)), rows)) == [(1, "R301", "")]


def test_a_failure_within_a_condition_counts_under_its_own_code():
    named = t.Named("Odd", t.Int(), True)
    condition = call(
        "=",
        call("/", const(1), col("it"), kind=t.Decimal(False, 25, 6), signature="/(left: decimal"),
        const(Decimal(1), t.Decimal(False, 25, 6)),
        kind=BOOL,
    )
    rows = frame({"r.a": (INT, [1, 0, 2])})

    assert told(run(fit(col("r.a"), named, conditions=((condition, "R301"),)), rows)) == [(1, "R601", ""), (2, "R301", "")]


def test_parts_of_lists_and_structs_are_fitted_and_say_where_they_stand():
    was = t.ListOf(t.Struct((("sku", TEXT), ("qty", MAYBE))))
    kind = t.ListOf(t.Struct((("sku", t.Text(False, None, 2)), ("qty", INT))))
    rows = frame({"r.xs": (was, [[("ab", 1), ("abc", None)], [], [("x", 2)]])})

    column = run(fit(col("r.xs", was), kind), rows)

    assert told(column) == [(0, "R201", "/1/qty"), (0, "R202", "/1/sku")]
    assert sorted((one.inside, elements(one)) for one in column.failures) == [("qty", [1]), ("sku", [1])]
    assert values(column, 3) == [[{"sku": "ab", "qty": 1}, {"sku": None, "qty": None}], [], [{"sku": "x", "qty": 2}]]


def test_a_null_struct_lacks_no_fields():
    was, kind = t.Struct((("a", MAYBE),), True), t.Struct((("a", INT),), True)
    rows = frame({"r.s": (was, [None, (None,), (1,)])})

    assert told(run(fit(col("r.s", was), kind), rows)) == [(1, "R201", "/a")]


def test_conditions_reach_the_items_of_a_list():
    small = t.Named("Small", t.Int())
    condition = call("<", col("it/*"), const(3), kind=BOOL)
    kind = t.ListOf(INT)
    rows = frame({"r.xs": (kind, [[2, 3], [1]])})

    assert told(run(fit(col("r.xs", kind), t.ListOf(small), conditions=((condition, "R301"),)), rows)) == [(0, "R301", "/1")]


def test_a_value_that_fits_by_its_type_passes_as_it_is():
    rows = frame({"r.a": (TEXT, ["a", "b"])})

    assert run(fit(col("r.a", TEXT), WORD), rows).values is rows.columns["r.a"].values


def test_a_field_that_does_not_fit_shows_the_raw_text_of_its_source():
    rows = frame({"#s.a": (TEXT, [" abc ", "x"]), "r.a": (TEXT, ["abc", "x"])})
    origin = ir.Origin("Offer", "sku", evidence=(ir.Evidence("SKU", "#s.a"),))

    made = assign(rows, [ir.Assignment("sku", fit(col("r.a", TEXT), t.Text(False, None, 2)), origin)], state())

    assert [(one.column, raw(one)) for one in made.columns["sku"].failures] == [("SKU", [" abc "])]
