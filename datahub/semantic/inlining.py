"""Functions of the script: their bodies are typed once for each set of argument types, and put where they are called."""

from __future__ import annotations

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.semantic import calls, choices, expressions, fitting, ir
from datahub.semantic.rules import CIRCULAR
from datahub.semantic.scope import FnName, Scope
from datahub.semantic.told import UNKNOWN, is_unknown, tell
from datahub.semantic.trees import substituted
from datahub.semantic.values import brought, constant
from datahub.syntax import ast
from datahub.types import model as t
from datahub.types.assign import losses

DEEPEST = 64
"""How deep functions may call one another before any of them was read; a person loses count much sooner."""


def call_fn(tree: ast.Call, fn: FnName, scope: Scope) -> ir.Expression:
    """The body of `fn` with the arguments in place of its parameters; null where one that must be there is null."""
    scope.world.used.add(f"fn {fn.name}")
    if fn.name in scope.inlining:
        message = f"`{fn.name}` calls itself"
        also = (Label(fn.declaration.name.span, "this function"),)
        return tell(scope, CIRCULAR, tree.function.span, message, "never comes to an end", also=also)
    if len(scope.inlining) >= DEEPEST:
        message = f"functions stand inside one another more than {DEEPEST} deep"
        return tell(scope, CIRCULAR, tree.function.span, message, "the last of them")
    values = _arguments(tree, fn, scope)
    # Told once, where the function is declared, whatever it is called with.
    declared = body(fn, scope.emit, scope)
    if values is None or is_unknown(declared):
        return UNKNOWN
    kinds = tuple((name, _passed(value, kind)) for value, (name, kind) in zip(values, fn.parameters, strict=True))
    typed = _body(fn, kinds, _ignore, scope)
    columns = {column_of(fn, name): value for value, (name, _) in zip(values, kinds, strict=True)}
    found = substituted(typed, columns, scope.world.interned)
    nulls = [value for value, (_, kind) in zip(values, fn.parameters, strict=True) if value.type.nullable and not kind.nullable]
    return choices.null_where(nulls, found, scope)


def _ignore(_: Diagnostic) -> None:
    """Say nothing: the mistakes of a body were told when it was read with its parameters as declared."""


def _arguments(tree: ast.Call, fn: FnName, scope: Scope) -> list[ir.Expression] | None:
    aligned = calls.aligned_arguments(tree, tree.function.text, [name for name, _ in fn.parameters], scope)
    if aligned is None:
        return None
    found: list[ir.Expression] = []
    failed = False
    for one, (name, kind) in zip(aligned, fn.parameters, strict=True):
        value = calls.input_value(expressions.elaborate(one.value, scope, kind), one, name, tree.function.text, kind, scope)
        if not is_unknown(value) and not _taken_as_it_is(value, kind):
            into = t.with_null(kind, kind.nullable or value.type.nullable)
            value = fitting.fit(value, into, scope, one.value.span, field=name)
        failed = failed or is_unknown(value)
        found.append(value)
    return None if failed else found


def _taken_as_it_is(value: ir.Expression, kind: t.Type) -> bool:
    """Whether the body may work on the argument's own type: a `decimal` without digits takes numbers of any."""
    if isinstance(kind, t.Named):
        return False
    if isinstance(kind, t.Decimal) and t.required(kind) == t.Decimal():
        return True
    return not losses(t.required(value.type), t.required(kind))


def _passed(value: ir.Expression, kind: t.Type) -> t.Type:
    """The type that the parameter has in the body."""
    if isinstance(value.type, t.Nothing):
        return kind
    # The length of a text that the script writes is no reason for another body.
    own = t.Text(shortest=None, longest=None) if isinstance(value, ir.Constant) and isinstance(kind, t.Text) else value.type
    return t.with_null(own, kind.nullable)


def body(fn: FnName, emit: Emit, around: Scope | None = None) -> ir.Expression:
    """The body of `fn` over columns that stand for its parameters; its mistakes are told the first time."""
    return _body(fn, fn.parameters, emit, around)


def _body(fn: FnName, kinds: tuple[tuple[str, t.Type], ...], emit: Emit, around: Scope | None) -> ir.Expression:
    key = (fn.name, kinds)
    known = fn.world.bodies.get(key)
    if known is None:
        inlined = around.inlining if around is not None else ()
        names: dict[str, ir.Expression] = {name: ir.Column(column_of(fn, name), kind) for name, kind in kinds}
        zone = around.zone if around is not None else "UTC"
        known = fn.world.bodies[key] = _elaborated(fn, Scope(fn.world, emit, names=names, inlining=(*inlined, fn.name), zone=zone))
    return known


def column_of(fn: FnName, name: str) -> str:
    """The column that stands for a parameter; no script can write it."""
    return f"{fn.name}:{name}"


def _elaborated(fn: FnName, scope: Scope) -> ir.Expression:
    declared = fn.declaration
    for let in declared.lets:
        scope = scope.naming({let.name.text: expressions.elaborate(let.value, scope)})
    found = expressions.elaborate(declared.body, scope, fn.result)
    if fn.result is None or is_unknown(found):
        return found if not isinstance(found.type, t.Nothing) else constant(scope, None, t.Nothing())
    if isinstance(fn.result, t.Decimal) and t.required(fn.result) == t.Decimal() and isinstance(t.base_of(found.type), t.Int | t.Decimal):
        # A `decimal` without digits keeps those of the value.
        found = brought(found, t.Decimal(False, 19, 0), scope) if isinstance(t.base_of(found.type), t.Int) else found
        kind = t.with_null(found.type, fn.result.nullable)
        return fitting.fit(found, kind, scope, declared.body.span)
    return fitting.fit(found, fn.result, scope, declared.body.span, field=fn.name)
