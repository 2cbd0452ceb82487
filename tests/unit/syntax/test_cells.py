"""The cells of decision tables and lookups."""

from __future__ import annotations

import pytest

from datahub.diagnostics.diagnostic import Diagnostic
from datahub.document import Document, Span
from datahub.syntax import ast
from datahub.syntax.cells import AnyValue, CellPattern, CellTest, Compare, Equals, Interval, IsNull, Not, parse_cell, parse_keys
from tests.unit.syntax.reading import line

NOWHERE = Span(Document("x", ""), 0, 0)


def cell(text: str) -> ast.Cell:
    document = Document("x", text)
    return ast.Cell(text, False, Span(document, 0, len(text)))


def cells_of(text: str) -> tuple[tuple[CellTest, ...], list[str]]:
    found: list[Diagnostic] = []
    return parse_cell(cell(text), found.append), [line(diagnostic) for diagnostic in found]


def equals(text: str, quoted: bool = False) -> Equals:
    return Equals(text, quoted, NOWHERE)


def between(low: str | None, high: str | None, low_closed: bool = True, high_closed: bool = True) -> Interval:
    return Interval(low, low_closed, high, high_closed, NOWHERE)


def none_of(*tests: CellTest) -> Not:
    return Not(tests, NOWHERE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-", (AnyValue(NOWHERE),)),
        ("null", (IsNull(NOWHERE),)),
        ("missing", (IsNull(NOWHERE),)),
        ("not null", (none_of(IsNull(NOWHERE)),)),
        ("FR", (equals("FR"),)),
        ("FR, BE, LU", (equals("FR"), equals("BE"), equals("LU"))),
        ("two words", (equals("two words"),)),
        ("not FR", (none_of(equals("FR")),)),
        ("not (FR, BE)", (none_of(equals("FR"), equals("BE")),)),
        ("not (a (b), > 5)", (none_of(equals("a (b)"), Compare(">", "5", NOWHERE)),)),
        ("not", (equals("not"),)),
        ("notary", (equals("notary"),)),
        ("not-a-word", (equals("not-a-word"),)),
        ("= FR", (equals("FR"),)),
        ("<> FR", (none_of(equals("FR")),)),
        ("<= 0.5", (Compare("<=", "0.5", NOWHERE),)),
        (">30", (Compare(">", "30", NOWHERE),)),
        ("< 1, >= 5", (Compare("<", "1", NOWHERE), Compare(">=", "5", NOWHERE))),
        ("(0.5..30]", (between("0.5", "30", low_closed=False),)),
        ("[1..5)", (between("1", "5", high_closed=False),)),
        ("1 .. 5", (between("1", "5"),)),
        ("1..", (between("1", None),)),
        ("..5", (between(None, "5"),)),
        ("-5..-1", (between("-5", "-1"),)),
        ("2024-01-01..2024-12-31", (between("2024-01-01", "2024-12-31"),)),
        ("not (0..5)", (none_of(between("0", "5", low_closed=False, high_closed=False)),)),
        ("1..2, 5..6", (between("1", "2"), between("5", "6"))),
        ("/[A-Z],x/i, y", (CellPattern("[A-Z],x", "i", NOWHERE), equals("y"))),
        ('"a, b", c', (equals("a, b", quoted=True), equals("c"))),
        ('"null"', (equals("null", quoted=True),)),
        ('"-", -', (equals("-", quoted=True), AnyValue(NOWHERE))),
        (r'"a \"b\""', (equals('a "b"', quoted=True),)),
        ('5" pipe', (equals('5" pipe'),)),
        ("Tee (blue)", (equals("Tee (blue)"),)),
    ],
)
def test_a_cell_holds_tests(text, expected):
    assert (expected, []) == cells_of(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1:1 DHM001 a test of the decision table is empty"),
        ("a,,b", "1:3 DHM001 a value is missing between commas"),
        ("a,", "1:3 DHM001 a value is missing between commas"),
        (">", "1:1 DHM001 `>` compares with nothing"),
        ("not (a", "1:5 DHM001 `(` is never closed"),
        ("not not a", "1:1 DHM001 `not` stands inside `not`"),
        ("not (a) b", "1:9 DHM001 `b` stands where a comma should be"),
        ("!= a", "1:1 DHM010 `!=` is written `<>` here"),
        ("== a", "1:1 DHM010 `==` is written `=` here"),
    ],
)
def test_a_mistake_in_a_cell_is_told_at_its_place(text, expected):
    tests, found = cells_of(text)
    assert tests
    assert len(found) == 1
    assert expected.split(" ", 1)[1] == found[0].split(" ", 1)[1]


def test_places_are_those_of_the_document():
    document = Document("x", "| FR, not BE |")
    first, second = parse_cell(ast.Cell("FR, not BE", False, Span(document, 2, 12)), lambda _: None)
    assert ["FR", "not BE"] == [first.span.text, second.span.text]


def test_a_cell_quoted_whole_is_one_value():
    document = Document("x", '"FR, BE"')
    whole = ast.Cell("FR, BE", True, Span(document, 0, 8))
    assert (equals("FR, BE", quoted=True),) == parse_cell(whole, lambda _: None) == parse_keys(whole, lambda _: None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("SHIPPED, TO_COLLECT", ["SHIPPED", "TO_COLLECT"]), ("1", ["1"]), ("", []), ('"a, b", c', ["a, b", "c"]), ("null", ["null"])],
)
def test_the_keys_of_a_lookup_are_parted_by_commas(text, expected):
    assert expected == [key.text for key in parse_keys(cell(text), lambda _: None)]


def test_no_heap_in_a_cell_takes_long():
    for piece in ("not ", "(", "not (", ",", "1..", '"', "/", " ", "["):
        cells_of(piece * (10_000 // len(piece)))
