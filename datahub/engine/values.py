"""Constants of the language as Arrow's, and columns brought to the type that a node of the plan says."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.frames.frame import Mask
from datahub.functions.columns import valid
from datahub.functions.segments import listed, mapped, unpacked
from datahub.semantic import ir
from datahub.types import model as t
from datahub.types.arrow import arrow_type
from datahub.types.bits import closed, truth_array

carried = lru_cache(maxsize=4096)(arrow_type)
"""The Arrow type of a type; asked for with every batch."""


def scalar(value: ir.Value, kind: t.Type) -> pa.Scalar:
    """A constant of the script as Arrow's."""
    return pa.scalar(plain(value, kind), carried(kind))


def array(values: Sequence[ir.Value], kind: t.Type) -> pa.Array:
    """Constants of one type as a column."""
    return pa.array([plain(value, kind) for value in values], carried(kind))


def plain(value: Any, kind: t.Type) -> Any:
    """A constant as the Python value that Arrow takes for `kind`: structs by their field names, whole numbers as decimals."""
    if value is None:
        return None
    match t.base_of(kind):
        case t.Decimal():
            return Decimal(value)
        case t.Float():
            return float(value)
        case t.ListOf(item=item):
            return [plain(one, item) for one in value]
        case t.Struct(fields=fields) if not isinstance(value, dict):
            return {name: plain(one, inner) for (name, inner), one in zip(fields, value, strict=True)}
        case t.MapOf(value=inner):
            pairs = value.items() if isinstance(value, dict) else value
            return [(key, plain(one, inner)) for key, one in pairs]
        case _:
            return value


def coerced(values: pa.Array | pa.Scalar, kind: t.Type) -> pa.Array | pa.Scalar:
    """The values in the Arrow type of `kind`, where a branch or an item was of a narrower one."""
    return brought(values, carried(kind))


def brought(values: pa.Array | pa.Scalar, wanted: pa.DataType) -> pa.Array | pa.Scalar:
    """The values in the Arrow type `wanted`."""
    if values.type == wanted or pa.types.is_null(wanted):
        return values
    if isinstance(values, pa.Scalar):
        return brought(pa.repeat(values, 1), wanted)[0]
    if pa.types.is_null(values.type):
        return pa.nulls(len(values), wanted)
    if pa.types.is_struct(wanted) and pa.types.is_struct(values.type):
        return _struct(values, wanted)
    if pa.types.is_list(wanted) and pa.types.is_list(values.type):
        items, offsets = unpacked(values)
        return listed(brought(items, wanted.value_type), offsets, valid(values) if values.null_count else None)
    if pa.types.is_map(wanted) and pa.types.is_map(values.type):
        entries, offsets = unpacked(values)
        items = brought(pc.struct_field(entries, "value"), wanted.item_type)
        return mapped(pc.struct_field(entries, "key"), items, offsets, valid(values) if values.null_count else None)
    if pa.types.is_decimal(wanted) and pa.types.is_integer(values.type):
        # Arrow wants room for all 19 digits of an int64 before it looks at any value.
        values = values.cast(pa.decimal256(19 + wanted.scale, wanted.scale))
    return values.cast(wanted)


def without(values: pa.Array, gone: Mask) -> pa.Array:
    """The values, null where `gone` is true; the memory that holds them is shared, not copied."""
    kind = values.type
    if pa.types.is_null(kind):
        return values
    if pa.types.is_map(kind) or pa.types.is_dictionary(kind):
        return pc.if_else(truth_array(gone), pa.scalar(None, kind), values)
    keep = ~gone
    if values.null_count:
        keep &= valid(values)
    if pa.types.is_struct(kind):
        return pa.Array.from_buffers(kind, len(values), [_bits(keep, 0)], children=[values.field(at) for at in range(kind.num_fields)])
    bits, rest = _bits(keep, values.offset), values.buffers()[1:]
    if pa.types.is_list(kind):
        return pa.Array.from_buffers(kind, len(values), [bits, rest[0]], offset=values.offset, children=[values.values])
    return pa.Array.from_buffers(kind, len(values), [bits, *rest], offset=values.offset)


def _bits(keep: Mask, before: int) -> pa.Buffer:
    """A validity bitmap, for a column that begins `before` values into its memory."""
    if before:
        keep = np.concatenate((np.zeros(before, np.bool_), keep))
    return closed(keep)


def _struct(values: pa.Array, wanted: pa.DataType) -> pa.Array:
    """Fields by their names, whatever their order; those that `values` lack are null."""
    names = {values.type.field(at).name for at in range(values.type.num_fields)}
    fields = [wanted.field(at) for at in range(wanted.num_fields)]
    parts = [
        brought(pc.struct_field(values, one.name), one.type) if one.name in names else pa.nulls(len(values), one.type) for one in fields
    ]
    return pa.StructArray.from_arrays(parts, fields=fields, mask=pc.is_null(values) if values.null_count else None)
