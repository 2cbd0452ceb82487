"""Decision tables: tests typed by the inputs, outputs by the result, and what no row decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.cell_tests import read_tests
from datahub.semantic.cell_values import Header, cell_value, read_header
from datahub.semantic.collect import twice
from datahub.semantic.expressions import elaborate
from datahub.semantic.fitting import fit
from datahub.semantic.proofs import excludes, fits_all
from datahub.semantic.resolve_types import missing, resolve_type
from datahub.semantic.rules_types import TYPE_MISMATCH
from datahub.semantic.scope import DecisionName, Scope
from datahub.semantic.unit import Unit
from datahub.syntax import ast
from datahub.syntax.rules import RAGGED_TABLE
from datahub.types import model as t
from datahub.types.assign import unnamed

Policy = Literal["first", "unique", "collect"]
POLICIES: dict[str, Policy] = {"first": "first", "unique": "unique", "collect": "collect"}


@record(frozen=True, slots=True)
class Outline:
    """A decision table whose inputs, result and rows are read; what `otherwise` says comes when all names are known."""

    declared: ast.Decide
    inputs: tuple[tuple[str, t.Type], ...]
    result: t.Type
    policy: Policy
    rows: tuple[ir.DecisionRow, ...] = ()


def outline_decision(declared: ast.Decide, unit: Unit) -> Outline:
    """Type a decision table, and make it known."""
    inputs: dict[str, tuple[ast.Name, t.Type]] = {}
    for one in declared.inputs:
        kind = resolve_type(one.type, unit.world, unit.emit)
        if one.name.text in inputs:
            unit.emit(twice(one.name, inputs[one.name.text][0]))
        inputs.setdefault(one.name.text, (one.name, kind))
    typed = tuple((name, kind) for name, (_, kind) in inputs.items())
    policy = _policy(declared, unit)
    outline = Outline(declared, typed, _result(declared, policy, unit), policy)
    # What an override adds is asked first; of two overrides the later one.
    for over in reversed(declared.over):
        outline = _with_rows(outline, _rows(outline, over.table, unit.at(over.span)))
    outline = _with_rows(outline, _rows(outline, declared.table, unit))
    name = unit.full(declared.name.text)
    unit.world.decisions[declared.name.text] = DecisionName(name, typed, _given(outline), _codes(outline), declared.name.span)
    return outline


def _with_rows(outline: Outline, rows: Sequence[ir.DecisionRow]) -> Outline:
    """The table with `rows` below those that it has; where one alone may fit, one that asks what one above it asks is replaced by that."""
    laid = {row.tests for row in outline.rows} if outline.policy == "unique" else set()
    return replace(outline, rows=(*outline.rows, *(row for row in rows if row.tests not in laid)))


def _policy(declared: ast.Decide, unit: Unit) -> Policy:
    if declared.policy is None:
        return "first"
    if declared.policy.text not in POLICIES:
        name = declared.policy
        unit.emit(missing(f"there is no policy `{name.text}`", "no policy has this name", name.span, name.text, tuple(POLICIES)))
    return POLICIES.get(declared.policy.text, "first")


def _result(declared: ast.Decide, policy: Policy, unit: Unit) -> t.Type:
    """The type of what a row gives; a list of it, where the table collects, is told and taken for it."""
    result = resolve_type(declared.result, unit.world, unit.emit)
    base = t.base_of(result)
    if policy != "collect" or not isinstance(base, t.ListOf):
        return result
    item = t.spelled(base.item)
    message = f"`{declared.name.text}` collects, and each of its rows would be a list"
    label = Label(declared.result.span, "the type of what one row gives")
    unit.emit(Diagnostic(TYPE_MISMATCH, message, label, help=f"write `-> {item}`: under `policy collect` a call gives a list of them"))
    return base.item


def _given(outline: Outline) -> t.Type:
    """What a call gives: the result, a list of them where the table collects, null too where `otherwise` says so.

    As with lookups, what must hold of a declared type is not asked of cells, but where the value goes.
    """
    result = unnamed(outline.result)
    if outline.policy == "collect":
        return t.ListOf(result)
    otherwise = outline.declared.otherwise
    return t.nullable(result) if otherwise is not None and isinstance(otherwise.value, ast.Null) else result


def _codes(outline: Outline) -> tuple[str, ...]:
    """The codes that a call can give: none for inputs that are proved not to be there."""
    if outline.policy == "collect":
        return ()
    otherwise = outline.declared.otherwise
    table = _table(outline, "")
    none = () if (otherwise is not None and not otherwise.error) or fits_all(table) else ("R405",)
    return none if outline.policy != "unique" or excludes(table) else (*none, "R406")


def _table(outline: Outline, name: str) -> ir.DecisionTable:
    """The table without what `otherwise` says."""
    return ir.DecisionTable(name, outline.inputs, _given(outline), outline.policy, outline.rows, None, None)


def elaborate_decision(outline: Outline, unit: Unit) -> None:
    """Add a decision table to the program."""
    declared = outline.declared
    columns: dict[str, ir.Expression] = {name: ir.Column(name, kind) for name, kind in outline.inputs}
    said = declared.otherwise
    scope = (unit if said is None else unit.at(said.span)).scope().naming(columns)
    otherwise, message = _otherwise(outline, scope)
    unit.made.decisions.append(replace(_table(outline, unit.full(declared.name.text)), otherwise=otherwise, message=message))


def _otherwise(outline: Outline, scope: Scope) -> tuple[ir.Expression | None, ir.Expression | None]:
    otherwise = outline.declared.otherwise
    if otherwise is None:
        return None, None
    if otherwise.message is not None:
        return None, elaborate(otherwise.message, scope, t.Text())
    if otherwise.value is None:
        return None, None
    result = _given(outline)
    return fit(elaborate(otherwise.value, scope, result), result, scope, otherwise.value.span), None


def _rows(outline: Outline, table: ast.Table | None, unit: Unit) -> tuple[ir.DecisionRow, ...]:
    headers = _headers(outline, table, unit) if table is not None else None
    if table is None or headers is None:
        return ()
    inputs, outputs = headers
    return tuple(_row(outline, row, inputs, outputs, unit) for row in table.rows)


def _headers(outline: Outline, table: ast.Table, unit: Unit) -> tuple[Header, Header] | None:
    """Where the inputs stand, before the `||`, and where the outputs, after it."""
    name = outline.declared.name.text
    if table.outputs is None:
        unit.emit(
            Diagnostic(
                RAGGED_TABLE,
                f"the header of `{name}` has no `||`",
                Label(table.header.span, "which columns come out?"),
                help="write `||` between the inputs and the outputs",
            )
        )
        return None
    base = t.base_of(outline.result)
    width = len(table.header.cells)
    inputs = read_header(table, name, tuple(key for key, _ in outline.inputs), (), "", unit.emit, range(table.outputs))
    if isinstance(base, t.Struct):
        wanted = tuple(key for key, kind in base.fields if not kind.nullable)
        optional = tuple(key for key, kind in base.fields if kind.nullable)
        outputs = read_header(table, name, wanted, optional, "", unit.emit, range(table.outputs, width))
    else:
        outputs = read_header(table, name, (), (), "the result", unit.emit, range(table.outputs, width))
    return (inputs, outputs) if inputs is not None and outputs is not None else None


def _row(outline: Outline, row: ast.TableRow, inputs: Header, outputs: Header, unit: Unit) -> ir.DecisionRow:
    tests = tuple(read_tests(row.cells[inputs.at[name]], kind, name, unit.emit) for name, kind in outline.inputs)
    base = t.base_of(outline.result)
    if isinstance(base, t.Struct):
        values = tuple(
            ir.Constant(cell_value(row.cells[outputs.at[name]], kind, name, unit.emit) if name in outputs.at else None, kind)
            for name, kind in base.fields
        )
    else:
        values = (ir.Constant(cell_value(row.cells[outputs.rest], outline.result, outputs.rest_name, unit.emit), outline.result),)
    return ir.DecisionRow(tests, values, row.span.line)
