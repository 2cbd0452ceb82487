"""Packs, parameters, types, sources, targets, entities, lookups, decision tables, functions."""

from __future__ import annotations

from collections.abc import Sequence

from datahub.document import Span
from datahub.records import record
from datahub.syntax import ast
from datahub.syntax.grid import read_table
from datahub.syntax.nodes.building import Actions, Building, Token, kept
from datahub.syntax.nodes.texts import pattern, plain_text, text_value
from datahub.syntax.nodes.types import tell_twice

ACTION = Actions()

Body = tuple[ast.Table | None, ast.Fallback | None]


@ACTION
def start(b: Building, span: Span, *declarations: ast.Declaration | None) -> ast.Script:
    return ast.Script(kept(declarations), b.report.span(0, len(b.text)))


# ---------------------------------------------------------------- packs


@record(frozen=True, slots=True)
class _Listed:
    """`exports a, b` or `sealed a, b`."""

    exported: bool
    names: tuple[ast.QName, ...]


PackItem = ast.String | ast.Requirement | _Listed | ast.Translate


@ACTION
def pack(b: Building, span: Span, name: ast.QName, version: str, *items: PackItem | None) -> ast.Pack:
    abouts = [item for item in items if isinstance(item, ast.String)]
    for about in abouts[1:]:
        tell_twice(b, "`about`", abouts[0].span, about.span)
    listed = [item for item in items if isinstance(item, _Listed)]
    codes = [item for item in items if isinstance(item, ast.Translate)]
    for one in codes[1:]:
        tell_twice(b, "`codes`", codes[0].span, one.span)
    return ast.Pack(
        name,
        version,
        abouts[0] if abouts else None,
        tuple(item for item in items if isinstance(item, ast.Requirement)),
        tuple(name for item in listed if item.exported for name in item.names),
        tuple(name for item in listed if not item.exported for name in item.names),
        b.doc(span),
        span,
        codes[0] if codes else None,
    )


@ACTION
def pack_about(b: Building, span: Span, text: Token) -> ast.String:
    return plain_text(b, b.span(text), text)


@ACTION
def pack_requires(b: Building, span: Span, name: ast.QName, version: str) -> ast.Requirement:
    return ast.Requirement(name, version, span)


@ACTION
def pack_exports(b: Building, span: Span, *names: ast.QName) -> _Listed:
    return _Listed(True, names)


@ACTION
def pack_sealed(b: Building, span: Span, *names: ast.QName) -> _Listed:
    return _Listed(False, names)


@ACTION
def version(b: Building, span: Span, number: Token) -> str:
    return b.raw(number)


@ACTION
def use(b: Building, span: Span, name: ast.QName, version: str | None, alias: Token | None) -> ast.Use:
    return ast.Use(name, version or "", None if alias is None else b.name(alias), b.doc(span), span)


@ACTION
def use_file(b: Building, span: Span, path: Token, alias: Token | None) -> ast.Use:
    return ast.Use(plain_text(b, b.span(path), path), "", None if alias is None else b.name(alias), b.doc(span), span)


@ACTION
def param(b: Building, span: Span, name: Token, type: ast.TypeExpr, default: ast.Literal_ | None) -> ast.Param:
    return ast.Param(b.name(name), type, default, b.doc(span), span)


@ACTION
def type_decl(b: Building, span: Span, name: Token, type: ast.TypeExpr, regex: Token | None, where: ast.Expr | None) -> ast.TypeDecl:
    matches = None if regex is None else pattern(b, b.span(regex), regex)
    return ast.TypeDecl(b.name(name), type, matches, where, b.doc(span), span)


# ---------------------------------------------------------------- sources and targets

IoItem = ast.Option | tuple[ast.ColumnDecl, ...]


@ACTION
def source(b: Building, span: Span, name: Token, kind: Token, body: tuple[IoItem, ...] | None) -> ast.Source:
    return ast.Source(b.name(name), b.name(kind), *_options_and_columns(body), b.doc(span), span)


@ACTION
def target(b: Building, span: Span, name: Token, kind: Token, body: tuple[IoItem, ...] | None) -> ast.Target:
    return ast.Target(b.name(name), b.name(kind), *_options_and_columns(body), b.doc(span), span)


def _options_and_columns(body: tuple[IoItem, ...] | None) -> tuple[tuple[ast.Option, ...], tuple[ast.ColumnDecl, ...]]:
    items = body or ()
    columns = tuple(column for item in items if isinstance(item, tuple) for column in item)
    return tuple(item for item in items if isinstance(item, ast.Option)), columns


