"""The fields of structs under the names that they have in a file: `[{n: text at "name"}]`, wherever in the type of a column."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.columns import valid
from datahub.functions.segments import listed, mapped, unpacked
from datahub.semantic.ir import PartNames, SourceColumn
from datahub.types import model as t
from datahub.types.model import Type


def names_of(column: SourceColumn) -> PartNames:
    """The names that the parts of a source's column have in its records."""
    fields = PartNames(parts=tuple((one.name, replace(names_of(one), name=(one.names or (one.name,))[0])) for one in column.parts))
    return PartNames(parts=(("", fields),)) if fields.parts and isinstance(t.base_of(column.type), t.ListOf) else fields


def back(names: PartNames) -> PartNames:
    """What leads from the names in a file to the own ones."""
    turned = ((names_in, back(names_in), field) for field, names_in in names.parts)
    return PartNames(parts=tuple((told.name or field, replace(inner, name=field if told.name else "")) for told, inner, field in turned))


def along(path: str, names: PartNames) -> str:
    """A path such as `French/text` through structs with each field under its other name; lists are no step of it."""
    found = []
    for step in path.split("/"):
        names = names.part() if any(not key for key, _ in names.parts) else names
        names = names.part(step)
        found.append(names.name or step)
    return "/".join(found)


def named_type(kind: Type, names: PartNames) -> Type:
    """The type with the names that are written."""
    if not names.parts:
        return kind
    match t.base_of(kind):
        case t.ListOf(item=item, nullable=nullable):
            return t.ListOf(named_type(item, names.part()), nullable)
        case t.MapOf(value=value, nullable=nullable):
            return t.MapOf(named_type(value, names.part()), nullable)
        case t.Struct(fields=fields, nullable=nullable):
            told = ((name, part, names.part(name)) for name, part in fields)
            return t.Struct(tuple((own.name or name, named_type(part, own)) for name, part, own in told), nullable)
        case _:
            return kind


def named_parts(values: pa.Array, kind: Type, names: PartNames) -> pa.Array:
    """Values of `kind` with the names that are written; null stays null."""
    if not names.parts:
        return values
    match t.base_of(kind):
        case t.ListOf(item=item):
            items, offsets = unpacked(values)
            return listed(named_parts(items, item, names.part()), offsets, valid(values))
        case t.MapOf(value=value):
            entries, offsets = unpacked(values)
            keys, found = pc.struct_field(entries, "key"), pc.struct_field(entries, "value")
            return mapped(keys, named_parts(found, value, names.part()), offsets, valid(values))
        case t.Struct(fields=fields):
            parts = [named_parts(pc.struct_field(values, name), part, names.part(name)) for name, part in fields]
            told = [names.part(name).name or name for name, _ in fields]
            return pa.StructArray.from_arrays(parts, names=told, mask=pc.is_null(values))
        case _:
            return values
