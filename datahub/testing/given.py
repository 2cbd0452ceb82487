"""What a test gives, put where the program looks for it: cells into a file of the source's own format.

Conversions are under test, so the cells of a source are what stands in its file. A view or entity that is given has
its rows from a source made for the purpose, one typed as its fields are; lists and structs in it are written as the
language writes them, and a field of an entity that the table leaves out has its default.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from datahub.semantic import ir
from datahub.semantic.expected_cells import UnreadableCell, expected
from datahub.semantic.fitting import fit
from datahub.semantic.kinds import SOURCES
from datahub.semantic.scope import Scope
from datahub.syntax import ast
from datahub.testing.normal import shown
from datahub.types import model as t
from datahub.types.arrow import arrow_type

GIVEN = "given "


def write_given(item: ast.Given, program: ir.Program, script: Path, folder: Path) -> tuple[str, str]:
    """The source that `item` gives, and the file that holds it."""
    name = source_name(item, program)
    if item.file is not None:
        return name, str(script.parent / item.file.value)
    source = next(one for one in program.sources if one.name == name)
    path = folder / f"{item.rowset.text}.{source.kind}"
    if item.inline is not None:
        path.write_text(item.inline[1].value, encoding="utf-8")
    else:
        assert item.table is not None
        path.write_bytes(_bytes(item.table, source))
    return name, str(path)


def previous_given(items: list[ast.GivenPrevious], program: ir.Program) -> dict[str, pa.Table]:
    """The rows that were delivered before, by entity; fields that a table leaves out are null."""
    found: dict[str, pa.Table] = {}
    for item in items:
        shape = next(one for one in program.entities if one.name == item.rowset.text)
        kinds = {field.name: field.type for field in shape.fields}
        header = [cell.text for cell in item.table.header.cells]
        rows = [{name: expected(cell, kinds[name]) for name, cell in zip(header, row.cells, strict=False)} for row in item.table.rows]
        schema = pa.schema([(name, arrow_type(kind)) for name, kind in kinds.items()])
        found[shape.name] = pa.Table.from_pylist(rows, schema=schema)
    return found


def source_name(item: ast.Given, program: ir.Program) -> str:
    """The source behind what is given: itself, or the one made for a view or entity."""
    name = item.rowset.text
    return name if any(one.name == name for one in program.sources if not one.name.startswith(GIVEN)) else GIVEN + name


def _bytes(table: ast.Table, source: ir.SourceShape) -> bytes:
    if SOURCES[source.kind].text:
        return _csv(table, source)
    read = _typed(source) if source.name.startswith(GIVEN) else _value
    return _json(table, source, read)


def _csv(table: ast.Table, source: ir.SourceShape) -> bytes:
    options = dict(source.options)
    delimiter, quote = str(options["delimiter"]), str(options["quote"] or '"')

    def line(cells: tuple[ast.Cell, ...]) -> str:
        return delimiter.join(quote + cell.text.replace(quote, quote * 2) + quote if _needs(cell) else cell.text for cell in cells)

    def _needs(cell: ast.Cell) -> bool:
        return cell.quoted or any(mark in cell.text for mark in (delimiter, quote, "\n"))

    preamble = ["" for _ in range(int(str(options.get("skip") or 0)))]
    header = [line(table.header.cells)] if options["header"] else []
    text = "".join(part + "\n" for part in (*preamble, *header, *(line(row.cells) for row in table.rows)))
    return text.encode(str(options["encoding"]))


def _json(table: ast.Table, source: ir.SourceShape, read: Callable[[ast.Cell, str], object]) -> bytes:
    rows = []
    for row in table.rows:
        cells = zip((cell.text for cell in table.header.cells), row.cells, strict=False)
        rows.append({name: read(cell, name) for name, cell in cells if cell.text or cell.quoted})
    if source.kind == "jsonl":
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    return json.dumps(_wrapped(rows, str(dict(source.options).get("rows") or "")), ensure_ascii=False).encode()


def _typed(source: ir.SourceShape) -> Callable[[ast.Cell, str], object]:
    """Cells as JSON by the types of the columns; what is none of its type stays text, and is refused as such."""
    kinds = {column.name: t.base_of(column.type) for column in source.columns}

    def read(cell: ast.Cell, name: str) -> object:
        kind = kinds.get(name)
        if isinstance(kind, t.ListOf | t.Struct | t.MapOf):
            try:
                return as_json(expected(cell, kind))
            except UnreadableCell:
                return cell.text
        return _value(cell, name) if isinstance(kind, t.Int | t.Decimal | t.Float | t.Bool) else cell.text

    return read


def as_json(value: object) -> object:
    """A value of a cell as `json` writes it: numbers with the digits they have, dates as texts."""
    match value:
        case dict():
            return {str(key): as_json(inner) for key, inner in value.items()}
        case list():
            return [as_json(inner) for inner in value]
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case None | bool() | str():
            return value
        case _:
            return shown(value)


def _value(cell: ast.Cell, _: str) -> object:
    """A cell that is JSON stands for that value, any other for its text."""
    if cell.quoted:
        return cell.text
    try:
        return json.loads(cell.text, parse_float=str)
    except ValueError:
        return cell.text


def _wrapped(rows: object, path: str) -> object:
    """The rows where `$.a.b[*]` looks for them."""
    for name in reversed([part for part in path.removeprefix("$").replace("[*]", "").split(".") if part]):
        rows = {name: rows}
    return rows


def with_given(program: ir.Program, items: list[ast.Given], scope: Scope) -> ir.Program:
    """`program` in which the views and entities that are given have their rows from sources of their own."""
    scope = replace(scope, emit=lambda _: None)
    sources = {source.name for source in program.sources}
    for item in items:
        name = item.rowset.text
        if name in sources:
            continue
        view = next((one for one in program.views if one.body.name == name), None)
        entity = next((one for one in program.entities if one.name == name), None)
        if view is not None:
            views = tuple(replace(one, body=_body(name, one.fields)) if one is view else one for one in program.views)
            program = replace(program, sources=(*program.sources, _source(name, one_fields(view.fields))), views=views)
        elif entity is not None:
            fields = tuple((one.name, one.type) for one in entity.fields)
            maps = (*(one for one in program.maps if one.entity != name), ir.MapBody(name, _fitted(entity, item, scope)))
            program = replace(program, sources=(*program.sources, _source(name, one_fields(fields))), maps=maps)
    return program


def one_fields(fields: tuple[tuple[str, t.Type], ...]) -> tuple[tuple[str, t.Type], ...]:
    """The fields as columns of a source: a cell may always be empty, its being needed is the field's own matter."""
    return tuple((name, t.nullable(t.base_of(kind))) for name, kind in fields)


