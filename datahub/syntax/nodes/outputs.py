"""Rules, checks, flows, overrides and tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, cast

from datahub.document import Span
from datahub.syntax import ast
from datahub.syntax.nodes.building import Actions, Building, Token, kept
from datahub.syntax.nodes.declarations import Body, EntityItem, FnBody, IoItem, Signature, make_entity, make_fn, source, table_at
from datahub.syntax.nodes.rowsets import Items, MapName, Written, make_view
from datahub.syntax.nodes.texts import pattern, plain_text, text_value
from datahub.syntax.nodes.types import whole
from datahub.syntax.rules import SYNTAX

ACTION = Actions()

Sets = tuple[ast.SetItem, ...]
Changes = tuple[ast.Clause | MapName | ast.DropClause, ...]
RowChanges = tuple[ast.Table | None, ast.Table | None, ast.Fallback | None]
Severity = Literal["fatal", "error", "warn", "info", "off"]


@ACTION
def rules(b: Building, span: Span, name: Token, entity: ast.QName, priority: Token | None, body: tuple[ast.RuleDecl, ...]) -> ast.Rules:
    return ast.Rules(b.name(name), entity, None if priority is None else whole(b, priority), body, b.doc(span), span)


@ACTION
def rules_body(b: Building, span: Span, items: tuple[ast.RuleDecl, ...] | None) -> tuple[ast.RuleDecl, ...]:
    return items or ()


@ACTION
def rule_items(b: Building, span: Span, *items: ast.RuleDecl | None) -> tuple[ast.RuleDecl, ...]:
    return kept(items)


@ACTION
def rule(
    b: Building, span: Span, name: Token, about: Token | None, when: ast.Expr, sets: Sets, word: Token | None, otherwise: Sets | None
) -> ast.RuleDecl:
    return ast.RuleDecl(b.name(name), _about(b, about), False, when, sets, otherwise or (), span)


@ACTION
def rule_off(b: Building, span: Span, name: Token, about: Token | None, off: Token) -> ast.RuleDecl:
    return ast.RuleDecl(b.name(name), _about(b, about), True, None, (), (), span)


def _about(b: Building, about: Token | None) -> ast.String | None:
    return None if about is None else plain_text(b, b.span(about), about)


@ACTION
def sets(b: Building, span: Span, *items: ast.SetItem) -> Sets:
    return items


@ACTION
def set_item(b: Building, span: Span, name: Token, value: ast.Expr) -> ast.SetItem:
    return ast.SetItem(b.name(name), value, span)


@ACTION
def checks(b: Building, span: Span, entity: ast.QName, body: tuple[ast.Check, ...]) -> ast.Checks:
    return ast.Checks(entity, body, b.doc(span), span)


@ACTION
def checks_body(b: Building, span: Span, items: tuple[ast.Check, ...] | None) -> tuple[ast.Check, ...]:
    return items or ()


@ACTION
def check_items(b: Building, span: Span, *items: ast.Check | None) -> tuple[ast.Check, ...]:
    return kept(items)


@ACTION
def check(
    b: Building,
    span: Span,
    code: Token,
    severity: Severity,
    on: tuple[ast.Name, ...] | None,
    after_checks: bool | None,
    condition: ast.Expr | None,
    when: ast.Expr | None,
    message: Token | None,
) -> ast.Check:
    said = None if message is None else text_value(b, b.span(message), message)
    return ast.Check(b.name(code), severity, on or (), bool(after_checks), condition, when, said, span)


@ACTION
def severity(b: Building, span: Span, word: Token) -> Severity:
    return cast(Severity, b.raw(word).lower())


@ACTION
def after(b: Building, span: Span, word: Token) -> bool:
    return True


@ACTION
def flow(b: Building, span: Span, name: Token, body: tuple[ast.FlowItem, ...]) -> ast.Flow:
    return ast.Flow(b.name(name), body, b.doc(span), span)


@ACTION
def flow_body(b: Building, span: Span, items: tuple[ast.FlowItem, ...] | None) -> tuple[ast.FlowItem, ...]:
    return items or ()


@ACTION
def flow_items(b: Building, span: Span, *items: ast.FlowItem | None) -> tuple[ast.FlowItem, ...]:
    return kept(items)


@ACTION
def write(b: Building, span: Span, *parts: tuple[ast.WritePart, bool] | Token | ast.QName | None) -> ast.Write:
    named = [part for part in parts if isinstance(part, tuple)]
    target = parts[-1]
    assert isinstance(target, ast.QName)
    return ast.Write(tuple(part for part, _ in named), any(flag for _, flag in named), parts[-2] is not None, target, span)


@ACTION
def write_part(b: Building, span: Span, place: Token | None, entity: ast.QName, interleaved: Token | None) -> tuple[ast.WritePart, bool]:
    where = "" if place is None else b.raw(place).lower()
    return ast.WritePart(entity, cast(Literal["", "first", "last"], where), span), interleaved is not None


@ACTION
def codes(b: Building, span: Span, *held: str) -> tuple[str, ...]:
    return held


@ACTION
def code(b: Building, span: Span, name: Token, star: Token | None) -> str:
    return b.name(name).text + ("*" if star is not None else "")


@ACTION
def reject_to(b: Building, span: Span, held: tuple[str, ...], target: ast.QName) -> ast.RejectTo:
    return ast.RejectTo(held, target, span)


@ACTION
def reject_rest(b: Building, span: Span, word: Token, target: ast.QName) -> ast.RejectTo:
    return ast.RejectTo((), target, span)


@ACTION
def list_to(b: Building, span: Span, held: tuple[str, ...], target: ast.QName) -> ast.ListTo:
    return ast.ListTo(held, target, span)


@ACTION
def abort_when(b: Building, span: Span, condition: ast.Expr) -> ast.AbortWhen:
    return ast.AbortWhen(condition, span)


# ---------------------------------------------------------------- overrides


def _override(
    b: Building,
    span: Span,
    kind: ast.OverrideKind,
    name: ast.QName,
    *,
    items: Items = (),
    checks: tuple[ast.Check, ...] = (),
    rules: tuple[ast.RuleDecl, ...] = (),
    body: Body = (None, None),
    declaration: ast.Fn | ast.Entity | ast.View | ast.Source | ast.Target | ast.Flow | ast.TypeDecl | None = None,
    value: ast.Literal_ | None = None,
) -> ast.Override:
    return ast.Override(kind, name, items, checks, rules, *body, declaration, value, b.doc(span), span)


@ACTION
def override_map(b: Building, span: Span, name: ast.QName, source: ast.From | None, changes: Changes, items: Items) -> ast.Override:
    for named in (one for one in changes if isinstance(one, MapName)):
        b.report.tell(SYNTAX, named.span.start, named.span.end, "a map keeps its name where it is overridden", "another name")
    made = _override(b, span, "map", name, items=items)
    clauses = tuple(one for one in changes if not isinstance(one, ast.DropClause | MapName))
    return replace(made, source=source, clauses=clauses, dropped=tuple(one for one in changes if isinstance(one, ast.DropClause)))


@ACTION
def changes(b: Building, span: Span, *every: ast.Clause | MapName | ast.DropClause | None) -> Changes:
    return kept(every)


_DROPPED = {"where": False, "fill": False, "each": True, "join": True, "group by": False, "unique by": False, "order by": False}
"""The clauses that can be dropped, and whether they are known by the name of their row."""


@ACTION
def drop_clause(b: Building, span: Span, word: Token, of: Token | None = None) -> ast.DropClause | None:
    return _dropped(b, span, word, "", None if of is None else b.name(of))


@ACTION
def drop_clause_by(b: Building, span: Span, word: Token) -> ast.DropClause | None:
    return _dropped(b, span, word, " by", None)


def _dropped(b: Building, whole: Span, first: Token, by: str, of: ast.Name | None) -> ast.DropClause | None:
    # The newline before it is a part of the statement around.
    span = b.report.span(b.text.rindex("drop", 0, b.laid.starts[first]), whole.end)
    word = b.raw(first).lower() + by
    if _DROPPED.get(word) is not (of is not None):
        helps = "write `drop where`, `drop order by`, `drop group by`, `drop unique by`, `drop fill`, `drop join row` or `drop each row`"
        message = "no clause can be dropped so; lines are dropped in the braces"
        b.report.tell(SYNTAX, span.start, span.end, message, "not a clause of a map", help=helps)
        return None
    return ast.DropClause(word, of, span)


@ACTION
def override_checks(b: Building, span: Span, name: ast.QName, body: tuple[ast.Check, ...]) -> ast.Override:
    return _override(b, span, "checks", name, checks=body)


@ACTION
def override_rules(b: Building, span: Span, name: ast.QName, body: tuple[ast.RuleDecl, ...]) -> ast.Override:
    return _override(b, span, "rules", name, rules=body)


@ACTION
def override_decide(b: Building, span: Span, name: ast.QName, body: Body) -> ast.Override:
    return _override(b, span, "decide", name, body=body)


@ACTION
def override_lookup(b: Building, span: Span, name: ast.QName, changed: RowChanges) -> ast.Override:
    table, gone, otherwise = changed
    return replace(_override(b, span, "lookup", name, body=(table, otherwise)), gone=gone)


@ACTION
def changed_rows(b: Building, span: Span, table: Token, otherwise: ast.Fallback | None) -> RowChanges:
    return table_at(b, table), None, otherwise


@ACTION
def changed_and_gone(b: Building, span: Span, table: Token, gone: Token, otherwise: ast.Fallback | None) -> RowChanges:
    return table_at(b, table), table_at(b, gone), otherwise


@ACTION
def gone_rows(b: Building, span: Span, gone: Token, otherwise: ast.Fallback | None) -> RowChanges:
    return None, table_at(b, gone), otherwise


@ACTION
def changed_miss(b: Building, span: Span, otherwise: ast.Fallback) -> RowChanges:
    return None, None, otherwise


@ACTION
def override_fn(b: Building, span: Span, name: ast.QName, signature: Signature, body: FnBody) -> ast.Override:
    return _override(b, span, "fn", name, declaration=make_fn(b, span, name.parts[-1], signature, body))


@ACTION
def override_entity(
    b: Building, span: Span, name: ast.QName, tags: tuple[ast.Tag, ...], items: tuple[EntityItem, ...] | None
) -> ast.Override:
    return _override(b, span, "entity", name, declaration=make_entity(b, span, name.parts[-1], tags, items or ()))


@ACTION
def override_view(b: Building, span: Span, name: ast.QName, source: ast.From, written: Written, items: Items) -> ast.Override:
    return _override(b, span, "view", name, declaration=make_view(b, span, name.parts[-1], source, written, items))


@ACTION
def override_source(b: Building, span: Span, name: ast.QName, kind: Token | None, body: tuple[IoItem, ...]) -> ast.Override:
    said = ast.Name("", name.span) if kind is None else b.name(kind)
    made = source(b, span, 0, 0, body)
    return _override(b, span, "source", name, declaration=ast.Source(name.parts[-1], said, made.options, made.columns, made.doc, span))


@ACTION
def override_target(b: Building, span: Span, name: ast.QName, kind: Token | None, body: tuple[IoItem, ...]) -> ast.Override:
    said = ast.Name("", name.span) if kind is None else b.name(kind)
    made = source(b, span, 0, 0, body)
    return _override(b, span, "target", name, declaration=ast.Target(name.parts[-1], said, made.options, made.columns, made.doc, span))


@ACTION
def override_type(
    b: Building, span: Span, name: ast.QName, type: ast.TypeExpr, regex: Token | None, where: ast.Expr | None
) -> ast.Override:
    matches = None if regex is None else pattern(b, b.span(regex), regex)
    return _override(b, span, "type", name, declaration=ast.TypeDecl(name.parts[-1], type, matches, where, b.doc(span), span))


@ACTION
def override_param(b: Building, span: Span, name: ast.QName, value: ast.Literal_) -> ast.Override:
    return _override(b, span, "param", name, value=value)


@ACTION
def override_flow(b: Building, span: Span, name: ast.QName, body: tuple[ast.FlowItem, ...]) -> ast.Override:
    return _override(b, span, "flow", name, declaration=ast.Flow(name.parts[-1], body, b.doc(span), span))


# ---------------------------------------------------------------- tests


@ACTION
def test(b: Building, span: Span, name: Token, as_of: Token | None, items: tuple[ast.TestItem, ...] | None) -> ast.Test:
    return ast.Test(plain_text(b, b.span(name), name), _about(b, as_of), items or (), b.doc(span), span)


@ACTION
def test_items(b: Building, span: Span, *items: ast.TestItem | None) -> tuple[ast.TestItem, ...]:
    return kept(items)


@ACTION
def with_param(b: Building, span: Span, name: Token, value: ast.Literal_) -> ast.WithParam:
    return ast.WithParam(b.name(name), value, span)


@ACTION
def given_table(b: Building, span: Span, rowset: ast.QName, table: Token) -> ast.Given:
    return ast.Given(rowset, table_at(b, table), None, None, span)


@ACTION
def given_text(b: Building, span: Span, rowset: ast.QName, word: Token, text: ast.String) -> ast.Given:
    if b.raw(word) == "file":
        return ast.Given(rowset, None, text, None, span)
    return ast.Given(rowset, None, None, (b.name(word).text, text), span)


@ACTION
def given_previous(b: Building, span: Span, rowset: ast.QName, table: Token) -> ast.GivenPrevious:
    return ast.GivenPrevious(rowset, table_at(b, table), span)


@ACTION
def expect_table(b: Building, span: Span, rowset: ast.QName, ordered: Token | None, table: Token) -> ast.Expect:
    return ast.Expect(rowset, False, ordered is not None, table_at(b, table), None, span)


@ACTION
def expect_file(b: Building, span: Span, rowset: ast.QName, ordered: Token | None, word: Token, path: Token) -> ast.Expect:
    if b.raw(word) != "file":
        place = b.span(word)
        message = f"`{place.text}` stands where `file` or a table should be"
        b.report.tell(SYNTAX, place.start, place.end, message, "`file` is missing here", help='write `file "…"`')
    return ast.Expect(rowset, False, ordered is not None, None, plain_text(b, b.span(path), path), span)


@ACTION
def expect_none(b: Building, span: Span, rowset: ast.QName) -> ast.Expect:
    return ast.Expect(rowset, True, False, None, None, span)


@ACTION
def assert_that(b: Building, span: Span, condition: ast.Expr) -> ast.Assert:
    return ast.Assert(condition, span)
