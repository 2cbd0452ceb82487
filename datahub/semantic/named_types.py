"""Types that a script declares: what they are made of, and what must hold where a value enters them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from datahub.semantic import ir
from datahub.semantic.expressions import condition
from datahub.semantic.order import in_order
from datahub.semantic.resolve_types import resolve_type
from datahub.semantic.scope import Scope, TypeName
from datahub.semantic.unit import Unit
from datahub.syntax import ast
from datahub.types import model as t

PATTERN_CODE, CONDITION_CODE = "R204", "R301"


def outline_types(units: Iterable[Unit], before: Callable[[Unit], None]) -> None:
    """Make the declared types of all modules known, without what must hold of their values; `before` is told whose is next."""
    every = {unit.full(name): (declared, unit) for unit in units for name, declared in unit.declared.types.items()}
    for declared, unit in every.values():
        # Of a ring of types nothing is known when the first of them is read.
        _know(declared, TypeName(unit.full(declared.name.text), t.Unknown(), (), declared.name.span), unit)
    emit = next((unit.emit for _, unit in every.values()), None)
    for declared, unit in in_order(every, _needed, lambda one: one[0].name, emit) if emit is not None else ():
        name, home = unit.full(declared.name.text), unit.at(declared.span)
        before(home)
        _know(declared, TypeName(name, resolve_type(declared.type, home.world, home.emit), (), declared.name.span), unit)


def _know(declared: ast.TypeDecl, known: TypeName, unit: Unit) -> None:
    unit.world.types[declared.name.text] = unit.world.named[known.name] = known


def _needed(one: tuple[ast.TypeDecl, Unit]) -> Iterator[str]:
    """The full names of the types that a type is made of; one that overrides a pack's names what its own script knows."""
    declared, unit = one
    return (unit.at(declared.span).full_of(name) for name in _names_in(declared.type))


def _names_in(written: ast.TypeExpr) -> Iterator[str]:
    match written:
        case ast.TypeList(item=item):
            yield from _names_in(item)
        case ast.TypeStruct(fields=fields):
            for one in fields:
                yield from _names_in(one.type)
        case ast.TypeName(name=name, arguments=arguments):
            yield name.text
            if name.text != "enum":
                for argument in arguments:
                    if isinstance(argument, ast.TypeName | ast.TypeList | ast.TypeStruct):
                        yield from _names_in(argument)


def elaborate_types(unit: Unit) -> None:
    """Add to the declared types what must hold of their values."""
    for name, declared in unit.declared.types.items():
        known = unit.world.types[name]
        found = tuple(_conditions(declared, known, unit))
        if found:
            _know(declared, replace(known, conditions=found), unit)


def _conditions(declared: ast.TypeDecl, known: TypeName, unit: Unit) -> Iterator[tuple[ir.Expression, str]]:
    scope = _scope(known, unit.at(declared.span))
    if declared.matches is not None:
        place = declared.matches.span
        asked = ast.Matches(ast.Reference(ast.Name("it", place), place), False, declared.matches, place)
        yield condition(asked, scope), PATTERN_CODE
    if declared.where is not None:
        yield condition(declared.where, scope), CONDITION_CODE


def _scope(known: TypeName, unit: Unit) -> Scope:
    return unit.scope().naming({"it": ir.Column("it", t.required(known.type))})
