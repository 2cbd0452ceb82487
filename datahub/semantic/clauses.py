"""The clauses of views and maps, in the order of writing, which is the order of meaning."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.semantic import ir
from datahub.semantic.deciding import given, is_certainly, without
from datahub.semantic.evidence import evidence_of, evidence_of_all, read_by
from datahub.semantic.expressions import condition, elaborate
from datahub.semantic.grouping import group
from datahub.semantic.narrowing import facts
from datahub.semantic.rowsets import Rows, add_row, find_rowset, unknown_row
from datahub.semantic.rules import CLAUSE_AFTER_GROUP, CROSS_PRODUCT
from datahub.semantic.rules_types import TYPE_MISMATCH
from datahub.semantic.scope import RowName
from datahub.semantic.user_codes import check_code
from datahub.semantic.walk import columns_read
from datahub.syntax import ast
from datahub.types import model as t


def apply(clause: ast.Clause, rows: Rows) -> None:
    """Add `clause` to what makes `rows`."""
    if rows.grouped and not isinstance(clause, ast.Where | ast.OrderBy | ast.UniqueBy):
        rows.unit.emit(
            Diagnostic(
                CLAUSE_AFTER_GROUP,
                f"`{_word(clause)}` stands after `group by`",
                Label(clause.span, "these rows are groups"),
                notes=("groups can be filtered, made unique, and put in order",),
                help="make a view of the groups, and go on from there",
            )
        )
        return
    match clause:
        case ast.Fill():
            _fill(clause, rows)
        case ast.Each():
            _each(clause, rows)
        case ast.Join():
            _join(clause, rows)
        case ast.Where(condition=written):
            _where(written, clause, rows)
        case ast.GroupBy():
            group(clause, rows)
        case ast.UniqueBy():
            _unique(clause, rows)
        case ast.OrderBy(keys=keys):
            sortings = tuple(ir.Sorting(elaborate(key.value, rows.scope), key.descending) for key in keys)
            evidence = evidence_of_all([one.value for one in sortings], rows.known)
            rows.clauses.append(ir.OrderClause(sortings, rows.at(clause.span, evidence)))
        case _:
            assert_never(clause)


def _word(clause: ast.Clause) -> str:
    return {ast.Fill: "fill", ast.Each: "each", ast.Join: "join", ast.GroupBy: "group by"}.get(type(clause), "this clause")


def _fill(clause: ast.Fill, rows: Rows) -> None:
    columns = []
    for written in clause.columns:
        value = elaborate(written, rows.scope)
        if isinstance(value, ir.Column):
            columns.append(value.name)
        elif not isinstance(value.type, t.Unknown):
            rows.unit.emit(
                Diagnostic(
                    TYPE_MISMATCH, "`fill` takes columns", Label(written.span, "this is computed"), help="fill the columns it is made of"
                )
            )
    by = tuple(elaborate(key, rows.scope) for key in clause.by)
    rows.clauses.append(ir.FillClause(tuple(columns), by, rows.at(clause.span, evidence_of_all(by, rows.known))))
    rows.scope = without(rows.scope, columns)


def _each(clause: ast.Each, rows: Rows) -> None:
    over = elaborate(clause.over, rows.scope)
    origin = rows.at(clause.span, evidence_of(over, rows.known))
    position = clause.position.text if clause.position is not None else ""
    rows.take_name(clause.item)
    row = _element(clause, over, origin.evidence, rows)
    # A bare column could be taken for a field of that name that the map fills.
    item = row.element.name if row.element is not None else clause.item.text
    place = f"each.{position}" if position else ""
    rows.clauses.append(ir.EachClause(clause.outer, item, place, over, origin))
    rows.scope = rows.scope.with_row(row)
    if clause.position is not None:
        rows.take_name(clause.position)
        rows.scope = rows.scope.naming({position: ir.Column(place, t.Int(nullable=clause.outer))})


def _element(clause: ast.Each, over: ir.Expression, behind: tuple[ir.Evidence, ...], rows: Rows) -> RowName:
    alias = clause.item.text
    listed = t.base_of(over.type)
    if not isinstance(listed, t.ListOf):
        if not isinstance(listed, t.Unknown):
            shown = t.spelled(over.type)
            hint = f"write `each {alias} in entries({clause.over.span.text})`" if isinstance(listed, t.MapOf) else None
            rows.unit.emit(
                Diagnostic(TYPE_MISMATCH, f"`each` takes a list, and this is {shown}", Label(clause.over.span, "no list"), help=hint)
            )
        return unknown_row(alias)
    carried = rows.carried(over)
    item = t.base_of(listed.item)
    if not isinstance(item, t.Struct):
        kind = t.nullable(listed.item) if clause.outer else listed.item
        name = f"each.{alias}"
        rows.known[name] = tuple(replace(one, raw=name) for one in behind) or (ir.Evidence(alias, name),)
        rows.codes[name] = carried
        return RowName(alias, {}, ir.Column(name, kind), nullable=clause.outer)
    may_be_null = clause.outer or item.nullable
    columns = {name: ir.Column(f"{alias}.{name}", t.with_null(kind, kind.nullable or may_be_null)) for name, kind in item.fields}
    in_cells = any(one.raw.startswith("#") and one.raw[1:].partition(".")[0] in rows.unit.made.text_sources for one in behind)
    for name, column in columns.items():
        # In a cell of a text file the parts have no names of their own: the header of the cell is what people know.
        label = behind[0].label if in_cells and behind else name
        rows.known[column.name] = (ir.Evidence(label, column.name),)
        rows.codes[column.name] = carried
    return RowName(alias, columns, nullable=may_be_null)


def _where(written: ast.Expr, clause: ast.Where, rows: Rows) -> None:
    asked = condition(written, rows.scope)
    rows.clauses.append(ir.WhereClause(asked, rows.at(clause.span, read_by(asked, rows.known))))
    # What is said further down is of interest, too, where no row gets there.
    if is_certainly(False, asked, rows.scope):
        rows.scope = rows.scope.narrow(facts(asked).true)
    else:
        rows.scope = given(rows.scope, asked, written)
    rows.scope = replace(rows.scope, narrowed_all=rows.scope.narrowed)


def _unique(clause: ast.UniqueBy, rows: Rows) -> None:
    keys = tuple(elaborate(key, rows.scope) for key in clause.keys)
    evidence = evidence_of_all(keys, rows.known)
    code = check_code(clause.reject, rows.unit) if clause.reject is not None else ""
    rows.clauses.append(ir.UniqueClause(keys, clause.keep, code, rows.at(clause.span, evidence)))


def _join(clause: ast.Join, rows: Rows) -> None:
    rowset = find_rowset(clause.rowset, rows.unit)
    alias = clause.alias.text
    rows.take_name(clause.alias)
    before = rows.scope
    if rowset is None:
        rows.scope = rows.scope.with_row(unknown_row(alias))
        condition(clause.on, rows.scope)
        return
    add_row(rows, alias, rowset.fields, [rowset])
    asked = condition(clause.on, rows.scope)
    left, right, also = _split(asked, alias)
    if not left and not isinstance(asked.type, t.Unknown):
        rows.unit.emit(
            Diagnostic(
                CROSS_PRODUCT,
                f"every row is held against every row of `{clause.rowset.text}`",
                Label(clause.on.span, f"no field of `{alias}` is equal to one of the rows before"),
                help=f"say which fields agree: `on {alias}.… = …`",
            )
        )
    evidence = evidence_of_all((*left, *right, *(() if also is None else (also,))), rows.known)
    rows.clauses.append(ir.JoinClause(clause.many, clause.required, alias, rowset.name, left, right, also, rows.at(clause.span, evidence)))
    if not clause.required:
        rows.scope = before
        add_row(rows, alias, rowset.fields, [rowset], nullable=True)


def _split(asked: ir.Expression, alias: str) -> tuple[tuple[ir.Expression, ...], tuple[ir.Expression, ...], ir.Expression | None]:
    """The condition of a join as equal pairs (what was there, what is joined) and what else must hold."""
    left: list[ir.Expression] = []
    right: list[ir.Expression] = []
    also: ir.Expression | None = None
    for part in _conjuncts(asked):
        pair = _pair(part, alias)
        if pair is not None:
            left.append(pair[0])
            right.append(pair[1])
        else:
            also = part if also is None else ir.Logic("and", also, part, t.Bool())
    return tuple(left), tuple(right), also


def _conjuncts(asked: ir.Expression) -> tuple[ir.Expression, ...]:
    if isinstance(asked, ir.Logic) and asked.operator == "and":
        return (*_conjuncts(asked.left), *_conjuncts(asked.right))
    return (asked,)


def _pair(part: ir.Expression, alias: str) -> tuple[ir.Expression, ir.Expression] | None:
    if not (isinstance(part, ir.Call) and part.function == "=" and len(part.arguments) == 2):
        return None
    one, other = part.arguments
    sides = _sides(one, alias), _sides(other, alias)
    if sides == ("before", "joined"):
        return one, other
    if sides == ("joined", "before"):
        return other, one
    return None


def _sides(value: ir.Expression, alias: str) -> str:
    """Whose columns `value` reads: of the row that is joined, of those before, or of both."""
    joined = {name == alias or name.startswith(f"{alias}.") for name in columns_read(value)}
    return "joined" if joined == {True} else "before" if True not in joined else "both"
