from dataclasses import replace

import pytest

from datahub.semantic import ir
from datahub.semantic.scope import RowName
from datahub.types import model as t
from tests.unit.semantic.expression_scopes import in_row, row, typed, world


@pytest.mark.parametrize(
    "text, shape, kind",
    [
        ("r.sku", "r.sku", "text"),
        ("sku", "r.sku", "text"),
        ("r.customer.name", "r.customer.name", "text?"),
        ("r.customer.id", "r.customer.id", "text?"),
        ("$limit", "$limit", "int"),
    ],
)
def test_a_name_stands_for_a_column_a_field_or_a_parameter(text, shape, kind):
    found = typed(text)
    assert (shape, kind, []) == (found.shape, found.type, found.rules)


@pytest.mark.parametrize(
    "text, message, help",
    [
        ("r.skuu", "`r` has no field `skuu`", "write `sku`"),
        ("labell", "there is no `labell` here", "write `label`"),
        ("r.customer.nam", "`r.customer` has no field `nam`", "write `name`"),
        ("$limt", "there is no parameter `$limt`", "write `limit`"),
        ("limit", "`limit` is a parameter", "write `$limit`"),
        ("vat", "`vat` is a lookup, and no value", "call it: `vat(…)`"),
        ("upper", "`upper` is a function, and no value", "call it: `upper(…)`"),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest_one(text, message, help):
    found = typed(text)
    assert (["DHM101"], message, help) == (found.rules, found.message, found.help)


def test_the_place_of_an_unknown_field_is_the_field_alone():
    assert "skuu" == typed("upper(r.skuu)").place


def test_one_mistake_gives_one_message_however_much_is_built_on_it():
    found = typed('case when upper(r.skuu) = 1 and r.skuu > 3 then r.skuu + 1 otherwise "a" end')
    assert {"DHM101"} == set(found.rules)
    assert 3 == len(found.rules)


def test_a_bare_field_of_two_rows_is_ambiguous():
    scope = in_row().with_row(row("o"))
    found = typed("sku", scope)
    assert (["DHM102"], "`r` and `o` both have a field `sku`", "write `r.sku` or `o.sku`") == (found.rules, found.message, found.help)


def test_a_name_of_the_place_goes_before_a_field_of_a_row():
    assert "let.sku" == typed("sku", in_row().naming({"sku": ir.Column("let.sku", t.Text())})).shape


def test_a_field_of_a_row_that_may_be_absent_is_nullable():
    assert "text?" == typed("c.sku", in_row().with_row(row("c", nullable=True))).type


def test_a_row_as_a_value_is_a_struct_of_its_fields():
    scope = replace(in_row(), rows={"o": RowName("o", {"a": ir.Column("o.a", t.Int()), "b": ir.Column("o.b", t.Text(True))})})
    found = typed("o", scope)
    assert ("{a: o.a, b: o.b}", "{a: int, b: text?}") == (found.shape, found.type)


@pytest.mark.parametrize(
    "text, help",
    [
        ("r.extras.colour", 'write `get(r.extras, "colour")`'),
        ("r.lines.sku", "say of which element: `first(r.lines).sku`, or of all: `[x.sku for x in r.lines]`"),
        ("r.raw.a", 'write `json_get(r.raw, "a")`'),
        ("r.sku.a", None),
    ],
)
def test_a_field_of_what_has_no_fields_is_told_with_what_to_write(text, help):
    found = typed(text)
    assert (["DHM201"], help) == (found.rules, found.help)


def test_names_of_a_pack_that_was_not_found_are_not_told_again():
    made = world()
    made.missing.add("core")
    assert ([], []) == (typed("core.slug(r.sku)", in_row(made)).rules, typed("r.sku in core.colours", in_row(made)).rules)


def test_what_is_read_is_remembered_as_used():
    made = world()
    scope = in_row(made)
    for text in ("vat(r.sku).rate", "$limit + 1", "r.sku in m.units", "inverse(m.units, r.sku)"):
        typed(text, scope)
    assert {"lookup vat", "param limit", "lookup m.units"} == made.used


def test_omit_stands_in_patches_alone():
    refused = typed("omit")
    assert (["DHM213"], "omit") == (refused.rules, typed("omit", in_row(patch=True)).shape)
    chosen = typed("if(r.qty > 3, r.sku, omit)", in_row(patch=True))
    assert ("choose(>(r.qty, 3): r.sku, omit)", "text") == (chosen.shape, chosen.type)


def test_expressions_that_say_the_same_are_one_object():
    scope = in_row()
    assert typed("upper(r.sku) & text(r.qty)", scope).value is typed("upper(r.sku) & text(r.qty)", scope).value
    assert typed("1", scope).value is not typed("1.0", scope).value
