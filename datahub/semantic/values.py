"""Bringing values into a type that they share with others, without anything that could fail."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from datahub.semantic import ir
from datahub.semantic.scope import Scope
from datahub.semantic.trees import Node, interned
from datahub.types import model as t
from datahub.types.assign import carried_alike, common_of
from datahub.types.fits import digits_of, misfit


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
    return common_of(as_floats(value, kind, kinds) for value, kind in zip(values, kinds, strict=True)) if found is None else found


def as_floats(value: ir.Expression, kind: t.Type, others: Sequence[t.Type] | None = None) -> t.Type:
    """`kind`, which is that of `value`, with floats for numbers that are written in the script, where there are floats like that.

    Of structs these are the numbers of those fields that are floats in one of `others`, if they are said.
    """
    match value:
        case ir.Constant(value=written):
            floats = others is None or any(map(has_float, others))
            return _floats(kind) if floats and _is_float(written) else kind
        case ir.MakeStruct(fields=pairs):
            parts = ((name, as_floats(part, part.type, _inside(others, name))) for name, part in pairs)
            return t.Struct(tuple(parts), kind.nullable)
        case ir.MakeList(items=items) if items:
            item = common_of(as_floats(one, one.type, _inside(others, "")) for one in items)
            return kind if item is None else t.ListOf(item, kind.nullable)
        case ir.Choose(branches=branches, otherwise=otherwise):
            found = common_of(as_floats(one, one.type, others) for one in (*(taken for _, taken in branches), otherwise))
            return kind if found is None else t.with_null(found, kind.nullable)
        case ir.Default(value=first, fallback=fallback):
            found = common_of(as_floats(one, one.type, others) for one in (first, fallback))
            return kind if found is None else t.with_null(found, kind.nullable)
        case ir.Fit(value=inner):
            found = as_floats(inner, inner.type, others)
            return found if has_float(found) else kind
        case _:
            return kind


def has_float(kind: t.Type) -> bool:
    """Whether values of `kind` are floats, or have some in them."""
    base = t.base_of(kind)
    return isinstance(base, t.Float) or any(map(has_float, t.parts(base)))


def _inside(kinds: Sequence[t.Type] | None, name: str) -> Sequence[t.Type] | None:
    """What the types have under `name`; a list stands for its items, too."""
    return None if kinds is None else [inner for kind in kinds for called, inner in t.inside(t.base_of(kind)).items() if called == name]


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
    if isinstance(value, ir.Constant) and misfit(value.value, t.base_of(kind)) is None:
        nullable = value.value is None
        return constant(scope, as_value(value.value, kind), t.with_null(kind, nullable))
    if isinstance(value.type, t.Nothing) or not carried_alike(value.type, kind):
        return _written(value, kind, scope) or made(scope, ir.Fit(value, t.with_null(kind, value.type.nullable)))
    return value


def _written(value: ir.Expression, kind: t.Type, scope: Scope) -> ir.Expression | None:
    """What the script makes of values, brought into `kind` one by one where that asks for floats: `0.1` is no decimal on the way."""
    base = t.base_of(kind)
    if not has_float(base):
        return None
    match value, base:
        case ir.MakeStruct(fields=pairs), t.Struct(fields=wanted) if {name for name, _ in pairs} == {name for name, _ in wanted}:
            given = dict(pairs)
            fields = tuple((name, brought(given[name], inner, scope)) for name, inner in wanted)
            return made(scope, ir.MakeStruct(fields, t.Struct(tuple((name, part.type) for name, part in fields))))
        case ir.MakeList(items=items), t.ListOf(item=inner):
            return made(scope, ir.MakeList(tuple(brought(one, inner, scope) for one in items), t.required(base)))
        case ir.Choose(branches=branches, otherwise=otherwise), _:
            return choose(scope, branches, otherwise, t.with_null(kind, value.type.nullable))
        case ir.Default(value=first, fallback=fallback), _:
            parts = brought(first, kind, scope), brought(fallback, kind, scope)
            return made(scope, ir.Default(*parts, t.with_null(kind, value.type.nullable)))
        case ir.Fit(value=inner_value), _:
            return brought(inner_value, kind, scope)
        case _:
            return None


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
