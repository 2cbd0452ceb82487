"""Transcoding tables: rows typed by the columns they declare, keys that stand once, and what a miss does."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.document import Span
from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.cell_values import Header, cell_value, key_values, read_header
from datahub.semantic.collect import twice
from datahub.semantic.expressions import elaborate
from datahub.semantic.feeds import feed
from datahub.semantic.fitting import fit
from datahub.semantic.resolve_types import resolve_type
from datahub.semantic.rules import LOOKUP_DUPLICATE, PERIODS_OVERLAP
from datahub.semantic.rules_packs import NOTHING_TO_OVERRIDE
from datahub.semantic.rules_types import TYPE_MISMATCH
from datahub.semantic.scope import LookupName
from datahub.semantic.unit import Unit
from datahub.syntax import ast
from datahub.types import model as t
from datahub.types.assign import assignable, unnamed

Row = tuple[tuple[ir.Value, ...], ir.Value, ir.Value]


@record(frozen=True, slots=True)
class Outline:
    """A lookup whose rows are read, while its fallback and its feed are not yet."""

    declared: ast.Lookup
    keys: tuple[tuple[str, t.Type], ...]
    day: t.Type | None
    result: t.Type
    rows: tuple[Row, ...]


def outline_lookup(declared: ast.Lookup, unit: Unit) -> Outline:
    """Type a lookup and read its rows, and make it known."""
    keys: dict[str, tuple[ast.Name, t.Type]] = {}
    for one in declared.keys:
        kind = resolve_type(one.type, unit.world, unit.emit)
        if one.name.text in keys:
            unit.emit(twice(one.name, keys[one.name.text][0]))
        keys.setdefault(one.name.text, (one.name, kind))
    typed = tuple((name, kind) for name, (_, kind) in keys.items())
    day = resolve_type(declared.asof.type, unit.world, unit.emit) if declared.asof is not None else None
    result = resolve_type(declared.result, unit.world, unit.emit)
    rows = _rows(declared, typed, day, result, unit)
    for over in declared.over:
        if over.gone is not None:
            rows = _left(rows, over.gone, declared, typed, day, unit.at(over.span))
        rows = _laid(rows, _rows(replace(declared, table=over.table), typed, day, result, unit.at(over.span)))
    outline = Outline(declared, typed, day, result, rows)
    name = LookupName(
        unit.full(declared.name.text),
        typed,
        day,
        _found_type(outline),
        _codes(outline),
        _invertible(outline),
        _repeated(outline),
        declared.name.span,
        declared.otherwise is not None and isinstance(declared.otherwise.value, ast.Null),
    )
    unit.world.lookups[declared.name.text] = name
    return outline


def _miss(declared: ast.Lookup) -> Literal["error", "value", "self"]:
    otherwise = declared.otherwise
    if otherwise is None or otherwise.error:
        return "error"
    return "self" if isinstance(otherwise.value, ast.Reference) and otherwise.value.name.text == "self" else "value"


def _found_type(outline: Outline) -> t.Type:
    """What a call gives: the result, null too where a miss gives null.

    What must hold of a declared type is not asked of cells, so a call does not promise it: it is asked where the value goes.
    """
    otherwise = outline.declared.otherwise
    found = outline.result if outline.declared.source is not None else unnamed(outline.result)
    return t.nullable(found) if otherwise is not None and isinstance(otherwise.value, ast.Null) else found


def _codes(outline: Outline) -> tuple[str, ...]:
    if _miss(outline.declared) != "error":
        return ()
    found = ("R401",) if outline.day is None else ("R401", "R402")
    # Keys of a table in the script stand once; those of a file may contradict each other.
    return (*found, "R403") if outline.declared.source is not None else found


def _invertible(outline: Outline) -> tuple[str, ...]:
    """The columns of the result in which no value stands twice, and none is null."""
    # What a source will feed is not known.
    if outline.declared.source is not None:
        return ()
    base = t.base_of(outline.result)
    results = [row[2] for row in outline.rows]
    if not isinstance(base, t.Struct):
        return ("",) if _all_differ(results) else ()
    parts = [result for result in results if isinstance(result, tuple)]
    return tuple(name for at, (name, _) in enumerate(base.fields) if _all_differ([part[at] for part in parts]))


def _repeated(outline: Outline) -> tuple[tuple[str, str], ...]:
    """For each column of the result in which a value stands twice, or is missing: an example in words."""
    base = t.base_of(outline.result)
    columns = [(name, at) for at, (name, _) in enumerate(base.fields)] if isinstance(base, t.Struct) else [("", -1)]
    found: list[tuple[str, str]] = []
    for name, at in columns:
        first: dict[ir.Value, tuple[ir.Value, ...]] = {}
        for keys, _, result in outline.rows:
            value = result[at] if at >= 0 and isinstance(result, tuple) else result
            before = first.setdefault(value, keys)
            if value is None or before is not keys:
                both = f"{_key_shown(before)} and {_key_shown(keys)}"
                found.append((name, f"{both} both have {_shown(value)}" if value is not None else f"{_key_shown(keys)} has none"))
                break
    return tuple(found)


def _key_shown(keys: tuple[ir.Value, ...]) -> str:
    return "/".join(map(_shown, keys))


def _shown(value: ir.Value) -> str:
    return f"`{value}`"


def _all_differ(values: list[ir.Value]) -> bool:
    return None not in values and len(set(values)) == len(values)


def _rows(declared: ast.Lookup, keys: tuple[tuple[str, t.Type], ...], day: t.Type | None, result: t.Type, unit: Unit) -> tuple[Row, ...]:
    table = declared.table
    header = _header(declared, table, keys, day, result, unit) if table is not None else None
    if table is None or header is None:
        return ()
    found: list[Row] = []
    first: dict[tuple[tuple[ir.Value, ...], ir.Value], ast.TableRow] = {}
    for row in table.rows:
        if len(row.cells) != len(table.header.cells):
            continue
        read = _row(row, header, keys, day, result, unit)
        for one in read:
            # A null key finds nothing, so it may stand twice; where the cell is no key that was told already.
            before = row if None in one[0] else first.setdefault(one[:2], row)
            if before is not row and any(isinstance(kind, t.Unknown) for _, kind in keys):
                # What type the keys are of was told already.
                continue
            if before is not row:
                unit.emit(_stands_twice(declared, one, header, row, before))
            else:
                found.append(one)
    return tuple(found)


def _laid(base: tuple[Row, ...], over: tuple[Row, ...]) -> tuple[Row, ...]:
    """`base` with each row whose key `over` has too replaced in its place, and the new ones behind it."""
    return tuple(({row[:2]: row for row in base} | {row[:2]: row for row in over}).values())


def _left(
    rows: tuple[Row, ...], gone: ast.Table, declared: ast.Lookup, keys: tuple[tuple[str, t.Type], ...], day: t.Type | None, unit: Unit
) -> tuple[Row, ...]:
    """`rows` without those whose keys stand in `gone`: all days of a key where it names none."""
    since = declared.asof.name.text if declared.asof is not None and day is not None else ""
    header = read_header(gone, declared.name.text, tuple(name for name, _ in keys), (since,) if since else (), "", unit.emit)
    if header is None:
        return rows
    for row in (row for row in gone.rows if len(row.cells) == len(gone.header.cells)):
        found = cell_value(row.cells[header.at[since]], day, since, unit.emit) if day is not None and since in header.at else None
        for wanted in _keys_of(row, header, keys, unit):
            left = tuple(one for one in rows if one[0] != wanted or (found is not None and one[1] != found))
            if len(left) == len(rows):
                shown = ", ".join(map(str, wanted))
                label = Label(row.cells[0].span if len(row.cells) == 1 else row.span, "nothing to drop")
                unit.emit(Diagnostic(NOTHING_TO_OVERRIDE, f"`{declared.name.text}` has no row for `{shown}`", label))
            rows = left
    return rows


def _keys_of(row: ast.TableRow, header: Header, keys: tuple[tuple[str, t.Type], ...], unit: Unit) -> list[tuple[ir.Value, ...]]:
    """The keys of one line: one for each that stands in its cells."""
    several: list[tuple[ir.Value, ...]] = [()]
    for name, kind in keys:
        values = key_values(row.cells[header.at[name]], kind, name, unit.emit)
        several = [(*before, value) for before in several for value in values]
    return several


def _header(
    declared: ast.Lookup, table: ast.Table, keys: tuple[tuple[str, t.Type], ...], day: t.Type | None, result: t.Type, unit: Unit
) -> Header | None:
    wanted = [name for name, _ in keys]
    if declared.asof is not None and day is not None:
        wanted.append(declared.asof.name.text)
    base = t.base_of(result)
    if isinstance(base, t.Struct):
        optional = [name for name, kind in base.fields if kind.nullable]
        wanted += [name for name, kind in base.fields if not kind.nullable]
        return read_header(table, declared.name.text, tuple(wanted), tuple(optional), "", unit.emit)
    return read_header(table, declared.name.text, tuple(wanted), (), "the result", unit.emit)


def _row(
    row: ast.TableRow, header: Header, keys: tuple[tuple[str, t.Type], ...], day: t.Type | None, result: t.Type, unit: Unit
) -> tuple[Row, ...]:
    """The rows that one line writes: one for each of the keys in its cells."""
    several = _keys_of(row, header, keys, unit)
    since = (
        cell_value(row.cells[header.at[header.wanted[len(keys)]]], day, header.wanted[len(keys)], unit.emit) if day is not None else None
    )
    base = t.base_of(result)
    if isinstance(base, t.Struct):
        value: ir.Value = tuple(
            cell_value(row.cells[header.at[name]], kind, name, unit.emit) if name in header.at else None for name, kind in base.fields
        )
    else:
        value = cell_value(row.cells[header.rest], result, header.rest_name, unit.emit)
    return tuple((one, since, value) for one in several)


def _stands_twice(declared: ast.Lookup, row: Row, header: Header, second: ast.TableRow, first: ast.TableRow) -> Diagnostic:
    key = ", ".join(str(value) for value in row[0])
    at = second.cells[header.at[header.wanted[0]]].span if header.wanted else second.span
    other = first.cells[header.at[header.wanted[0]]].span if header.wanted else first.span
    if row[1] is not None:
        return Diagnostic(
            PERIODS_OVERLAP,
            f"two periods of `{key}` in `{declared.name.text}` begin on the same day",
            Label(at, f"from {row[1]}"),
            (Label(other, "and this one too"),),
            help="keep one of them",
        )
    return Diagnostic(
        LOOKUP_DUPLICATE,
        f"the key `{key}` stands twice in `{declared.name.text}`",
        Label(at, "the second"),
        (Label(other, "the first"),),
        help="keep one of them",
    )


def elaborate_lookup(outline: Outline, unit: Unit) -> None:
    """Add a lookup to the program: its rows or its feed, and what a miss does."""
    declared = outline.declared
    fallback, message = _otherwise(outline, unit)
    source: str = ""
    columns: tuple[str, ...] = ()
    if declared.source is not None:
        days = ((declared.asof.name, outline.day),) if declared.asof is not None and outline.day is not None else ()
        keys = tuple((key.name, kind) for key, (_, kind) in zip(declared.keys, outline.keys, strict=False))
        source, columns = feed(declared, declared.source, (*keys, *days), outline.result, unit)
    unit.made.lookups.append(
        ir.LookupTable(
            unit.full(declared.name.text),
            outline.keys,
            declared.asof.name.text if declared.asof is not None else "",
            outline.result,
            outline.rows,
            source,
            _miss(declared),
            fallback,
            message,
            columns,
        )
    )


def _otherwise(outline: Outline, unit: Unit) -> tuple[ir.Expression | None, ir.Expression | None]:
    otherwise = outline.declared.otherwise
    if otherwise is None:
        return None, None
    columns: dict[str, ir.Expression] = {name: ir.Column(name, kind) for name, kind in outline.keys}
    if outline.declared.asof is not None and outline.day is not None:
        columns[outline.declared.asof.name.text] = ir.Column(outline.declared.asof.name.text, outline.day)
    scope = unit.at(otherwise.span).scope().naming(columns)
    if otherwise.message is not None:
        return None, elaborate(otherwise.message, scope, t.Text())
    if otherwise.value is None:
        return None, None
    if _miss(outline.declared) == "self":
        _check_self(outline, otherwise.value.span, unit)
        return None, None
    result = _found_type(outline)
    return fit(elaborate(otherwise.value, scope, result), result, scope, otherwise.value.span), None


def _check_self(outline: Outline, at: Span, unit: Unit) -> None:
    if len(outline.keys) == 1 and assignable(outline.keys[0][1], outline.result):
        return
    key = t.spelled(outline.keys[0][1]) if len(outline.keys) == 1 else f"{len(outline.keys)} columns"
    unit.emit(
        Diagnostic(
            TYPE_MISMATCH,
            f"`{outline.declared.name.text}` cannot give its own key",
            Label(at, f"the key is {key}, the result {t.spelled(outline.result)}"),
            help="write `otherwise error`, or a value",
        )
    )
