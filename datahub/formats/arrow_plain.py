"""Columns of any of Arrow's types in the few that everything else knows, at any depth; what those cannot say fails by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.frames.chunks import whole
from datahub.frames.frame import Failure, Mask, Rows
from datahub.functions.columns import valid
from datahub.functions.segments import beginnings, listed, mapped
from datahub.types import model as t
from datahub.types.model import Type

Starts: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.int64]]"

_MOST_DIGITS, _FEW_DIGITS = 76, 38
_FIRST, _LAST = -62_135_596_800, 253_402_300_799
"""The first and the last second of the years 1 to 9999, from 1970 on."""
_DAY = 86_400
_A_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_LONGEST = (1 << 63) - 1


def plain(values: pa.Array) -> pa.Array:
    """Values without dictionaries, runs, views and large offsets: in lists, structs and maps of `readable` leaves.

    What is of a type that says nothing here comes as large bytes, which name the type.
    """
    kind = values.type
    if _is_plain(kind):
        return values
    if isinstance(kind, pa.BaseExtensionType):
        return _uuids(values.storage) if kind.extension_name == "arrow.uuid" else plain(values.storage)
    if pa.types.is_dictionary(kind):
        return plain(values.dictionary).take(values.indices)
    if pa.types.is_run_end_encoded(kind):
        ends = values.run_ends.to_numpy().astype(np.int64)
        at = np.searchsorted(ends, np.arange(len(values)) + values.offset, side="right")
        return plain(values.values).take(pa.array(at))
    return _remade(values, plain) if pa.types.is_nested(kind) and not pa.types.is_union(kind) else _leaf(values)


def without_views(table: pa.Table) -> pa.Table:
    """A table with lists for its views of lists, at any depth: Arrow writes such views wrong where they are part of a larger one."""
    if not any(_has_views(column.type) for column in table.columns):
        return table
    arrays = [_viewless(whole(column)) if _has_views(column.type) else column for column in table.columns]
    return pa.table(arrays, names=table.column_names)


def schema_without_views(schema: pa.Schema) -> pa.Schema:
    """What the schema of a table is behind `without_views`; Arrow makes no empty array of some types to ask it of."""
    return pa.schema([field.with_type(_type_without_views(field.type)) for field in schema])


def _type_without_views(kind: pa.DataType) -> pa.DataType:
    if not _has_views(kind):
        return kind
    if pa.types.is_map(kind):
        return pa.map_(_type_without_views(kind.key_type), _type_without_views(kind.item_type))
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, _type_without_views(field.type)) for field in kind])
    return pa.list_(_type_without_views(kind.value_type))


def _has_views(kind: pa.DataType) -> bool:
    if pa.types.is_list_view(kind) or pa.types.is_large_list_view(kind):
        return True
    return any(_has_views(kind.field(at).type) for at in range(kind.num_fields)) and not pa.types.is_union(kind)


def _viewless(values: pa.Array) -> pa.Array:
    return _remade(values, _viewless) if _has_views(values.type) else values


def _remade(values: pa.Array, inner: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Lists, maps and structs of what `inner` makes of their parts."""
    kind = values.type
    if pa.types.is_list_view(kind) or pa.types.is_large_list_view(kind):
        starts, lengths = values.offsets.to_numpy().astype(np.int64), values.sizes.to_numpy().astype(np.int64)
        return _lists(values, inner(values.values), starts, lengths)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        lengths = pc.fill_null(pc.list_value_length(values), 0).to_numpy(zero_copy_only=False).astype(np.int64)
        return listed(inner(pc.list_flatten(values)), beginnings(lengths), _keep(values))
    if pa.types.is_map(kind):
        offsets = values.offsets.to_numpy().astype(np.int64)
        at, begins = _members(values, offsets[:-1], np.diff(offsets))
        return mapped(taken(inner(values.keys), at), taken(inner(values.items), at), begins, _keep(values))
    if pa.types.is_struct(kind):
        parts = [inner(values.field(at)) for at in range(kind.num_fields)]
        fields = [pa.field(kind.field(at).name, part.type) for at, part in enumerate(parts)]
        return pa.StructArray.from_arrays(parts, fields=fields, mask=pc.is_null(values) if values.null_count else None)
    raise AssertionError(f"{kind} is not nested")


