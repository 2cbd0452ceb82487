"""Flows, targets, parameters, and what tests name."""

from decimal import Decimal
from typing import Any

import pytest

from datahub.semantic import ir
from datahub.types import model as t
from tests.unit.semantic.programs import OFFER, ROWS, elaborated, findings, messages, program

BASE = ROWS + OFFER + 'map Offer from r in rows {\n  include r\n}\ntarget shop: jsonl {}\ntarget bad: csv { delimiter ";" }\n'


def flow(*items: str) -> str:
    return BASE + "flow out {\n" + "".join(f"  {item}\n" for item in items) + "}\n"


def made(*items: str) -> Any:
    return program(flow(*items)).flows[0]


def test_a_flow_writes_routes_and_lists():
    found = made("write Offer to shop", "reject R4*, R201 to bad", "reject otherwise to bad", "list R105 to bad")
    assert (ir.WriteItem(("Offer",), ("",), False, False, "shop"),) == found.writes
    assert [(("R4*", "R201"), False), ((), False), (("R105",), True)] == [(one.codes, one.listed) for one in found.routes]


def test_entities_of_one_file_may_have_their_place():
    text = (
        flow("write first Offer, Line interleaved to shop", "write Offer as patch to bad") + "entity Line {\n  key sku\n  sku : text\n}\n"
    )
    found = program(text).flows[0].writes
    assert (("Offer", "Line"), ("first", ""), True) == (found[0].entities, found[0].places, found[0].interleaved)
    assert found[1].patch


def test_what_ends_a_run_reads_facts_of_it():
    condition = made("write Offer to shop", "abort when rejected_share(Offer) > 5% or count(Offer) < 100").aborts[0].condition
    assert "or" == condition.operator
    left, right = condition.left.arguments[0], condition.right.arguments[0]
    assert [ir.Column("rejected_share(Offer)", t.Decimal()), ir.Column("count(Offer)", t.Int())] == [left, right]


@pytest.mark.parametrize(
    "item, code, place",
    [
        ("write Ofer to shop", "DHM101", "Ofer"),
        ("write Offer to shopp", "DHM101", "shopp"),
        ("reject R201 to nowhere", "DHM101", "nowhere"),
        ("abort when rejected(Offer) > 5%", "DHM517", "rejected(Offer)"),
        ("abort when 5% < rejected(Offer)", "DHM517", "rejected(Offer)"),
        ("abort when rejected(Ofer) > 5", "DHM101", "Ofer"),
        ("abort when count(Offer)", "DHM201", "count(Offer)"),
    ],
)
def test_what_is_wrong_with_a_flow_is_told_once(item, code, place):
    assert [(code, place)] == findings(flow(item))


def test_a_share_against_a_count_is_mended():
    _, found = elaborated(flow("abort when rejected(Offer) > 5%"))
    assert ["rejected_share"] == [edit.text for edit in found[0].fix.edits]


def test_a_target_chooses_and_renames_columns():
    text = 'target t: csv {\n  delimiter ";"\n  columns {\n    sku at "REF"\n    price\n  }\n}\n'
    target = program(text).targets[0]
    assert (("sku", "REF"), ("price", "price")) == target.columns
    assert (";", "\n") == (dict(target.options)["delimiter"], dict(target.options)["newline"])


def test_a_target_chooses_columns_that_are_written_to_it():
    text = BASE + "target t: csv {\n  columns {\n    sku\n    prise\n  }\n}\nflow f {\n  write Offer to t\n}\n"
    assert [("DHM101", "prise")] == findings(text)


def test_a_target_of_a_kind_that_is_none_is_told_once():
    assert [("DHM101", "cvs")] == findings(BASE + "target t: cvs {}\nflow f {\n  write Offer to t\n}\n")


# ---------------------------------------------------------------- parameters


@pytest.mark.parametrize(
    "written, value",
    [
        ('text = "a"', "a"),
        ("int = -5", -5),
        ("decimal(5,2) = 12.5", Decimal("12.50")),
        ("decimal = 5%", Decimal("0.0500000000")),
        ("bool = true", True),
        ("enum(a, b) = b", "b"),
        ('[text] = ["a", "b"]', ("a", "b")),
        ("text? = null", None),
    ],
)
def test_a_parameter_has_a_default_of_its_type(written, value):
    found = program(f"param p: {written}\n").parameters[0]
    assert (value, False) == (found.default, found.required)


@pytest.mark.parametrize(
    "written", ['int = "5"', "text = 5", 'text(1) = "ab"', 'date = "31/01/2024"', "enum(a, b) = c", "int = null", 'bool = "yes"']
)
def test_a_default_of_another_type_is_told(written):
    assert ["DHM201"] == [code for code, _ in findings(f"param p: {written}\n")]


def test_a_parameter_without_default_is_asked_for():
    assert [True, False] == [one.required for one in program("param p: int\nparam q: int?\n").parameters]


# ---------------------------------------------------------------- tests of a script


def case(*items: str) -> str:
    return BASE + "param p: int = 1\n" + 'test "a" {\n' + "".join(f"  {item}\n" for item in items) + "}\n"


def test_a_test_names_columns_of_the_file_and_fields_of_the_entity():
    text = case("with p = 5", "given rows", "  | REF | PRIX | note |", "  | A | 1 | |", "expect Offer", "  | sku | note |", "  | A | |")
    assert [] == findings(text + "")


def test_a_test_asks_of_rejects_what_an_issue_has():
    assert [] == findings(case("expect no rejects", "expect rejects", "  | code | line | value |", "  | R201 | 2 | - |"))


@pytest.mark.parametrize(
    "items, code, place",
    [
        (("given rowz", "  | a |", "  | 1 |"), "DHM701", "rowz"),
        (("given rows", "  | PRICE |", "  | 1 |"), "DHM701", "PRICE"),
        (("expect Offer", "  | prise |", "  | 1 |"), "DHM701", "prise"),
        (("expect rejects", "  | kode |", "  | 1 |"), "DHM701", "kode"),
        (("expect no Ofer",), "DHM701", "Ofer"),
        (("with q = 1",), "DHM101", "q"),
        (('with p = "x"',), "DHM701", '"x"'),
    ],
)
def test_what_a_test_names_must_be_there(items, code, place):
    assert [(code, place)] == findings(case(*items))


def test_columns_found_by_a_pattern_may_be_given():
    text = "source s: csv {\n  columns {\n    custom: map(text) at /^CF_(.+)$/\n  }\n}\n"
    text += 'test "a" {\n  given s\n    | CF_one | CG_two |\n    | 1 | 2 |\n}\n'
    assert [("DHM701", "CG_two")] == findings(text)


def test_messages_name_what_there_is():
    assert ["there is no target `nowhere`"] == messages(flow("reject R201 to nowhere"))
