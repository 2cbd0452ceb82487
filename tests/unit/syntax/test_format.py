"""The one style of scripts."""

from __future__ import annotations

import pytest

from datahub.document import Document
from datahub.syntax.format import format_script
from datahub.syntax.walk import children, walk
from tests.unit.syntax.reading import expression, mapped, read


def printed(text: str) -> str:
    return format_script(Document("x.dhm", text))


def test_blocks_are_aligned_and_comments_stay_where_they_belong():
    text = """\
# the file
use  djust.core   ^1.4 as core
param a:text='x'   # why
## Of the source.
source s :csv {delimiter ';' encoding "cp1252"
  # before the columns
  columns { # of the columns
    ref:text at 'REF'  # the key
    ## Of the price.
    price_of_it:decimal( 12,2 )?   at "PRIX"   format "0,00"  @pii

    x : [text]
    # the last
  } }
map P from r in s
  where   r.a is missing   # missing
  # between
  group by r.a
{ a:r.a,bcd:r . b   # beside
  # inside

  # apart
  e:sum(l.a   # in the midst
    for l in r.xs)
  }   # at the end
# after all
"""
    assert (
        printed(text)
        == """\
# the file
use djust.core ^1.4 as core

param a: text = "x"  # why

## Of the source.
source s: csv {
  delimiter ";"  encoding "cp1252"
  # before the columns
  columns {  # of the columns
    ref         : text            at "REF"  # the key
    ## Of the price.
    price_of_it : decimal(12,2)?  at "PRIX"  format "0,00"  @pii

    x: [text]
    # the last
  }
}

map P from r in s
  where r.a is null  # missing
  # between
  group by r.a
{
  a   : r.a
  bcd : r.b  # beside
  # inside

  # apart
  # in the midst
  e: sum(l.a for l in r.xs)
}  # at the end
# after all
"""
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("'it\\'s'", '"it\'s"'),
        ("'say \"a\"'", '"say \\"a\\""'),
        ("a?.b", "a.b"),
        ("a is missing", "a is null"),
        ("case when a then b else c end", "case when a then b otherwise c end"),
        ("((a))", "a"),
        ("(a and b) or c", "(a and b) or c"),
        ("(a.b) + (1)", "a.b + 1"),
        ("a*b", "a * b"),
        ("-(-a)", "-(-a)"),
        ("(a+b) default 0", "(a + b) default 0"),
        ("f( a ,b, )", "f(a, b)"),
        ("f(order by a within b)", "f(within b order by a)"),
        ("{a:1,b:2,}", "{a: 1, b: 2}"),
        ("[ ]", "[]"),
        ("12.50", "12.50"),
        ("5.0%", "5.0%"),
        ("1 .. n", "1..n"),
        ("\"{ a }-{'x'}\"", "\"{a}-{'x'}\""),
        ("`a` + `PRIX HT` + `null`", "a + `PRIX HT` + `null`"),
        ("a in (b)", "a in (b)"),
        ("x matches /a b/i", "x matches /a b/i"),
    ],
)
def test_expressions_have_one_spelling(written, expected):
    assert mapped(expected) == printed(mapped(written))


def test_long_lines_are_broken_at_the_loosest_operator():
    long = " and ".join(f"r.some_column_{number} = {number}" for number in range(6))
    assert printed(mapped(long)) == mapped(long.replace(" and ", "\n    and "))
    call = f"compact({', '.join(f'r.some_long_column_{number}' for number in range(5))})"
    assert all(len(line) <= 100 for line in printed(mapped(call)).split("\n"))
    nested = f"if({long}, [{', '.join(f'r.some_long_column_{number}' for number in range(5))}], {{a: {call}, b: {long}}})"
    assert all(len(line) <= 100 for line in printed(mapped(nested)).split("\n"))
    assert read(mapped(nested))[0] == read(printed(mapped(nested)))[0]


def test_a_script_with_a_mistake_is_left_as_it_is():
    for text in ("map P from r in x {\n  a   b\n}\n", "entity   E {\n  a: text == 1 }", "entity   E {\n a: text = a + b default 1}"):
        assert text == printed(text)


def test_an_option_without_a_value_ends_its_line():
    assert printed("source s: csv {\n  strict\n  trim true\n}\n") == "source s: csv {\n  strict\n  trim true\n}\n"


def test_an_empty_script_stays_empty():
    assert "" == printed("")
    assert "" == printed("\n\n")
    assert "# only\n" == printed("\n# only")


def test_a_result_that_begins_with_a_sign_does_not_continue_the_line_above():
    text = "fn f(x: int) {\n  let a: x, -a\n}\n"
    assert read(text)[0] == read(printed(text))[0]


def test_printing_is_unix_and_one_blank_line_is_enough():
    assert "use a\n\nuse b\n" == printed("use a\r\n\r\n\r\n\r\nuse b\r\n\r\n")


def test_walking_meets_every_node_once_and_in_order():
    found = expression("f(a, {b: -c})")
    assert [
        "Call",
        "QName",
        "Name",
        "Argument",
        "Reference",
        "Name",
        "Argument",
        "StructOf",
        "StructField",
        "Name",
        "Unary",
        "Reference",
        "Name",
    ] == [type(node).__name__ for node in walk(found)]
    assert ["QName", "Argument", "Argument"] == [type(node).__name__ for node in children(found)]
