"""Mistakes: each is told once, where it is, in words that help, and the rest of the file is read on."""

from __future__ import annotations

import re

import pytest

from datahub.syntax import ast
from tests.unit.semantic.programs import elaborated
from tests.unit.syntax.reading import mapped, read, told, told_of

FIVE = """\
source s: csv {
  columns {
    a text
    b: int
  }
}

entity E {
  key a
  a: text wher a <> ""
  b: int
}

map E from r in s {
  a: upper(r.a
  b: r.b +
}

checks E {
  C1 eror: a <> ""
  C2 warn: b > 1
}

flow f {
  write E too t
  reject otherwise to u
}
"""


def test_five_independent_mistakes_are_five_and_what_is_right_is_kept():
    script, found = read(FIVE)
    assert [
        "3:7 DHM001 `text` stands where `:` should be",
        "10:11 DHM001 `wher` is no word that fits here",
        "15:11 DHM001 `(` is never closed",
        "17:1 DHM001 `}` stands where an expression should be",
        "20:6 DHM001 `eror` is no word that fits here",
        "25:11 DHM001 `too` is no word that fits here",
    ] == [f"{d.at.span.line}:{d.at.span.column} {d.rule.code} {d.message}" for d in found]
    assert ["Source", "Entity", "Map", "Checks", "Flow"] == [type(d).__name__ for d in script.declarations]
    source, entity, mapping, checks, flow = script.declarations
    assert isinstance(source, ast.Source)
    assert ["b"] == [column.name.text for column in source.columns]
    assert isinstance(entity, ast.Entity)
    assert ["b"] == [field.name.text for field in entity.fields]
    assert isinstance(mapping, ast.Map)
    assert ["a"] == [item.name.text for item in mapping.items if isinstance(item, ast.FieldItem)]
    assert isinstance(checks, ast.Checks)
    assert ["C2"] == [check.code.text for check in checks.checks]
    assert isinstance(flow, ast.Flow)
    assert 1 == len(flow.items)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("map P from r in x {\n  a b\n}\n", ["2:5 DHM001 `b` stands where `:` should be"]),
        ("map P from r in x {\n  a = b\n}\n", ["2:5 DHM001 `=` stands where `:` should be"]),
        ("mapp P from r in x {\n  a: b\n}\nentity E { }\n", ["1:1 DHM001 `mapp` is no word that fits here"]),
        ("map P from r in x\n  a: b\n}\nentity E { }\n", ["1:18 DHM001 the line ends where a clause, `,` or `{` should be"]),
        ("map P from r in x {\n  a: b\n\nentity E { }\n", ["1:19 DHM001 `{` is never closed"]),
        ("source s: csv {\n  columns {\n    a: text\n}\nentity E { }\n", ["2:11 DHM001 `{` is never closed"]),
        ("map P from r in x {\n  a: [b, c\n  d: e\n}\n", ["2:6 DHM001 `[` is never closed"]),
        ("entity E { }\n}\n", ["2:1 DHM001 `}` closes nothing"]),
        ('map P from r in x {\n  a: "b\n  c: f("d, 1)\n  e: 1\n}\n', ["2:6 DHM001 the text has no end", "3:8 DHM001 the text has no end"]),
        ('entity E {\n  a: text = """b\n}\nentity F { }\n', ['2:13 DHM001 the text has no closing `"""`']),
        ("entity E {\n  a: text\n  `b: text\n}\n", ["3:3 DHM001 the name has no end"]),
        ("type T = text matches /a\n", ["1:23 DHM001 the pattern has no end"]),
        ("use\n", ["1:4 DHM001 the text ends where a name or text in quotes should be"]),
        ("entity", ["1:7 DHM001 the text ends where a name should be"]),
        ("x ¤ y\n", ["1:3 DHM001 `¤` is no mark of the language"]),
        ("entity E {\n  a: text ¤¤\n}\n", ["2:11 DHM001 `¤¤` is no mark of the language"]),
    ],
)
def test_a_mistake_is_told_once_and_where_it_is(text, expected):
    assert expected == told(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = b = c", "1:7 DHM001 comparisons do not chain"),
        ("a ? b : c", "1:3 DHM001 `?` stands where the end of the file or an operator should be"),
        ("[1 2]", "1:4 DHM001 `2` stands where `,`, `]`, `for` or an operator should be"),
        ("f(a b)", "1:5 DHM001 `b` stands where `,`, `)`, `for`, `order` or another word that fits should be"),
        ('{"a": 1}', "1:2 DHM001 text stands where a name or `include` should be"),
        ("a +", "1:4 DHM001 the text ends where an expression should be"),
        ("a % b", "1:3 DHM001 `%` is no mark of the language"),
        ("", "1:1 DHM001 the text ends where an expression should be"),
        ('"{a"', "1:2 DHM001 a brace in the text is not closed"),
        ('"{a +}"', "1:6 DHM001 `}` stands where an expression should be"),
        ('"{a} {b c}"', "1:9 DHM001 `c` stands where the end of the file or an operator should be"),
    ],
)
def test_mistakes_in_expressions_say_what_would_fit(text, expected):
    assert [expected] == told_of(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("007", "the number `007` begins with a zero"),
        ("1_000", "`1_000` is no number"),
        ("0x10", "`0x10` is no number"),
        ("1e5", "`1e5` is no number"),
        ("12abc", "`12abc` is no number"),
        (".5", "`.5` has no digit before the point"),
        ("2024-05-01", "`2024-05-01` is a subtraction, not a date"),
        ("1" * 39 + "0", "a number of 40 digits"),
        (r'"\d"', r"`\d` is no escape"),
        (r'"\u{D800}"', r"`\u{D800}` is no escape"),
        (r'"\u{110000}"', r"`\u{110000}` is no escape"),
    ],
)
def test_a_literal_that_is_none_says_what_to_write(text, expected):
    script, found = read(mapped(text))
    assert [("DHM002", expected)] == [(d.rule.code, d.message) for d in found]
    assert found[0].help
    assert 1 == len(script.declarations[0].items)  # type: ignore[union-attr]


