"""Tests of a script: that what they give and expect exists, and that it can be what it is said to be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.semantic.expected_cells import UnreadableCell, expected, kind_of_column
from datahub.semantic.issue_names import ALL_COLUMNS
from datahub.semantic.kinds import alike
from datahub.semantic.literals import NotOfType, value_of_literal
from datahub.semantic.resolve_types import missing, unknown_name
from datahub.semantic.rules import UNKNOWN_FIXTURE, UNREADABLE_CELL
from datahub.semantic.scope import RowsetName
from datahub.semantic.unit import Unit
from datahub.syntax import ast
from datahub.types import model as t

REJECTS = "rejects"
REJECT_COLUMNS = (*ALL_COLUMNS, "source")
"""What `expect rejects` can ask of an issue."""


def check_test(declared: ast.Test, unit: Unit) -> None:
    """Report fixtures, columns and parameters that a test names and the script does not have."""
    for item in declared.items:
        match item:
            case ast.WithParam():
                _check_parameter(item, unit)
            case ast.Given(rowset=name, table=table):
                rowset = _rowset(name, unit)
                if rowset is not None and table is not None:
                    _check_given(name, rowset, table, unit)
            case ast.GivenPrevious(rowset=name, table=table):
                _check_previous(name, table, unit)
            case ast.Expect(rowset=name, table=table) if name.text == REJECTS and REJECTS not in unit.world.rowsets:
                if table is not None:
                    _check_columns(name, table, REJECT_COLUMNS, (), unit)
                    _check_cells(table, None, (), unit)
            case ast.Expect(rowset=name, table=table):
                rowset = _expected(name, unit)
                if rowset is not None and table is not None:
                    also = (Label(rowset.span, "declared here"),)
                    _check_columns(name, table, [field for field, _ in rowset.fields], also, unit)
                    _check_cells(table, dict(rowset.fields), also, unit)
            case ast.Assert():
                pass


def _check_parameter(item: ast.WithParam, unit: Unit) -> None:
    kind = unit.world.parameters.get(item.name.text)
    if kind is None:
        unit.emit(unknown_name("parameter", item.name, tuple(unit.world.parameters)))
        return
    try:
        value_of_literal(item.value, kind)
    except NotOfType as reason:
        unit.emit(missing(f"`{item.name.text}` cannot be given this", str(reason), item.value.span, "", (), UNKNOWN_FIXTURE))


def _rowset(name: ast.QName, unit: Unit) -> RowsetName | None:
    found = unit.world.rowsets.get(name.text)
    if found is None and name.parts[0].text not in unit.world.missing:
        unit.emit(unknown_name("source, view or entity", name, (*unit.world.rowsets, REJECTS), UNKNOWN_FIXTURE))
    return found


def _expected(name: ast.QName, unit: Unit) -> RowsetName | None:
    """What a test expects: rows of an entity, for these are what comes out."""
    rowset = _rowset(name, unit)
    if rowset is None or name.text in unit.world.entities:
        return rowset
    message, helps = f"`{name.text}` is no entity", f"expect the entity that is made of `{name.text}`"
    label = Label(name.span, "rows of entities and `rejects` are what comes out")
    unit.emit(Diagnostic(UNKNOWN_FIXTURE, message, label, (Label(rowset.span, "declared here"),), help=helps))
    return None


def _check_given(name: ast.QName, rowset: RowsetName, table: ast.Table, unit: Unit) -> None:
    """The cells of what is given are those of a file: its header has the names that the file has."""
    also = (Label(rowset.span, "declared here"),)
    source = next((one for one in unit.made.sources if one.name == rowset.name), None)
    if source is None:
        _check_columns(name, table, [field for field, _ in rowset.fields], also, unit)
        return
    known = [label for column in source.columns for label in (*column.names, column.name)]
    if dict(source.options).get("names") == "loose":
        known += [cell.text for cell in table.header.cells if alike(cell.text) in {alike(label) for label in known}]
    _check_columns(name, table, known, also, unit, patterns=[column.pattern for column in source.columns if column.pattern])


def _check_previous(name: ast.QName, table: ast.Table, unit: Unit) -> None:
    """What was delivered before are rows of an entity with a key, whose cells are values of its fields."""
    rowset = _rowset(name, unit)
    if rowset is None:
        return
    also = (Label(rowset.span, "declared here"),)
    shape = next((one for one in unit.made.entities if one.name == rowset.name), None)
    if shape is None or not shape.key:
        why = "it has no key, so no earlier row of it is the same" if shape is not None else "only rows of entities are remembered"
        unit.emit(Diagnostic(UNKNOWN_FIXTURE, f"nothing of `{name.text}` can have been delivered before", Label(name.span, why), also))
        return
    _check_columns(name, table, [field for field, _ in rowset.fields], also, unit)
    _check_cells(table, dict(rowset.fields), also, unit)
    written = {cell.text for cell in table.header.cells}
    for key in shape.key:
        if key not in written:
            label = Label(table.header.span, f"`{key}` is missing")
            unit.emit(Diagnostic(UNKNOWN_FIXTURE, f"rows of `{name.text}` are told apart by `{key}`", label, also))


def _check_columns(
    name: ast.QName, table: ast.Table, known: Iterable[str], also: tuple[Label, ...], unit: Unit, patterns: Iterable[str] = ()
) -> None:
    names = tuple(dict.fromkeys(known))
    over_headers = [found for pattern in patterns if (found := _compiled(pattern)) is not None]
    for cell in table.header.cells:
        # `axes.colour` asks for a field of a struct.
        whole = cell.text.partition(".")[0]
        if cell.text not in names and whole not in names and not any(pattern.search(cell.text) for pattern in over_headers):
            unit.emit(
                missing(
                    f"`{name.text}` has no column `{cell.text}`",
                    "no column has this name",
                    cell.span,
                    cell.text,
                    names,
                    UNKNOWN_FIXTURE,
                    also,
                )
            )


def _check_cells(table: ast.Table, fields: Mapping[str, t.Type] | None, also: tuple[Label, ...], unit: Unit) -> None:
    """Report cells that can be no value of their column, so that no run could ever give them."""
    for column, header in enumerate(table.header.cells):
        kind = kind_of_column(header.text, fields)
        for row in table.rows:
            if column >= len(row.cells):
                continue
            try:
                expected(row.cells[column], kind)
            except UnreadableCell as reason:
                label = Label(row.cells[column].span, f"`{header.text}` is {t.spelled(kind)}")
                unit.emit(Diagnostic(UNREADABLE_CELL, str(reason), label, also))


def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern)
    except re.error:
        return None
