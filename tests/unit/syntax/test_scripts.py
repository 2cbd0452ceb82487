"""Whole scripts: those of the language's design, and one that holds every construct."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from datahub.diagnostics.rule import Severity
from datahub.document import Document
from datahub.syntax import ast
from datahub.syntax.format import format_script
from datahub.syntax.walk import walk
from tests.unit.syntax.reading import line, read, told

OWN = sorted((Path(__file__).parent / "scripts").glob("*.dhm"))
DECLARATIONS = {
    "Pack", "Use", "Param", "TypeDecl", "Source", "Target", "Entity", "Lookup", "Decide", "Fn", "View", "Map", "Rules", "Checks",
    "Flow", "Override", "Test",
}  # fmt: skip


@pytest.fixture(scope="module")
def designed(root) -> list[str]:
    """The worked scripts of the language's design."""
    page = root.parent / "shared" / "design" / "language.md"
    if not page.is_file():
        pytest.skip("there is no ../shared beside this checkout: the worked scripts are missing")
    text = page.read_text(encoding="utf-8")
    worked = text[text.index("# 7. Worked scripts") : text.index("# 8. ")]
    return re.findall(r"^```\n(.*?)^```", worked, re.DOTALL | re.MULTILINE)


def test_the_worked_scripts_of_the_design_are_read_whole(designed):
    assert 7 == len(designed)
    declared = [len(read(script)[0].declarations) for script in designed]
    assert [12, 8, 6, 7, 5, 12, 5] == declared


def test_the_worked_scripts_hold_no_mistake(designed):
    errors = [line(d) for script in designed for d in read(script)[1] if d.level != Severity.NOTE]
    assert [] == errors


def test_printing_the_worked_scripts_keeps_what_they_say_and_is_stable(designed):
    for script in designed:
        printed = format_script(Document("x.dhm", script))
        assert read(script)[0] == read(printed)[0]
        assert printed == format_script(Document("x.dhm", printed))
        assert script.count("#") == printed.count("#")


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem)
def test_own_scripts_are_read_without_a_word_and_printed_stably(path):
    text = path.read_text(encoding="utf-8")
    assert [] == told(text)
    printed = format_script(Document("x.dhm", text))
    assert read(text)[0] == read(printed)[0]
    assert printed == format_script(Document("x.dhm", printed))


def test_the_script_of_everything_holds_every_kind_of_node():
    script = read((Path(__file__).parent / "scripts" / "everything.dhm").read_text(encoding="utf-8"))[0]
    held = Counter(type(node).__name__ for node in walk(script))
    kinds = {
        name for name, kind in vars(ast).items() if isinstance(kind, type) and hasattr(kind, "__dataclass_fields__") and name != "Span"
    }
    assert set() == kinds - set(held)
    assert DECLARATIONS == {type(declaration).__name__ for declaration in script.declarations}
    assert {"map", "checks", "rules", "lookup", "decide", "fn", "entity", "view", "source", "flow"} == {
        declaration.kind for declaration in script.declarations if isinstance(declaration, ast.Override)
    }


def test_every_node_stands_inside_the_one_that_holds_it():
    text = (Path(__file__).parent / "scripts" / "everything.dhm").read_text(encoding="utf-8")
    for declaration in read(text)[0].declarations:
        for node in walk(declaration):
            assert declaration.span.start <= node.span.start <= node.span.end <= declaration.span.end, node


WORDS = [
    "from",
    "key",
    "order",
    "type",
    "end",
    "where",
    "format",
    "default",
    "set",
    "error",
    "map",
    "case",
    "not",
    "null",
    "and",
    "in",
    "let",
]


@pytest.mark.parametrize("word", WORDS)
def test_a_word_of_the_language_can_be_the_name_of_a_field(word):
    text = f"""\
source s: csv {{
  columns {{
    {word}: text at "X"
    nested: {{{word}: text, other: [{{{word}: int}}]}}
  }}
}}
entity E {{
  key other, {word}
  {word}: text
  other: {{{word}: text}}
}}
map E from r in s {{
  {word}: r.{word}
  other: {{{word}: r.nested.{word}}}
}}
rules R for E {{
  rule R1 when out.{word} = 1 set {word}: 1
}}
"""
    assert [] == told(text)


def test_names_take_letters_of_any_script_and_composed_or_not_they_are_one():
    decomposed = "entity E {\n  e\u0301te\u0301: text\n  名前: text\n  हिन्दी: text\n}\n"
    entity = read(decomposed)[0].declarations[0]
    assert isinstance(entity, ast.Entity)
    assert [] == told(decomposed)
    assert ["été", "名前", "हिन्दी"] == [field.name.text for field in entity.fields]


def test_lines_may_end_as_on_windows_and_a_text_may_begin_with_a_mark_of_its_encoding():
    unix = 'map P from r in x {\n  a: """one\ntwo"""\n}\n'
    windows = "\ufeff" + unix.replace("\n", "\r\n")
    assert [] == told(windows)
    assert read(unix)[0] == read(windows)[0]


def test_documentation_belongs_to_what_it_stands_directly_above():
    text = """\
## Apart.

## Of the source,
## in two lines.
source s: csv {
  columns {
    ## Of the column.
    a: text  ## not of the next
    b: text
  }
}
"""
    source = read(text)[0].declarations[0]
    assert isinstance(source, ast.Source)
    assert "Of the source,\nin two lines." == source.doc
    assert ["Of the column.", ""] == [column.doc for column in source.columns]
