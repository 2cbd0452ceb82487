"""Truth in the words that a target declares for it: `bool("TRUE", "FALSE")`, wherever it stands in the type of a column."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.columns import valid
from datahub.functions.segments import listed, mapped, unpacked
from datahub.semantic.ir import Words
from datahub.types import model as t
from datahub.types.model import Type


def worded_type(kind: Type, words: Words) -> Type:
    """The type as it is written: text where a bool has words."""
    if not words.pair and not words.parts:
        return kind
    match t.base_of(kind):
        case t.Bool(nullable=nullable) if words.pair:
            return t.Text(nullable)
        case t.ListOf(item=item, nullable=nullable):
            return t.ListOf(worded_type(item, words.part()), nullable)
        case t.MapOf(value=value, nullable=nullable):
            return t.MapOf(worded_type(value, words.part()), nullable)
        case t.Struct(fields=fields, nullable=nullable):
            return t.Struct(tuple((name, worded_type(part, words.part(name))) for name, part in fields), nullable)
        case _:
            return kind


def worded(values: pa.Array, kind: Type, words: Words) -> pa.Array:
    """Values of `kind` as they are written; null stays null."""
    if not words.pair and not words.parts:
        return values
    match t.base_of(kind):
        case t.Bool() if words.pair:
            true, false = words.pair
            return pc.if_else(values, true, false)
        case t.ListOf(item=item):
            items, offsets = unpacked(values)
            return listed(worded(items, item, words.part()), offsets, valid(values))
        case t.MapOf(value=value):
            entries, offsets = unpacked(values)
            keys, found = pc.struct_field(entries, "key"), pc.struct_field(entries, "value")
            return mapped(keys, worded(found, value, words.part()), offsets, valid(values))
        case t.Struct(fields=fields):
            parts = [worded(pc.struct_field(values, name), part, words.part(name)) for name, part in fields]
            named = [pa.field(name, part.type) for (name, _), part in zip(fields, parts, strict=True)]
            return pa.StructArray.from_arrays(parts, fields=named, mask=pc.is_null(values))
        case _:
            return values
