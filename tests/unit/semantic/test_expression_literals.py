from datetime import date
from decimal import Decimal

import pytest

from datahub.types import model as t
from tests.unit.semantic.expression_scopes import STATUS, in_row, typed


@pytest.mark.parametrize(
    "text, value, kind",
    [
        ("12", 12, "int"),
        ("-5", -5, "int"),
        ("12.50", Decimal("12.50"), "decimal(4,2)"),
        ("5%", Decimal("0.05"), "decimal(2,2)"),
        ("0.001", Decimal("0.001"), "decimal(3,3)"),
        ("9223372036854775807", 9223372036854775807, "int"),
        ("-9223372036854775808", -9223372036854775808, "int"),
        ("9223372036854775808", Decimal(9223372036854775808), "decimal(19,0)"),
        ('"abc"', "abc", "text(3..3)"),
        ("true", True, "bool"),
        ("null", None, "null"),
    ],
)
def test_a_literal_is_a_constant_of_the_narrowest_type(text, value, kind):
    found = typed(text)
    assert (value, kind) == (found.value.value, found.type)


def test_a_number_is_a_float_where_one_is_wanted():
    found = typed("1.5", want=t.Float())
    assert (1.5, "float") == (found.value.value, found.type)


def test_a_number_of_too_many_digits_is_told():
    assert ["DHM205"] == typed("1" * 39).rules


def test_a_text_is_a_member_where_an_enumeration_is_wanted():
    assert "enum(draft, live, off)" == typed('"live"', want=STATUS).type
    strange = typed('"liv"', want=STATUS)
    assert (["DHM206"], 'write `"live"`') == (strange.rules, strange.help)


@pytest.mark.parametrize(
    "text, kind",
    [
        ('["a", "bcd"]', "[text(1..3)]"),
        ("[1, 2.5, null]", "[decimal(2,1)?]"),
        ("[r.sku, null]", "[text?]"),
        ("[r.qty, 1.5]", "[decimal(20,1)]"),
        ("[[1], []]", "[[int]]"),
        ("[{a: 1}, {a: 2.5}]", "[{a: decimal(20,1)}]"),
    ],
)
def test_the_items_of_a_list_share_a_type(text, kind):
    found = typed(text)
    assert (kind, []) == (found.type, found.rules)


def test_a_list_of_constants_is_a_constant():
    assert (Decimal(1), Decimal("2.5"), None) == typed("[1, 2.5, null]").value.value


def test_a_mixed_list_is_told_at_the_item_that_differs():
    found = typed('["a", "b", r.qty]')
    assert (["DHM210"], "r.qty", "write `text(r.qty)`") == (found.rules, found.place, found.help)


def test_an_empty_list_is_of_the_type_wanted():
    assert "[text]" == typed("[]", want=t.ListOf(t.Text())).type


@pytest.mark.parametrize(
    "text, shape",
    [
        ("{a: 1, b: r.sku}", "{a: 1, b: r.sku}"),
        ("{include r.customer, net: 1}", "{name: r.customer.name, id: r.customer.id, net: 1}"),
        ('{include r.customer, id: "x"}', '{name: r.customer.name, id: "x"}'),
    ],
)
def test_a_struct_has_the_fields_written_and_those_spread(text, shape):
    assert shape == typed(text).shape


def test_a_struct_takes_the_order_of_the_place_it_fills_and_null_for_what_it_may_lack():
    want = t.Struct((("a", t.Int()), ("b", t.Text()), ("c", t.Text(True))))
    found = typed("{b: r.sku, a: 1}", want=want)
    assert ("{a: 1, b: r.sku, c: None}", "{a: int, b: text, c: text?}") == (found.shape, found.type)


def test_only_structs_can_be_spread():
    found = typed("{include r.tags}")
    assert (["DHM201"], "r.tags") == (found.rules, found.place)


def test_a_template_turns_each_part_into_text_and_is_null_where_one_is():
    found = typed('"{r.sku}: {r.qty}"')
    assert ('concat_text(r.sku, ": ", text(r.qty))', "text") == (found.shape, found.type)
    assert "text?" == typed('"{r.sku}: {r.label}"').type


@pytest.mark.parametrize(
    "text, place",
    [
        ("r.sku matches /(?=A)/", "(?="),
        ("r.sku matches /a(?!b)/", "(?!"),
        (r"r.sku matches /(a)\1/", r"\1"),
        ("r.sku matches /a(*b)/", "*"),
        ("r.sku matches /[z-a]/", "z-a"),
        ("r.sku matches /(ab/", "(ab"),
    ],
)
def test_what_re2_does_not_know_is_told_at_its_place_in_the_pattern(text, place):
    found = typed(text)
    assert (["DHM207"], place) == (found.rules, found.place)


def test_the_flags_of_a_pattern_are_spelled_as_re2_has_them():
    assert '"(?is)a.b"' in typed("r.sku matches /a.b/is", in_row()).shape


@pytest.mark.parametrize(
    "text, value, kind",
    [
        ("1 + 2", 3, "int"),
        ("1 + 20%", Decimal("1.20"), "decimal(4,2)"),
        ('date("2024-03-01")', date(2024, 3, 1), "date"),
        ('int("12")', 12, "int"),
        ('"a" & "b"', "ab", "text"),
    ],
)
def test_calls_of_constants_are_worked_out_and_cannot_fail_any_more(text, value, kind):
    found = typed(text)
    assert (value, kind, (), []) == (found.value.value, found.type, found.codes, found.rules)


@pytest.mark.parametrize(
    "text, code", [('date("2024-02-30")', "R106"), ('int("abc")', "R101"), ("1 / 0", "R601"), ("9223372036854775807 + 1", "R602")]
)
def test_what_always_fails_is_told_and_still_an_expression(text, code):
    found = typed(text)
    assert (["DHM205"], "warning") == (found.rules, found.told[0].level)
    assert code in found.codes
    assert f"is rejected with {code} in every row" in found.message
