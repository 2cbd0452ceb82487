"""Columns of lists, maps and structs whose cells nothing parts: each cell would be one element."""

from __future__ import annotations

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.diagnostics.rule import Rule, Severity
from datahub.lint.declare import lint
from datahub.lint.subject import Subject
from datahub.semantic import ir
from datahub.syntax import ast
from datahub.types import model as t

CELL_NOT_PARTED = Rule(
    "DHM522",
    "cell-not-parted",
    Severity.WARNING,
    "a cell is to be several values, and nothing says what stands between them",
    "A cell of a text file is one text. `@split` says what parts it; a pattern as in `at /^TAG_[0-9]+$/` makes a list of several columns. "
    "Without either a list has the whole cell as its only element, also one that holds JSON, which a column of type `json` reads; a map "
    "or a struct of several fields has nothing that it could read.",
)


@lint(CELL_NOT_PARTED, own=True)
def look(subject: Subject, emit: Emit) -> None:
    """Tell which columns of the script's text files are several values in cells that nothing parts."""
    unit = subject.unit
    shapes = {source.name: source for source in subject.program.sources}
    for source in unit.declared.of(ast.Source):
        shape = shapes.get(unit.full(source.name.text))
        if shape is None or shape.name not in unit.made.text_sources:
            continue
        columns = {column.name: column for column in shape.columns}
        for written in source.columns:
            column = columns.get(written.name.text)
            if column is not None and _is_whole(column):
                emit(_told(written, column))


def _is_whole(column: ir.SourceColumn) -> bool:
    """Whether the column's cell is taken as a whole, though it is to be several values."""
    base = t.base_of(column.type)
    several = isinstance(base, t.ListOf | t.MapOf) or (isinstance(base, t.Struct) and len(base.fields) > 1)
    return several and not column.pattern and not column.parts and not column.reading.split


def _told(written: ast.ColumnDecl, column: ir.SourceColumn) -> Diagnostic:
    name = written.name.text
    is_list = isinstance(t.base_of(column.type), t.ListOf)
    message = f"nothing parts the cells of `{name}`: " + ("each is a list of one" if is_list else "none of them can be read")
    place = written.type.span if written.type is not None else written.name.span
    what = "one element" if is_list else "several values in one text"
    helps = 'say what stands between the values: `@split("|")`'
    if is_list:
        helps += "; a cell of JSON is a column of type `json`"
    return Diagnostic(CELL_NOT_PARTED, message, Label(place, what), help=helps)
