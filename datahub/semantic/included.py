"""`include o except (a, b)`: the fields that one line copies."""

from __future__ import annotations

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.semantic import ir
from datahub.semantic.names import column
from datahub.semantic.resolve_types import missing
from datahub.semantic.rowsets import Rows
from datahub.semantic.rules_types import NOT_AGGREGATED, TYPE_MISMATCH, UNKNOWN_NAME
from datahub.syntax import ast
from datahub.types import model as t


def included(item: ast.Include, rows: Rows) -> dict[str, ir.Expression]:
    """The fields of what `item` includes, but those that it leaves out."""
    fields = _fields(item, rows)
    for name in item.without:
        if fields and name.text not in fields:
            told = missing(
                f"`{item.of.text}` has no field `{name.text}`", "nothing to leave out", name.span, name.text, tuple(fields), UNKNOWN_NAME
            )
            rows.unit.emit(told)
    left_out = {name.text for name in item.without}
    return {name: value for name, value in fields.items() if name not in left_out}


def _fields(item: ast.Include, rows: Rows) -> dict[str, ir.Expression]:
    name, scope = item.of.text, rows.scope
    row = scope.rows.get(name)
    if row is not None and row.element is None:
        return {field: column(row, field) for field in row.fields}
    if row is not None:
        rows.unclear = True
        return {}
    value = scope.names.get(name)
    if value is not None:
        return _of_value(item, value, rows)
    if scope.grouped is not None and name in scope.grouped.rows:
        rows.unit.emit(
            Diagnostic(
                NOT_AGGREGATED,
                f"`{name}` is many rows, and the group is one",
                Label(item.of.span, "the rows of a group"),
                help="fill the fields one by one, from the keys and from aggregates",
            )
        )
        return {}
    known = (*scope.rows, *scope.names)
    rows.unit.emit(missing(f"there is no row `{name}` here", "nothing to include", item.of.span, name, known))
    rows.unclear = True
    return {}


def _of_value(item: ast.Include, value: ir.Expression, rows: Rows) -> dict[str, ir.Expression]:
    base = t.base_of(value.type)
    if isinstance(base, t.Struct):
        null = value.type.nullable
        return {field: ir.Field(value, field, t.with_null(kind, kind.nullable or null)) for field, kind in base.fields}
    if not isinstance(base, t.Unknown):
        rows.unit.emit(
            Diagnostic(TYPE_MISMATCH, f"`{item.of.text}` has no fields to include", Label(item.of.span, f"this is {t.spelled(value.type)}"))
        )
    return {}
