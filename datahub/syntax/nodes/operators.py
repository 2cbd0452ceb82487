"""Operators, and those of other languages."""

from __future__ import annotations

from typing import cast

from datahub.diagnostics.diagnostic import Edit, Fix
from datahub.document import Span
from datahub.syntax import ast
from datahub.syntax.nodes.building import Actions, Building, Token
from datahub.syntax.oddities import FOREIGN_MARKS
from datahub.syntax.rules import UNCLEAR_DEFAULT

ACTION = Actions()

ARITHMETIC = frozenset({"&", "+", "-", "*", "/"})
_ALIKE = {"or": "or", "and": "and", "&": "&", "+": "+", "-": "+", "*": "*", "/": "*"}
"""Operators that make chains, and which of them bind alike."""
_BY_KIND: dict[str, ast.BinaryOperator] = {"AMPERSAND": "&", "PLUS": "+", "MINUS": "-", "STAR": "*", "SLASH": "/"}


def _binary(b: Building, span: Span, operator: ast.BinaryOperator, left: ast.Expr, right: ast.Expr) -> ast.Expr:
    """One operation; a chain of one operator, or of those that bind alike, is flat to its reader."""
    node = ast.Binary(operator, left, right, span)
    if isinstance(left, ast.Binary) and _ALIKE.get(operator, operator) == _ALIKE.get(left.operator) and id(left) not in b.wrapped:
        return b.chained(node, span, left, right)
    return b.nested(node, span, (left, right))


@ACTION
def or_(b: Building, span: Span, left: ast.Expr, right: ast.Expr) -> ast.Expr:
    return _binary(b, span, "or", left, right)


@ACTION
def and_(b: Building, span: Span, left: ast.Expr, right: ast.Expr) -> ast.Expr:
    return _binary(b, span, "and", left, right)


@ACTION
def not_(b: Building, span: Span, operand: ast.Expr) -> ast.Expr:
    return b.nested(ast.Unary("not", operand, span), span, (operand,))


@ACTION
def negative(b: Building, span: Span, operand: ast.Expr) -> ast.Expr:
    return b.nested(ast.Unary("-", operand, span), span, (operand,))


@ACTION
def equal(b: Building, span: Span, left: ast.Expr, right: ast.Expr) -> ast.Expr:
    return _binary(b, span, "=", left, right)


@ACTION
def compare(b: Building, span: Span, left: ast.Expr, operator: Token, right: ast.Expr) -> ast.Expr:
    written = b.raw(operator)
    return _binary(b, span, cast(ast.BinaryOperator, FOREIGN_MARKS.get(written, written)), left, right)


@ACTION
def arithmetic(b: Building, span: Span, left: ast.Expr, operator: Token, right: ast.Expr) -> ast.Expr:
    return _binary(b, span, _BY_KIND[b.laid.kinds[operator]], left, right)


@ACTION
def default(b: Building, span: Span, left: ast.Expr, right: ast.Expr) -> ast.Expr:
    _tell_unclear(b, "default", left, right)
    return _binary(b, span, "default", left, right)


@ACTION
def on_error(b: Building, span: Span, value: ast.Expr, error: Token, fallback: ast.Expr) -> ast.Expr:
    _tell_unclear(b, "on error", value, fallback)
    return b.nested(ast.OnError(value, "use", fallback, None, span), span, (value, fallback))


@ACTION
def on_error_warn(b: Building, span: Span, value: ast.Expr, error: Token, warn: Token, fallback: ast.Expr) -> ast.Expr:
    _tell_unclear(b, "on error", value, fallback)
    return b.nested(ast.OnError(value, "warn", fallback, None, span), span, (value, fallback))


@ACTION
def on_error_reject(b: Building, span: Span, value: ast.Expr, error: Token, code: Token | None) -> ast.Expr:
    _tell_unclear(b, "on error", value)
    return b.nested(ast.OnError(value, "reject", None, None if code is None else b.name(code), span), span, (value,))


def _tell_unclear(b: Building, word: str, *operands: ast.Expr) -> None:
    """Tell an operand that is a sum or the like and stands without parentheses."""
    bare = [o for o in operands if isinstance(o, ast.Binary) and o.operator in ARITHMETIC and id(o) not in b.wrapped]
    if not bare:
        return
    edits: list[Edit] = []
    for operand in bare:
        assert isinstance(operand, ast.Binary)
        start, end = operand.span.start, operand.span.end
        edits += [Edit(b.report.span(start, start), "("), Edit(b.report.span(end, end), ")")]
    first = bare[0]
    assert isinstance(first, ast.Binary)
    better = f"({first.span.text})" if len(first.span.text) <= 60 else "(…)"
    b.report.tell(
        UNCLEAR_DEFAULT,
        first.span.start,
        first.span.end,
        f"`{word}` stands beside `{first.operator}` without parentheses",
        "parentheses say what belongs together",
        notes=(f"`{word}` takes the whole of it, unless parentheses say otherwise",),
        help=f"write `{better}`, or put `{word}` and its value in parentheses",
        fix=Fix(f"write `{better}`", tuple(edits)),
    )


@ACTION
def up_to(b: Building, span: Span, low: ast.Expr, high: ast.Expr) -> ast.Expr:
    return b.nested(ast.Range(low, high, span), span, (low, high))


@ACTION
def in_(b: Building, span: Span, value: ast.Expr, negation: Token | None, among: ast.Expr) -> ast.Expr:
    values: tuple[ast.Expr, ...] | ast.Range | ast.Expr = among
    if id(among) in b.sets:
        values = b.sets.pop(id(among)).items
    elif id(among) in b.wrapped:
        values = (among,)
    return b.nested(ast.In(value, negation is not None, values, span), span, (value, among))


@ACTION
def is_(b: Building, span: Span, value: ast.Expr, negation: Token | None, what: Token) -> ast.Expr:
    blank = b.raw(what).lower() == "blank"
    return b.nested(ast.Is(value, negation is not None, "blank" if blank else "null", span), span, (value,))


@ACTION
def matches(b: Building, span: Span, value: ast.Expr, negation: Token | None, pattern: ast.Expr) -> ast.Expr:
    return b.nested(ast.Matches(value, negation is not None, pattern, span), span, (value, pattern))


@ACTION
def foreign_like(b: Building, span: Span, value: ast.Expr, negation: Token | None, shape: ast.Expr) -> ast.Expr:
    """SQL's `x like "A%"`."""
    negated = "not " if negation is not None else ""
    better = f"{negated}like({b.place_of(value).text}, {b.place_of(shape).text})"
    b.report.forget_foreign(span.start, span.end)
    b.report.foreign(span.start, span.end, better, message="`like` is a function here, not an operator")
    arguments = tuple(ast.Argument(None, part, part.span) for part in (value, shape))
    made = ast.Call(ast.QName((ast.Name("like", span),), span), arguments, None, None, (), (), span)
    found = b.nested(made, span, (value, shape))
    return b.nested(ast.Unary("not", found, span), span, (found,)) if negated else found


@ACTION
def foreign_between(b: Building, span: Span, value: ast.Expr, negation: Token | None, low: ast.Expr, high: ast.Expr) -> ast.Expr:
    """SQL's `x between a and b`."""
    word = "not in" if negation is not None else "in"
    better = f"{b.place_of(value).text} {word} {b.place_of(low).text}..{b.place_of(high).text}"
    b.report.forget_foreign(span.start, span.end)
    b.report.foreign(span.start, span.end, better, message="`between` is written `in` with two dots here")
    return in_(b, span, value, negation, up_to(b, low.span.to(high.span), low, high))
