"""`previous`: the row of the same key that was delivered last, as checks and rules read it, and how many there were.

It is read as a lookup by the entity's key. A run that remembers fills the table with what was last committed; in a first
run, and in one that remembers nothing, it is empty, so that every field of `previous` is null.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.document import Span
from datahub.semantic import ir
from datahub.semantic.previous_tables import table_of
from datahub.semantic.rules import PREVIOUS_WITHOUT_KEY
from datahub.semantic.scope import RowName, Scope
from datahub.semantic.trees import rebuilt
from datahub.semantic.unit import Unit
from datahub.syntax import ast
from datahub.syntax.walk import walk
from datahub.types import model as t

NAME = "previous"


def with_previous(written: Iterable[ast.Expr | None], shape: ir.EntityShape, scope: Scope, unit: Unit) -> Scope:
    """`scope` with the row `previous`, where one of the expressions reads it and no field bears its name."""
    at = next((found for one in written if one is not None and (found := _read_in(one)) is not None), None)
    if at is None or any(field.name == NAME for field in shape.fields):
        return scope
    if not shape.key:
        unit.emit(without_key(at, shape.name))
    else:
        _remembered(shape, unit)
    columns = {field.name: ir.Column(f"{NAME}.{field.name}", t.nullable(field.type)) for field in shape.fields}
    return scope.with_row(RowName(NAME, columns, nullable=True))


def looked_up(expression: ir.Expression, shape: ir.EntityShape) -> ir.Expression:
    """`expression` with what it reads of `previous` looked up by the key."""
    columns = {f"{NAME}.{field.name}": field for field in shape.fields}
    types = {field.name: field.type for field in shape.fields}
    keys = tuple(ir.Column(name, types[name]) for name in shape.key)

    def change(node: ir.Expression) -> ir.Expression:
        if isinstance(node, ir.Column) and node.name in columns:
            field = columns[node.name]
            return ir.LookUp(table_of(shape.name), keys, None, field.name, False, t.nullable(field.type))
        return rebuilt(node, change)

    return change(expression)


def without_key(at: Span, entity: str) -> Diagnostic:
    return Diagnostic(
        PREVIOUS_WITHOUT_KEY,
        f"`{entity}` has no key, so no earlier row of it is the same",
        Label(at, "the row that was delivered last"),
        help=f"give `{entity}` a `key`",
    )


def _remembered(shape: ir.EntityShape, unit: Unit) -> None:
    name = table_of(shape.name)
    if all(one.name != name for one in unit.made.lookups):
        types = {field.name: field.type for field in shape.fields}
        result = t.Struct(tuple((field.name, t.nullable(field.type)) for field in shape.fields), nullable=True)
        keys = tuple((key, types[key]) for key in shape.key)
        unit.made.lookups.append(ir.LookupTable(name, keys, "", result, (), "", "value", ir.Constant(None, result), None))


def _read_in(written: ast.Expr) -> Span | None:
    return next((node.span for node in walk(written) if isinstance(node, ast.Reference) and node.name.text == NAME), None)


def replaced(rule: ir.RuleBody, shape: ir.EntityShape) -> ir.RuleBody:
    """A rule of an entity with what it reads of `previous` looked up."""

    def sets(items: tuple[ir.Assignment, ...]) -> tuple[ir.Assignment, ...]:
        return tuple(replace(one, value=looked_up(one.value, shape)) for one in items)

    return replace(rule, when=looked_up(rule.when, shape), sets=sets(rule.sets), otherwise=sets(rule.otherwise))
