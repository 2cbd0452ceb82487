"""Expressions: what binds how, and what stands where."""

from __future__ import annotations

from decimal import Decimal

import pytest

from datahub.syntax import ast
from datahub.syntax.printing.expressions import Expressions
from tests.unit.syntax.reading import expression, mapped, one, told, told_of


def shape(text: str) -> str:
    """The expression with parentheses around everything that holds something."""
    return bare(expression(text))


def bare(node: ast.Expr) -> str:
    match node:
        case ast.Binary(operator=operator, left=left, right=right):
            return f"({bare(left)} {operator} {bare(right)})"
        case ast.Unary(operator=operator, operand=operand):
            return f"({operator} {bare(operand)})"
        case ast.OnError(value=value, how=how, fallback=fallback):
            return f"({bare(value)} {how} {bare(fallback) if fallback else ''})"
        case ast.Range(low=low, high=high):
            return f"({bare(low)}..{bare(high)})"
        case _:
            return Expressions(frozenset()).flat(node)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a or b and c", "(a or (b and c))"),
        ("not a and b", "((not a) and b)"),
        ("not a = b", "(not (a = b))"),
        ("a = b and c <> d", "((a = b) and (c <> d))"),
        ("a + b = c * d", "((a + b) = (c * d))"),
        ("a & b + c", "(a & (b + c))"),
        ("a - b - c", "((a - b) - c)"),
        ("a - b * c / d", "(a - ((b * c) / d))"),
        ("-a * b", "((- a) * b)"),
        ("-a.b", "(- a.b)"),
        ("5 --3", "(5 - (- 3))"),
        ("a default b default c", "((a default b) default c)"),
        ("a on error b default c", "((a use b) default c)"),
        ("a default b = c", "((a default b) = c)"),
        ("1..n", "(1..n)"),
        ("(a + b) * c", "((a + b) * c)"),
        ("a.b.c", "a.b.c"),
    ],
)
def test_operators_bind_as_in_the_table_of_precedence(text, expected):
    assert expected == shape(text)


def test_numbers_are_exact():
    assert (12, False) == number("12")
    assert ("12.50", False) == (str(number("12.50")[0]), number("12.50")[1])
    assert (Decimal("0.05"), True) == number("5%")
    assert (Decimal("0.12345678901234567890123456789012345678"), True) == number("12.345678901234567890123456789012345678%")


def number(text: str) -> tuple[int | Decimal, bool]:
    found = expression(text)
    assert isinstance(found, ast.Number)
    return found.value, found.percent


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"a"', "a"),
        ("'a'", "a"),
        (r'"\n\t\r\"\'\\"', "\n\t\r\"'\\"),
        (r'"\u{e9}\u{1F600}"', "é😀"),
        ('"{{a}}"', "{a}"),
        ('"}"', "}"),
        ('"#|--"', "#|--"),
        ('""', ""),
        ('"""a\\n{x}"b"""', 'a\\n{x}"b'),
    ],
)
def test_texts_are_read_with_their_escapes(text, expected):
    found = expression(text)
    assert isinstance(found, ast.String)
    assert expected == found.value


def test_a_text_with_braces_is_filled_in_and_its_expressions_know_their_place():
    found = one(mapped("\"{a} and {upper('x')}{{}}\""))
    assert isinstance(found, ast.Map)
    item = found.items[0]
    assert isinstance(item, ast.FieldItem)
    assert isinstance(item.value, ast.Template)
    first, second, third, fourth = item.value.parts
    assert " and " == second
    assert "{}" == fourth
    assert isinstance(first, ast.Reference)
    assert isinstance(third, ast.Call)
    assert "a" == first.span.text
    assert "upper('x')" == third.span.text


def test_a_member_of_a_set_a_range_and_a_list_are_told_apart():
    assert ["tuple", "tuple", "Range", "Member", "Reference"] == [
        type(among(text)).__name__ for text in ("a in (b, c)", "a in (b)", "a in 1..10", "a in m.lk", "a not in xs")
    ]


def among(text: str) -> object:
    found = expression(text)
    assert isinstance(found, ast.In)
    assert ("not" in text) == found.negated
    return found.among


def test_what_follows_the_arguments_of_an_aggregate_comes_in_either_order():
    first = expression("row_number(within k order by a desc, b)")
    second = expression("row_number(order by a desc, b within k)")
    assert isinstance(first, ast.Call)
    assert first == second
    assert [True, False] == [key.descending for key in first.order]


def test_a_pattern_may_hold_a_slash_in_brackets_and_division_is_none():
    found = expression("x matches /[a/b]+/i")
    assert isinstance(found, ast.Matches)
    assert isinstance(found.pattern, ast.Pattern)
    assert ("[a/b]+", "i") == (found.pattern.source, found.pattern.flags)
    assert "((a / b) / c)" == shape("a / b / c")
    assert "((a / b) / c)" == shape("a/b/c")


def test_missing_is_read_as_null():
    assert expression("a is null") == expression("a is missing")


def test_a_newline_is_nothing_in_parentheses_and_after_or_before_an_operator():
    assert expression("f(a, b)") == expression("f(a,\n  b\n)")
    assert [] == told(mapped("(a\n    + b)\n    default 0"))
    assert one(mapped("a and b")) == one(mapped("a\n    and b")) == one(mapped("a and\n    b"))


@pytest.mark.parametrize("text", ["f(order)", "f(where, for, within)", "order.total", "f(a, default)", "r.case", "from + 1", "f(first: 1)"])
def test_words_of_clauses_are_names_where_no_clause_can_stand(text):
    assert [] == told_of(text)


def test_a_call_on_a_value_is_told_with_the_call_to_write():
    assert ["1:6 DHM001 `trim` is called on a value"] == told_of("f(x).trim()")


def test_values_in_parentheses_are_no_list():
    assert ["1:5 DHM001 values in parentheses stand only after `in`"] == told_of("a = (1, 2)")
