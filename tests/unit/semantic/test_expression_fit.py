from decimal import Decimal

import pytest

from datahub.semantic import ir
from datahub.types import model as t
from tests.unit.semantic.expression_scopes import STATUS, fitted, in_row, name_type, world


@pytest.mark.parametrize(
    "text, into, shape, codes",
    [
        ("r.sku", t.Text(), "r.sku", ()),
        ("r.sku", t.Text(True), "r.sku", ()),
        ("r.label", t.Text(), "fit(r.label, text)", ("R201",)),
        ("r.sku", t.Text(longest=40), "fit(r.sku, text(40))", ("R202",)),
        ("r.sku", t.Text(shortest=1, longest=40), "fit(r.sku, text(1..40))", ("R202", "R203")),
        ("r.qty", t.Decimal(), "fit(r.qty, decimal)", ("R102",)),
        ("r.qty", t.Decimal(False, 22, 2), "fit(r.qty, decimal(22,2))", ()),
        ("r.qty", t.Int(width=16), "fit(r.qty, int(16))", ("R102",)),
        ("r.price", t.Decimal(False, 14, 4), "fit(r.price, decimal(14,4))", ()),
        ("r.price", t.Decimal(False, 12, 2), "r.price", ()),
        ("r.sku", STATUS, "fit(r.sku, enum(draft, live, off))", ("R109",)),
        ("r.status", STATUS, "r.status", ()),
        ("r.status", t.Enum(("live", "off")), "fit(r.status, enum(live, off))", ("R109",)),
        ("r.status", t.Text(longest=5), "r.status", ()),
        ("r.tags", t.ListOf(t.Text(longest=3)), "fit(r.tags, [text(3)])", ("R202",)),
        ("r.customer", t.Struct((("name", t.Text()), ("id", t.Text())), True), "fit(r.customer, {name: text, id: text}?)", ("R201",)),
    ],
)
def test_a_value_that_always_fits_stays_itself_and_another_says_its_codes(text, into, shape, codes):
    found = fitted(text, into)
    assert (shape, codes) == (found.shape, found.codes)


@pytest.mark.parametrize(
    "rounding, codes",
    [("", ("R105",)), ("half_up", ()), ("down", ())],
)
def test_rounding_removes_the_loss_of_decimals(rounding, codes):
    assert codes == fitted("r.price * 0.5", t.Decimal(False, 16, 2), rounding=rounding).codes


def test_digits_before_the_point_stay_a_possible_reject():
    assert ("R102",) == fitted("r.price * 10", t.Decimal(False, 12, 2), rounding="half_up").codes


@pytest.mark.parametrize(
    "text, into, value, kind",
    [
        ('"live"', STATUS, "live", "enum(draft, live, off)"),
        ('"abc"', t.Text(longest=3), "abc", "text(3)"),
        ("12", t.Decimal(False, 12, 2), Decimal(12), "decimal(12,2)"),
        ("1.5", t.Decimal(False, 12, 2), Decimal("1.5"), "decimal(12,2)"),
        ("null", t.Text(True), None, "text?"),
        ("[]", t.ListOf(t.Int()), (), "[int]"),
        ('["live"]', t.ListOf(STATUS), ("live",), "[enum(draft, live, off)]"),
        ("1", t.Float(), 1.0, "float"),
    ],
)
def test_a_constant_that_fits_is_a_constant_of_its_place(text, into, value, kind):
    found = fitted(text, into)
    assert (value, kind, (), []) == (found.value.value, found.type, found.codes, found.rules)


def test_a_constant_is_rounded_as_its_place_says():
    assert Decimal("1.24") == fitted("1.235", t.Decimal(False, 12, 2), rounding="half_up").value.value


@pytest.mark.parametrize(
    "text, into, rule, message",
    [
        ('"abcd"', t.Text(longest=3), "DHM205", '`"abcd"` has 4 characters, at most 3 are taken'),
        ('""', t.Text(shortest=1), "DHM205", '`""` has 0 characters, at least 1 are taken'),
        ("1.234", t.Decimal(False, 12, 2), "DHM205", "`1.234` has 3 decimals, 2 are taken"),
        ("12345", t.Decimal(False, 4, 2), "DHM205", "`12345` has 5 digits before the point, 2 are taken"),
        ("40000", t.Int(width=16), "DHM205", "`40000` does not fit 16 bits"),
        ('"on"', STATUS, "DHM206", '`"on"` is no member of the enumeration'),
        ("null", t.Text(), "DHM201", "`f` is never null"),
        ("r.sku", t.Int(), "DHM201", "`f` takes an int, and `r.sku` is text"),
        ("r.price", t.Int(), "DHM201", "`f` takes an int, and `r.price` is a decimal"),
        ("1.5", t.Int(), "DHM201", "`f` takes an int, and `1.5` is a decimal"),
        ("r.tags", t.Text(), "DHM201", "`f` takes text, and `r.tags` is [text]"),
        ("r.local", t.DateTime(), "DHM209", "`f` takes a datetime, and `r.local` has no zone"),
    ],
)
def test_what_never_fits_is_told(text, into, rule, message):
    found = fitted(text, into)
    assert ([rule], message) == (found.rules, found.message)


@pytest.mark.parametrize(
    "text, into, help",
    [
        ("r.sku", t.Int(), "write `int(r.sku)`"),
        ("r.qty", t.Text(), "write `text(r.qty)`"),
        ("r.at", t.Date(), 'write `local_date(r.at, "Europe/Paris")`'),
        ("r.price", t.Int(), "write `int(round(r.price))`"),
        ("r.tags", t.Text(), "write `first(r.tags)`"),
    ],
)
def test_a_mismatch_says_how_to_convert(text, into, help):
    assert help == fitted(text, into).help


def test_narrowing_is_noted_where_both_lengths_are_stated():
    scope = in_row().naming({"x": ir.Column("x", t.Text(longest=255))})
    found = fitted("x", t.Text(longest=40), scope)
    assert (["DHM203"], "note", ("R202",)) == (found.rules, found.told[0].level, found.codes)
    assert [] == fitted("r.sku", t.Text(longest=40)).rules


def test_the_loss_of_decimals_is_noted_unless_it_is_rounded():
    assert ["DHM204"] == fitted("r.price", t.Decimal(False, 12, 1)).rules
    assert [] == fitted("r.price", t.Decimal(False, 12, 1), rounding="half_up").rules


def test_the_condition_of_a_named_type_is_asked_where_a_value_enters_it():
    made = world()
    condition = ir.Constant(True, t.Bool())
    code = name_type(made, "Code", t.Text(longest=8), condition, "R204")
    found = fitted("r.sku", code, in_row(made))
    assert ("fit(r.sku, Code)", ("R202", "R204")) == (found.shape, found.codes)
    inside = in_row(made).naming({"x": ir.Column("x", code)})
    assert ("x", ()) == (fitted("x", code, inside).shape, fitted("x", code, inside).codes)


def test_conditions_inside_lists_and_structs_are_asked_of_their_parts():
    made = world()
    condition = ir.Column("it", t.Bool())
    code = name_type(made, "Code", t.Bool(), condition, "R301")
    scope = in_row(made).naming({"x": ir.Column("x", t.ListOf(t.Struct((("ok", t.Bool()),))))})
    found = fitted("x", t.ListOf(t.Struct((("ok", code),))), scope)
    ((asked, given),) = found.value.conditions
    assert ("it/*/ok", "R301") == (asked.name, given)


def test_omit_takes_the_type_of_the_field_it_leaves_alone():
    found = fitted("omit", t.Text(True), in_row(patch=True))
    assert ("omit", "text?") == (found.shape, found.type)
