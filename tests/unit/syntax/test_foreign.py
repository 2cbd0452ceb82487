"""Spellings of other languages: each is told with what to write, and the safe fixes give a script without a word."""

from __future__ import annotations

import pytest

from datahub.diagnostics.rule import Severity
from tests.unit.syntax.reading import mapped, mended, one, read, told


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [
        ("a == b", "a = b"),
        ("a === b", "a = b"),
        ("a != b", "a <> b"),
        ("a !== b", "a <> b"),
        ("a && b", "a and b"),
        ("a || b", "a or b"),
        ('a || "x"', 'a & "x"'),
        ("a ?? b", "a default b"),
        ("a =< b", "a <= b"),
        ("!a", "not a"),
        ("a AND b OR NOT c", "a and b or not c"),
        ("a IS NULL", "a is null"),
        ("a IS NOT NULL", "a is not null"),
        ("a IN (1, 2)", "a in (1, 2)"),
        ("a NOT IN (1, 2)", "a not in (1, 2)"),
        ("NULL", "null"),
        ("True", "true"),
        ("None", "null"),
        ("CASE WHEN a THEN b ELSE c END", "case when a then b otherwise c end"),
        ("a between 1 and 2", "a in 1..2"),
        ("a BETWEEN 1 AND 2", "a in 1..2"),
        ("a not between 1 and 2", "a not in 1..2"),
        ("a like 'A%'", 'like(a, "A%")'),
        ("a NOT LIKE 'A%'", 'not like(a, "A%")'),
        ("first(a order by b asc)", "first(a order by b)"),
        ("first(a ORDER BY b ASC, c DESC)", "first(a order by b, c desc)"),
        ("'it''s'", '"it\'s"'),
        ('"{x default ""}"', "\"{x default ''}\""),
        ('"say ""hi"""', '"say \\"hi\\""'),
        ("“abc”", '"abc"'),
        ("«abc»", '"abc"'),
    ],
)
def test_a_foreign_spelling_is_told_and_mended(foreign, ours):
    found = read(mapped(foreign))[1]
    assert {"DHM010"} == {d.rule.code for d in found}
    assert {Severity.ERROR} == {d.level for d in found}
    assert all(d.help and d.fix and d.fix.safe for d in found)
    assert one(mapped(ours)) == one(mended(mapped(foreign)))
    assert read(mapped(ours))[0] == read(mapped(foreign))[0]


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [
        ("-- why\nentity E {\n  a: text -- a\n}\n", "# why\nentity E {\n  a: text # a\n}\n"),
        ("// why\nentity E {\n  a: text // a\n}\n", "# why\nentity E {\n  a: text # a\n}\n"),
        ("/* why\n * not */\nentity E { }\n", "# why\n# not\nentity E { }\n"),
        ("entity E {\n  a: text;\n  b: text;\n}\n", "entity E {\n  a: text\n  b: text\n}\n"),
        ("MAP P FROM r IN x WHERE r.a {\n  LET a: b\n}\n", "map P from r in x where r.a {\n  let a: b\n}\n"),
    ],
)
def test_foreign_statements_are_told_and_mended(foreign, ours):
    found = read(foreign)[1]
    assert {"DHM010"} == {d.rule.code for d in found}
    assert ours == mended(foreign)
    assert [] == told(mended(foreign))


@pytest.mark.parametrize(("foreign", "ours"), [("case when a then b else c end", "case when a then b otherwise c end"), ("a?.b", "a.b")])
def test_what_is_read_and_rewritten_is_only_noted(foreign, ours):
    found = read(mapped(foreign))[1]
    assert [("DHM010", Severity.NOTE)] == [(d.rule.code, d.level) for d in found]
    assert mapped(ours) == mended(mapped(foreign))


def test_words_in_capitals_side_by_side_are_one_mistake():
    assert ["2:8 DHM010 `IS NOT NULL` is written `is not null` here"] == told(mapped("b IS NOT NULL"))


@pytest.mark.parametrize("text", ["r.OR", "AT & NO", "f(ON)", "`NULL`", "r.else", "5 --3", "a - -b"])
def test_names_in_capitals_are_names_where_no_keyword_can_stand(text):
    assert [] == told(mapped(text))


def test_members_of_an_enum_may_be_in_capitals():
    assert [] == told("type Country = enum(AT, BE, IN, IS, NO, NULL)\n")


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("a + b default 0", "(a + b) default 0"),
        ("a default b * 2", "a default (b * 2)"),
        ("a & b on error warn c", "(a & b) on error warn c"),
        ("a / b on error reject X1", "(a / b) on error reject X1"),
        ("a - b default c + d", "(a - b) default (c + d)"),
    ],
)
def test_default_beside_an_operator_asks_for_parentheses(text, better):
    found = read(mapped(text))[1]
    assert ["DHM011"] == [d.rule.code for d in found]
    assert mapped(better) == mended(mapped(text))
    assert [] == told(mapped(better))
    assert [] == told(mapped("a + (b default 0)"))
