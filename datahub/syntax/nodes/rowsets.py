"""Views, maps, and the clauses that stand over them."""

from __future__ import annotations

from datahub.document import Span
from datahub.records import record
from datahub.syntax import ast
from datahub.syntax.nodes.building import Actions, Building, Token, kept
from datahub.syntax.nodes.types import tell_twice
from datahub.syntax.rules import SYNTAX

ACTION = Actions()

Exprs = tuple[ast.Expr, ...]
Items = tuple[ast.MapItem, ...]


@record(frozen=True, slots=True)
class MapName:
    """`as name` among the clauses of a map."""

    name: ast.Name
    span: Span


Written = tuple[ast.Clause | MapName, ...]


@ACTION
def view(b: Building, span: Span, name: Token, source: ast.From, written: Written, items: Items) -> ast.View:
    return make_view(b, span, b.name(name), source, written, items)


def make_view(b: Building, span: Span, name: ast.Name, source: ast.From, written: Written, items: Items) -> ast.View:
    """Make a view; it has its name already."""
    for clause in written:
        if isinstance(clause, MapName):
            b.report.tell(SYNTAX, clause.span.start, clause.span.end, "a view is named before `from`", "a second name")
    return ast.View(name, source, _clauses(written), items, b.doc(span), span)


def _clauses(written: Written) -> tuple[ast.Clause, ...]:
    return tuple(clause for clause in written if not isinstance(clause, MapName))


@ACTION
def map_(b: Building, span: Span, entity: ast.QName, early: Token | None, source: ast.From, written: Written, items: Items) -> ast.Map:
    named = [clause.name for clause in written if isinstance(clause, MapName)]
    if early is not None:
        named.insert(0, b.name(early))
    for again in named[1:]:
        tell_twice(b, "the name of the map", named[0].span, again.span)
    return ast.Map(entity, source, _clauses(written), named[0] if named else None, items, b.doc(span), span)


@ACTION
def from_(b: Building, span: Span, alias: Token, *rowsets: ast.QName) -> ast.From:
    return ast.From(b.name(alias), rowsets, span)


@ACTION
def from_plain(b: Building, span: Span, *rowsets: ast.QName) -> ast.From:
    return ast.From(None, rowsets, span)


@ACTION
def clauses(b: Building, span: Span, *written: ast.Clause | MapName) -> Written:
    return written


@ACTION
def map_name(b: Building, span: Span, name: Token) -> MapName:
    return MapName(b.name(name), span)


@ACTION
def fill(b: Building, span: Span, columns: Exprs, by: Exprs) -> ast.Fill:
    return ast.Fill(columns, by, span)


@ACTION
def each(b: Building, span: Span, outer: Token | None, item: Token, position: Token | None, over: ast.Expr) -> ast.Each:
    return ast.Each(outer is not None, b.name(item), None if position is None else b.name(position), over, span)


@ACTION
def join(b: Building, span: Span, many: Token | None, required: Token | None, alias: Token, rowset: ast.QName, on: ast.Expr) -> ast.Join:
    return ast.Join(many is not None, required is not None, b.name(alias), rowset, on, span)


@ACTION
def where(b: Building, span: Span, condition: ast.Expr) -> ast.Where:
    return ast.Where(condition, span)


@ACTION
def group_by(b: Building, span: Span, partial: Token | None, *keys: ast.GroupKey) -> ast.GroupBy:
    return ast.GroupBy(partial is not None, keys, span)


@ACTION
def group_key(b: Building, span: Span, name: Token | None, value: ast.Expr) -> ast.GroupKey:
    return ast.GroupKey(None if name is None else b.name(name), value, span)


@ACTION
def unique_by(b: Building, span: Span, keys: Exprs, which: Token, code: Token | None) -> ast.UniqueBy:
    last = b.raw(which).lower() == "last"
    return ast.UniqueBy(keys, "last" if last else "first", None if code is None else b.name(code), span)


@ACTION
def order_by(b: Building, span: Span, keys: tuple[ast.SortKey, ...]) -> ast.OrderBy:
    return ast.OrderBy(keys, span)


@ACTION
def map_body(b: Building, span: Span, items: Items | None) -> Items:
    return items or ()


@ACTION
def map_items(b: Building, span: Span, *items: ast.MapItem | None) -> Items:
    return kept(items)


@ACTION
def field_item(b: Building, span: Span, name: Token, value: ast.Expr) -> ast.FieldItem:
    return ast.FieldItem(b.name(name), value, span)


@ACTION
def let(b: Building, span: Span, name: Token, value: ast.Expr) -> ast.Let:
    return ast.Let(b.name(name), value, span)


@ACTION
def include(b: Building, span: Span, of: Token, without: tuple[ast.Name, ...] | None) -> ast.Include:
    return ast.Include(b.name(of), without or (), span)


@ACTION
def drop(b: Building, span: Span, names: tuple[ast.Name, ...]) -> ast.Drop:
    return ast.Drop(names, span)
