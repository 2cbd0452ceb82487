"""What a condition tells of columns: which of them are not null where it is true, and where it is false."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from datahub.semantic import ir
from datahub.semantic.scope import Scope
from datahub.semantic.values import made
from datahub.types import model as t

NOTHING: frozenset[str] = frozenset()
_FALSE_WHERE_NULL = frozenset(("<", "<=", ">", ">=", "matches", "in_set", "in_list"))


class Facts(NamedTuple):
    """The paths (`o.customer.name`) that are not null where a condition is true, and where it is false."""

    true: frozenset[str]
    false: frozenset[str]


def facts(condition: ir.Expression) -> Facts:
    """What `condition` tells of the columns that it reads."""
    match condition:
        case ir.Call(function="not", arguments=(inner,)):
            told = facts(inner)
            return Facts(told.false, told.true)
        case ir.Call(function="is_null" | "is_blank", arguments=(inner,)):
            return Facts(NOTHING, not_null(inner))
        case ir.Call(function="=", arguments=(left, right)):
            return Facts(_equal(left, right) | _equal(right, left), NOTHING)
        case ir.Call(function="<>", arguments=(left, right)):
            return Facts(NOTHING, _equal(left, right) | _equal(right, left))
        case ir.Call(function=name, arguments=arguments) if name in _FALSE_WHERE_NULL:
            if name in ("in_set", "in_list") and _has_null(arguments[1]):
                return Facts(NOTHING, NOTHING)
            return Facts(NOTHING.union(*map(not_null, arguments)), NOTHING)
        case ir.InLookUp(keys=keys):
            return Facts(NOTHING.union(*map(not_null, keys)), NOTHING)
        case ir.Default(value=value, fallback=ir.Constant(value=False)):
            return Facts(facts(value).true, NOTHING)
        case ir.Logic(operator=operator, left=left, right=right):
            return _both(operator, facts(left), facts(right))
        case _:
            return Facts(NOTHING, NOTHING)


def _both(operator: str, left: Facts, right: Facts) -> Facts:
    if operator == "and":
        return Facts(left.true | right.true, left.false & right.false)
    return Facts(left.true & right.true, left.false | right.false)


def _equal(value: ir.Expression, other: ir.Expression) -> frozenset[str]:
    return NOTHING if other.type.nullable else not_null(value)


def _has_null(values: ir.Expression) -> bool:
    if isinstance(values, ir.Constant):
        return not isinstance(values.value, tuple) or None in values.value
    listed = t.base_of(values.type)
    return isinstance(listed, t.ListOf) and listed.item.nullable


def not_null(value: ir.Expression) -> frozenset[str]:
    """The paths that are not null because `value` is not."""
    match value:
        case ir.Column(name=name):
            return frozenset((name,))
        case ir.Parameter(name=name):
            return frozenset((f"${name}",))
        case ir.Field(of=of):
            whole = path(value)
            return not_null(of) if whole is None else not_null(of) | {whole}
        case ir.Fit(value=inner_value):
            return not_null(inner_value)
        case ir.Call(function="enum_rank", arguments=(inner_value, *_)):
            return not_null(inner_value)
        case _:
            return NOTHING


def path(value: ir.Expression) -> str | None:
    """The dotted path of a column or of a field inside one; None for anything else."""
    match value:
        case ir.Column(name=name):
            return name
        case ir.Parameter(name=name):
            return f"${name}"
        case ir.Field(of=of, name=name):
            outer = path(of)
            return None if outer is None else f"{outer}.{name}"
        case _:
            return None


def narrowed(value: ir.Expression, scope: Scope) -> ir.Expression:
    """`value`, but of a type without null where `scope` knows that it is not null."""
    if not value.type.nullable or isinstance(value.type, t.Nothing) or not scope.narrowed or path(value) not in scope.narrowed:
        return value
    return made(scope, replace(value, type=t.required(value.type)))
