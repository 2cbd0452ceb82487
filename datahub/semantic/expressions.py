"""From the tree of an expression to a typed one: names resolved, types known, every mistake told once.

Nothing here raises for what a script says. What has a mistake becomes `UNKNOWN`, which agrees with everything.
"""

from __future__ import annotations

from typing import assert_never

from datahub.semantic import calls, choices, constructors, deciding, ir, loops, names, operators
from datahub.semantic.codes import codes, columns, nullable_operands, nullable_reads
from datahub.semantic.constants import pattern
from datahub.semantic.narrowing import narrowed
from datahub.semantic.rules_types import BAD_ARGUMENTS, NULLABLE_CONDITION, TYPE_MISMATCH, UNKNOWN_NAME
from datahub.semantic.scope import Part, Scope
from datahub.semantic.told import UNKNOWN, a, is_unknown, shown, tell
from datahub.semantic.values import constant
from datahub.syntax import ast
from datahub.types import model as t
from datahub.types.assign import plain

__all__ = ["codes", "columns", "condition", "elaborate", "nullable_operands", "nullable_reads"]


def elaborate(expression: ast.Expr, scope: Scope, want: t.Type | None = None) -> ir.Expression:
    """The typed form of `expression`. `want` is the type of the place it fills: a hint for literals, no check."""
    if scope.keys and isinstance(expression, ast.Call | ast.Member | ast.Reference | ast.Binary):
        key = loops.key_column(expression, scope)
        if key is not None:
            return key
    return narrowed(_elaborate(expression, scope, want), scope)


def _elaborate(expression: ast.Expr, scope: Scope, want: t.Type | None) -> ir.Expression:
    match expression:
        case ast.Number():
            return constructors.number(expression, scope, want)
        case ast.String():
            return constructors.text(expression, scope, want)
        case ast.Template():
            return constructors.template(expression, scope)
        case ast.Boolean(value=value):
            return constant(scope, value, t.Bool())
        case ast.Null():
            return constant(scope, None, t.nullable(want) if want and not isinstance(want, t.Unknown) else t.Nothing())
        case ast.Pattern():
            return pattern(expression, scope)
        case ast.Reference():
            return names.reference(expression, scope, want)
        case ast.Parameter():
            return _parameter(expression, scope)
        case ast.Member():
            return names.member(expression, scope)
        case ast.Star():
            return tell(scope, BAD_ARGUMENTS, expression.span, "`*` stands for rows, and is no value", "not a value", help=_STAR_HELP)
        case ast.Call():
            return calls.call(expression, scope, want)
        case ast.Unary():
            return operators.unary(expression, scope, want)
        case ast.Binary():
            return operators.binary(expression, scope, want)
        case ast.In():
            return operators.membership(expression, scope)
        case ast.Range():
            return operators.span_of(expression, scope)
        case ast.Is():
            return operators.presence(expression, scope)
        case ast.Matches():
            return operators.matching(expression, scope)
        case ast.OnError():
            return choices.on_error(expression, scope, want)
        case ast.ListOf():
            return constructors.list_of(expression, scope, want)
        case ast.Comprehension():
            return loops.comprehension(expression, scope, want)
        case ast.StructOf():
            return constructors.struct_of(expression, scope, want)
        case ast.Case():
            return choices.case(expression, scope, want)
        case _:
            assert_never(expression)


_STAR_HELP = "count rows with `count(* within key)`"


def _parameter(expression: ast.Parameter, scope: Scope) -> ir.Expression:
    name = expression.name.text
    kind = scope.world.parameters.get(name)
    if kind is None:
        known = tuple(scope.world.parameters)
        missing = f"there is no parameter `${name}`"
        return names.not_found(expression.name, missing, known, scope, UNKNOWN_NAME, help=f"declare it: `param {name}: text`")
    scope.world.used.add(f"param {name}")
    return UNKNOWN if isinstance(kind, t.Unknown) else ir.Parameter(scope.world.prefix + name, kind)


def condition(expression: ast.Expr, scope: Scope, place: deciding.Place = "condition") -> ir.Expression:
    """The typed form of a condition: true or false, never null (DHM306), and nothing else (DHM201)."""
    return deciding.read(expression, scope, lambda inner: truth(expression, inner), place)


def part(expression: ast.Expr, scope: Scope) -> ir.Expression:
    """The typed form of a part of a condition."""
    value = truth(expression, scope)
    if scope.parts is not None and not is_unknown(value):
        scope.parts.append(Part(expression, value, scope.premises))
    return value


def truth(expression: ast.Expr, scope: Scope) -> ir.Expression:
    """The typed form of what is to be true or false, of which nothing more is told."""
    value = elaborate(expression, scope, t.Bool())
    if is_unknown(value):
        return UNKNOWN
    kind = t.base_of(value.type)
    written = shown(expression.span)
    if not isinstance(kind, t.Bool):
        message = f"a condition is true or false, and `{written}` is {a(plain(kind))}"
        return tell(scope, TYPE_MISMATCH, expression.span, message, f"this is {a(plain(kind))}", help=_as_condition(written, kind))
    if not kind.nullable:
        return value
    whole = f"({written})" if isinstance(expression, ast.Binary | ast.Unary) else written
    message, help = f"the condition `{written}` may be null", f"say what null counts as: `{whole} default false`"
    return tell(scope, NULLABLE_CONDITION, expression.span, message, "a `bool?`, not a `bool`", help=help)


def _as_condition(written: str, kind: t.Type) -> str | None:
    match kind:
        case t.Text():
            return f'compare it, such as `{written} = "…"`, or ask whether it is there: `{written} is not blank`'
        case t.Int() | t.Decimal() | t.Float():
            return f"compare it, such as `{written} <> 0`"
        case t.ListOf() | t.MapOf():
            return f"ask how many there are: `length({written}) > 0`"
        case t.Nothing():
            return None
        case _:
            return f"ask whether it is there: `{written} is not null`" if kind.nullable else None