@ACTION
def io_body(b: Building, span: Span, items: tuple[IoItem, ...] | None) -> tuple[IoItem, ...]:
    return items or ()


@ACTION
def io_items(b: Building, span: Span, *items: IoItem | None) -> tuple[IoItem, ...]:
    return kept(items)


@ACTION
def io_columns(b: Building, span: Span, held: tuple[ast.ColumnDecl, ...] | None) -> tuple[ast.ColumnDecl, ...]:
    return held or ()


@ACTION
def option(b: Building, span: Span, name: Token, value: ast.Literal_ | None) -> ast.Option:
    return ast.Option(b.name(name), value, span)


@ACTION
def columns(b: Building, span: Span, *held: ast.ColumnDecl | None) -> tuple[ast.ColumnDecl, ...]:
    return kept(held)


@ACTION
def column(
    b: Building, span: Span, name: Token, type: ast.TypeExpr | None, at: ast.At | None, format: Token | None, tags: tuple[ast.Tag, ...]
) -> ast.ColumnDecl:
    shape = None if format is None else plain_text(b, b.span(format), format)
    return ast.ColumnDecl(b.name(name), type, at, shape, tags, b.doc(span), span)


# ---------------------------------------------------------------- entities

EntityItem = tuple[ast.Name, ...] | ast.EntityField | ast.Owns | ast.WholeBy | ast.Translate | ast.Drop


@ACTION
def entity(b: Building, span: Span, name: Token, tags: tuple[ast.Tag, ...], items: tuple[EntityItem, ...] | None) -> ast.Entity:
    return make_entity(b, span, b.name(name), tags, items or ())


def make_entity(b: Building, span: Span, name: ast.Name, tags: tuple[ast.Tag, ...], items: Sequence[EntityItem]) -> ast.Entity:
    """Sort what stands in the braces of an entity."""
    codes = [item for item in items if isinstance(item, ast.Translate)]
    keys = [item for item in items if isinstance(item, tuple)]
    for again in keys[1:]:
        tell_twice(b, "`key`", keys[0][0].span, again[0].span)
    for more in codes[1:]:
        tell_twice(b, "`codes`", codes[0].span, more.span)
    fields = tuple(item for item in items if isinstance(item, ast.EntityField))
    owned = tuple(item for item in items if isinstance(item, ast.Owns))
    dropped = tuple(item for item in items if isinstance(item, ast.Drop))
    together = [item for item in items if isinstance(item, ast.WholeBy)]
    for second in together[1:]:
        tell_twice(b, "`whole by`", together[0].span, second.span)
    return ast.Entity(
        name,
        tags,
        keys[0] if keys else (),
        fields,
        owned,
        codes[0] if codes else None,
        b.doc(span),
        span,
        dropped,
        together[0] if together else None,
    )


@ACTION
def entity_items(b: Building, span: Span, *items: EntityItem | None) -> tuple[EntityItem, ...]:
    return kept(items)


@ACTION
def entity_key(b: Building, span: Span, names: tuple[ast.Name, ...]) -> tuple[ast.Name, ...]:
    return names


@ACTION
def names(b: Building, span: Span, *tokens: Token) -> tuple[ast.Name, ...]:
    return tuple(map(b.name, tokens))


@ACTION
def owns(b: Building, span: Span, child: ast.QName, on: tuple[ast.Name, ...]) -> ast.Owns:
    return ast.Owns(child, on, span)


@ACTION
def whole_by(b: Building, span: Span, names: tuple[ast.Name, ...]) -> ast.WholeBy:
    return ast.WholeBy(names, span)


@ACTION
def entity_drop(b: Building, span: Span, names: tuple[ast.Name, ...]) -> ast.Drop:
    return ast.Drop(names, span)


@ACTION
def translate(b: Building, span: Span, *pairs: tuple[str, str]) -> ast.Translate:
    return ast.Translate(pairs, span)


@ACTION
def code_pair(b: Building, span: Span, family: str, code: Token) -> tuple[str, str]:
    quoted = b.laid.kinds[code] == "STRING"
    return family, plain_text(b, b.span(code), code).value if quoted else b.name(code).text


@record(frozen=True, slots=True)
class _Extra:
    """What follows the type of a field, and with which word."""

    word: str
    value: ast.Expr | ast.QName | ast.Name
    span: Span