def _is_plain(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind):
        return _is_plain(kind.value_type)
    if pa.types.is_struct(kind):
        return all(_is_plain(kind.field(at).type) for at in range(kind.num_fields))
    if pa.types.is_map(kind):
        return _is_plain(kind.key_type) and _is_plain(kind.item_type)
    if pa.types.is_decimal(kind):
        return kind.bit_width >= 128 and 0 <= int(kind.scale) <= int(kind.precision)
    return any(test(kind) for test in _LEAVES)


_LEAVES = (
    pa.types.is_null,
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_float32,
    pa.types.is_float64,
    pa.types.is_string,
    pa.types.is_binary,
    pa.types.is_date32,
    pa.types.is_time,
    pa.types.is_timestamp,
    pa.types.is_duration,
)


def _leaf(values: pa.Array) -> pa.Array:
    kind = values.type
    wished = _NEAREST.get(kind)
    if pa.types.is_fixed_size_binary(kind):
        wished = pa.binary()
    elif pa.types.is_decimal(kind):
        digits = max(kind.precision, kind.scale, kind.precision - kind.scale)
        make = pa.decimal128 if digits <= _FEW_DIGITS else pa.decimal256
        wished = make(digits, max(kind.scale, 0)) if digits <= _MOST_DIGITS else None
    elif pa.types.is_date64(kind):
        # A day that does not fit into 32 bits is told as one that is far away; so is what is no whole day, as the day that it is in.
        days = np.floor_divide(pc.fill_null(values.view(pa.int64()), 0).to_numpy(), _DAY * 1_000)
        return pa.array(np.clip(days, -(1 << 31), (1 << 31) - 1).astype(np.int32), mask=~valid(values)).view(pa.date32())
    if wished is not None:
        return values.cast(wished)
    told = pa.array([f"a value of Arrow's type {kind}".encode()], pa.large_binary())
    return told.take(pa.array(np.zeros(len(values), np.int64), mask=~valid(values)))


_NEAREST = {
    pa.large_string(): pa.binary(),
    pa.string_view(): pa.binary(),
    pa.large_binary(): pa.binary(),
    pa.binary_view(): pa.binary(),
    pa.float16(): pa.float32(),
}


def _uuids(storage: pa.Array) -> pa.Array:
    """Identifiers as they are written: 32 hexadecimal digits in five parts."""
    filled = pc.fill_null(storage, bytes(16))
    digits = _HEX[np.frombuffer(b"".join(filled.to_pylist()), np.uint8)].tobytes()
    whole = (
        pa.FixedSizeBinaryArray.from_buffers(pa.binary(32), len(storage), [None, pa.py_buffer(digits)]).cast(pa.binary()).cast(pa.string())
    )
    parts = [pc.utf8_slice_codeunits(whole, start, stop) for start, stop in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))]
    return pc.if_else(pc.is_valid(storage), pc.binary_join_element_wise(*parts, "-"), pa.scalar(None, pa.string()))


_HEX = np.array([f"{number:02x}" for number in range(256)], "S2")


def _keep(values: pa.Array) -> Mask | None:
    return valid(values) if values.null_count else None


def _members(values: pa.Array, starts: Starts, lengths: Starts) -> tuple[Rows, Starts]:
    """Where the members of each list or map lie among all, and where each begins then; a null one has none."""
    lengths = np.where(valid(values), lengths, 0)
    begins = beginnings(lengths)
    at = np.arange(begins[-1], dtype=np.int64) + np.repeat(starts - begins[:-1], lengths)
    return at, begins


def _lists(values: pa.Array, items: pa.Array, starts: Starts, lengths: Starts) -> pa.Array:
    at, begins = _members(values, starts, lengths)
    return listed(taken(items, at), begins, _keep(values))


def taken(values: pa.Array, positions: Rows) -> pa.Array:
    """The values at `positions`, of any type."""
    try:
        return values.take(pa.array(positions))
    except pa.ArrowNotImplementedError:
        # Arrow takes no values of some types, such as views of texts; it puts stretches of any type together.
        starts = np.flatnonzero(np.diff(positions, prepend=-2) != 1)
        lengths = np.diff(starts, append=len(positions))
        stretches = zip(positions[starts].tolist(), lengths.tolist(), strict=True)
        return pa.concat_arrays([values.slice(start, length) for start, length in stretches] or [values.slice(0, 0)])


