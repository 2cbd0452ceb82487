"""Made-up programs: they are read without a word, and printing them changes neither what they say nor, twice, how."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from datahub.diagnostics.diagnostic import Diagnostic
from datahub.diagnostics.rule import Severity
from datahub.document import Document
from datahub.syntax.format import format_script
from datahub.syntax.parser import comments, parse, parse_expression
from tests.properties.dhm_programs import expressions, programs

SCRIPTS = sorted((Path(__file__).parents[1] / "unit" / "syntax" / "scripts").glob("*.dhm"))
ALPHABET = st.text(st.sampled_from(list("abmap{}()[]\"'`/|#:=,.?*-+&<>@$%\\\n\r\t 019\x00\u202e\ufeffé“")), max_size=200)

large = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def read(text):
    found: list[Diagnostic] = []
    script = parse(Document("made.dhm", text), found.append)
    return script, found


def mistakes(found):
    return [f"{d.at.span} {d.rule.code} {d.message}" for d in found if d.level == Severity.ERROR]


@large
@given(programs())
def test_what_is_made_by_the_rules_is_read_without_a_mistake(text):
    assert [] == mistakes(read(text)[1])


@large
@given(programs())
def test_printing_keeps_the_tree_and_the_comments_and_is_stable(text):
    script, _ = read(text)
    document = Document("made.dhm", text)
    printed = format_script(document)
    again, found = read(printed)
    assert [] == mistakes(found)
    assert script == again
    assert printed == format_script(Document("made.dhm", printed))
    assert said(comments(document)) == said(comments(Document("made.dhm", printed)))


def said(held):
    return sorted(comment.text.strip("# ") for comment in held)


@large
@given(expressions())
def test_an_expression_alone_is_read_over_lines(text):
    found: list[Diagnostic] = []
    assert parse_expression(Document("made", text), found.append) is not None
    assert [] == mistakes(found)


@given(ALPHABET)
@example("map x from y {")
@example('"{')
@example('"""')
@example("a: " + "(" * 500)
@example("\ufeff")
@example("fn f() = " + "not " * 3000)
@example("fn f() = " + "-" * 3000 + "1")
@example("fn f() = " + "case when " * 1000)
@example("fn f() = " + "a." * 3000 + "b")
@example("type T = " + "[" * 300 + "text" + "]" * 300)
def test_no_text_is_too_strange_to_be_told_about(text):
    document = Document("strange", text)
    for way in (read, lambda text: parse_expression(document, lambda _: None), lambda text: format_script(document)):
        way(text)
    for diagnostic in read(text)[1]:
        assert 0 <= diagnostic.at.span.start <= diagnostic.at.span.end <= len(text)
        assert diagnostic.message


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_no_change_to_a_script_makes_the_parser_fail(path):
    text = path.read_text(encoding="utf-8")
    pieces = [
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        '"',
        "'",
        "`",
        "|",
        "\n",
        ":",
        ",",
        "#",
        "\\",
        '"""',
        "/",
        "when",
        "map",
        "..",
        "1",
        "\x00",
        "=",
        "é",
    ]
    for seed in range(60):
        chance = random.Random(seed)
        changed = list(text)
        for _ in range(chance.randint(1, 8)):
            at = chance.randrange(len(changed))
            match chance.randrange(3):
                case 0:
                    del changed[at : at + chance.randint(1, 40)]
                case 1:
                    changed.insert(at, chance.choice(pieces))
                case _:
                    other = chance.randrange(len(changed))
                    changed[at], changed[other] = changed[other], changed[at]
        mutant = "".join(changed)
        script, found = read(mutant)
        printed = format_script(Document("mutant", mutant))
        if mistakes(found):
            assert mutant == printed
        else:
            assert script == read(printed)[0]
