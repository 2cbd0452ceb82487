"""Maps: looked up, taken apart, made of lists of structs and of each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.columns import as_mask, bools, broadcast, valid
from datahub.functions.declare import Datum, Mask, Offsets, example, function
from datahub.functions.equality import codes, first_rows, first_seen, within
from datahub.functions.list_building import side_by_side
from datahub.functions.lists import nth
from datahub.functions.results import item_of, item_or_null, same_as_first
from datahub.functions.segments import beginnings, counted, kept, listed, mapped, owners, picked, unpacked, woven
from datahub.types import model as t

Kinds = Sequence[t.Type]
Constants = Sequence[Any]


@function(
    "get(map: map(T), key: text) -> T?",
    rule=lambda kinds, constants: _map_value(kinds),
    sql="ELEMENT_AT",
    excel="XLOOKUP",
    also=(
        "VRL get",
        "Excel VLOOKUP",
        "JSONata $lookup",
        "DataWeave m[k]",
        "jq .[k]",
        "FEEL get value",
        "CEL m[k]",
        "FEEL get or else",
        "JSLT get-key",
        "Bloblang get",
        "GREL get",
        "CEL optional.of",
    ),
    examples=[example('get({a: 1, b: 2}, "b")', 2), example('get(key_values("x=1"), "z")', None), example("get([92, 42], 1)", 92)],
)
def get(map: Datum, key: Datum) -> pa.Array:
    """What a map holds under a key, a struct under the name of a field, or a list at a position; null where it has none."""
    maps, keys = broadcast(map, key)
    entries, offsets = unpacked(maps)
    found = as_mask(pc.equal(pc.struct_field(entries, "key"), keys.take(pa.array(owners(offsets)))))
    rows = np.flatnonzero(found)
    at, there = np.zeros(len(maps), np.int64), np.zeros(len(maps), np.bool_)
    at[owners(offsets)[rows]] = rows
    there[owners(offsets)[rows]] = True
    return picked(pc.struct_field(entries, "value"), at, there)


def _map_value(kinds: Kinds) -> t.Type | None:
    base = t.base_of(kinds[0])
    return t.nullable(base.value) if isinstance(base, t.MapOf) else None


function("get(values: [T], position: int) -> T?", rule=item_or_null)(nth)


@function(
    "has(map: map(T), key: text) -> bool",
    sql="MAP_CONTAINS_KEY",
    also=("VRL exists", "JSONata $exists", "DataWeave m.k?", "jq has", "CEL has", "Bloblang exists", "GREL hasField", "FEEL is defined"),
    examples=[example('has(key_values("x=1 y=2"), "x")', True), example('has(key_values("x=1 y=2"), "z")', False)],
)
def has(map: Datum, key: Datum) -> pa.Array:
    """Whether a map has a key, be the value under it null or not."""
    maps, keys = broadcast(map, key)
    entries, offsets = unpacked(maps)
    found = as_mask(pc.equal(pc.struct_field(entries, "key"), keys.take(pa.array(owners(offsets)))))
    return bools(counted(found, offsets) > 0)


@function(
    "keys(map: map(T)) -> [text]",
    sql="MAP_KEYS",
    also=("VRL keys", "JSONata $keys", "DataWeave keysOf", "jq keys", "Bloblang keys"),
    examples=[example("keys({a: 1, b: 2})", ["a", "b"]), example('keys(key_values("x=1 y=2"))', ["x", "y"])],
)
def keys(map: Datum) -> pa.Array:
    """The keys of a map, or the names of the fields of a struct, in order."""
    (maps,) = broadcast(map)
    entries, offsets = unpacked(maps)
    return listed(pc.struct_field(entries, "key"), offsets)


@function(
    "values(map: map(T)) -> [T]",
    sql="MAP_VALUES",
    also=("VRL values", "JSONata *", "DataWeave valuesOf", "jq .[]", "Bloblang values"),
    examples=[example("values({a: 1, b: 2})", [1, 2]), example('values(key_values("x=1 y=2"))', ["1", "2"])],
)
def values(map: Datum) -> pa.Array:
    """The values of a map, or of the fields of a struct where all are of one type, in order."""
    (maps,) = broadcast(map)
    entries, offsets = unpacked(maps)
    return listed(pc.struct_field(entries, "value"), offsets)


@function(
    "entries(map: map(T)) -> [{key: text, value: T}]",
    sql="MAP_ENTRIES",
    also=("DataWeave entriesOf", "jq to_entries", "FEEL get entries", "JSONata $each", "Bloblang key_values"),
    examples=[
        example("entries({a: 1, b: 2})", [{"key": "a", "value": 1}, {"key": "b", "value": 2}]),
        example('entries(key_values("x=1"))', [{"key": "x", "value": "1"}]),
    ],
)
def entries(map: Datum) -> pa.Array:
    """The entries of a map as structs of `key` and `value`; also the fields of a struct where all are of one type."""
    (maps,) = broadcast(map)
    return listed(*unpacked(maps))


@function(
    "index_by(values: [T], key: text!) -> map(T)",
    rule=lambda kinds, constants: _indexed(kinds, constants),
    sql="MAP_FROM_ENTRIES",
    also=("DataWeave groupBy", "JSONata {k: v}", "jq INDEX", "Bloblang map_each_key"),
    examples=[
        example('get(index_by([{k: "a", v: 1}, {k: "b", v: 2}], "k", "v"), "b")', 2),
        example('get(index_by([{k: "a", v: 1}], "k"), "a")', {"k": "a", "v": 1}),
    ],
)
def index_by(values: Datum, key: str) -> pa.Array:
    """A map of the structs of a list, by the field `key`; with a third argument of that field of theirs.

    Structs whose key is null are left out; where a key repeats, the last one counts.
    """
    (lists,) = broadcast(values)
    items, offsets = unpacked(lists)
    return _indexed_map(struct_fields(items)[key], items, offsets, valid(lists))


@function(
    "index_by(values: [T], key: text!, value: text!) -> map(S)",
    rule=lambda kinds, constants: _indexed(kinds, constants),
)
def index_values_by(values: Datum, key: str, value: str) -> pa.Array:
    """A map of one field of the structs of a list by another."""
    (lists,) = broadcast(values)
    items, offsets = unpacked(lists)
    fields = struct_fields(items)
    return _indexed_map(fields[key], fields[value], offsets, valid(lists))


def _indexed(kinds: Kinds, constants: Constants) -> t.Type | None:
    item = item_of(kinds[0])
    fields = dict(fields_of(item) or ()) if item else {}
    if not fields or not isinstance(t.base_of(fields.get(constants[1], t.Bool())), (t.Text, t.Enum)):
        return None
    kind = item if len(constants) == 2 else fields.get(constants[2])
    return kind and t.MapOf(kind)


def _indexed_map(keys: pa.Array, items: pa.Array, offsets: Offsets, keep: Mask) -> pa.Array:
    there = valid(keys)
    names, begins = kept(keys, offsets, there)
    values, _ = kept(items, offsets, there)
    return _last_of_each(names, values, begins, keep)


def _last_of_each(keys: pa.Array, items: pa.Array, offsets: Offsets, keep: Mask) -> pa.Array:
    """Maps of keys and items, where a key repeats of the last item, at the place of the first."""
    numbers = within(codes(keys), offsets)
    first = first_rows(numbers)
    if len(first) == len(numbers):
        return mapped(keys, items, offsets, keep)
    latest = np.empty(len(first), np.int64)
    # Of several rows with one number, the last one is written last.
    latest[numbers] = np.arange(len(numbers))
    seen = np.zeros(len(numbers), np.bool_)
    seen[first] = True
    names, begins = kept(keys, offsets, seen)
    return mapped(names, items.take(pa.array(latest)), begins, keep)


@function(
    "group_by(values: [T], key: text!) -> map([T])",
    rule=lambda kinds, constants: _grouped(kinds, constants),
    sql="GROUP BY",
    excel="GROUPBY",
    also=("DataWeave groupBy", "jq group_by", "JSONata {k: [v]}", "JSLT group-by", "GREL facets"),
    examples=[
        example('get(group_by([{k: "a", v: 1}, {k: "b", v: 2}, {k: "a", v: 3}], "k"), "a")', [{"k": "a", "v": 1}, {"k": "a", "v": 3}]),
        example('keys(group_by([{k: "b"}, {k: "a"}, {k: "b"}], "k"))', ["b", "a"]),
    ],
)
def group_by(values: Datum, key: str) -> pa.Array:
    """A map of lists: the structs of a list by the field `key`, in order of first appearance.

    Structs whose key is null are left out.
    """
    (lists,) = broadcast(values)
    items, offsets = unpacked(lists)
    keys = struct_fields(items)[key]
    there = valid(keys)
    names, begins = kept(keys, offsets, there)
    members, _ = kept(items, offsets, there)
    groups = within(codes(names), begins)
    seen = np.zeros(len(names), np.bool_)
    seen[first_rows(groups)] = True
    gathered = listed(members.take(pa.array(np.argsort(groups, kind="stable"))), beginnings(np.bincount(groups)))
    found, outer = kept(names, begins, seen)
    return mapped(found, gathered, outer, valid(lists))


def _grouped(kinds: Kinds, constants: Constants) -> t.Type | None:
    kind = _indexed(kinds, constants)
    return t.MapOf(t.ListOf(kind.value)) if isinstance(kind, t.MapOf) else None


@function(
    "distinct_by(values: [T], key: text!) -> [T]",
    rule=lambda kinds, constants: same_as_first(kinds, constants) if constants[1] in dict(fields_of(item_of(kinds[0])) or ()) else None,
    also=("DataWeave distinctBy", "jq unique_by", "Bloblang unique"),
    examples=[
        example('distinct_by([{k: "a", v: 1}, {k: "a", v: 2}], "k")', [{"k": "a", "v": 1}]),
        example('length(distinct_by([{k: 1}, {k: 2}], "k"))', 2),
    ],
)
def distinct_by(values: Datum, key: str) -> pa.Array:
    """The structs of a list that are the first with their value of the field `key`; null counts as a value."""
    (lists,) = broadcast(values)
    items, offsets = unpacked(lists)
    seen = np.zeros(len(items), np.bool_)
    seen[first_seen(codes(struct_fields(items)[key]), offsets)] = True
    return listed(*kept(items, offsets, seen))


@function(
    "struct_from(entries: [{key: text?, value: T}]) -> map(T)",
    rule=lambda kinds, constants: _from_entries(kinds),
    sql="MAP_FROM_ENTRIES",
    also=("VRL object_from_array", "DataWeave reduce", "jq from_entries", "FEEL context"),
    examples=[
        example('struct_from([{key: "a", value: 1}])', {"a": 1}),
        example('struct_from([1, 2, 3], ["one", null, "two"])', {"one": 1, "two": 3}),
    ],
)
def map_from_entries(entries: Datum) -> pa.Array:
    """A map of entries, the inverse of `entries`; or of a list of values and a list of their keys.

    What has no key, or no value beside it, is left out; where a key repeats, the last value counts.
    """
    (lists,) = broadcast(entries)
    items, offsets = unpacked(lists)
    fields = struct_fields(items)
    return _indexed_map(fields["key"], fields["value"], offsets, valid(lists))


def _from_entries(kinds: Kinds) -> t.Type | None:
    item = item_of(kinds[0])
    fields = dict(fields_of(item) or ()) if item else {}
    return t.MapOf(fields["value"]) if {"key", "value"} <= fields.keys() else None


@function(
    "struct_from(values: [T], keys: [text?]) -> map(T)",
    rule=lambda kinds, constants: (item := item_of(kinds[0])) and t.MapOf(item),
)
def map_from_lists(values: Datum, keys: Datum) -> pa.Array:
    """A map of values by their keys."""
    (items, names), offsets = side_by_side((values, keys))
    length = len(offsets) - 1
    return _indexed_map(names.cast(pa.string()), items, offsets, np.ones(length, np.bool_))


@function(
    "merge(maps: map(T)...) -> map(T)",
    sql="MAP_CONCAT",
    also=("VRL merge", "JSONata $merge", "DataWeave mergeWith", "jq +", "FEEL context merge", "Bloblang merge", "Bloblang squash"),
    examples=[example("merge({a: 1, b: 2}, {b: 3, c: 4})", {"a": 1, "b": 3, "c": 4}), example("merge({a: 1})", {"a": 1})],
)
def merge(*maps: Datum) -> pa.Array:
    """One map of all entries, or one struct of all fields; where a name repeats, the last value counts, at the first's place."""
    columns = broadcast(*maps)
    together, offsets = woven([unpacked(column) for column in columns])
    fields = struct_fields(together)
    return _last_of_each(fields["key"], fields["value"], offsets, np.ones(len(offsets) - 1, np.bool_))


@function("compact(map: map(T)) -> map(T)", rule=lambda kinds, constants: _without_null(kinds))
def compact_map(map: Datum) -> pa.Array:
    """The map without entries whose value is null."""
    (maps,) = broadcast(map)
    items, offsets = unpacked(maps)
    fields = struct_fields(items)
    there = valid(fields["value"])
    names, begins = kept(fields["key"], offsets, there)
    return mapped(names, fields["value"].filter(pa.array(there)), begins, valid(maps))


def _without_null(kinds: Kinds) -> t.Type | None:
    base = t.base_of(kinds[0])
    return t.MapOf(t.required(base.value)) if isinstance(base, t.MapOf) else None


def fields_of(kind: t.Type | None) -> tuple[tuple[str, t.Type], ...] | None:
    """The fields of a struct, or None where `kind` is none."""
    base = None if kind is None else t.base_of(kind)
    return base.fields if isinstance(base, t.Struct) else None


def struct_fields(column: pa.Array) -> dict[str, pa.Array]:
    """The fields of a column of structs, null where the struct is."""
    # `flatten` heeds the nulls of the structs themselves; `field` does not.
    return dict(zip([field.name for field in column.type], column.flatten(), strict=True))
