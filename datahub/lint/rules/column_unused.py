"""Columns of sources that no map, check or table reads."""

from __future__ import annotations

from collections.abc import Iterable

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.diagnostics.rule import Rule, Severity
from datahub.lint.declare import lint
from datahub.lint.subject import Subject
from datahub.semantic import ir
from datahub.semantic.clause_parts import expressions_of
from datahub.semantic.walk import columns_read
from datahub.syntax import ast

COLUMN_UNUSED = Rule(
    "DHM502",
    "column-unused",
    Severity.NOTE,
    "a column of a source that nothing reads",
    "Columns that no map needs are not converted, so nothing can be wrong with them. That is often meant; now and then it is a "
    "field that was forgotten.",
)


@lint(COLUMN_UNUSED, own=True)
def look(subject: Subject, emit: Emit) -> None:
    """Tell which columns of the script's sources nothing reads, by way of views either."""
    unit = subject.unit
    read = _read(subject.program)
    for source in unit.declared.of(ast.Source):
        name = unit.full(source.name.text)
        if name not in read or any(option.name.text == "strict" for option in source.options):
            continue
        for column in source.columns:
            if column.name.text not in read[name]:
                emit(Diagnostic(COLUMN_UNUSED, f"the column `{column.name.text}` is not read", Label(column.name.span, "nothing needs it")))


def _read(program: ir.Program) -> dict[str, set[str]]:
    """For each rowset the fields that are read: those of a view only as far as its own fields are read."""
    found: dict[str, set[str]] = {}
    for table in program.lookups:
        if table.source:
            found.setdefault(table.source, set()).update((*(name for name, _ in table.keys), table.valid_from, *table.feed_columns))
    for one in program.maps:
        _gather(one.body, (*one.body.lets, *one.body.fields), found)
    for view in reversed(program.views):
        wanted = found.get(view.body.name, set())
        _gather(view.body, (*view.body.lets, *(field for field in view.body.fields if field.name in wanted)), found)
    return found


def _gather(body: ir.RowsetBody, assignments: Iterable[ir.Assignment], found: dict[str, set[str]]) -> None:
    rowsets = {body.alias: list(body.inputs)}
    for clause in body.clauses:
        if isinstance(clause, ir.JoinClause):
            rowsets.setdefault(clause.alias, []).append(clause.rowset)
    for names in rowsets.values():
        for name in names:
            found.setdefault(name, set())
    expressions = (*(one.value for one in assignments), *(part for clause in body.clauses for part in expressions_of(clause)))
    columns = {name for expression in expressions for name in columns_read(expression)}
    columns |= {name for clause in body.clauses if isinstance(clause, ir.FillClause) for name in clause.columns}
    for column in columns:
        alias, _, name = column.partition(".")
        for rowset in rowsets.get(alias, ()):
            found[rowset].add(name)
