"""The fields of structs under the names that they have in a file: `[{n: text at "name"}]`, wherever in the type of a column."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from datahub.functions.segments import remade
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
    made = t.with_parts(t.base_of(kind), lambda name, inner: named_type(inner, names.part(name)))
    return replace(made, fields=tuple((_told(names, name), inner) for name, inner in made.fields)) if isinstance(made, t.Struct) else made


def named_parts(values: pa.Array, names: PartNames) -> pa.Array:
    """The values with the names that are written; null stays null."""
    if not names.parts:
        return values
    return remade(values, lambda name, inner: named_parts(inner, names.part(name)), lambda name: _told(names, name))


def _told(names: PartNames, name: str) -> str:
    return names.part(name).name or name
