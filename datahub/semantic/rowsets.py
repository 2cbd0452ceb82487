"""The rows of a view or map, from the rowsets it reads through each of its clauses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field, replace

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.document import Span
from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.collect import twice
from datahub.semantic.expressions import codes
from datahub.semantic.resolve_types import unknown_name
from datahub.semantic.rules import ROWSETS_DIFFER
from datahub.semantic.scope import RowName, RowsetName, Scope
from datahub.semantic.unit import Unit
from datahub.syntax import ast
from datahub.types import model as t
from datahub.types.assign import carried_alike, common


@record(slots=True)
class Rows:
    """The rows between two clauses: what can be named of them, and which columns of a source are behind each of theirs."""

    unit: Unit
    origin: ir.Origin
    scope: Scope
    inputs: tuple[str, ...] = ()
    alias: str = ""
    known: dict[str, tuple[ir.Evidence, ...]] = field(default_factory=dict)
    codes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    clauses: list[ir.Clause] = field(default_factory=list)
    names: dict[str, ast.Name] = field(default_factory=dict)
    grouped: bool = False
    unclear: bool = False
    """Whether a mistake was told that may be why a field is not filled."""

    def at(self, span: Span, evidence: tuple[ir.Evidence, ...] = ()) -> ir.Origin:
        """Who to name for what stands at `span`."""
        return replace(self.origin, script=span.document.path, line=span.line, evidence=evidence)

    def take_name(self, name: ast.Name) -> bool:
        """Let `name` be used for a row, position or let; whether it was free."""
        first = self.names.setdefault(name.text, name)
        if first is not name:
            self.unit.emit(twice(name, first, "a name here"))
        return first is name

    def carried(self, value: ir.Expression) -> tuple[str, ...]:
        """The reject codes that `value` can give, those that its columns bring along among them."""
        return codes(value, self.codes)


def read_from(source: ast.From, unit: Unit, origin: ir.Origin) -> Rows:
    """The rows of `from r in A, B`."""
    rows = Rows(unit, origin, replace(unit.scope(), windows=True))
    rows.scope = replace(rows.scope, codes=rows.codes)
    found = [(name, rowset) for name in source.rowsets if (rowset := find_rowset(name, unit)) is not None]
    alias = source.alias or source.rowsets[0].parts[-1]
    rows.alias = alias.text
    rows.take_name(alias)
    rows.inputs = tuple(rowset.name for _, rowset in found)
    if source.alias is None and len(source.rowsets) > 1:
        unit.emit(
            Diagnostic(
                ROWSETS_DIFFER, "the rows of several rowsets have no name", Label(source.span, "what is one of their rows called?"),
                help=f"write `from r in {', '.join(name.text for name in source.rowsets)}`",
            )
        )  # fmt: skip
    if len(found) < len(source.rowsets):
        rows.scope = rows.scope.with_row(unknown_row(alias.text))
        rows.unclear = True
        return rows
    add_row(rows, alias.text, _one_shape(found, unit), [rowset for _, rowset in found])
    marked = frozenset.intersection(*(rowset.marked for _, rowset in found))
    rows.scope = rows.scope.with_row(replace(rows.scope.rows[alias.text], marked=marked))
    return rows


def find_rowset(name: ast.QName, unit: Unit) -> RowsetName | None:
    """The source, view or entity called `name` here; reported where there is none."""
    found = unit.world.rowsets.get(name.text)
    # A view that is declared, and yet not known, is one of a ring, which was told.
    if found is None and name.parts[0].text not in unit.world.missing and name.text not in unit.declared.rowsets:
        unit.emit(unknown_name("source, view or entity", name, tuple(unit.world.rowsets)))
    return found


def unknown_row(alias: str) -> RowName:
    """A row of which nothing is known but that it was reported: whatever is read from it agrees with everything."""
    return RowName(alias, {}, ir.Column(alias, t.Unknown()))


def add_row(rows: Rows, alias: str, fields: Iterable[tuple[str, t.Type]], rowsets: list[RowsetName], nullable: bool = False) -> None:
    """Make the row of `rowsets` known as `alias`."""
    columns = {name: ir.Column(f"{alias}.{name}", t.nullable(kind) if nullable else kind) for name, kind in fields}
    rows.scope = rows.scope.with_row(RowName(alias, columns, nullable=nullable))
    for rowset in rowsets:
        carried = rows.unit.made.codes.get(rowset.name, {})
        evidence = dict(rowset.evidence)
        for name, column in columns.items():
            shown = evidence.get(name) or (ir.Evidence(name, column.name),)
            # What is behind a view is named by the view's own column, once its rows are read under another name.
            here = tuple(one if one.raw.startswith("#") else replace(one, raw=column.name) for one in shown)
            rows.known[column.name] = tuple(dict.fromkeys((*rows.known.get(column.name, ()), *here)))
            rows.codes[column.name] = tuple(dict.fromkeys((*rows.codes.get(column.name, ()), *carried.get(name, ()))))


def _one_shape(found: list[tuple[ast.QName, RowsetName]], unit: Unit) -> tuple[tuple[str, t.Type], ...]:
    """The fields that rowsets share; that they are the same is checked against the first."""
    (first_name, first), *others = found
    fields = dict(first.fields)
    for name, other in others:
        theirs = dict(other.fields)
        differing = [one for one in (*fields, *theirs) if _shared(fields.get(one), theirs.get(one)) is None]
        if differing:
            unit.emit(_differ(first_name, first, name, other, differing[0]))
        for one in fields:
            fields[one] = _shared(fields[one], theirs.get(one)) or t.Unknown()
    return tuple(fields.items())


def _shared(ours: t.Type | None, theirs: t.Type | None) -> t.Type | None:
    """The type of a field in both rowsets; None where their values cannot stand in one column as they are."""
    if ours is None or theirs is None:
        return None
    known = not isinstance(ours, t.Unknown) and not isinstance(theirs, t.Unknown)
    return common(ours, theirs) if carried_alike(ours, theirs) or not known else None


def _differ(first_name: ast.QName, first: RowsetName, name: ast.QName, other: RowsetName, field: str) -> Diagnostic:
    def said(one: RowsetName) -> str:
        kind = dict(one.fields).get(field)
        return f"no `{field}`" if kind is None else f"`{field}` is {t.spelled(kind)}"

    return Diagnostic(
        ROWSETS_DIFFER,
        f"`{first_name.text}` and `{name.text}` have rows of different shape",
        Label(name.span, said(other) + " here"),
        (Label(first_name.span, said(first) + " here"),),
        help="bring them into one shape with a view each",
    )
