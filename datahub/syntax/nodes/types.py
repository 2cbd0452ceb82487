"""Types, tags, and where a column stands."""

from __future__ import annotations

from dataclasses import replace

from datahub.diagnostics.diagnostic import Label
from datahub.document import Span
from datahub.syntax import ast
from datahub.syntax.nodes.building import Actions, Building, Token, kept
from datahub.syntax.nodes.texts import pattern, plain_text
from datahub.syntax.rules import SYNTAX

ACTION = Actions()


@ACTION
def nullable(b: Building, span: Span, inner: ast.TypeExpr) -> ast.TypeExpr:
    return replace(inner, nullable=True, span=span)


@ACTION
def named_type(b: Building, span: Span, name: ast.QName, arguments: tuple[ast.TypeArgument, ...] | None) -> ast.TypeExpr:
    given = arguments or ()
    if name.text == "enum":
        given = tuple(map(_member, given))
    made = ast.TypeName(name, given, False, span)
    return _or_text(b.nested(made, span, given), span) if given else made


def _member(argument: ast.TypeArgument) -> ast.TypeArgument:
    """A bare word among the members of an enum is the member itself, not a type."""
    if isinstance(argument, ast.TypeName) and not argument.arguments and not argument.nullable and len(argument.name.parts) == 1:
        return argument.name.text
    return argument


def _or_text(made: ast.TypeExpr | ast.Null, span: Span) -> ast.TypeExpr:
    """What was nested too deep is read as text."""
    if not isinstance(made, ast.Null):
        return made
    return ast.TypeName(ast.QName((ast.Name("text", span),), span), (), False, span)


@ACTION
def type_args(b: Building, span: Span, *arguments: ast.TypeArgument) -> tuple[ast.TypeArgument, ...]:
    return arguments


@ACTION
def int_arg(b: Building, span: Span, number: Token) -> int:
    return whole(b, number)


@ACTION
def range_arg(b: Building, span: Span, low: Token, high: Token | None) -> ast.TypeRange:
    return ast.TypeRange(whole(b, low), None if high is None else whole(b, high), span)


@ACTION
def text_arg(b: Building, span: Span, text: Token) -> str:
    return plain_text(b, span, text).value


def whole(b: Building, token: Token) -> int:
    """The whole number that the token writes; one too long was told already."""
    return int(b.raw(token)[:40])


@ACTION
def list_type(b: Building, span: Span, item: ast.TypeExpr) -> ast.TypeExpr:
    return _or_text(b.nested(ast.TypeList(item, False, span), span, (item,)), span)


@ACTION
def struct_type(b: Building, span: Span, *fields: ast.TypeField | None) -> ast.TypeExpr:
    held = kept(fields)
    return _or_text(b.nested(ast.TypeStruct(held, False, span), span, [field.type for field in held]), span)


@ACTION
def type_field(b: Building, span: Span, name: Token, type: ast.TypeExpr, at: ast.At | None, tags: tuple[ast.Tag, ...]) -> ast.TypeField:
    return ast.TypeField(b.name(name), type, at, tags, span)


@ACTION
def tags(b: Building, span: Span, *given: ast.Tag) -> tuple[ast.Tag, ...]:
    return given


@ACTION
def tag(b: Building, span: Span, name: Token, arguments: tuple[ast.Literal_, ...] | None) -> ast.Tag:
    return ast.Tag(b.name(name), arguments or (), span)


@ACTION
def at_names(b: Building, span: Span, *names: Token) -> ast.At:
    return ast.At(tuple(plain_text(b, b.span(name), name).value for name in names), None, None, span)


@ACTION
def at_pattern(b: Building, span: Span, regex: Token) -> ast.At:
    return ast.At((), pattern(b, b.span(regex), regex), None, span)


@ACTION
def at_positions(b: Building, span: Span, first: Token, last: Token | None) -> ast.At:
    return ast.At((), None, (whole(b, first), whole(b, first if last is None else last)), span)


def tell_twice(b: Building, what: str, first: Span, second: Span) -> None:
    """Tell a part of a declaration that is there twice."""
    b.report.tell(SYNTAX, second.start, second.end, f"{what} stands twice", "the second", also=(Label(first, "the first"),))