# ---------------------------------------------------------------- leaves


def readable(values: pa.Array) -> tuple[pa.Array, Failure | None]:
    """The values of a plain column, bytes as texts; those that nothing here can say are null and fail."""
    kind = values.type
    if pa.types.is_large_binary(kind):
        rows = np.flatnonzero(valid(values))
        told = values.take(pa.array(rows)).cast(pa.string())
        return pa.nulls(len(values), pa.string()), Failure(rows, "R006", values=told) if len(rows) else None
    if pa.types.is_binary(kind):
        return _texts(values)
    if pa.types.is_date32(kind):
        return _within(values, pa.int32(), (_FIRST // _DAY, _LAST // _DAY), "R106", " days from 1970-01-01")
    if pa.types.is_timestamp(kind):
        many = _A_SECOND[kind.unit]
        limits = (_FIRST * many, (_LAST + 1) * many - 1) if kind.unit != "ns" else (-_LONGEST, _LONGEST)
        return _within(values, pa.int64(), limits, "R107", f" {kind.unit} from 1970-01-01")
    if pa.types.is_time(kind):
        whole = pa.int32() if kind.bit_width == 32 else pa.int64()
        return _within(values, whole, (0, _DAY * _A_SECOND[kind.unit] - 1), "R108", f" {kind.unit} from midnight")
    if pa.types.is_duration(kind):
        limit = _LONGEST * _A_SECOND[kind.unit] // _A_SECOND["us"] if kind.unit in ("s", "ms") else _LONGEST
        return _within(values, pa.int64(), (-limit, limit), "R112", f" {kind.unit}")
    return values, None


def _within(values: pa.Array, whole: pa.DataType, limits: tuple[int, int], code: str, unit: str) -> tuple[pa.Array, Failure | None]:
    numbers = pc.fill_null(values.view(whole), 0).to_numpy()
    outside = (numbers < limits[0]) | (numbers > limits[1])
    if not outside.any():
        return values, None
    rows = np.flatnonzero(outside)
    told = pc.binary_join_element_wise(pa.array(numbers[rows]).cast(pa.string()), unit, "")
    kept = pa.array(numbers, whole, mask=outside | ~valid(values)).view(values.type)
    return kept, Failure(rows, code, values=told)


def _texts(values: pa.Array) -> tuple[pa.Array, Failure | None]:
    try:
        return values.cast(pa.string()), None
    except pa.ArrowInvalid:
        # Arrow tells that some bytes are no text, not which: each value is looked at.
        bad = np.array([value is not None and not _is_text(value) for value in values.to_pylist()], np.bool_)
    rows = np.flatnonzero(bad)
    shown = pa.array([value.decode("utf-8", "backslashreplace")[:200] for value in values.take(pa.array(rows)).to_pylist()], pa.string())
    return pc.if_else(pa.array(~bad), values, None).cast(pa.string()), Failure(rows, "R001", values=shown)


def _is_text(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


# ---------------------------------------------------------------- what a plain column says in the language


def told_type(kind: pa.DataType) -> Type:
    """The type of the language that says most of what values of a plain type say."""
    if pa.types.is_decimal(kind):
        return t.Decimal(precision=kind.precision, scale=kind.scale, nullable=True)
    if pa.types.is_timestamp(kind):
        return t.DateTime(nullable=True) if kind.tz else t.LocalDateTime(nullable=True)
    if pa.types.is_list(kind):
        return t.ListOf(told_type(kind.value_type), nullable=True)
    if pa.types.is_struct(kind):
        return t.Struct(tuple((one.name, told_type(one.type)) for one in kind), nullable=True)
    if pa.types.is_map(kind):
        return t.MapOf(told_type(kind.item_type), nullable=True)
    return next((made for test, made in _TOLD if test(kind)), t.Text(nullable=True))


_TOLD = (
    (pa.types.is_null, t.Nothing()),
    (pa.types.is_boolean, t.Bool(nullable=True)),
    (pa.types.is_uint64, t.Decimal(precision=20, scale=0, nullable=True)),
    (pa.types.is_integer, t.Int(nullable=True)),
    (pa.types.is_floating, t.Float(nullable=True)),
    (pa.types.is_date, t.Date(nullable=True)),
    (pa.types.is_time, t.Time(nullable=True)),
    (pa.types.is_duration, t.Duration(nullable=True)),
)
