"""Text that no script holds: it is told, and never stops anything."""

from __future__ import annotations

import time

import pytest

from datahub.diagnostics.rule import Severity
from datahub.document import Document
from datahub.syntax.format import format_script
from tests.unit.syntax.reading import mended, read, told

SCRIPT = 'entity E {\n  a: text = "%s"\n}\n'


@pytest.mark.parametrize(
    ("character", "message"),
    [
        ("\x00", "the character U+0000 is no text"),
        ("\x07", "the character U+0007 is no text"),
        ("\x85", "the character U+0085 is no text"),
        ("\x0c", "the character U+000C is no text"),
        ("\u202e", "the character U+202E turns the direction of reading"),
        ("\u2066", "the character U+2066 turns the direction of reading"),
        ("\ud800", "the character U+D800 is no text"),
    ],
)
@pytest.mark.parametrize("where", ["in a text", "in a comment", "between words"])
def test_a_character_that_is_not_seen_is_told_and_the_rest_is_read(character, message, where):
    text = {
        "in a text": SCRIPT % character,
        "in a comment": f"# {character}\n" + SCRIPT % "",
        "between words": SCRIPT.replace("text", f"text{character}", 1) % "",
    }[where]
    script, found = read(text)
    assert [("DHM001", message, Severity.ERROR)] == [(d.rule.code, d.message, d.level) for d in found]
    assert 1 == len(script.declarations)
    assert text == format_script(Document("x", text))


def test_a_lone_carriage_return_is_told():
    assert ["1:11 DHM001 a carriage return stands without a line feed"] == told("entity E {\r  a: text }\n")


@pytest.mark.parametrize("character", ["\u200b", "\u200e", "\ufeff", "\u2028"])
def test_a_character_without_width_between_words_is_told_by_its_number(character):
    assert [f"1:7 DHM001 the character U+{ord(character):04X} is no mark of the language"] == told(f"entity{character} E {{ }}\n")


def test_spaces_that_do_not_break_are_spaces():
    assert [] == told("entity\u00a0E {\n\u00a0\u202fa\u00a0: text\n}\n")


def test_a_text_too_long_is_not_read():
    script, found = read("# " + "x" * 4_000_000)
    assert () == script.declarations
    assert ["the file has 4000002 characters"] == [d.message for d in found]
    assert () == read("entity E { }  # " + "x" * 20_001)[0].declarations


@pytest.mark.parametrize(
    "piece", ["(", "{", '"', "'", "`", "/", "|", "a b\n", "¤ ", "not ", "{a: ", "\n| a", "# \n", '"{', "case ", ".", "-", "entity E {\n"]
)
def test_no_heap_of_anything_takes_long(piece):
    text = (piece * 200_000)[:200_000]
    text = "\n".join(text[n : n + 10_000] for n in range(0, len(text), 10_000)) if "\n" not in piece else text
    before = time.perf_counter()
    found = told(text)
    assert len(found) <= 100
    assert time.perf_counter() - before < 20


def test_a_fix_never_puts_two_edits_in_one_place():
    text = "map P from r in x {\n  a: b == c && NOT d BETWEEN 1 AND 2 -- why\n}\n"
    assert "map P from r in x {\n  a: b = c and not d in 1..2 # why\n}\n" == mended(text)
