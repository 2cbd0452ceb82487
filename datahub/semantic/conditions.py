"""The conditions of named types that a value must meet on its way into one, at any depth."""

from __future__ import annotations

from collections.abc import Iterator

from datahub.semantic import ir
from datahub.semantic.scope import Scope, TypeName
from datahub.semantic.trees import substituted
from datahub.types import model as t

IT = "it"
"""The column that conditions of a type read; `it/*` are the items of a list or the values of a map, `it/price` a field of a struct."""


def conditions_into(kind: t.Type, into: t.Type, scope: Scope) -> tuple[tuple[ir.Expression, str], ...]:
    """The conditions that values of type `kind` meet where they enter `into`, each with its code.

    A value of the named type itself meets them already: they were checked where it came to be one.
    """
    return tuple(_entered(kind, into, IT, scope))


def asked(value: ir.Expression, column: ir.SourceColumn) -> ir.Expression:
    """`value`, read for a column of a source, with what the types that the column names ask of it."""
    return ir.Fit(value, column.type, "", column.conditions) if column.conditions else value


def _entered(kind: t.Type, into: t.Type, place: str, scope: Scope) -> Iterator[tuple[ir.Expression, str]]:
    while isinstance(into, t.Named):
        if _is(kind, into.name):
            return
        declared = named(into.name, scope)
        for condition, code in declared.conditions if declared is not None else ():
            column = ir.Column(place, t.required(t.base_of(into)))
            yield (condition if place == IT else substituted(condition, {IT: column}, scope.world.interned)), code
        into = into.base
    match into, t.base_of(kind):
        case t.ListOf(item=item), t.ListOf(item=ours):
            yield from _entered(ours, item, f"{place}/*", scope)
        case t.MapOf(value=value), t.MapOf(value=ours):
            yield from _entered(ours, value, f"{place}/*", scope)
        case t.Struct(fields=pairs), t.Struct() as struct:
            for name, inner in pairs:
                yield from _entered(struct.get(name) or t.Nothing(), inner, f"{place}/{name}", scope)
        case _:
            return


def _is(kind: t.Type, name: str) -> bool:
    while isinstance(kind, t.Named):
        if kind.name == name:
            return True
        kind = kind.base
    return False


def named(name: str, scope: Scope) -> TypeName | None:
    """The declared type of this full name, whatever it is called here."""
    return scope.world.named.get(name)
