"""What is told of decision tables: where, in which words, and what to do."""

from __future__ import annotations

from typing import Any

from datahub.diagnostics.rule import Severity
from datahub.lint.advise import advise
from datahub.lint.rules import decision_tables
from datahub.semantic.proof_boxes import Budget
from datahub.semantic.proofs import prove
from datahub.syntax import ast
from tests.unit.semantic.programs import OFFER, ROWS, elaborated

MAP = "map Offer from r in rows {\n  sku: r.sku\n  price: r.price\n  note: d(r.price, r.sku) & first(r.tags)\n}\n"
HEAD = "decide d (n: decimal, s: text) -> text {\n"
UNIQUE = HEAD + "  policy unique\n"


def told(*lines: str, head: str = HEAD, more: str = "", **files: str) -> list[Any]:
    """What is told of a table whose lines these are, beside advice about the script around it."""
    table = head + "".join(f"  {line}\n" for line in ("| n | s || r |", *lines)) + "}\n"
    made, found = elaborated(more + ROWS + OFFER + MAP + table, **files)
    assert [] == [one.message for one in found if one.level is Severity.ERROR]
    advice: list[Any] = []
    advise(made, advice.append)
    return [one for one in advice if one.rule.code.startswith("DHM4")]


def test_a_table_that_decides_everything_once_is_left_alone():
    assert [] == told("| < 5 | - || a |", "| >= 5 | - || b |")


def test_a_gap_is_told_at_the_name_of_the_table():
    (found,) = told("| < 5 | A || a |")
    assert ("DHM404", "d", 'no row of `d` fits `n 5, s "other"`') == (found.rule.code, found.at.span.text, found.message)


def test_a_table_without_rows_is_a_gap_of_its_own():
    assert [("DHM404", "`d` has no rows")] == [(one.rule.code, one.message) for one in told()]


def test_an_overlap_shows_both_rows():
    (found,) = told("| <= 5 | - || a |", "| 5.. | A || b |", "| 7 | A || c |", 'otherwise "z"', head=UNIQUE)[:1]
    assert 'rows 1 and 2 of `d` both fit `n 5, s "A"`' == found.message
    assert ("| 5.. | A || b |", ["| <= 5 | - || a |"], ()) == (found.at.span.text, [one.span.text for one in found.also], found.notes)


def test_a_row_that_overlaps_everywhere_never_decides():
    *_, found = told("| <= 5 | - || a |", "| 5..9 | - || b |", "| 5 | A || c |", 'otherwise "z"', head=UNIQUE)
    expected = ("it also overlaps with 1 more row above it", "wherever it fits another row fits as well, so it never decides")
    assert ("DHM403", expected) == (found.rule.code, found.notes)


def test_a_dead_row_names_the_rows_that_take_its_place():
    found = told("| < 5 | - || a |", "| >= 5 | - || b |", "| 3..9 | - || c |", "| 6 | A || e |")
    assert [("row 3 of `d` never decides", "rows 1 and 2 fit whatever fits here"), ("row 4 of `d` never decides", "row 2 fits whatever fits here")] == [
        (one.message, one.at.text) for one in found
    ]  # fmt: skip


def test_of_many_rows_the_first_are_named():
    rows = [f"| {low}..{low + 1} | - || a |" for low in range(5)]
    *_, found = told(*rows, "| 0..5 | - || b |", 'otherwise "z"')
    assert ("rows 1, 2, and 3 more fit whatever fits here", 3) == (found.at.text, len(found.also))


def test_a_cell_that_nothing_fits_is_told_at_the_cell():
    (found,) = told("| (3..3) | - || a |", "| - | - || b |")
    assert ("row 1 of `d` never decides", "(3..3)", "no value of `n` fits this") == (found.message, found.at.span.text, found.at.text)


def test_an_or_that_covers_everything_is_told_with_what_was_meant():
    found = told(
        "| >= 30, < 50 | A || a |", "| - | not A, not B || b |", "| < 3, >= 2 | B || c |", "| <= 3, > 3 | C || e |", 'otherwise "z"'
    )
    covering = [one for one in found if one.rule.code == "DHM407"]
    assert [(">= 30, < 50", "[30..50)"), ("not A, not B", "not (A, B)"), ("< 3, >= 2", "[2..3)"), ("<= 3, > 3", None)] == [
        (one.at.span.text, one.fix and one.fix.edits[0].text) for one in covering
    ]
    assert not any(one.fix and one.fix.safe for one in covering)


def test_otherwise_is_told_where_the_rows_leave_nothing():
    (found,) = told("| - | - || a |", "otherwise error")
    assert ("DHM406", "otherwise error") == (found.rule.code, found.at.span.text)


def test_where_patterns_leave_a_gap_open_a_note_says_so():
    (found,) = told("| - | /.*/ || a |")
    assert ("DHM413", Severity.NOTE) == (found.rule.code, found.level)
    assert [] == told("| - | /.*/ || a |", "otherwise error")


def test_types_with_conditions_have_only_the_values_that_cells_name():
    kind = "type Small = decimal where it < 5\n"
    rows = ("| < 3 | - || a |", "| 3..5 | - || b |")
    assert ["DHM404"] == [one.rule.code for one in told(*rows)]
    assert [] == told(*rows, head=HEAD.replace("decimal", "Small"), more=kind)
    assert ["DHM404"] == [one.rule.code for one in told(*rows, head=HEAD.replace("decimal", "Plain"), more="type Plain = decimal\n")]


def test_tables_of_packs_are_not_the_business_of_those_who_use_them():
    pack = "pack acme.x 1.0.0 {\n  exports e\n}\ndecide e (n: int) -> text {\n  | n || r |\n  | 1 || a |\n}\n"
    text = "use acme.x 1.0.0 as x\n" + ROWS + OFFER + MAP.replace("d(r.price, r.sku)", "x.e(1)")
    made, found = elaborated(text, **{"acme.x__1.0.0": pack})
    assert [] == [one.message for one in found if one.level is Severity.ERROR]
    advice: list[Any] = []
    advise(made, advice.append)
    assert [] == [one.message for one in advice if one.rule.code.startswith("DHM40")]


def test_what_the_budget_did_not_suffice_for_is_a_note():
    rows = [f"| {low}..{low + 7} | {'A' if low % 3 else 'not A'} || a |" for low in range(40)]
    made, _ = elaborated(ROWS + OFFER + MAP + HEAD + "".join(f"  {line}\n" for line in ("| n | s || r |", *rows)) + "}\n")
    table = made.program.decisions[0]
    (declared,) = made.units[-1].declared.of(ast.Decide)

    found = list(decision_tables.findings(declared, table, prove(table, budget=Budget(60, 10))))

    (note,) = [one for one in found if one.rule.code == "DHM413"]
    assert note.message.startswith("`d` is too large to prove whether every input has a row and whether rows ")
    assert ("d", "40 rows, 2 inputs") == (note.at.span.text, note.at.text)
