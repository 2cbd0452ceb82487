"""Literals: numbers, texts, templates, patterns."""

from __future__ import annotations

import re
from decimal import Decimal

from datahub.document import Span
from datahub.syntax import ast
from datahub.syntax.literals import EXACT, MOST_DIGITS, unescape
from datahub.syntax.nodes.building import Actions, Building, Token

ACTION = Actions()

_BRACE = re.compile(r"\\u\{[^{}]*\}|\\.|\{\{|\}\}|\{|\}", re.DOTALL)


def content(b: Building, token: Token) -> tuple[int, int]:
    """Where the content of a text begins and ends, between its quotes."""
    start, end = b.laid.starts[token], b.laid.ends[token]
    return start + 1, end if start in b.unclosed else end - 1


@ACTION
def plain_text(b: Building, span: Span, token: Token) -> ast.String:
    start, end = content(b, token)
    return ast.String(unescape(b.text[start:end], start, b.text[span.start], b.report), False, span)


@ACTION
def block(b: Building, span: Span, token: Token) -> ast.String:
    raw = b.raw(token)
    inside = raw[3:-3] if len(raw) >= 6 and raw.endswith('"""') else raw[3:]
    # A checkout on Windows must not change what a script says.
    return ast.String(inside.replace("\r\n", "\n"), True, span)


@ACTION
def text_value(b: Building, span: Span, token: Token) -> ast.String | ast.Template:
    """A text that may hold expressions in braces."""
    start, end = content(b, token)
    quote = b.text[span.start]
    if b.text.find("{", start, end) < 0 and b.text.find("}}", start, end) < 0:
        return ast.String(unescape(b.text[start:end], start, quote, b.report), False, span)
    parts: list[str | ast.Expr] = []
    literal = ""
    at = since = start
    while found := _BRACE.search(b.text, at, end):
        at = found.end()
        if found[0] == "}" or found[0][0] == "\\":
            continue
        literal += unescape(b.text[since : found.start()], since, quote, b.report)
        if found[0] == "{":
            hole, at = _hole(b, found.start(), end)
            if literal:
                parts.append(literal)
            literal = ""
            if hole is not None:
                parts.append(hole)
        else:
            literal += found[0][0]
        since = at
    literal += unescape(b.text[since:end], since, quote, b.report)
    if not parts:
        return ast.String(literal, False, span)
    if all(isinstance(part, str) for part in parts):
        return ast.String("".join(str(part) for part in parts) + literal, False, span)
    return ast.Template((*parts, literal) if literal else tuple(parts), span)


def _hole(b: Building, brace: int, end: int) -> tuple[ast.Expr | None, int]:
    """Read the expression after a brace; give it, and where the text goes on."""
    hole, stop = b.read_hole(brace + 1, end)
    if stop >= end:
        message = "a brace in the text is not closed"
        b.report.broken(brace, brace + 1, message, "an expression begins here", help="write `{{` for a brace that is text")
        return None, end
    return hole, stop + 1


@ACTION
def number(b: Building, span: Span, token: Token) -> ast.Number:
    raw = b.raw(token)[: 2 * MOST_DIGITS]
    if b.laid.kinds[token] == "INT":
        return ast.Number(int(raw), False, span)
    if b.laid.kinds[token] == "PERCENT":
        return ast.Number(Decimal(raw.rstrip("%")).scaleb(-2, EXACT), True, span)
    return ast.Number(Decimal(raw), False, span)


@ACTION
def negative_number(b: Building, span: Span, sign: Token, positive: ast.Number) -> ast.Number:
    return ast.Number(positive.opposite, positive.percent, span)


@ACTION
def true(b: Building, span: Span, token: Token) -> ast.Boolean:
    return ast.Boolean(True, span)


@ACTION
def false(b: Building, span: Span, token: Token) -> ast.Boolean:
    return ast.Boolean(False, span)


@ACTION
def null(b: Building, span: Span, token: Token) -> ast.Null:
    return ast.Null(span)


@ACTION
def pattern(b: Building, span: Span, token: Token) -> ast.Pattern:
    raw = b.raw(token)
    close = raw.rfind("/", 1)
    return ast.Pattern(raw[1:close], raw[close + 1 :], span) if close > 0 else ast.Pattern(raw[1:], "", span)


@ACTION
def literal_list(b: Building, span: Span, items: tuple[ast.Literal_, ...] | None) -> ast.ListOf:
    return ast.ListOf(items or (), span)


@ACTION
def literals(b: Building, span: Span, *items: ast.Literal_) -> tuple[ast.Literal_, ...]:
    return items
