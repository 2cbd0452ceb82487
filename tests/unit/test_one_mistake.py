"""A script with one mistake, as somebody makes it who comes from another language: one message, which says what to write."""

from __future__ import annotations

import pytest

from datahub import compiler
from datahub.diagnostics.diagnostic import Diagnostic
from datahub.document import Document
from datahub.packs.folders import Folders

SCRIPT = """\
source feed: csv {
  delimiter ";"
  columns {
    ref: text at "REF"
    label: text?
    price: decimal
    stock: int
    updated: date format "dd/MM/yyyy"
  }
}
entity Offer {
  key ref
  ref: text(20)
  name: text(40)?
  price: decimal(10,2)
  updated: date
  live: bool
}
map Offer from f in feed where f.stock > 0 {
  ref: f.ref
  name: f.label
  price: round(f.price, 2)
  updated: f.updated
  live: f.stock > 0
}
test "offers" {
  given feed
    | ref | label | price | stock | updated    |
    | a   | b     | 1     | 2     | 01/02/2026 |

  expect Offer
    | ref | price |
    | "a" | 1     |
}
"""

MISTAKES = [
    ("columns {", "columns", "3", None),
    ("columns {", "columns [", "3", "columns stand in braces: `columns { sku: text }`"),
    ("columns {", "columns: {", "3", "leave the colon out: `columns { … }`"),
    ("columns {", "colums {", "3", "write `columns`"),
    ("columns {", "fields {", "3", "write `columns`"),
    ("from f in feed", "from feed", "19", "write `feed.stock`: the row is called `feed`"),
    ("from f in feed", "from feed as f", "19", "write `feed.stock`: the row is called `feed`"),
    ("from f in feed", "f in feed", "19", "write `from f in feed`"),
    ("from f in feed", "from f in fed", "19", "write `feed`"),
    ("entity Offer", "entity offer", "19", "write `offer`"),
    ("source feed:", "source :", "1", None),
    ("source feed: csv", "source: feed csv", "1", None),
    ('date format "dd/MM/yyyy"', 'datetim format "dd/MM/yyyy"', "8", "write `datetime`"),
    ('date format "dd/MM/yyyy"', 'date "dd/MM/yyyy"', "8", 'write `format "dd/MM/yyyy"`'),
    ('at "REF"', "at REF", "4", 'write `"REF"`: how the file calls a column stands in quotes'),
    ('at "REF"', 'from "REF"', "4", "write `at`: how the file calls the column"),
    ('ref: text at "REF"', 'ref at "REF": text', "4", 'the type comes first: `ref: … at "REF"`'),
    ('delimiter ";"', 'delimiter = ";"', "2", 'write `delimiter ";"`: an option and its value stand side by side'),
    ('delimiter ";"', 'delimiter: ";"', "2", 'write `delimiter ";"`: an option and its value stand side by side'),
    ("decimal(10,2)", "decimal 10,2", "15", "write `decimal(10, 2)`"),
    ("decimal(10,2)", "decimal(10.2)", "15", "write `decimal(10, 2)`"),
    ("decimal(10,2)", "decimal<10,2>", "15", "write `decimal(10, 2)`"),
    ("text(40)", "text[40]", "14", "write `text(40)`"),
    ("name: f.label", 'name: f.ref == "x" ? "1" : "2"', "21", 'write `if(f.ref = "x", "1", "2")`'),
    ("name: f.label", 'name: f.label or "none"', "21", 'write `f.label default "none"` for what stands in for null'),
    ("name: f.label", "name := f.label", "21", "write `:`"),
    ("name: f.label", "name -> f.label", "21", "write `:`: what a field is stands behind it"),
    ("name: f.label", "name => f.label", "21", "write `:`: what a field is stands behind it"),
    ("live: f.stock > 0", "live: !f.stock", "24", "write `not`"),
    ("price: round(f.price, 2)", "price: f.price *", "22", "write what `*` takes on its right, or leave it out"),
    ("map Offer", "mapping Offer", "19", "write `map`"),
    ("where f.stock", "if f.stock", "19", "write `where`"),
    ("key ref", "primary key ref", "12", "write `key`"),
    ("key ref", "key(ref)", "12", "write the names of the key without parentheses: `key sku, colour`"),
    ("where f.stock > 0", "where f.stock = null", "19", None),
    ("  ref: text(20)\n", "", "12", None),
    (
        "given feed\n    | ref | label | price | stock | updated    |\n    | a   | b     | 1     | 2     | 01/02/2026 |\n",
        "given feed {\n    | ref | label | price | stock | updated    |\n    | a   | b     | 1     | 2     | 01/02/2026 |\n  }\n",
        "27",
        "leave the braces out: the rows of a table stand below, `| sku | qty |` and so on",
    ),
]


def told(text: str) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    compiler.check(Document("script.dhm", text), Folders(), found.append)
    return found


def test_the_script_has_none():
    assert [] == told(SCRIPT)


@pytest.mark.parametrize(("ours", "theirs", "line", "help"), MISTAKES, ids=[theirs.strip() or "a field" for _, theirs, _, _ in MISTAKES])
def test_a_mistake_is_told_once_where_it_is_and_says_what_to_write(ours, theirs, line, help):
    assert ours in SCRIPT
    found = told(SCRIPT.replace(ours, theirs, 1))
    assert [(line, help)] == [(str(one.at.span.line), one.help) for one in found], [one.message for one in found]


def test_a_name_that_is_missing_at_several_places_is_told_with_all_of_them():
    (found,) = told(SCRIPT.replace("entity Offer", "entity Ofer"))
    assert "there is no entity `Offer`" == found.message
    assert [31] == [one.span.line for one in found.also]
    assert found.fix is not None
    assert 2 == len(found.fix.edits)


def test_what_is_missing_in_several_declarations_stays_apart():
    two = SCRIPT + "entity More { ref: text }\nmap More from feed { ref: f.ref }\n"
    assert [19, 36] == [one.at.span.line for one in told(two.replace("from f in feed", "from feed", 1))]


def test_a_text_without_an_end_explains_all_else_on_its_line():
    found = told(SCRIPT.replace('format "dd/MM/yyyy"', 'format dd-03-01T00Z"'))
    assert [8] == [one.at.span.line for one in found]
    assert "the text has no end" == found[0].message
