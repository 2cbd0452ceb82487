"""Types that a script declares: what they are made of, and what must hold where a value enters them."""

from __future__ import annotations

from collections.abc import Iterator
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


def outline_types(unit: Unit) -> None:
    """Make the declared types known, without what must hold of their values."""
    for declared in unit.declared.types.values():
        # Of a ring of types nothing is known when the first of them is read.
        _know(declared, TypeName(unit.full(declared.name.text), t.Unknown(), (), declared.name.span), unit)
    for declared in in_order(unit.declared.types, _needed, lambda one: one.name, unit.emit):
        name = unit.full(declared.name.text)
        _know(declared, TypeName(name, resolve_type(declared.type, unit.world, unit.emit), (), declared.name.span), unit)


def _know(declared: ast.TypeDecl, known: TypeName, unit: Unit) -> None:
    unit.world.types[declared.name.text] = unit.world.named[known.name] = known


def _needed(declared: ast.TypeDecl) -> Iterator[str]:
    return _names_in(declared.type)


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
    scope = _scope(known, unit)
    if declared.matches is not None:
        place = declared.matches.span
        asked = ast.Matches(ast.Reference(ast.Name("it", place), place), False, declared.matches, place)
        yield condition(asked, scope), PATTERN_CODE
    if declared.where is not None:
        yield condition(declared.where, scope), CONDITION_CODE


def _scope(known: TypeName, unit: Unit) -> Scope:
    return unit.scope().naming({"it": ir.Column("it", t.required(known.type))})