@ACTION
def entity_field(b: Building, span: Span, name: Token, type: ast.TypeExpr, *extras: _Extra | ast.Tag) -> ast.EntityField:
    found: dict[str, _Extra] = {}
    for extra in extras:
        if isinstance(extra, _Extra):
            if extra.word in found:
                tell_twice(b, f"`{extra.word}`", found[extra.word].span, extra.span)
            found.setdefault(extra.word, extra)
    default, references = found.get("="), found.get("references")
    where, rounded = found.get("where"), found.get("rounded")
    return ast.EntityField(
        b.name(name),
        type,
        default.value if default else None,  # type: ignore[arg-type]
        references.value if references else None,  # type: ignore[arg-type]
        where.value if where else None,  # type: ignore[arg-type]
        rounded.value if rounded else None,  # type: ignore[arg-type]
        tuple(extra for extra in extras if isinstance(extra, ast.Tag)),
        b.doc(span),
        span,
    )


@ACTION
def extra_default(b: Building, span: Span, value: ast.Expr) -> _Extra:
    return _Extra("=", value, span)


@ACTION
def extra_references(b: Building, span: Span, entity: ast.QName) -> _Extra:
    return _Extra("references", entity, span)


@ACTION
def extra_where(b: Building, span: Span, condition: ast.Expr) -> _Extra:
    return _Extra("where", condition, span)


@ACTION
def extra_rounded(b: Building, span: Span, how: Token) -> _Extra:
    return _Extra("rounded", b.name(how), span)


# ---------------------------------------------------------------- lookups, decision tables, functions


@ACTION
def lookup(
    b: Building,
    span: Span,
    name: Token,
    keys: tuple[ast.FnParam, ...],
    day: ast.FnParam | None,
    result: ast.TypeExpr,
    source: ast.QName | None,
    body: Body | None,
) -> ast.Lookup:
    table, otherwise = body or (None, None)
    return ast.Lookup(b.name(name), keys, day, result, source, table, otherwise, b.doc(span), span)


@ACTION
def asof(b: Building, span: Span, name: Token, type: ast.TypeExpr) -> ast.FnParam:
    return ast.FnParam(b.name(name), type, span)


@ACTION
def decide(
    b: Building, span: Span, name: Token, inputs: tuple[ast.FnParam, ...], result: ast.TypeExpr, policy: ast.Name | None, body: Body
) -> ast.Decide:
    return ast.Decide(b.name(name), inputs, result, policy, *body, b.doc(span), span)


@ACTION
def policy(b: Building, span: Span, name: Token) -> ast.Name:
    return b.name(name)


@ACTION
def table_body(b: Building, span: Span, table: Token, otherwise: ast.Fallback | None) -> Body:
    return table_at(b, table), otherwise


@ACTION
def only_fallback(b: Building, span: Span, otherwise: ast.Fallback) -> Body:
    return None, otherwise


def table_at(b: Building, token: Token) -> ast.Table:
    """The table that the token holds."""
    return read_table(b.laid.starts[token], b.laid.ends[token], b.report)


@ACTION
def fallback_error(b: Building, span: Span, word: Token, message: Token | None) -> ast.Fallback:
    return ast.Fallback(True, None if message is None else text_value(b, b.span(message), message), None, span)


@ACTION
def fallback_value(b: Building, span: Span, word: Token, value: ast.Expr) -> ast.Fallback:
    return ast.Fallback(False, None, value, span)


@ACTION
def params(b: Building, span: Span, *held: ast.FnParam) -> tuple[ast.FnParam, ...]:
    return held


@ACTION
def fn_param(b: Building, span: Span, name: Token, type: ast.TypeExpr) -> ast.FnParam:
    return ast.FnParam(b.name(name), type, span)


Signature = tuple[tuple[ast.FnParam, ...], ast.TypeExpr | None]
FnBody = tuple[tuple[ast.Let, ...], ast.Expr]


@ACTION
def fn(b: Building, span: Span, name: Token, signature: Signature, body: FnBody) -> ast.Fn:
    return make_fn(b, span, b.name(name), signature, body)


def make_fn(b: Building, span: Span, name: ast.Name, signature: Signature, body: FnBody) -> ast.Fn:
    """Make a function of its signature and its body."""
    return ast.Fn(name, *signature, *body, b.doc(span), span)


@ACTION
def signature(b: Building, span: Span, held: tuple[ast.FnParam, ...], result: ast.TypeExpr | None) -> Signature:
    return held, result


@ACTION
def fn_expression(b: Building, span: Span, value: ast.Expr) -> FnBody:
    return (), value


@ACTION
def fn_block(b: Building, span: Span, *parts: ast.Let | ast.Expr) -> FnBody:
    value = parts[-1]
    assert not isinstance(value, ast.Let)
    return tuple(part for part in parts[:-1] if isinstance(part, ast.Let)), value