def _has(item: ast.Given, field: str) -> bool:
    return item.table is None or any(cell.text == field for cell in item.table.header.cells)


def _source(name: str, fields: tuple[tuple[str, t.Type], ...]) -> ir.SourceShape:
    nested = any(isinstance(t.base_of(kind), t.ListOf | t.Struct | t.MapOf) for _, kind in fields)
    kind = SOURCES["jsonl" if nested else "csv"]
    options: Mapping[str, ir.Value] = {option.name: option.default for option in kind.options} | {"extra": "allow"}
    columns = tuple(ir.SourceColumn(field, type, (field,), "", None, ir.Reading()) for field, type in fields)
    return ir.SourceShape(GIVEN + name, kind.name, tuple(options.items()), columns)


def _body(name: str, fields: tuple[tuple[str, t.Type], ...]) -> ir.RowsetBody:
    """Every field from the column of its name."""
    source = GIVEN + name
    assignments = []
    for field, kind in fields:
        value: ir.Expression = ir.Column(f"g.{field}", t.nullable(t.base_of(kind)))
        origin = ir.Origin(name, field, name, evidence=(ir.Evidence(field, f"#{source}.{field}"),))
        assignments.append(ir.Assignment(field, value, origin))
    return ir.RowsetBody(name, "g", (source,), (), (), tuple(assignments))


def _fitted(entity: ir.EntityShape, item: ast.Given, scope: Scope) -> ir.RowsetBody:
    """As `_body`, but each value must be one of its field, as where a map fills it; what is not given is as if not mapped."""
    plain = _body(entity.name, tuple((one.name, one.type) for one in entity.fields))
    fields = []
    for one, given in zip(entity.fields, plain.fields, strict=True):
        value = given.value if one.default is None or _has(item, one.name) else one.default
        fields.append(replace(given, value=fit(value, one.type, scope, item.rowset.span, one.rounding)))
    return replace(plain, fields=tuple(fields))