TABLE = """\
lookup l (a: text) -> text {
  | a | b |
  | 1 | 2 |
  # between
%s
  otherwise error
}
"""


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("  | 1 |", "5:3 DHM003 a row has 1 cell, the header 2"),
        ("  | 1 | 2 | 3 |", "5:3 DHM003 a row has 3 cells, the header 2"),
        ("  | 1 | 2", "5:9 DHM003 a row of the table does not end in `|`"),
        ("\n  | 1 | 2 |", "6:3 DHM003 a blank line ended the table before this row"),
    ],
)
def test_a_ragged_table_is_told_by_row(row, expected):
    assert [expected] == told(TABLE % row)


def test_every_ragged_row_is_told():
    assert 3 == len(told(TABLE % "  | 1 |\n  | 2 | 3 |\n  | 4 |\n  | 5 | 6 | 7 |"))


def test_too_many_mistakes_are_not_all_told():
    assert 100 == len(told("?\n".join(f"entity E{n} {{ x y }}\n" for n in range(300))))


@pytest.mark.parametrize("text", [FIVE, "map P from r in x {\n a: f(1,,2)\n}", "type T = text(a..b)", "flow f { write }", "checks X { A }"])
def test_messages_keep_the_law_of_their_words(text):
    banned = re.compile(r"\b(invalid|illegal|unexpected|please|oops|failed to|token)\b", re.IGNORECASE)
    for diagnostic in read(text)[1]:
        assert diagnostic.message[0].islower() or diagnostic.message[0] == "`"
        assert not diagnostic.message.endswith(".")
        assert not re.search(r"\b[A-Z]{4,}\b|_NL|\$END|__ANON", diagnostic.message + diagnostic.at.text + (diagnostic.help or ""))
        assert not banned.search(diagnostic.message)


