"""Lookups that a source or view feeds: which columns are keys and result, and their values brought into the declared types."""

from __future__ import annotations

from dataclasses import dataclass, replace

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.diagnostics.suggest import listed
from datahub.document import Span
from datahub.semantic import ir
from datahub.semantic.evidence import evidence_of
from datahub.semantic.fitting import fit
from datahub.semantic.resolve_types import missing
from datahub.semantic.rowsets import Rows, add_row, find_rowset
from datahub.semantic.rules_types import TYPE_MISMATCH, UNKNOWN_NAME
from datahub.semantic.scope import RowsetName
from datahub.semantic.unit import Unit
from datahub.syntax import ast
from datahub.types import model as t
from datahub.types.assign import assignable

ROW = "row"


def feed(
    declared: ast.Lookup, source: ast.QName, keys: tuple[tuple[ast.Name, t.Type], ...], result: t.Type, unit: Unit
) -> tuple[str, tuple[str, ...]]:
    """The rowset that feeds a lookup, and which of its columns make the result; `keys` are its keys, and its day after them."""
    rowset = find_rowset(source, unit)
    if rowset is None:
        return "", ()
    feeding = _Feeding(declared, source.text, rowset, unit)
    found = [feeding.key(name, kind) for name, kind in keys]
    results = feeding.results(result, frozenset(name.text for name, _ in keys))
    if results is None or any(one is None for one in found):
        return "", ()
    fields = [*(one for one in found if one is not None), *results]
    if all(isinstance(one.value, ir.Column) for one in fields):
        return rowset.name, tuple(one.name for one in results)
    name = f"{unit.full(declared.name.text)} (rows)"
    unit.made.views.append(
        ir.ViewBody(ir.RowsetBody(name, ROW, (rowset.name,), (), (), tuple(fields)), tuple((one.name, one.value.type) for one in fields))
    )
    unit.made.codes[name] = {one.name: feeding.rows.carried(one.value) for one in fields}
    return name, tuple(one.name for one in results)


@dataclass(slots=True, init=False)
class _Feeding:
    """The columns of a rowset on their way into a lookup."""

    declared: ast.Lookup
    source: str
    rowset: RowsetName
    rows: Rows

    def __init__(self, declared: ast.Lookup, source: str, rowset: RowsetName, unit: Unit) -> None:
        self.declared, self.source, self.rowset = declared, source, rowset
        self.rows = Rows(unit, ir.Origin(map=unit.full(declared.name.text)), unit.scope())
        add_row(self.rows, ROW, rowset.fields, [rowset])

    def key(self, name: ast.Name, kind: t.Type) -> ir.Assignment | None:
        """A key out of the column of its name; a null key is never found, so it may stand there."""
        column = self.rows.scope.rows[ROW].fields.get(name.text)
        return self._filled(name.text, t.nullable(kind) if column is not None and column.type.nullable else kind, name.span)

    def results(self, result: t.Type, taken: frozenset[str]) -> list[ir.Assignment] | None:
        """The result: its fields out of the columns of their names, or the one column besides the keys."""
        at = self.declared.result.span
        base = t.base_of(result)
        if isinstance(base, t.Struct):
            found = [self._field(name, kind, at) for name, kind in base.fields]
            return None if any(one is None for one in found) else [one for one in found if one is not None]
        rest = [name for name, _ in self.rowset.fields if name not in taken]
        names = (self.declared.name.text, "result", "value")
        column = rest[0] if len(rest) == 1 else next((name for name in names if name in rest), "")
        if not column:
            self._tell_unclear(rest, at)
            return None
        one = self._filled(column, result, at)
        return None if one is None else [one]

    def _field(self, name: str, kind: t.Type, at: Span) -> ir.Assignment | None:
        if kind.nullable and name not in self.rows.scope.rows[ROW].fields:
            return ir.Assignment(name, ir.Constant(None, kind), replace(self.rows.at(at), field=name))
        return self._filled(name, kind, at)

    def _filled(self, name: str, kind: t.Type, at: Span) -> ir.Assignment | None:
        unit, where = self.rows.unit, (Label(self.rowset.span, f"`{self.source}` is declared here"),)
        column = self.rows.scope.rows[ROW].fields.get(name)
        if column is None:
            known = tuple(one for one, _ in self.rowset.fields)
            unit.emit(missing(f"`{self.source}` has no column `{name}`", "no column to read it from", at, name, known, also=where))
            return None
        if not assignable(column.type, kind):
            message = f"`{name}` is {t.spelled(kind)}, but a column of {t.spelled(column.type)} feeds it"
            unit.emit(Diagnostic(TYPE_MISMATCH, message, Label(at, f"{t.spelled(kind)} here"), where))
            return None
        value = fit(column, kind, self.rows.scope, at, field=name)
        return ir.Assignment(name, value, replace(self.rows.at(at, evidence_of(value, self.rows.known)), field=name))

    def _tell_unclear(self, rest: list[str], at: Span) -> None:
        self.rows.unit.emit(
            Diagnostic(
                UNKNOWN_NAME,
                f"`{self.source}` has no column that is the result of `{self.declared.name.text}`",
                Label(at, "which column is it?"),
                (Label(self.rowset.span, f"`{self.source}` is declared here"),),
                (f"besides the keys it has {listed(rest)}" if rest else "it has the keys alone",),
                f"feed it from a view with the keys and one more column, or one called `{self.declared.name.text}`",
            )
        )
