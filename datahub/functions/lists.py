"""Lists looked into and cut: length, positions, membership, parts. Positions count from 1, as in SQL and Excel."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.columns import Ints, as_mask, bools, broadcast, from_ints, ints, valid
from datahub.functions.declare import Datum, Mask, Offsets, example, function
from datahub.functions.equality import is_among, same_codes
from datahub.functions.results import item_or_null, listed_items, ordered_list, same_as_first
from datahub.functions.segments import (
    alike,
    beginnings,
    counted,
    hollow,
    kept,
    lengths_of,
    listed,
    owners,
    picked,
    places,
    sorted_rows,
    unpacked,
)

FAR = 2**53


@function(
    "length(values: [T]) -> int",
    "length(values: map(T)) -> int",
    sql="CARDINALITY",
    excel="COUNTA",
    also=("VRL length", "DataWeave sizeOf", "jq length", "JSLT size", "FEEL count", "CEL size", "GREL length"),
    examples=[example("length([4, null, 6])", 3), example("length([])", 0)],
)
def length(values: Datum) -> pa.Array:
    """How many items a list has, nulls too, how many entries a map, or how many characters a text."""
    (lists,) = broadcast(values)
    return from_ints(lengths_of(unpacked(lists)[1]))


@function(
    "is_empty(values: [T]?) -> bool",
    "is_empty(values: map(T)?) -> bool",
    "is_empty(value: text?) -> bool",
    "is_empty(value: struct?) -> bool",
    sql="CARDINALITY(x) = 0",
    excel="ISBLANK",
    also=("VRL is_empty", "DataWeave isEmpty", "GREL isBlank", "Bloblang length() == 0", "FEEL is empty"),
    examples=[
        example("is_empty([])", True),
        example('is_empty("")', True),
        example('is_empty(" ")', False),
        example("is_empty(null)", True),
    ],
)
def is_empty(values: Datum) -> pa.Array:
    """Whether a list, map or text holds nothing, or is null. Text of spaces is not empty: see `is blank`."""
    (column,) = broadcast(values)
    return bools(_sizes(column) == 0)


@function(
    "not_empty(values: [T]?) -> bool",
    "not_empty(values: map(T)?) -> bool",
    "not_empty(value: text?) -> bool",
    "not_empty(value: struct?) -> bool",
    also=("GREL isNonBlank", "Bloblang not_empty"),
    examples=[
        example("not_empty([1])", True),
        example('not_empty("")', False),
        example("not_empty([])", False),
        example("not_empty(null)", False),
    ],
)
def not_empty(values: Datum) -> pa.Array:
    """Whether a list, map or text is there and holds something."""
    (column,) = broadcast(values)
    return bools(_sizes(column) > 0)


def _sizes(column: pa.Array) -> Ints:
    if pa.types.is_string(column.type):
        return ints(pc.fill_null(pc.binary_length(column), 0))
    if pa.types.is_struct(column.type):
        return np.where(valid(column), column.type.num_fields, 0)
    return lengths_of(unpacked(column)[1])


@function(
    "nth(values: [T], position: int) -> T?",
    rule=item_or_null,
    sql="x[n]",
    excel="INDEX",
    also=("VRL get", "JSONata xs[n]", "DataWeave xs[n]", "jq nth", "FEEL xs[n]", "GREL get", "Excel CHOOSECOLS", "Excel CHOOSEROWS"),
    examples=[example("nth([4, 5, 6], 2)", 5), example("nth([4, 5, 6], -1)", 6), example("nth([4], 2)", None)],
)
def nth(values: Datum, position: Datum) -> pa.Array:
    """The item at a position: 1 is the first, -1 the last; null where there is none."""
    lists, wanted = broadcast(values, position)
    items, offsets = unpacked(lists)
    at, lengths = ints(wanted), lengths_of(offsets)
    index = np.where(at > 0, at - 1, lengths + at)
    return picked(items, offsets[:-1] + index, (at != 0) & (index >= 0) & (index < lengths))


@function(
    "position(values: [T], value: T) -> int?",
    sql="ARRAY_POSITION",
    excel="MATCH",
    also=("DataWeave indexOf", "FEEL index of", "DuckDB list_position", "jq index", "Bloblang find", "Excel XMATCH", "JSLT index-of"),
    examples=[example('position(["a", "b", "b"], "b")', 2), example('position(["a"], "z")', None)],
)
def position(values: Datum, value: Datum) -> pa.Array:
    """Where a value stands first in a list, counted from 1; null where it does not."""
    _, offsets, found = _found(values, value)
    rows = np.flatnonzero(found)
    inside = owners(offsets)[rows]
    first = np.diff(inside, prepend=-1) != 0
    result, there = np.zeros(len(offsets) - 1, np.int64), np.zeros(len(offsets) - 1, np.bool_)
    result[inside[first]] = places(offsets)[rows[first]] + 1
    there[inside] = True
    return from_ints(result, there)


@function(
    "positions(values: [T], value: T) -> [int]",
    also=("FEEL index of", "jq indices", "Bloblang find_all"),
    examples=[example('positions(["a", "b", "a"], "a")', [1, 3]), example('positions(["a"], "z")', [])],
)
def positions(values: Datum, value: Datum) -> pa.Array:
    """All places where a value stands in a list, counted from 1."""
    _, offsets, found = _found(values, value)
    return listed(from_ints(places(offsets)[found] + 1), beginnings(found)[offsets])


@function(
    "contains(values: [T], value: T) -> bool",
    sql="ARRAY_CONTAINS",
    excel="COUNTIF(x, v) > 0",
    also=(
        "VRL includes",
        "JSONata in",
        "DataWeave contains",
        "FEEL list contains",
        "jq any",
        "CEL in",
        "Bloblang contains",
        "CEL sets.contains",
    ),
    examples=[example('contains(["a", "b"], "b")', True), example("contains([1, null], 2)", False)],
)
def contains(values: Datum, value: Datum) -> pa.Array:
    """Whether a value is in a list. A null in the list is equal to nothing."""
    if isinstance(values, pa.Scalar) and isinstance(value, pa.Array) and not pa.types.is_nested(value.type):
        wanted = values.values.drop_null() if values.is_valid else pa.nulls(0)
        return is_among(value, wanted.cast(value.type))
    _, offsets, found = _found(values, value)
    return bools(counted(found, offsets) > 0)


def _found(values: Datum, value: Datum) -> tuple[pa.Array, Offsets, Mask]:
    """The items of all lists, where lists begin, and which items are equal to the value of their row."""
    lists, wanted = broadcast(values, value)
    items, offsets = unpacked(lists)
    return items, offsets, equal_items(items, wanted.take(pa.array(owners(offsets))))


def equal_items(items: pa.Array, wanted: pa.Array) -> Mask:
    """Which items are equal to what stands beside them; null is equal to nothing."""
    if hollow(items.type) or hollow(wanted.type):
        return np.zeros(len(items), np.bool_)
    if pa.types.is_nested(items.type):
        left, right = same_codes(items, wanted)
        return np.asarray((left == right) & (left >= 0))
    return as_mask(pc.equal(*alike([items, wanted])))


@function(
    "contains_all(values: [T], wanted: [T]) -> bool",
    sql="x @> y",
    also=("FEEL every x in y satisfies list contains", "DuckDB list_has_all", "CEL sets.contains", "CEL sets.equivalent"),
    examples=[example("contains_all([1, 2, 3], [3, 1])", True), example("contains_all([1], [1, 2])", False)],
)
def contains_all(values: Datum, wanted: Datum) -> pa.Array:
    """Whether every item of the second list is in the first."""
    _, offsets, found = _in_other(wanted, values)
    return bools(counted(~found, offsets) == 0)


@function(
    "contains_any(values: [T], wanted: [T]) -> bool",
    sql="x && y",
    also=("DuckDB list_has_any", "CEL sets.intersects"),
    examples=[example("contains_any([1, 2, 3], [3, 9])", True), example("contains_any([1], [])", False)],
)
def contains_any(values: Datum, wanted: Datum) -> pa.Array:
    """Whether one item of the second list is in the first."""
    _, offsets, found = _in_other(wanted, values)
    return bools(counted(found, offsets) > 0)


@function(
    "intersect(left: [T], right: [T]) -> [T]",
    rule=same_as_first,
    sql="ARRAY_INTERSECT",
    also=("DuckDB list_intersect", "Spark array_intersect"),
    examples=[example("intersect([3, 1, 2, 3], [3, 2])", [3, 2, 3]), example("intersect([1], [])", [])],
)
def intersect(left: Datum, right: Datum) -> pa.Array:
    """The items of the first list that are in the second too, in the order of the first."""
    items, offsets, found = _in_other(left, right)
    return listed(*kept(items, offsets, found))


@function(
    "difference(left: [T], right: [T]) -> [T]",
    rule=same_as_first,
    sql="ARRAY_EXCEPT",
    also=("DataWeave --", "jq -", "Spark array_except", "Bloblang without"),
    examples=[example("difference([3, 1, 2, 3], [3])", [1, 2]), example("difference([1, null], [1])", [None])],
)
def difference(left: Datum, right: Datum) -> pa.Array:
    """The items of the first list that are not in the second, in order."""
    items, offsets, found = _in_other(left, right)
    return listed(*kept(items, offsets, ~found))


def _in_other(values: Datum, other: Datum) -> tuple[pa.Array, Offsets, Mask]:
    """The items of all lists of `values`, where they begin, and which are in the list beside theirs."""
    mine, theirs = broadcast(values, other)
    items, offsets = unpacked(mine)
    wanted, wanted_offsets = unpacked(theirs)
    if hollow(items.type) or hollow(wanted.type):
        return items, offsets, np.zeros(len(items), np.bool_)
    left, right = same_codes(items, wanted)
    size = int(max(left.max(initial=0), right.max(initial=0))) + 1
    sought = from_ints(owners(offsets) * size + left)
    known = pc.is_in(sought, value_set=from_ints((owners(wanted_offsets) * size + right)[right >= 0]))
    return items, offsets, as_mask(known) & (left >= 0)


@function(
    "slice(values: [T], start: int, stop: int = 9007199254740992) -> [T]",
    rule=same_as_first,
    sql="x[a:b]",
    also=("VRL slice", "DataWeave xs[a to b]", "jq .[a:b]", "Bloblang slice", "GREL slice", "CEL lists.slice"),
    examples=[example("slice([0, 1, 2], 1)", [1, 2]), example("slice([0, 1, 2], 0, -1)", [0, 1]), example("slice([0, 1, 2], 5)", [])],
)
def slice_list(values: Datum, start: Datum, stop: Datum) -> pa.Array:
    """The items from `start` to before `stop`, counted from 0, negative ones from the end: other tools' habit.

    `mid` counts from 1 like everything else here.
    """
    lists, low, high = broadcast(values, start, stop)
    items, offsets = unpacked(lists)
    lengths, place = lengths_of(offsets), places(offsets)
    bounds = [np.where(at < 0, at + lengths, at) for at in (ints(low), ints(high))]
    begin, end = (np.repeat(bound, lengths) for bound in bounds)
    return listed(*kept(items, offsets, (place >= begin) & (place < end)))


@function(
    "mid(values: [T], start: int, count: int = 9007199254740992) -> [T]",
    rule=same_as_first,
    sql="SLICE",
    excel="CHOOSEROWS",
    also=("FEEL sublist", "Spark slice", "CEL substring", "GREL substring"),
    examples=[example("mid([4, 5, 6], 2, 2)", [5, 6]), example("mid([4, 5, 6], -2)", [5, 6]), example("mid([4], 3, 1)", [])],
)
def mid_list(values: Datum, start: Datum, count: Datum) -> pa.Array:
    """`count` items from position `start` on; 1 is the first, -1 the last; fewer where the list ends before."""
    lists, low, wanted = broadcast(values, start, count)
    items, offsets = unpacked(lists)
    lengths, place = lengths_of(offsets), places(offsets)
    start_at = np.clip(ints(low), -FAR, FAR)
    # Position 0 is the one before the first: what is counted from there begins one too early, as for texts.
    begin = np.where(start_at >= 0, start_at - 1, lengths + start_at)
    end = np.where(ints(wanted) >= FAR, 2 * FAR, begin + np.clip(ints(wanted), 0, FAR))
    return listed(*kept(items, offsets, (place >= np.repeat(begin, lengths)) & (place < np.repeat(end, lengths))))


@function(
    "take(values: [T], count: int) -> [T]",
    rule=same_as_first,
    excel="TAKE",
    also=("DataWeave take", "jq limit", "Bloblang slice"),
    examples=[example("take([4, 5, 6], 2)", [4, 5]), example("take([4, 5, 6], -2)", [5, 6])],
)
def take(values: Datum, count: Datum) -> pa.Array:
    """The first `count` items, or the last ones where `count` is negative."""
    items, offsets, inside = _counted_off(values, count)
    return listed(*kept(items, offsets, inside))


@function(
    "drop(values: [T], count: int) -> [T]",
    rule=same_as_first,
    excel="DROP",
    also=("DataWeave drop", "jq .[n:]"),
    examples=[example("drop([4, 5, 6], 2)", [6]), example("drop([4, 5, 6], -2)", [4])],
)
def drop(values: Datum, count: Datum) -> pa.Array:
    """The list without its first `count` items, or without its last ones where `count` is negative."""
    items, offsets, inside = _counted_off(values, count)
    return listed(*kept(items, offsets, ~inside))


def _counted_off(values: Datum, count: Datum) -> tuple[pa.Array, Offsets, Mask]:
    lists, wanted = broadcast(values, count)
    items, offsets = unpacked(lists)
    lengths = lengths_of(offsets)
    many, place = np.repeat(ints(wanted), lengths), places(offsets)
    return items, offsets, np.where(many >= 0, place < many, place - np.repeat(lengths, lengths) >= many)


@function(
    "compact(values: [T?]) -> [T]",
    rule=listed_items,
    sql="ARRAY_REMOVE(x, NULL)",
    also=("VRL compact", "DataWeave skipNullOn", "Spark array_compact", "Bloblang filter(v -> v != null)"),
    examples=[example("compact([1, null, 2])", [1, 2]), example("compact([null])", [])],
)
def compact(values: Datum) -> pa.Array:
    """The list without its nulls."""
    (lists,) = broadcast(values)
    items, offsets = unpacked(lists)
    return listed(*kept(items, offsets, valid(items)))


@function(
    "sort(values: [T], descending: bool! = false) -> [T]",
    rule=ordered_list,
    sql="LIST_SORT",
    excel="SORT",
    also=("JSONata $sort", "DataWeave orderBy", "FEEL sort", "jq sort", "Bloblang sort", "GREL sort", "CEL lists.sort", "Bloblang sort_by"),
    examples=[
        example("sort([3, 1, 2])", [1, 2, 3]),
        example("sort([3, null, 1])", [1, 3, None]),
        example("sort([3, 1, 2], true)", [3, 2, 1]),
    ],
)
def sort(values: Datum, descending: bool = False) -> pa.Array:
    """The items in order, from small to large unless `descending`; nulls come last. Texts order by code point."""
    (lists,) = broadcast(values)
    items, offsets = unpacked(lists)
    return listed(items.take(pa.array(sorted_rows(items, offsets, descending))), offsets)


@function(
    "reverse(values: [T]) -> [T]",
    rule=same_as_first,
    sql="LIST_REVERSE",
    also=("JSONata $reverse", "DataWeave xs[-1 to 0]", "FEEL reverse", "jq reverse", "GREL reverse", "CEL reverse"),
    examples=[example("reverse([1, 2, 3])", [3, 2, 1]), example("reverse([])", [])],
)
def reverse(values: Datum) -> pa.Array:
    """The items from last to first."""
    (lists,) = broadcast(values)
    items, offsets = unpacked(lists)
    ends = np.repeat(offsets[1:] - 1, lengths_of(offsets))
    return listed(items.take(pa.array(ends - places(offsets))), offsets)


def joined(first: pa.Array, second: pa.Array) -> pa.Array:
    """Two arrays of one kind of item, one after the other."""
    return pa.concat_arrays(alike([first, second]))
