"""Bringing values into a type that they share with others, without anything that could fail."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from datahub.semantic import ir
from datahub.semantic.scope import Scope
from datahub.semantic.trees import Node, interned
from datahub.types import model as t
from datahub.types.assign import carried_alike, common_of
from datahub.types.fits import digits_of


def made(scope: Scope, node: Node) -> Node:
    """The one object that stands for `node` in the world of `scope`."""
    return interned(scope.world.interned, node)


def constant(scope: Scope, value: ir.Value, kind: t.Type) -> ir.Constant:
    return made(scope, ir.Constant(value, kind))


def shared_type(values: Sequence[ir.Expression]) -> t.Type | None:
    """The narrowest type that all `values` can take without loss, or None where there is none.

    A constant is taken by its value: a text that is a member of an enumeration counts as one, a whole number has
    just its digits. Beside floats it counts as a float, and so does a list of such numbers, unless no float is written so.
    """
    bases = [t.base_of(value.type) for value in values]
    enum = next((base for base in bases if isinstance(base, t.Enum)), None)
    decimals = any(isinstance(base, t.Decimal) for base in bases)
    kinds = [_counted_as(value, enum, decimals) for value in values]
    found = common_of(kinds)
    return common_of(map(as_floats, values, kinds)) if found is None else found


def as_floats(value: ir.Expression, kind: t.Type) -> t.Type:
    """`kind`, which is that of `value`, with floats for numbers that are written in the script, where there are floats like that."""
    return _floats(kind) if isinstance(value, ir.Constant) and _is_float(value.value) else kind


def float_of(value: int | Decimal) -> float | None:
    """The float that stands for a written number: the one with just its value, or that is written the same (`0.1`); else None."""
    found = float(value)
    return found if value in (Decimal(found), Decimal(repr(found))) else None


def _is_float(value: ir.Value) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_float, value))
    return not isinstance(value, int | Decimal) or float_of(value) is not None


def _floats(kind: t.Type) -> t.Type:
    match kind:
        case t.Int() | t.Decimal():
            return t.Float(kind.nullable)
        case t.Named():
            return kind
        case _:
            return t.with_parts(kind, lambda _, inner: _floats(inner))


def _counted_as(value: ir.Expression, enum: t.Enum | None, decimals: bool) -> t.Type:
    if isinstance(value, ir.Omitted):
        return t.Unknown()
    if not isinstance(value, ir.Constant):
        return value.type
    if enum is not None and isinstance(value.value, str) and value.value in enum.members:
        return t.required(enum)
    if decimals and isinstance(value.value, int | Decimal) and not isinstance(value.value, bool):
        return digits_of(value.value)
    return value.type


def brought(value: ir.Expression, kind: t.Type, scope: Scope) -> ir.Expression:
    """`value` as one of type `kind`, which holds it without loss; nullable only if `value` is."""
    if isinstance(value, ir.Omitted):
        return made(scope, ir.Omitted(kind))
    if isinstance(value.type, t.Unknown) or isinstance(kind, t.Unknown):
        return value
    if isinstance(value, ir.Constant):
        nullable = value.value is None
        return constant(scope, as_value(value.value, kind), t.with_null(kind, nullable))
    if isinstance(value.type, t.Nothing) or not carried_alike(value.type, kind):
        return made(scope, ir.Fit(value, t.with_null(kind, value.type.nullable)))
    return value


def as_value(value: ir.Value, kind: t.Type) -> ir.Value:
    """The Python value by which a constant of type `kind` says `value`."""
    base = t.base_of(kind)
    match base:
        case t.Decimal() if isinstance(value, int):
            return Decimal(value)
        case t.Float() if isinstance(value, int | Decimal):
            return float(value)
        case t.ListOf(item=item) if isinstance(value, tuple):
            return tuple(as_value(one, item) for one in value)
        case t.Struct(fields=pairs) if isinstance(value, tuple):
            return tuple(as_value(one, inner) for one, (_, inner) in zip(value, pairs, strict=True))
        case _:
            return value


def choose(scope: Scope, branches: Sequence[tuple[ir.Expression, ir.Expression]], otherwise: ir.Expression, kind: t.Type) -> ir.Expression:
    """The choice of `kind`, each branch brought into it."""
    taken = tuple((condition, brought(value, kind, scope)) for condition, value in branches)
    rest = brought(otherwise, kind, scope)
    nullable = kind.nullable or rest.type.nullable or any(value.type.nullable for _, value in taken)
    return made(scope, ir.Choose(taken, rest, t.with_null(kind, nullable)))
