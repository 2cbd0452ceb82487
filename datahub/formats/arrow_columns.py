"""Tables of formats that have types: declared columns found by name and brought into the declared types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.diagnostics.suggest import listed, nearest
from datahub.formats.arrow_plain import plain, taken, without_views
from datahub.formats.declare import ADDED, BadInput, Parsed
from datahub.formats.options import option
from datahub.formats.presence import presence_asked
from datahub.formats.typed import named, typed
from datahub.formats.written import Wanted
from datahub.frames.chunks import whole
from datahub.frames.frame import Column
from datahub.functions.columns import valid
from datahub.semantic.ir import SourceColumn, SourceShape
from datahub.types import model as t
from datahub.types.arrow import written_type

_MOST_PLACES = 76
"""What a decimal of 256 bits has; Arrow reads types with any."""


class TableColumns:
    """The columns that a source wants of its tables."""

    def __init__(self, shape: SourceShape, wanted: frozenset[str]) -> None:
        self.shape, self.wanted = shape, wanted
        self.absent: dict[str, None] = {}
        self.columns = tuple(column for column in shape.columns if column.name in wanted)
        self.asked = presence_asked(wanted, shape.columns)

    def check(self, names: Sequence[str], file: str) -> tuple[str, ...]:
        """Refuse a file that lacks a column which must be there; what it has beyond the declared is told."""
        missing = [_label(column) for column in self.shape.columns if found(column, names) is None and column.required]
        if missing:
            near = [f"did you mean `{other}`?" for name in missing if (other := nearest(name, names))]
            message = f"`{file}` lacks the declared column{'s' * (len(missing) > 1)} {listed(missing, 12)}"
            raise BadInput("R004", message, " ".join(near[:3]) or f"it has {listed(names, 12)}", path=file)
        self.absent |= dict.fromkeys(column.name for column in self.shape.columns if found(column, names) is None)
        declared = {found(column, names) for column in self.shape.columns}
        if twice := [name for name in names if name in declared and names.count(name) > 1]:
            message = f"column `{twice[0]}` stands {names.count(twice[0])} times in `{file}`"
            raise BadInput("R003", message, "rename one of them, or leave one out of the file", path=file)
        surplus = [name for name in names if name not in declared and not name.startswith(ADDED)]
        if not surplus or option(self.shape, "extra") == "allow":
            return ()
        message = f"`{file}` has columns that `{self.shape.name}` does not declare: {listed(surplus)}"
        if option(self.shape, "extra") == "reject":
            raise BadInput("R003", message, "declare what is needed, or write `extra warn`", path=file)
        return (message,)

    def needed(self, names: Sequence[str]) -> list[str]:
        """Which columns of a file are to be read."""
        return [name for column in self.columns if (name := found(column, names)) is not None]

    def parsed(self, table: pa.Table) -> Parsed:
        """The wanted columns of a table, in the declared types."""
        columns: dict[str, Column] = {}
        for column in self.columns:
            name = found(column, table.column_names)
            raw = pa.nulls(table.num_rows) if name is None else whole(table.column(name))
            columns[column.name] = _typed(raw, column)
        for mark, (column, path) in self.asked.items():
            columns[mark] = _presence(table, column, path)
        return Parsed(columns, table.num_rows, table.num_rows)


def found(column: SourceColumn, names: Sequence[str]) -> str | None:
    """The name under which a table has `column`."""
    return next((name for name in column.names or (column.name,) if name in names), None)


def _presence(table: pa.Table, column: SourceColumn, path: Sequence[str]) -> Column:
    """Whether a table has a column, or a field of it, which it then has in all rows where what it is a field of is there."""
    name = found(column, table.column_names)
    if name is None or not path:
        return Column(pa.scalar(name is not None))
    values = plain(whole(table.column(name)))[0]
    there = np.ones(table.num_rows, np.bool_)
    for step in path:
        if not pa.types.is_struct(values.type) or values.type.get_field_index(step) < 0:
            return Column(pa.scalar(False))
        there = there & valid(values)
        values = pc.struct_field(values, step)
    return Column(pa.array(there))


def _label(column: SourceColumn) -> str:
    return column.names[0] if column.names else column.name


def _typed(raw: pa.Array, column: SourceColumn) -> Column:
    # A file may say of any bytes that they are text.
    values = raw.cast(pa.binary()) if pa.types.is_string(raw.type) else plain(raw)
    made = typed(values, column.type, column.reading)
    return Column(made.values, tuple(named(failure, _label(column)) for failure in made.failures))


def sound(table: pa.Table) -> None:
    """Raise `ArrowInvalid` where decimals, or parts of what is nested, are not what their types say; of texts each row is asked."""
    for column in table.columns:
        if any(abs(scale) > _MOST_PLACES for scale in _scales(column.type)):
            raise pa.ArrowInvalid(f"a column of {column.type}")
        if twice := next(_doubled(column.type), ""):
            raise pa.ArrowInvalid(f"a structure has the field `{twice}` twice")
        if pa.types.is_decimal(column.type) or pa.types.is_nested(column.type) or pa.types.is_dictionary(column.type):
            validate(column)


def validate(values: pa.Array | pa.ChunkedArray) -> None:
    """Raise `ArrowInvalid` where values are not what their type says. A time beyond its day is no damage: its row alone fails."""
    kind = _without_times(values.type)
    chunks = values.chunks if isinstance(values, pa.ChunkedArray) else [values]
    for chunk in chunks:
        (chunk if kind == chunk.type else chunk.view(kind)).validate(full=True)


def _without_times(kind: pa.DataType) -> pa.DataType:
    """The type with numbers where it has times of day."""
    if pa.types.is_time(kind):
        return pa.int32() if kind.bit_width == 32 else pa.int64()
    if pa.types.is_list(kind):
        return pa.list_(_without_time(kind.field(0)))
    if pa.types.is_large_list(kind):
        return pa.large_list(_without_time(kind.field(0)))
    if pa.types.is_struct(kind):
        return pa.struct([_without_time(field) for field in kind])
    return kind


def _without_time(field: pa.Field) -> pa.Field:
    return field.with_type(_without_times(field.type))


def _doubled(kind: pa.DataType) -> Iterator[str]:
    """The fields that stand twice in a structure, at any depth."""
    if pa.types.is_struct(kind):
        names = [field.name for field in kind]
        yield from (name for name in names if names.count(name) > 1)
    for inner in _parts(kind):
        yield from _doubled(inner)


def _parts(kind: pa.DataType) -> list[pa.DataType]:
    if isinstance(kind, pa.BaseExtensionType):
        return [kind.storage_type]
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return [kind.value_type]
    return [kind.field(at).type for at in range(kind.num_fields)]


def _scales(kind: pa.DataType) -> Iterator[int]:
    """The places of all decimals of a type."""
    if pa.types.is_decimal(kind):
        yield kind.scale
    for inner in _parts(kind):
        yield from _scales(inner)


# ---------------------------------------------------------------- what is written


def written_schema(columns: Sequence[Wanted]) -> pa.Schema:
    """The schema in which columns leave the engine."""
    return pa.schema([pa.field(one.name, written_type(one.type), nullable=one.type.nullable) for one in columns])


def written_array(values: pa.Array, kind: t.Type) -> pa.Array:
    """Values in the type in which they leave; an enumeration's dictionary is its members, in their order."""
    base = t.base_of(kind)
    wished = written_type(kind)
    if isinstance(base, t.Enum):
        codes = pc.index_in(values, value_set=pa.array(base.members, pa.string()))
        return pa.DictionaryArray.from_arrays(codes, pa.array(base.members, pa.string()))
    return values if values.type == wished else values.cast(wished)


def rejected(table: pa.Table, positions: np.ndarray[tuple[int], np.dtype[np.int64]], added: pa.Table) -> pa.Table:
    """The rows of `table` at `positions`, with the columns of `added` behind theirs."""
    # A reject file that is sent again has the added columns of an earlier run.
    own = [name for name in table.column_names if not name.startswith(ADDED)]
    held = without_views(table.select(own))
    rows = pa.table([taken(whole(column), positions) for column in held.columns], schema=held.schema)
    for name in added.column_names:
        rows = rows.append_column(name, added.column(name))
    return rows.cast(pa.schema([field.with_nullable(True) for field in rows.schema]))


def as_schema(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """`rows` under the columns of `schema`: what they lack is null, what does not fit is text."""
    arrays = []
    for field in schema:
        values = rows.column(field.name) if field.name in rows.column_names else pa.chunked_array([pa.nulls(rows.num_rows, field.type)])
        arrays.append(values if values.type == field.type else values.cast(field.type))
    return pa.table(arrays, schema=schema)
