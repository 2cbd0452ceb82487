"""Names of used modules, made known behind the name that each module goes by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from datahub.semantic.modules import Module
from datahub.semantic.scope import World
from datahub.semantic.unit import Unit
from datahub.syntax import ast

Known = TypeVar("Known")


def borrow(unit: Unit, units: Mapping[int, Unit]) -> None:
    """Let `unit` name what the modules that it uses declare, as far as that is known by now."""
    for one in unit.module.imports:
        used = units.get(id(one.module)) if one.module is not None else None
        if used is None:
            unit.world.missing.add(one.alias)
        else:
            _take(unit.world, used, one.alias, exported(used))


def _take(world: World, used: Unit, alias: str, names: frozenset[str] | None) -> None:
    own, declared = used.world, used.declared
    _copy(world.types, own.types, declared.types, alias, names)
    _copy(world.lookups, own.lookups, declared.callables, alias, names)
    _copy(world.decisions, own.decisions, declared.callables, alias, names)
    _copy(world.functions, own.functions, declared.callables, alias, names)
    _copy(world.rowsets, own.rowsets, declared.rowsets, alias, names)
    _copy(world.entities, own.entities, declared.rowsets, alias, names)


def _copy(into: dict[str, Known], known: Mapping[str, Known], declared: Iterable[str], alias: str, names: frozenset[str] | None) -> None:
    for name in declared:
        if name in known and (names is None or name in names):
            into[f"{alias}.{name}"] = known[name]


def hidden(module: Module, before: Mapping[int, Unit]) -> dict[str, ast.Name]:
    """What used packs declare and keep to themselves: as it would be written here, and where it is declared."""
    found: dict[str, ast.Name] = {}
    for one in module.imports:
        used = before.get(id(one.module)) if one.module is not None else None
        names = exported(used) if used is not None else None
        if used is not None and names is not None:
            declared = used.declared
            every = (*declared.types.values(), *declared.callables.values(), *declared.rowsets.values())
            found.update({f"{one.alias}.{other.name.text}": other.name for other in every if other.name.text not in names})
    return found


def exported(unit: Unit) -> frozenset[str] | None:
    """The names that a pack gives to others; None where all are."""
    packs = [one for one in unit.module.declarations if isinstance(one, ast.Pack)]
    names = frozenset(name.text for pack in packs for name in pack.exports)
    return names or None
