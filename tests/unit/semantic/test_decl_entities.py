"""Entities: fields, defaults, constraints, keys, and what they own."""

from typing import Any

import pytest

from datahub.semantic import ir
from datahub.types import model as t
from tests.unit.semantic.programs import findings, messages, program


def entity(fields: str, tags: str = "", more: str = "") -> Any:
    return program(f"entity E {tags} {{\n  key sku\n  sku : text\n  {fields}\n}}\n{more}").entities[0]


def test_fields_keep_their_order_types_and_what_is_said_of_them():
    shape = entity("price : decimal(12,2)? where price >= 0 rounded half_up @pii\n  note : text?")
    assert ("sku",) == shape.key
    assert ["sku", "price", "note"] == [one.name for one in shape.fields]
    price = shape.fields[1]
    assert (t.Decimal(True, 12, 2), "half_up", ("pii",)) == (price.type, price.rounding, price.tags)
    assert isinstance(price.constraint, ir.Call)


def test_a_bare_word_is_a_member_where_the_field_is_an_enumeration():
    shape = entity("status : enum(draft, live) = draft")
    assert ir.Constant("draft", t.Enum(("draft", "live"))) == shape.fields[1].default


def test_a_default_is_fitted_to_its_field():
    assert ir.Constant("x", t.Text(longest=3)) == entity('a : text(3) = "x"').fields[1].default
    assert ["DHM205"] == [code for code, _ in findings('entity E {\n  key a\n  a : text(3) = "abcd"\n}\n')]


@pytest.mark.parametrize(
    "field, code",
    [
        ("a : enum(x, y) = z", "DHM206"),
        ("a : text rounded half_up", "DHM106"),
        ("a : decimal rounded hlaf_up", "DHM101"),
        ("a : text references Nowhere", "DHM101"),
        ("a : text where b > 1", "DHM101"),
        ("a : text @piii", "DHM101"),
        ("a : int? where a", "DHM201"),
    ],
)
def test_what_does_not_fit_a_field_is_told(field, code):
    assert [code] == [one for one, _ in findings(f"entity E {{\n  key sku\n  sku : text\n  {field}\n}}\n")]


def test_a_key_that_is_no_field_is_told():
    assert [("DHM101", "skuu")] == findings("entity E {\n  key skuu\n  sku : text\n}\n")


def test_a_key_that_may_be_null_is_a_warning():
    assert [("DHM519", "sku")] == findings("entity E {\n  key sku\n  sku : text?\n}\n")


def test_an_entity_may_be_a_patch_and_translate_codes():
    shape = entity("codes {\n    R201: `F-E-001`\n    R303: `F-E-003`\n  }", "@patch")
    assert shape.patch
    assert (("R201", "F-E-001"), ("R303", "F-E-003")) == shape.translate


LINES = "entity L {\n  key sku, no\n  sku : text references E\n  no : int\n}\n"


def test_owners_and_references_are_kept():
    made = program("entity E {\n  key sku\n  sku : text\n  owns L on sku\n}\n" + LINES)
    assert (("L", ("sku",)),) == made.entities[0].owns
    assert "E" == made.entities[1].fields[0].references


def test_what_is_owned_on_a_field_that_is_not_there_is_told():
    assert [("DHM101", "skuu")] == findings("entity E {\n  key sku\n  sku : text\n  owns L on skuu\n}\n" + LINES)


def test_an_owner_has_as_many_key_fields_as_it_owns_on():
    assert ["DHM106"] == [code for code, _ in findings("entity E {\n  key sku\n  sku : text\n  owns L on sku, no\n}\n" + LINES)]


def test_a_ring_of_owners_is_told_once():
    text = "entity A {\n  key a\n  a : text\n  owns B on a\n}\nentity B {\n  key a\n  a : text\n  owns A on a\n}\n"
    assert ["`A` owns itself"] == messages(text)


def test_a_constraint_on_a_nullable_field_says_nothing_of_null():
    assert [] == findings("entity E {\n  key sku\n  sku : text\n  stock : int? where stock >= 0\n}\n")


def test_a_declared_type_brings_its_conditions_along():
    shape = entity("gtin : Gtin?", more="type Gtin = text(8..14) matches /\\d+/ where length(it) > 8\n")
    assert t.Named("Gtin", t.Text(False, 8, 14), True) == shape.fields[1].type


def test_a_condition_of_a_type_that_is_wrong_is_told():
    assert ["DHM101"] == [code for code, _ in findings('type T = text where itt = "a"\n')]
