"""Functions that a script declares: their signatures first, so that each may call any other, then their bodies."""

from __future__ import annotations

from datahub.semantic import inlining
from datahub.semantic.collect import twice
from datahub.semantic.resolve_types import resolve_type
from datahub.semantic.scope import FnName
from datahub.semantic.unit import Unit
from datahub.syntax import ast
from datahub.types import model as t


def outline_functions(unit: Unit) -> None:
    """Make the functions of a module known with the types they take."""
    for declared in unit.declared.of(ast.Fn):
        found: dict[str, tuple[ast.Name, t.Type]] = {}
        home = unit.at(declared.span)
        for one in declared.params:
            kind = resolve_type(one.type, home.world, home.emit)
            if one.name.text in found:
                home.emit(twice(one.name, found[one.name.text][0]))
            found.setdefault(one.name.text, (one.name, kind))
        parameters = tuple((name, kind) for name, (_, kind) in found.items())
        result = resolve_type(declared.result, home.world, home.emit) if declared.result is not None else None
        unit.world.functions[declared.name.text] = FnName(unit.full(declared.name.text), declared, parameters, result, home.world)


def elaborate_functions(unit: Unit) -> None:
    """Tell what is wrong with the bodies of a module's functions, also of those that nothing calls."""
    for declared in unit.declared.of(ast.Fn):
        home = unit.at(declared.span)
        inlining.body(unit.world.functions[declared.name.text], home.emit, home.scope())
