"""Cells of tables as values: each is read by the type of its column."""

from __future__ import annotations

import re

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.diagnostics.suggest import listed, nearest
from datahub.document import Span
from datahub.records import record
from datahub.semantic.collect import twice
from datahub.semantic.ir import Value
from datahub.semantic.literals import NotOfType, value_of_text
from datahub.semantic.resolve_types import missing
from datahub.syntax import ast
from datahub.syntax.cells import parse_keys
from datahub.syntax.rules import CELL_NOT_OF_TYPE, UNKNOWN_TABLE_COLUMN
from datahub.types import model as t

_TEST = re.compile(r"[<>]|[\[(]?-?[\d.]+\.\.")
"""What begins a cell that compares, which no lookup does."""


@record(frozen=True, slots=True)
class Header:
    """Where the columns of a table stand: by name, and the one that may bear any name (-1 where there is none)."""

    wanted: tuple[str, ...]
    at: dict[str, int]
    rest: int = -1
    rest_name: str = ""


def read_header(
    table: ast.Table, owner: str, wanted: tuple[str, ...], optional: tuple[str, ...], rest: str, emit: Emit, own: range | None = None
) -> Header | None:
    """Find the columns `wanted` in the header of a table; None where it does not fit, which is told.

    `rest` says what the one column is that may bear any name, and is empty where there is none; `own` are the cells
    that count, all of them if None.
    """
    found: dict[str, int] = {}
    others: list[int] = []
    for at in own if own is not None else range(len(table.header.cells)):
        cell = table.header.cells[at]
        if cell.text in found:
            emit(twice(ast.Name(cell.text, cell.span), ast.Name(cell.text, table.header.cells[found[cell.text]].span), "a column"))
            return None
        if cell.text in wanted or cell.text in optional:
            found[cell.text] = at
        else:
            others.append(at)
    absent = tuple(name for name in wanted if name not in found)
    spare = _spare(table, others, absent) if rest else -1
    unknown = [at for at in others if at != spare]
    for at in unknown:
        cell = table.header.cells[at]
        free = tuple(name for name in (*wanted, *optional) if name not in found)
        emit(missing(f"`{owner}` has no column `{cell.text}`", "no column has this name", cell.span, cell.text, free, UNKNOWN_TABLE_COLUMN))
    if unknown:
        return None
    if absent or (rest and spare < 0):
        emit(_lacking(table, owner, listed(absent) if absent else rest))
        return None
    return Header(wanted, found, spare, table.header.cells[spare].text if spare >= 0 else "")


def _spare(table: ast.Table, others: list[int], absent: tuple[str, ...]) -> int:
    """Which of the columns with other names is the one that may bear any: the last that is not a name misspelt."""
    misspelt = {at for at in others if nearest(table.header.cells[at].text, absent)}
    return max((at for at in others if at not in misspelt), default=-1)


def _lacking(table: ast.Table, owner: str, what: str) -> Diagnostic:
    return Diagnostic(
        UNKNOWN_TABLE_COLUMN,
        f"the table of `{owner}` lacks {what}",
        Label(table.header.span, "the columns of the table"),
        help="add the column to the header, and a cell to each row",
    )


def cell_value(cell: ast.Cell, kind: t.Type, column: str, emit: Emit) -> Value:
    """The value of a cell: nothing is null, `""` is empty text."""
    if not cell.text and not cell.quoted:
        if not kind.nullable and not isinstance(kind, t.Unknown):
            emit(
                Diagnostic(
                    CELL_NOT_OF_TYPE,
                    f"a cell of `{column}` is empty, but {t.spelled(kind)} is never null",
                    Label(cell.span, "nothing stands here"),
                    help='fill it; empty text is `""`',
                )
            )
        return None
    return _read(cell.text, cell.span, kind, column, emit)


def key_values(cell: ast.Cell, kind: t.Type, column: str, emit: Emit) -> tuple[Value, ...]:
    """The keys in a cell: several of them, set apart by commas, share the row."""
    keys = parse_keys(cell, emit)
    if not keys:
        return (cell_value(cell, kind, column, emit),)
    return tuple(_read(key.text, key.span, kind, column, emit) for key in keys)


def _read(text: str, span: Span, kind: t.Type, column: str, emit: Emit) -> Value:
    try:
        return value_of_text(text, kind)
    except NotOfType as reason:
        emit(
            Diagnostic(
                CELL_NOT_OF_TYPE,
                f"`{text}` is no {t.spelled(t.required(kind))}",
                Label(span, f"in the column `{column}`"),
                notes=(str(reason),),
                help="tests such as this one stand in the table of a `decide`" if _TEST.match(text) else None,
            )
        )
        return None
