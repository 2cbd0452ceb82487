"""Sources: options checked against their kind, columns typed, and how the text of each is read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.semantic import ir
from datahub.semantic.collect import check_reserved, twice
from datahub.semantic.conditions import asked, conditions_into
from datahub.semantic.constants import name_pattern, read_into, tell_dates, tell_format
from datahub.semantic.expressions import codes
from datahub.semantic.kinds import SOURCES, Kind
from datahub.semantic.options import find_kind, read_options
from datahub.semantic.part_places import check_parts
from datahub.semantic.resolve_types import resolve_type
from datahub.semantic.rules_types import BAD_ARGUMENTS, ZONE_MISSING
from datahub.semantic.scope import RowsetName
from datahub.semantic.tags import COLUMN_TAGS, REQUIRED, check_tags
from datahub.semantic.unit import Unit
from datahub.syntax import ast
from datahub.types import model as t
from datahub.types.assign import unnamed
from datahub.zones import is_zone

_WRITTEN = re.compile(r"\bcolumns\b")
_OFFSET_LETTERS = frozenset("XxZzVO")
_CLOCK_LETTERS = frozenset("Hhk")
_CLOCKS = (t.Date, t.Time, t.DateTime, t.LocalDateTime)


def elaborate_source(declared: ast.Source, unit: Unit) -> None:
    """Add the shape of a source to the program, and its rows to what can be read."""
    name = unit.full(declared.name.text)
    kind = find_kind(declared.kind, SOURCES, unit.emit)
    options = read_options(declared.options, kind, unit.emit) if kind is not None else {}
    reading = _reading(options)
    _check_clock_options(declared, reading.zone, unit)
    columns = tuple(_columns(declared, reading, kind, unit))
    if kind is not None:
        unit.made.sources.append(ir.SourceShape(name, kind.name, tuple(options.items()), columns, strict=bool(options.get("strict"))))
        if kind.text:
            unit.made.text_sources.add(name)
    unit.made.codes[name] = {column.name: _codes(column) for column in columns}
    unit.world.rowsets[declared.name.text] = RowsetName(
        name,
        tuple((column.name, column.type) for column in columns),
        tuple((column.name, (ir.Evidence(column.label, f"#{name}.{column.name}"),)) for column in columns),
        declared.name.span,
        frozenset(column.name for column in columns),
    )


def ask_columns(unit: Unit) -> None:
    """Add to the columns of sources what must hold of values of the types that they name, now that it is known."""
    scope = unit.scope()
    own = {unit.full(declared.name.text) for declared in unit.declared.of(ast.Source)}
    for at, source in enumerate(unit.made.sources):
        if source.name in own:
            columns = tuple(replace(one, conditions=conditions_into(unnamed(one.type), one.type, scope)) for one in source.columns)
            unit.made.sources[at] = replace(source, columns=columns)
            unit.made.codes[source.name] = {column.name: _codes(column) for column in columns}


def _reading(options: dict[str, ir.Value]) -> ir.Reading:
    def text(name: str) -> str:
        return str(options.get(name) or "")

    nulls = options.get("text_nulls") or ()
    return ir.Reading(
        decimal=text("decimal") or ".",
        formats=(text("dates"),) if text("dates") else (),
        locale=text("locale"),
        zone=text("zone"),
        trim=bool(options.get("trim")),
        empty_text=options.get("empty") == "text" or bool(options.get("nulls")),
        null_words=tuple(str(word) for word in nulls) if isinstance(nulls, tuple) else (),
    )


def _check_clock_options(declared: ast.Source, zone: str, unit: Unit) -> None:
    written = {option.name.text: option.value for option in declared.options}
    at = written.get("zone")
    if at is not None and zone and not is_zone(zone):
        unit.emit(
            Diagnostic(
                BAD_ARGUMENTS,
                f"there is no time zone `{zone}`",
                Label(at.span, "not in the tz database"),
                help='write it as `"Europe/Paris"`',
            )
        )
    tell_dates(declared.options, unit.scope())


def _columns(declared: ast.Source, reading: ir.Reading, kind: Kind | None, unit: Unit) -> list[ir.SourceColumn]:
    found: list[ir.SourceColumn] = []
    first: dict[str, ast.Name] = {}
    for column in declared.columns:
        if column.name.text in first:
            unit.emit(twice(column.name, first[column.name.text]))
        else:
            check_reserved(column.name, unit.emit)
            first[column.name.text] = column.name
            found.append(_column(column, reading, unit))
    # Columns that were written and not understood were told of where they stand.
    if kind is not None and kind.text and not declared.columns and not _WRITTEN.search(declared.span.text):
        unit.emit(
            Diagnostic(BAD_ARGUMENTS, f"`{declared.name.text}` has no columns", Label(declared.name.span, "what does a row hold?"),
                       help="add `columns { … }`; `dhm infer FILE` writes it from a sample")
        )  # fmt: skip
    if kind is not None:
        _check_places(declared, kind, unit.emit)
    return found


def _check_required(column: ast.ColumnDecl, kind: str, emit: Emit) -> None:
    """Only where all rows have the same columns a file can be asked for one."""
    for tag in column.tags:
        if tag.name.text == REQUIRED.name and kind not in ("csv", "xlsx", "parquet", "arrow"):
            message, helps = f"a file of {kind} has no header that could lack `{column.name.text}`", "ask with `has`, or check the field"
            emit(Diagnostic(BAD_ARGUMENTS, message, Label(tag.span, "each record has what it has"), help=helps))


def _check_places(declared: ast.Source, kind: Kind, emit: Emit) -> None:
    """Columns stand at positions where lines have a fixed width, and only there; only headers can be matched by a pattern."""
    for column in declared.columns:
        at = column.at
        _check_required(column, kind.name, emit)
        check_parts(column, kind.name, True, emit)
        if kind.name == "fixed" and (at is None or at.positions is None):
            message, helps = f"`{column.name.text}` has no positions", f"write where it stands: `{column.name.text}: … at 1..10`"
            place = Label(column.name.span if at is None else at.span, "at which characters of the line?")
        elif kind.name != "fixed" and at is not None and at.positions is not None:
            message, helps = f"a column of `{kind.name}` does not stand at positions", 'write the name it has in the source: `at "…"`'
            place = Label(at.span, "positions are those of lines of fixed width")
        elif kind.name == "fixed" and at is not None and at.positions is not None and not 1 <= at.positions[0] <= at.positions[1]:
            message, helps = (
                f"`{column.name.text}` stands at no characters",
                "positions count from 1, and go from the first to the last: `at 1..10`",
            )
            place = Label(at.span, "no characters lie here")
        elif kind.name == "xml" and at is not None and at.pattern is not None:
            message, helps = "elements of XML are not gathered by a pattern", 'write their path: `at "Prices/Price"`'
            place = Label(at.span, "a pattern matches names of columns")
        elif kind.name in ("json", "jsonl") and at is not None and (path := _path(at)):
            first, *below = path.split(".")
            message = f"`{at.names[0]}` is a path, and a column of {kind.name} is a member of its row"
            helps = f"what lies deeper is read off it: declare `{first}: {_nest(below)}`" if below else f"write its name: `{first}`"
            place = Label(at.span, "taken for the name of a member")
        elif kind.name in ("arrow", "parquet") and at is not None and at.pattern is not None:
            message, helps = (
                f"columns of {kind.name} are not gathered by a pattern",
                "declare them one by one; `dhm infer FILE` writes them",
            )
            place = Label(at.span, "its columns are fixed")
        else:
            continue
        emit(Diagnostic(BAD_ARGUMENTS, message, place, help=helps))


def _path(at: ast.At) -> str:
    """The members that a path of JSON names, `b.d` of `$.b.d`; nothing where a name is none."""
    written = at.names[0] if at.names else ""
    return written[2:] if written.startswith("$.") else ""


def _nest(members: Sequence[str]) -> str:
    return f"{{{members[0]}: {_nest(members[1:])}}}" if members else "…"


def _column(column: ast.ColumnDecl, reading: ir.Reading, unit: Unit) -> ir.SourceColumn:
    if column.type is None:
        message, helps = f"the column `{column.name.text}` has no type", f"write `{column.name.text}: text`, or what it is"
        unit.emit(Diagnostic(BAD_ARGUMENTS, message, Label(column.name.span, "what is it?"), help=helps))
    unit = unit.at(column.span)
    kind = resolve_type(column.type, unit.world, unit.emit) if column.type is not None else t.Unknown()
    check_tags(column.tags, COLUMN_TAGS, unit.emit)
    own = _own_reading(column.type, kind, _with_format(column, kind, reading, unit), column.tags)
    if column.type is not None:
        _check_instants(column, kind, own, unit.emit)
    return _placed(column.name.text, kind, column.at, own, column.tags, _parts(column.type, kind, own, unit), unit)


def _placed(
    name: str,
    kind: t.Type,
    at: ast.At | None,
    reading: ir.Reading,
    tags: tuple[ast.Tag, ...],
    parts: tuple[ir.SourceColumn, ...],
    unit: Unit,
) -> ir.SourceColumn:
    over_headers = ""
    if at is not None and at.pattern is not None:
        over_headers = name_pattern(at.pattern, unit.scope())
    names = (name,) if at is None else at.names
    return ir.SourceColumn(
        name, kind, names, over_headers, at.positions if at else None, reading, tuple(tag.name.text for tag in tags), parts
    )


def _parts(written: ast.TypeExpr | None, kind: t.Type, reading: ir.Reading, unit: Unit) -> tuple[ir.SourceColumn, ...]:
    """The fields of a struct, or of a list of structs, where any of them says where it stands."""
    struct = _struct_of(written)
    if struct is None or not _says_where(struct):
        return ()
    base = t.base_of(kind)
    item = t.base_of(base.item) if isinstance(base, t.ListOf) else base
    fields = dict(item.fields) if isinstance(item, t.Struct) else {}
    found = []
    for one in struct.fields:
        check_tags(one.tags, COLUMN_TAGS, unit.emit)
        inner = fields.get(one.name.text, t.Unknown())
        own = _own_reading(one.type, inner, reading, one.tags)
        found.append(_placed(one.name.text, inner, one.at, own, one.tags, _parts(one.type, inner, reading, unit), unit))
    return tuple(found)


def _struct_of(written: ast.TypeExpr | None) -> ast.TypeStruct | None:
    """The struct that a type is, or is a list of."""
    held = written.item if isinstance(written, ast.TypeList) else written
    return held if isinstance(held, ast.TypeStruct) else None


def _says_where(struct: ast.TypeStruct) -> bool:
    inside = (inner for one in struct.fields if (inner := _struct_of(one.type)) is not None)
    return any(one.at is not None or one.tags for one in struct.fields) or any(map(_says_where, inside))


def _with_format(column: ast.ColumnDecl, kind: t.Type, reading: ir.Reading, unit: Unit) -> ir.Reading:
    """The reading with the column's own format; the source's pattern of dates holds for instants only where it tells the hour."""
    clock = _clock_in(kind)
    if column.format is None:
        if clock is not None and not isinstance(clock, t.Date) and not any(_CLOCK_LETTERS & set(one) for one in reading.formats):
            return replace(reading, formats=())
        return reading
    if isinstance(t.base_of(kind), t.Unknown):
        return reading
    if clock is None:
        unit.emit(
            Diagnostic(
                BAD_ARGUMENTS,
                f"`{column.name.text}` is no date, and has a format",
                Label(column.format.span, "the pattern of a date or time"),
                help="drop `format`; how numbers are written is said by `decimal` on the source",
            )
        )
        return reading
    tell_format(column.format.value, column.format.span, unit.scope(), read_into(clock))
    return replace(reading, formats=(column.format.value,))


def _clock_in(kind: t.Type) -> t.Type | None:
    base = t.base_of(kind)
    if isinstance(base, _CLOCKS):
        return base
    return next((found for part in t.parts(base) if (found := _clock_in(part)) is not None), None)


def _check_instants(column: ast.ColumnDecl, kind: t.Type, reading: ir.Reading, emit: Emit) -> None:
    """A pattern without an offset gives a time on a wall; which instant that is needs a zone."""
    if not isinstance(_clock_in(kind), t.DateTime) or reading.zone or not reading.formats:
        return
    if any(_OFFSET_LETTERS & set(one) for one in reading.formats):
        return
    assert column.type is not None
    emit(
        Diagnostic(
            ZONE_MISSING,
            f"`{column.name.text}` is an instant, but its text has no zone",
            Label(column.type.span, "a `datetime` is an instant"),
            notes=(f"the pattern `{reading.formats[0]}` has no offset",),
            help='add `zone "Europe/Paris"` to the source, or make the column a `local_datetime`',
        )
    )


def _own_reading(written: ast.TypeExpr | None, kind: t.Type, reading: ir.Reading, tags: tuple[ast.Tag, ...]) -> ir.Reading:
    """The reading of a column: the marks of `@split`, and the words of a `bool`, wherever they stand in its type."""
    split = next((tag.arguments for tag in tags if tag.name.text == "split"), ())
    marks = tuple(one.value for one in split if isinstance(one, ast.String))
    return replace(_of_type(written, kind, reading), split=marks)


def _of_type(written: ast.TypeExpr | None, kind: t.Type, reading: ir.Reading) -> ir.Reading:
    match written:
        case ast.TypeName(arguments=(str(true), str(false))) if written.name.text == "bool":
            return replace(reading, true_words=(true,), false_words=(false,))
        case ast.TypeList(item=item):
            return _around((_of_type(item, kind, reading),), reading)
        case ast.TypeStruct(fields=fields):
            return _around(tuple(_own_reading(one.type, kind, reading, one.tags) for one in fields), reading)
        case ast.TypeName(arguments=(ast.TypeName() | ast.TypeList() | ast.TypeStruct() as value,)) if written.name.text == "map":
            return _around((_of_type(value, kind, reading),), reading)
        case _:
            return reading


def _around(inner: tuple[ir.Reading, ...], reading: ir.Reading) -> ir.Reading:
    """`reading` with those of its parts; without them where they are all the same as it."""
    return reading if all(one == reading for one in inner) else replace(reading, inner=inner)


def _codes(column: ir.SourceColumn) -> tuple[str, ...]:
    raw = ir.Column("raw", t.Text(nullable=True))
    return tuple(codes(asked(ir.Convert(raw, column.reading, column.name, column.type), column)))
