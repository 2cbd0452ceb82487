"""Names that stand twice, that are reserved, and that come back to themselves."""

import pytest

from tests.unit.semantic.programs import OFFER, ROWS, findings, messages


@pytest.mark.parametrize(
    "text, place",
    [
        (ROWS + ROWS, "rows"),
        (ROWS + "view rows from r in rows {\n  include r\n}\n", "rows"),
        (OFFER + OFFER, "Offer"),
        ("param a: text\nparam a: int\n", "a"),
        ("type T = text\ntype T = int\n", "T"),
        ("fn f(x: int) = x\nlookup f (x: text) -> text {\n  | x | y |\n  | a | b |\n}\n", "f"),
        ("target t: csv {}\ntarget t: json {}\n", "t"),
        (ROWS.replace("price", "sku"), "sku"),
        (OFFER.replace("price", "sku"), "sku"),
        ("source s: json {\n  columns {\n    a: {b: text, b: int}\n  }\n}\n", "b"),
        (OFFER.replace("key sku", "key sku, sku"), "sku"),
    ],
)
def test_a_name_stands_for_one_thing(text, place):
    assert [("DHM103", place)] == findings(text)


def test_the_second_of_two_is_pointed_at_and_the_first_shown():
    assert ["`rows` is declared twice"] == messages(ROWS + ROWS)


def test_a_type_cannot_be_called_as_one_of_the_language():
    assert ["`text` is a type of the language"] == messages("type text = int\n")


@pytest.mark.parametrize("name", ["_dhm_x", "_row", "_issues"])
def test_names_of_the_engine_are_reserved(name):
    assert [("DHM116", name)] == findings(f"entity E {{\n  key {name}\n  {name}: text\n}}\n")


def test_views_that_read_each_other_are_told_once():
    text = ROWS + "view a from r in b {\n  include r\n}\nview b from r in c {\n  include r\n}\nview c from r in a {\n  include r\n}\n"
    assert [("DHM104", "a")] == findings(text)


def test_a_type_made_of_itself_is_told():
    assert [("DHM104", "A")] == findings("type A = [B]\ntype B = {a: A}\n")


def test_a_map_that_feeds_on_what_it_fills_is_told():
    text = ROWS + OFFER + "view v from o in Offer {\n  include o\n}\nmap Offer from r in v {\n  include r\n}\n"
    assert ["DHM104"] == [code for code, _ in findings(text)]


def test_views_may_stand_in_any_order():
    text = ROWS + "view b from r in a {\n  sku: r.sku\n}\nview a from r in rows {\n  include r\n}\n"
    assert [] == findings(text)


def test_an_unknown_rowset_is_told_once_whatever_is_read_from_it():
    text = OFFER + "map Offer from r in rowz {\n  sku: upper(r.sku)\n  price: r.price * 2\n}\n" + ROWS
    assert [("DHM101", "rowz")] == findings(text)


def test_an_entity_that_is_none_is_told():
    assert ["`rows` is no entity"] == messages(ROWS + "map rows from r in rows {\n  sku: r.sku\n}\n")


def test_what_a_mistake_of_text_hides_is_not_told_again():
    text = (
        ROWS.replace("price : decimal(12,2)", "price decimal(12,2)")
        + OFFER
        + "map Offer from r in rows {\n  sku: r.sku\n  price: r.price\n}\n"
    )
    assert {"DHM001"} == {code for code, _ in findings(text)}


def test_all_mistakes_of_a_script_are_told_in_one_go():
    text = (
        ROWS.replace("text?", "txt?")
        + OFFER.replace("decimal(12,2)", "decimal(99,2)")
        + "map Offer from r in rows {\n  sku: r.skku\n}\nchecks Ofer {\n  O1 error: true\n}\ntarget t: cvs {}\n"
    )
    assert {"DHM101", "DHM106", "DHM501"} == {code for code, _ in findings(text)}
    assert 6 == len(findings(text))