@pytest.mark.parametrize(
    "text",
    [
        "fn f() = " + "(" * 101 + "1" + ")" * 101 + "\nfn g() = 1 +\n",
        "fn f() = " + "not " * 200 + "a\nfn g() = 1 +\n",
        "fn f() = " + "-" * 200 + "a\nfn g() = 1 +\n",
        "fn f() = " + ".".join("a" * 200) + "\nfn g() = 1 +\n",
        "fn f() = " + "case when a then " * 150 + "b" + " end" * 150 + "\nfn g() = 1 +\n",
        "type T = " + "[" * 150 + "text" + "]" * 150 + "\nfn g() = 1 +\n",
        "type T = " + "map(" * 150 + "text" + ")" * 150 + "\nfn g() = 1 +\n",
    ],
)
def test_what_stands_too_deep_is_told_and_the_rest_is_read(text):
    deep, after = told(text)
    assert "more than 100 deep" in deep
    assert "2:13 DHM001 the text ends where an expression should be" == after


def test_as_deep_as_allowed_is_read():
    assert [] == told("fn f() = " + "(" * 98 + "1" + ")" * 98 + "\n")


@pytest.mark.parametrize("operator", ["or", "and", "+", "-", "*", "&"])
def test_a_chain_is_flat_and_may_have_a_thousand_terms(operator):
    assert [] == told("fn f() = " + f" {operator} ".join("a" * 1000) + "\n")
    assert ["1:10 DHM001 more than 1,000 terms stand in one chain"] == told("fn f() = " + f" {operator} ".join("a" * 1001) + "\n")


def test_a_chain_of_too_many_terms_is_told_once():
    assert ["1:10 DHM001 more than 1,000 terms stand in one chain"] == told("fn f() = " + "a + " * 3000 + "1\n")


def test_a_chain_in_parentheses_is_one_level_of_the_chain_around_it():
    chain = " + ".join("a" * 150)
    assert [] == told(f"fn f() = {chain} + ({chain}) * {chain}\n")


def test_what_goes_on_after_a_chain_that_is_too_long_is_of_its_type():
    script = "source a: csv { columns { x: int } }\nentity E { x: int }\nmap E from r in a { x: r.x" + " + 1" * 3000 + " }\n"
    _, found = elaborated(script)
    assert [one.rule.code for one in found] == ["DHM001"]


@pytest.mark.parametrize(
    ("written", "better"),
    [
        (
            "map E from r in a\n  left join s in b on s.x = r.x\n{\n  x: r.x\n}\n",
            "map E from r in a\n  join s in b on s.x = r.x\n{\n  x: r.x\n}\n",
        ),
        ("map E from r in a left outer join s in b on s.x = r.x { x: r.x }\n", "map E from r in a join s in b on s.x = r.x { x: r.x }\n"),
        ('test "t" {\n  given a:\n    | x |\n    | 1 |\n}\n', 'test "t" {\n  given a\n    | x |\n    | 1 |\n}\n'),
        ('test "t" {\n  expect E:\n    | x |\n    | 1 |\n}\n', 'test "t" {\n  expect E\n    | x |\n    | 1 |\n}\n'),
    ],
)
def test_what_other_languages_write_and_ours_leaves_out_has_a_fix(written: str, better: str):
    _, found = read(written)
    assert [one.rule.code for one in found] == ["DHM010"]
    fix = found[0].fix
    assert fix is not None
    (edit,) = fix.edits
    assert written[: edit.span.start] + edit.text + written[edit.span.end :] == better
    assert read(better)[1] == []


@pytest.mark.parametrize(
    ("written", "better"),
    [("1.x", "write `^1`; "), (">=1.0 <2", "write `^1.2`"), ("*", "write `^1.2`"), ("=1.0.0", "write `^1.2`")],
)
@pytest.mark.parametrize(
    "line", ["use acme.base {} as b\n", "pack acme.mid 1.0.0 {{\n  requires acme.base {}\n}}\n"], ids=["use", "requires"]
)
def test_a_range_that_only_dhm_toml_knows_says_what_to_write(line: str, written: str, better: str):
    first = read(line.format(written))[1][0]
    assert f"`{written}` is no range that a script can ask for" in first.message
    assert better in (first.help or "")
