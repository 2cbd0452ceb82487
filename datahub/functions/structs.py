"""Structs: fields taken out, left out, put together, turned into lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from datahub.functions.columns import broadcast
from datahub.functions.declare import Datum, example, function
from datahub.functions.maps import fields_of, struct_fields
from datahub.functions.segments import alike, listed, unpacked, woven
from datahub.types import model as t
from datahub.types.assign import carried_alike, common_of

Kinds = Sequence[t.Type]
Constants = Sequence[Any]


@function("get(struct: struct, key: text!) -> S", rule=lambda kinds, constants: _field_type(kinds, constants))
def get_field(struct: Datum, key: str) -> pa.Array:
    """The field of a struct."""
    (column,) = broadcast(struct)
    return struct_fields(column)[key]


def _field_type(kinds: Kinds, constants: Constants) -> t.Type | None:
    field = dict(fields_of(kinds[0]) or ()).get(constants[1])
    return field and t.with_null(field, field.nullable or kinds[0].nullable)


@function("get(struct: struct, path: [text]!) -> S", rule=lambda kinds, constants: _path_type(kinds, constants))
def get_path(struct: Datum, path: Sequence[str]) -> pa.Array:
    """What stands in a struct under the names of a path, one inside the other."""
    (column,) = broadcast(struct)
    for name in path:
        column = struct_fields(column)[name]
    return column


def _path_type(kinds: Kinds, constants: Constants) -> t.Type | None:
    kind, absent = kinds[0], False
    for name in constants[1] or ():
        found = dict(fields_of(kind) or ()).get(name)
        if found is None:
            return None
        kind, absent = found, absent or kind.nullable
    return t.with_null(kind, kind.nullable or absent)


@function("keys(struct: struct) -> [text]", rule=lambda kinds, constants: None if fields_of(kinds[0]) is None else t.ListOf(t.Text()))
def keys_of_struct(struct: Datum) -> pa.Array:
    """The names of the fields of a struct."""
    (column,) = broadcast(struct)
    names = pa.array([field.name for field in column.type], pa.string())
    count, length = len(names), len(column)
    return listed(names.take(pa.array(np.tile(np.arange(count), length))), np.arange(length + 1) * count)


@function("values(struct: struct) -> [S]", rule=lambda kinds, constants: (kind := common_field(kinds[0])) and t.ListOf(kind))
def values_of_struct(struct: Datum) -> pa.Array:
    """The values of the fields of a struct."""
    (column,) = broadcast(struct)
    fields = alike(list(struct_fields(column).values()))
    return listed(*woven([(field, np.arange(len(column) + 1)) for field in fields]))


@function("entries(struct: struct) -> [{key: text, value: S}]", rule=lambda kinds, constants: _entry_type(kinds))
def entries_of_struct(struct: Datum) -> pa.Array:
    """The fields of a struct as entries."""
    (column,) = broadcast(struct)
    names, offsets = unpacked(keys_of_struct(column))
    items, _ = unpacked(values_of_struct(column))
    return listed(_struct({"key": names, "value": items}, len(names)), offsets)


def _entry_type(kinds: Kinds) -> t.Type | None:
    kind = common_field(kinds[0])
    return kind and t.ListOf(t.Struct((("key", t.Text()), ("value", kind))))


def common_field(kind: t.Type) -> t.Type | None:
    """The one type that all fields of a struct have, texts of whatever length and numbers of whatever digits; None where they differ."""
    kinds = [field for _, field in fields_of(kind) or ()]
    numbers = all(isinstance(t.base_of(one), t.Int | t.Decimal) for one in kinds)
    if not kinds or not (numbers or all(carried_alike(kinds[0], one) for one in kinds)):
        return None
    return common_of(kinds)


def _struct(fields: dict[str, pa.Array], length: int) -> pa.Array:
    kind = [pa.field(name, values.type) for name, values in fields.items()]
    return pa.StructArray.from_arrays(list(fields.values()), fields=kind) if fields else pa.array([{}] * length, pa.struct([]))


@function(
    "pick(struct: struct, names: text!...) -> S",
    rule=lambda kinds, constants: _picked_type(kinds, constants),
    also=("DataWeave filterObject", "jq pick", "JSONata {a: a}", "Bloblang with", "Excel CHOOSECOLS"),
    examples=[
        example('pick({a: 1, b: 2, c: 3}, "c", "a")', {"c": 3, "a": 1}),
        example('pick({a: 1}, "a")', {"a": 1}),
        example('pick(nullif({a: 1}, {a: 1}), "a")', None),
    ],
)
def pick(struct: Datum, *names: str) -> pa.Array:
    """The struct with these fields alone, in this order."""
    (column,) = broadcast(struct)
    fields = struct_fields(column)
    return _struct({name: fields[name] for name in names}, len(column))


def _picked_type(kinds: Kinds, constants: Constants) -> t.Type | None:
    fields = dict(fields_of(kinds[0]) or ())
    names = constants[1:]
    return t.Struct(tuple((name, fields[name]) for name in names)) if all(name in fields for name in names) else None


@function(
    "omit(struct: struct, names: text!...) -> S",
    rule=lambda kinds, constants: _rest_type(kinds, constants),
    also=("VRL del", "DataWeave -", "jq del", "JSONata ~> |$|{}, [names]|", "Bloblang without"),
    examples=[example('omit({a: 1, b: 2, c: 3}, "b")', {"a": 1, "c": 3}), example('omit({a: 1, b: 2}, "a")', {"b": 2})],
)
def omit(struct: Datum, *names: str) -> pa.Array:
    """The struct without these fields."""
    (column,) = broadcast(struct)
    return _struct({name: field for name, field in struct_fields(column).items() if name not in names}, len(column))


def _rest_type(kinds: Kinds, constants: Constants) -> t.Type | None:
    fields = fields_of(kinds[0]) or ()
    if not set(constants[1:]) <= {name for name, _ in fields}:
        return None
    return t.Struct(tuple((name, kind) for name, kind in fields if name not in constants[1:]))


@function("merge(structs: struct...) -> S", rule=lambda kinds, constants: _merged_type(kinds))
def merge_structs(*structs: Datum) -> pa.Array:
    """One struct of all fields."""
    columns = broadcast(*structs)
    fields: dict[str, pa.Array] = {}
    for column in columns:
        fields.update(struct_fields(column))
    return _struct(fields, len(columns[0]))


def _merged_type(kinds: Kinds) -> t.Type | None:
    fields: dict[str, t.Type] = {}
    for kind in kinds:
        if (more := fields_of(kind)) is None:
            return None
        fields.update(more)
    return t.Struct(tuple(fields.items()))


@function(
    "flatten(struct: struct, separator: text! = '.') -> S",
    rule=lambda kinds, constants: _flat_type(kinds, constants),
    examples=[example("flatten({a: {x: 1, y: 2}, b: 3})", {"a.x": 1, "a.y": 2, "b": 3}), example('flatten({a: {x: 1}}, "_")', {"a_x": 1})],
)
def flatten_struct(struct: Datum, separator: str = ".") -> pa.Array:
    """The fields of the structs inside a struct, under the names of both."""
    (column,) = broadcast(struct)
    return _struct(_flat_fields(column, "", separator), len(column))


def _flat_fields(column: pa.Array, prefix: str, separator: str) -> dict[str, pa.Array]:
    fields: dict[str, pa.Array] = {}
    for name, values in struct_fields(column).items():
        if pa.types.is_struct(values.type):
            fields.update(_flat_fields(values, prefix + name + separator, separator))
        else:
            fields[prefix + name] = values
    return fields


def _flat_type(kinds: Kinds, constants: Constants) -> t.Type | None:
    separator = constants[1] if len(constants) > 1 and constants[1] is not None else "."
    return None if fields_of(kinds[0]) is None else t.Struct(tuple(_flat_names(kinds[0], "", separator, False)))


def _flat_names(kind: t.Type, prefix: str, separator: str, absent: bool) -> list[tuple[str, t.Type]]:
    found: list[tuple[str, t.Type]] = []
    for name, field in fields_of(kind) or ():
        if fields_of(field) is not None:
            found += _flat_names(field, prefix + name + separator, separator, absent or field.nullable)
        else:
            found.append((prefix + name, t.with_null(field, field.nullable or absent)))
    return found


@function("length(struct: struct) -> int", rule=lambda kinds, constants: None if fields_of(kinds[0]) is None else t.Int())
def length_of_struct(struct: Datum) -> pa.Array:
    """How many fields a struct has."""
    (column,) = broadcast(struct)
    return pa.repeat(pa.scalar(len(column.type), pa.int64()), len(column))
