"""Safe fixes are laid on the text, never two on one stretch."""

from __future__ import annotations

from datahub.diagnostics.diagnostic import Diagnostic, Edit, Fix, Label
from datahub.diagnostics.mend import mend
from datahub.document import Document, Span
from tests.unit.diagnostics import samples

DOCUMENT = Document("a.dhm", "one two three")


def replacing(start: int, end: int, text: str, *, safe: bool = True, document: Document = DOCUMENT) -> Diagnostic:
    span = Span(document, start, end)
    return Diagnostic(samples.UNKNOWN, "a fact", Label(span, ""), fix=Fix("mend it", (Edit(span, text),), safe))


def test_fixes_that_lie_apart_are_all_applied():
    assert ("1 two 3", 2) == mend(DOCUMENT, [replacing(0, 3, "1"), replacing(8, 13, "3")])


def test_of_two_fixes_that_cross_the_first_is_applied():
    assert ("1 three", 1) == mend(DOCUMENT, [replacing(0, 7, "1"), replacing(4, 7, "2")])


def test_of_two_insertions_at_one_place_the_first_is_applied():
    assert ("(one two three", 1) == mend(DOCUMENT, [replacing(0, 0, "("), replacing(0, 0, "[")])


def test_fixes_that_meet_end_to_end_do_not_cross():
    assert ("12three", 2) == mend(DOCUMENT, [replacing(0, 4, "1"), replacing(4, 8, "2")])


def test_an_unsafe_fix_and_one_of_another_file_are_left_to_a_person():
    other = Document("b.dhm", "one")
    assert ("one two three", 0) == mend(DOCUMENT, [replacing(0, 3, "1", safe=False), replacing(0, 3, "1", document=other)])


def test_a_fix_that_changes_nothing_is_none():
    assert ("one two three", 0) == mend(DOCUMENT, [replacing(0, 3, "one")])


def test_a_fix_of_several_edits_is_applied_whole_or_not_at_all():
    pair = Diagnostic(
        samples.UNKNOWN,
        "a fact",
        Label(Span(DOCUMENT, 0, 3), ""),
        fix=Fix("wrap it", (Edit(Span(DOCUMENT, 0, 0), "("), Edit(Span(DOCUMENT, 13, 13), ")"))),
    )
    assert ("(one two three)", 1) == mend(DOCUMENT, [pair])
    assert ("1 two three", 1) == mend(DOCUMENT, [replacing(0, 3, "1"), pair])
