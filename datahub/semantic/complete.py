"""Whether a map fills its entity: what is missing is null or the field's default, or a mistake."""

from __future__ import annotations

from collections.abc import Iterator

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.diagnostics.suggest import listed
from datahub.semantic import ir
from datahub.semantic.rowsets import Rows
from datahub.semantic.rules import FIELD_NOT_MAPPED
from datahub.semantic.walk import columns_read
from datahub.syntax import ast
from datahub.types import model as t


def complete(shape: ir.EntityShape, mapped: tuple[ir.Assignment, ...], declared: ast.Map, rows: Rows) -> tuple[ir.Assignment, ...]:
    """An assignment for every field of `shape`, in its order, but each after those that it reads."""
    given = {one.name: one for one in mapped}
    lacking: list[ir.EntityField] = []
    for one in shape.fields:
        if one.name not in given:
            if one.default is None and not one.type.nullable and not isinstance(one.type, t.Unknown) and not _omitted(shape, one):
                lacking.append(one)
            given[one.name] = ir.Assignment(one.name, _instead(shape, one), _origin(one, declared, rows))
    if lacking and not rows.unclear and not rows.unit.is_broken(declared.span):
        rows.unit.emit(
            Diagnostic(
                FIELD_NOT_MAPPED,
                f"{listed(one.name for one in lacking)} of `{shape.name}` {'is' if len(lacking) == 1 else 'are'} not filled",
                Label(declared.entity.span, "this map leaves out what must be there"),
                help=f"add `{lacking[0].name}: …`, give the field a default, or make it nullable",
            )
        )
    return tuple(_in_order(shape, given))


def _omitted(shape: ir.EntityShape, one: ir.EntityField) -> bool:
    return shape.patch and one.name not in shape.key


def _instead(shape: ir.EntityShape, one: ir.EntityField) -> ir.Expression:
    """What a field is that no line fills."""
    return ir.Omitted(one.type) if _omitted(shape, one) else absent(one)


def absent(one: ir.EntityField) -> ir.Expression:
    """What a field is of which a row says nothing, in an entity whose rows are whole: its default, else null."""
    return one.default if one.default is not None else ir.Constant(None, t.nullable(one.type))


def _origin(one: ir.EntityField, declared: ast.Map, rows: Rows) -> ir.Origin:
    made = rows.at(declared.entity.span)
    return ir.Origin(made.entity, one.name, made.map, made.script, made.line, (), made.translate)


def _in_order(shape: ir.EntityShape, given: dict[str, ir.Assignment]) -> Iterator[ir.Assignment]:
    done: set[str] = set()

    def with_those_before(name: str) -> Iterator[ir.Assignment]:
        if name in done:
            return
        done.add(name)
        for read in sorted(columns_read(given[name].value) & given.keys()):
            yield from with_those_before(read)
        yield given[name]

    for one in shape.fields:
        yield from with_those_before(one.name)
