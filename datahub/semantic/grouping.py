"""`group by`: from rows to one row a group, whose rows only aggregates see."""

from __future__ import annotations

from dataclasses import replace

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.semantic import ir
from datahub.semantic.collect import twice
from datahub.semantic.evidence import evidence_of
from datahub.semantic.expressions import elaborate
from datahub.semantic.rowsets import Rows
from datahub.semantic.rules_types import TYPE_MISMATCH
from datahub.syntax import ast
from datahub.types import model as t


def group(clause: ast.GroupBy, rows: Rows) -> None:
    """Group `rows` by the keys of `clause`."""
    keys: dict[str, ir.Assignment] = {}
    written: dict[str, ast.Name] = {}
    known: list[tuple[ir.Expression, ir.Column]] = []
    names: dict[str, ir.Expression] = {}
    for position, key in enumerate(clause.keys, 1):
        value = elaborate(key.value, rows.scope)
        _check_key(key, value, rows)
        name = f"key.{_called(key, position, keys)}"
        evidence = evidence_of(value, rows.known)
        column = ir.Column(name, value.type)
        rows.known[name], rows.codes[name] = evidence, rows.carried(value)
        known.append((value, column))
        if key.name is not None:
            if key.name.text in written:
                rows.unit.emit(twice(key.name, written[key.name.text], "a key"))
                continue
            written[key.name.text] = key.name
            names[key.name.text] = column
        keys[name] = ir.Assignment(name, value, rows.at(key.span, evidence))
    rows.clauses.append(ir.GroupClause(clause.partial, tuple(keys.values()), rows.at(clause.span)))
    members = replace(rows.scope, windows=False)
    # A row of groups has no row of its own to be called by: its keys stand for themselves, the rest is aggregated.
    outside = replace(rows.unit.scope(), codes=rows.codes, patch=rows.scope.patch)
    rows.scope = replace(outside, names=names, grouped=members, keys=tuple(known), narrowed=rows.scope.narrowed)
    rows.grouped = True


def _called(key: ast.GroupKey, position: int, taken: dict[str, ir.Assignment]) -> str:
    """What the column of a key is called: as named, else the last part of the path, else its number."""
    match key.name, key.value:
        case (ast.Name(text=text), _):
            return text
        case (None, ast.Member(name=name) | ast.Reference(name=name)) if f"key.{name.text}" not in taken:
            return name.text
        case _:
            return str(position)


def _check_key(key: ast.GroupKey, value: ir.Expression, rows: Rows) -> None:
    if isinstance(t.base_of(value.type), t.ListOf | t.MapOf | t.Struct | t.Json):
        rows.unit.emit(
            Diagnostic(
                TYPE_MISMATCH,
                f"a group is made by single values, and this is {t.spelled(value.type)}",
                Label(key.value.span, "no single value"),
                help="group by its fields, or by `text(…)` of them",
            )
        )
