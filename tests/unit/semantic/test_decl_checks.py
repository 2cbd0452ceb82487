"""Checks and rules of entities."""

from typing import Any

import pytest

from datahub.semantic import ir
from tests.unit.semantic.programs import OFFER, ROWS, findings, messages, program

MAP = "map Offer from r in rows {\n  sku: r.sku\n  price: r.price\n  note: r.note\n}\n"


def checks(*lines: str) -> str:
    return ROWS + OFFER + MAP + "checks Offer {\n" + "".join(f"  {line}\n" for line in lines) + "}\n"


def check(line: str) -> Any:
    return program(checks(line)).checks[0][1]


def rules(*lines: str, head: str = "rules m for Offer") -> str:
    return ROWS + OFFER + MAP + head + " {\n" + "".join(f"  {line}\n" for line in lines) + "}\n"


def test_a_check_has_a_code_a_severity_and_a_message():
    made = check('O001 warn: price > 0 "the price is {price}"')
    assert ("O001", "warn", False, False) == (made.code, made.severity, made.windowed, made.after_checks)
    assert isinstance(made.message, ir.Expression)
    assert ("Offer", "main.dhm", 21) == (made.origin.entity, made.origin.script, made.origin.line)


def test_a_message_with_a_null_in_it_says_null():
    made = check('O001 warn: price > 0 "the note is {note}"')
    assert ("null", False) == (made.message.arguments[1].fallback.value, made.message.type.nullable)


def test_codes_may_be_those_of_a_platform():
    assert "F-E-013" == check("`F-E-013` error: price > 0").code


def test_a_check_on_fields_owns_them_and_shows_what_is_behind_them():
    made = check("O001 error on sku: price > 0")
    assert ("sku",) == made.fields
    assert [ir.Evidence("REF", "#rows.sku")] == list(made.origin.evidence)


def test_a_check_on_no_field_shows_what_it_reads():
    assert ["PRIX", "REF"] == [one.label for one in check('O001 error: price > 0 and sku <> ""').origin.evidence]


def test_a_field_that_nothing_feeds_is_its_own_evidence():
    made = program(OFFER + "checks Offer {\n  O001 error: price > 0\n}\n").checks[0][1]
    assert (ir.Evidence("price", "price"),) == made.origin.evidence


def test_a_check_is_not_asked_where_a_nullable_field_that_it_reads_is_null():
    assert check("O001 error: price > 0").when is None
    made = check("O001 error: length(note) > 3")
    assert isinstance(made.when, ir.Call)
    assert "not" == made.when.function
    assert check("O001 error: note is not null").when is None
    assert check('O001 error: (note default "") <> "x"').when is None


def test_its_own_when_comes_before_that_and_narrows():
    made = check("O001 error: length(note) > 3 when note is not null")
    assert isinstance(made.when, ir.Call)
    both = check("O001 error: length(note) > 3 when price > 1")
    assert isinstance(both.when, ir.Logic)


def test_a_nullable_field_under_an_order_says_nothing_more():
    assert [] == findings(checks('O001 error: note > "a"'))


def test_that_a_required_field_is_there_may_be_asked_on_it():
    assert [] == findings(checks("O001 error on sku: sku is not null"))
    assert ["DHM402"] == [code for code, _ in findings(checks("O001 error: sku is not null"))]


@pytest.mark.parametrize("condition", ["count() > 0", "count(* within sku) = 1", "sum(price within sku) > 5", "row_number(within sku) = 1"])
def test_a_check_over_other_rows_is_windowed(condition):
    assert check(f"O001 error: {condition}").windowed


def test_a_message_over_other_rows_makes_a_check_windowed():
    assert check('O001 error: price > 0 "one of {count(* within sku)}"').windowed


def test_a_check_may_be_asked_of_survivors():
    assert check("O001 error after checks: count() > 0").after_checks


@pytest.mark.parametrize(
    "line, code, place",
    [
        ("R201 error: price > 0", "DHM411", "R201"),
        ("DHM100 error: price > 0", "DHM411", "DHM100"),
        ("O001 error on prise: price > 0", "DHM101", "prise"),
        ("O001 error: prise > 0", "DHM101", "prise"),
        ("O001 error: price", "DHM201", "price"),
        ("O001 off: price > 0", "DHM118", "O001"),
        ("O001 warn", "DHM118", "O001"),
    ],
)
def test_what_is_wrong_with_a_check_is_told_once(line, code, place):
    assert [(code, place)] == findings(checks(line))


def test_a_code_said_in_place_is_not_one_of_the_language():
    text = ROWS + "view v from r in rows {\n  price: r.price on error reject R104\n}\n"
    assert [("DHM411", "R104")] == findings(text)
    assert [] == findings(text.replace("R104", "P104"))


def test_two_checks_with_one_code_are_a_warning():
    assert ["two checks have the code `O001`"] == messages(checks("O001 error: price > 0", "O001 error: price < 9"))


def test_an_entity_may_have_a_field_called_previous():
    text = OFFER.replace("note ", "previous ") + 'checks Offer {\n  O001 error: (previous default "") <> "x"\n}\n'
    assert [] == findings(text)


def test_checks_of_an_entity_that_is_none_are_told():
    assert [("DHM101", "Ofer")] == findings("checks Ofer {\n  O1 error: price > 0\n}\n" + OFFER)


# ---------------------------------------------------------------- rules


def test_rules_set_fields_where_their_condition_holds():
    made = program(rules('rule M10 "why" when price > 100 set note: "dear", price: price * 0.9 otherwise set note: null')).rules[0]
    assert ("m.M10", "Offer", 100) == (made.name, made.entity, made.priority)
    assert ["note", "price"] == [one.name for one in made.sets]
    assert isinstance(made.sets[1].value, ir.Fit)
    assert ["note"] == [one.name for one in made.otherwise]


def test_rules_of_lower_priority_come_first_whatever_the_file_says():
    text = rules("rule A when price > 1 set price: 1", head="rules late for Offer priority 20")
    text += "rules early for Offer priority 10 {\n  rule B when price > 2 set price: 2\n}\n"
    assert ["early.B", "late.A"] == [one.name for one in program(text).rules]


@pytest.mark.parametrize(
    "line, code, place",
    [
        ("rule A when price > 1 set prise: 1", "DHM101", "prise"),
        ("rule A when price > 1 set price: sku", "DHM201", "sku"),
        ("rule A when price > 1 set price: 1, price: 2", "DHM103", "price"),
        ("rule A when price set price: 1", "DHM201", "price"),
        ("rule A off", "DHM118", "rule A off"),
    ],
)
def test_what_is_wrong_with_a_rule_is_told_once(line, code, place):
    assert [(code, place)] == findings(rules(line))


def test_two_rules_of_one_set_have_two_names():
    assert [("DHM103", "A")] == findings(rules("rule A when price > 1 set price: 1", "rule A when price > 2 set price: 1"))
