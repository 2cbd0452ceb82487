"""Lists made of values and of other lists: append, join, cut, pair up, count off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from datahub.functions.columns import broadcast, from_ints, from_texts, ints, outcome, text_bytes, text_offsets, valid
from datahub.functions.declare import Datum, Outcome, example, function
from datahub.functions.lists import equal_items, joined
from datahub.functions.members import distinct
from datahub.functions.results import common_list, item_of, list_with_value, list_with_values, same_as_first
from datahub.functions.segments import beginnings, kept, lengths_of, listed, owners, places, unpacked, woven
from datahub.types import model as t
from datahub.types.sizes import ITEM_BYTES, check_elements, checked

MOST = 1_000_000
"""The longest list that `range` makes: a slip of the pen shall not fill the memory."""


@function(
    "append(values: [T], value: T...) -> [T]",
    rule=list_with_values,
    sql="LIST_APPEND",
    excel="VSTACK",
    also=("VRL push", "JSONata $append", "DataWeave +", "FEEL append", "jq +", "Bloblang append"),
    examples=[
        example("append([1, 2], 3)", [1, 2, 3]),
        example('append(["foo"], "bar", "baz")', ["foo", "bar", "baz"]),
        example('append([], "bar")', ["bar"]),
    ],
)
def append(values: Datum, *value: Datum) -> pa.Array:
    """The list with one or more items at its end."""
    lists, *added = broadcast(values, *value)
    return listed(*woven([unpacked(lists), *((one, np.arange(len(one) + 1)) for one in added)]))


@function(
    "prepend(values: [T], value: T) -> [T]",
    rule=list_with_value,
    sql="LIST_PREPEND",
    also=("DataWeave >>", "Spark array_prepend"),
    examples=[example("prepend([1, 2], 3)", [3, 1, 2]), example('prepend([], "bar")', ["bar"])],
)
def prepend(values: Datum, value: Datum) -> pa.Array:
    """The list with one more item at its beginning."""
    lists, added = broadcast(values, value)
    return listed(*woven([(added, np.arange(len(added) + 1)), unpacked(lists)]))


@function(
    "concat(values: [T]...) -> [T]",
    rule=common_list,
    sql="LIST_CONCAT",
    excel="VSTACK",
    also=("VRL append", "JSONata $append", "DataWeave ++", "FEEL concatenate", "jq +", "Bloblang concat"),
    examples=[example("concat([1, 2], [3, 4])", [1, 2, 3, 4]), example("concat([1], [], [2])", [1, 2])],
)
def concat(*values: Datum) -> pa.Array:
    """The items of all lists, one list after the other."""
    return listed(*woven([unpacked(lists) for lists in broadcast(*values)]))


@function(
    "union(values: [T]...) -> [T]",
    rule=common_list,
    sql="ARRAY_UNION",
    also=("FEEL union", "Spark array_union", "JSONata $distinct($append())"),
    examples=[example("union([1, 2], [2, 3])", [1, 2, 3]), example("union([1, 1])", [1])],
)
def union(*values: Datum) -> pa.Array:
    """The items of all lists without repetitions, in order of first appearance; nulls are left out."""
    return distinct(*woven([unpacked(lists) for lists in broadcast(*values)]))


@function(
    "remove(values: [T], value: T) -> [T]",
    rule=same_as_first,
    sql="ARRAY_REMOVE",
    also=("DataWeave -", "FEEL remove", "jq - [x]", "Spark array_remove", "Bloblang without"),
    examples=[example('remove(["a", "b", "a"], "a")', ["b"]), example('remove(["a"], "z")', ["a"])],
)
def remove(values: Datum, value: Datum) -> pa.Array:
    """The list without the items that are equal to a value."""
    lists, wanted = broadcast(values, value)
    items, offsets = unpacked(lists)
    found = equal_items(items, wanted.take(pa.array(owners(offsets))))
    return listed(*kept(items, offsets, ~found))


@function(
    "insert(values: [T], position: int, value: T) -> [T]",
    rule=list_with_value,
    rejects=("R604",),
    sql="ARRAY_INSERT",
    also=("FEEL insert before", "Spark array_insert"),
    examples=[
        example("insert([1, 3], 2, 2)", [1, 2, 3]),
        example("insert([1, 3], -1, 2)", [1, 2, 3]),
        example("insert([1], 3, 2)", rejected="R604"),
    ],
)
def insert(values: Datum, position: Datum, value: Datum) -> Outcome:
    """The list with a value put in before the item at a position (-1 is the last one); a reject (R604) where there is no such position.

    One past the last position puts it at the end.
    """
    lists, wanted, added = broadcast(values, position, value)
    items, offsets = unpacked(lists)
    lengths, rows = lengths_of(offsets), np.arange(len(lists))
    before = np.where(ints(wanted) < 0, lengths + ints(wanted), ints(wanted) - 1)
    outside = (before < 0) | (before > lengths) | (ints(wanted) == 0)
    at = np.where(outside, 0, before)
    gathered = np.empty(len(items) + len(rows), np.int64)
    gathered[np.arange(len(items)) + owners(offsets) + (places(offsets) >= np.repeat(at, lengths))] = np.arange(len(items))
    gathered[offsets[:-1] + rows + at] = len(items) + rows
    everything = joined(items, added).take(pa.array(gathered))
    return outcome(listed(everything, offsets + np.arange(len(offsets))), (outside, "R604"))


@function(
    "replace_at(values: [T], position: int, value: T) -> [T]",
    rule=list_with_value,
    rejects=("R604",),
    also=("FEEL list replace", "VRL set", "jq .[n] = x"),
    examples=[example("replace_at([1, 2, 3], 2, 9)", [1, 9, 3]), example("replace_at([1], 2, 9)", rejected="R604")],
)
def replace_at(values: Datum, position: Datum, value: Datum) -> Outcome:
    """The list with another value at a position: 1 is the first, -1 the last; where there is none it is a reject (R604)."""
    lists, wanted, put = broadcast(values, position, value)
    items, offsets = unpacked(lists)
    lengths = lengths_of(offsets)
    at = np.where(ints(wanted) < 0, lengths + ints(wanted), ints(wanted) - 1)
    outside = (at < 0) | (at >= lengths) | (ints(wanted) == 0)
    gathered = np.arange(len(items))
    rows = np.flatnonzero(~outside)
    gathered[offsets[:-1][rows] + at[rows]] = len(items) + rows
    return outcome(listed(joined(items, put).take(pa.array(gathered)), offsets), (outside, "R604"))


@function(
    "remove_at(values: [T], position: int) -> [T]",
    rule=same_as_first,
    rejects=("R604",),
    also=("FEEL remove", "jq del(.[n])", "Python pop", "JavaScript splice", "JavaScript toSpliced", "VRL del", "PostgreSQL - n"),
    examples=[
        example('remove_at(["a", "b", "c"], 2)', ["a", "c"]),
        example("remove_at([1, 2, 3], -1)", [1, 2]),
        example("remove_at([1], 2)", rejected="R604"),
    ],
)
def remove_at(values: Datum, position: Datum) -> Outcome:
    """The list without the item at a position: 1 is the first, -1 the last; where there is none it is a reject (R604)."""
    lists, wanted = broadcast(values, position)
    items, offsets = unpacked(lists)
    lengths = lengths_of(offsets)
    at = np.where(ints(wanted) < 0, lengths + ints(wanted), ints(wanted) - 1)
    outside = (at < 0) | (at >= lengths) | (ints(wanted) == 0)
    stays = places(offsets) != np.repeat(np.where(outside, -1, at), lengths)
    return outcome(listed(*kept(items, offsets, stays)), (outside, "R604"))


@function(
    "flatten(values: [[T]]) -> [T]",
    rule=lambda kinds, constants: _inner(kinds),
    sql="FLATTEN",
    excel="TOCOL",
    also=(
        "VRL flatten",
        "DataWeave flatten",
        "FEEL flatten",
        "jq flatten",
        "Bloblang flatten",
        "Excel TOROW",
        "CEL lists.flatten",
        "Bloblang collapse",
    ),
    examples=[example("flatten([[1, 2], [], [3]])", [1, 2, 3]), example("flatten([[1], null])", [1])],
)
def flatten(values: Datum) -> pa.Array:
    """The items of the lists in a list, one after another; one level, nulls are left out."""
    (lists,) = broadcast(values)
    inner, outer_offsets = unpacked(lists)
    items, offsets = unpacked(inner)
    return listed(items, offsets[outer_offsets])


def _inner(kinds: Sequence[t.Type]) -> t.Type | None:
    inner = item_of(kinds[0])
    return None if inner is None or item_of(inner) is None else t.required(t.base_of(inner))


@function(
    "zip(lists: [[T]]) -> [[T]]",
    rule=same_as_first,
    also=("VRL zip", "DataWeave unzip", "jq transpose", "Python zip(*xs)", "Excel TRANSPOSE", "Excel HSTACK", "JSLT zip-with-index"),
    examples=[example("zip([[1, 2], [3, 4], [5, 6]])", [[1, 3, 5], [2, 4, 6]])],
)
def transpose(lists: Datum) -> pa.Array:
    """The first items of several lists, then their second ones, and so on, as far as the shortest goes.

    Takes one list of lists, or the lists one by one. Two lists of different kinds give `{left, right}` structs.
    """
    (column,) = broadcast(lists)
    inner, outer = unpacked(column)
    items, offsets = unpacked(inner)
    wide = lengths_of(outer)
    tall = np.zeros(len(wide), np.int64)
    tall[wide > 0] = np.minimum.reduceat(lengths_of(offsets), outer[:-1][wide > 0]) if len(inner) else 0
    cells = beginnings(wide * tall)
    across, rows = np.repeat(wide, wide * tall), owners(cells)
    down, side = np.divmod(places(cells), np.maximum(across, 1))
    source = offsets[:-1][outer[:-1][rows] + side] + down if len(rows) else rows
    made = beginnings(np.repeat(wide, tall))
    return listed(listed(items.take(pa.array(source)), made), beginnings(tall))


@function(
    "zip(lists: [T]...) -> [[T]]",
    rule=lambda kinds, constants: t.ListOf(common_list(kinds, constants)),
    also=("JSONata $zip", "DataWeave zip"),
    examples=[example("zip([1, 2, 3], [4, 5, 6, 7])", [[1, 4], [2, 5], [3, 6]])],
)
def zip_lists(*lists: Datum) -> pa.Array:
    """The first items of the lists, then their second ones, and so on."""
    parts, offsets = side_by_side(lists)
    total, count = len(parts[0]), len(parts)
    order = (np.arange(total)[:, None] + total * np.arange(count)).ravel()
    everything = parts[0]
    for more in parts[1:]:
        everything = joined(everything, more)
    pairs = listed(everything.take(pa.array(order)), np.arange(total + 1) * count)
    return listed(pairs, offsets)


@function(
    "zip(left: [A], right: [B]) -> [{left: A, right: B}]",
    examples=[example('zip([1, 2], ["a", "b"])', [{"left": 1, "right": "a"}, {"left": 2, "right": "b"}])],
)
def zip_pair(left: Datum, right: Datum) -> pa.Array:
    """Two lists of different kinds side by side."""
    parts, offsets = side_by_side((left, right))
    fields = [pa.field(name, part.type) for name, part in zip(("left", "right"), parts, strict=True)]
    return listed(pa.StructArray.from_arrays(parts, fields=fields), offsets)


def side_by_side(lists: Sequence[Datum]) -> tuple[list[pa.Array], Any]:
    """The items of each column of lists as far as the shortest list of its row goes, and where rows begin."""
    opened = [unpacked(column) for column in broadcast(*lists)]
    shortest = np.minimum.reduce([lengths_of(offsets) for _, offsets in opened])
    parts = [kept(items, offsets, places(offsets) < np.repeat(shortest, lengths_of(offsets)))[0] for items, offsets in opened]
    return parts, beginnings(shortest)


@function(
    "range(first: int, last: int, step: int = 1) -> [int]",
    rejects=("R603",),
    sql="GENERATE_SERIES",
    excel="SEQUENCE",
    also=(
        "JSONata [a..b]",
        "DataWeave a to b",
        "jq range",
        "FEEL a..b",
        "Bloblang range",
        "CEL lists.range",
        "GREL forRange",
        "FEEL range",
    ),
    examples=[
        example("range(1, 4)", [1, 2, 3, 4]),
        example("range(10, 1, -4)", [10, 6, 2]),
        example("range(2, 1)", []),
        example("range(1, 2, 0)", rejected="R603"),
    ],
)
def range_of_ints(first: Datum, last: Datum, step: Datum) -> Outcome:
    """The whole numbers from one to another, both included; `1..n` is short for it.

    Empty where the first lies beyond the last. A step of 0, or more than a million numbers, is a reject (R603).
    """
    low, high, by = broadcast(first, last, step)
    return _ranged(low, high, by, pa.int64())


@function(
    "range(first: date, last: date, step: int = 1) -> [date]",
    rejects=("R603",),
    examples=[example('length(range(date("2024-02-28"), date("2024-03-01")))', 3)],
)
def range_of_dates(first: Datum, last: Datum, step: Datum) -> Outcome:
    """The days from one to another."""
    low, high, by = broadcast(first, last, step)
    return _ranged(low, high, by, pa.date32())


def _ranged(low: pa.Array, high: pa.Array, by: pa.Array, kind: pa.DataType) -> Outcome:
    there = valid(low) & valid(high) & valid(by)
    start, end, step = (np.where(there, ints(one), 1) for one in (low, high, by))
    steps = (end.astype(np.float64) - start) / np.where(step == 0, 1, step)
    wild = (step == 0) | (steps >= MOST)
    within = ~wild & (steps >= 0)
    # The difference of two whole numbers can leave 64 bits with a sign; without one it cannot.
    back, whole = step < 0, [one.astype(np.uint64) for one in (start, end, step)]
    span, stride = np.where(back, whole[0] - whole[1], whole[1] - whole[0]), np.where(back, -whole[2], whole[2])
    count = np.where(within, span // np.where(step == 0, 1, stride) + 1, 0).astype(np.int64)
    check_elements(int(count.sum()), len(count))
    checked(int(count.sum()) * ITEM_BYTES, len(count))
    offsets = beginnings(count)
    items = np.repeat(start, count) + places(offsets) * np.repeat(step, count)
    return outcome(listed(from_ints(items, None, kind), offsets), (wild & there, "R603"))


@function(
    "chunks(values: [T], size: int) -> [[T]]",
    rule=lambda kinds, constants: t.ListOf(same_as_first(kinds, constants)),
    rejects=("R603",),
    excel="WRAPROWS",
    also=("VRL chunks", "DataWeave divideBy", "jq _nwise", "FEEL partition", "Excel WRAPCOLS"),
    examples=[example("chunks([1, 2, 3], 2)", [[1, 2], [3]]), example("chunks([1], 0)", rejected="R603")],
)
def chunks(values: Datum, size: Datum) -> Outcome:
    """The list cut into lists of `size` items, the last one of what is left; a size below 1 is a reject (R603)."""
    lists, wanted = broadcast(values, size)
    items, offsets = unpacked(lists)
    begins, outer, wild = _cut(offsets, wanted)
    return outcome(listed(listed(items, begins), outer), (wild, "R603"))


@function(
    "chunks(value: text, size: int) -> [text]",
    rejects=("R603",),
    examples=[example('chunks("abcdefgh", 4)', ["abcd", "efgh"]), example('chunks("été", 2)', ["ét", "é"])],
)
def chunks_of_text(value: Datum, size: Datum) -> Outcome:
    """The text cut into texts of `size` characters."""
    texts, wanted = broadcast(value, size)
    content, ends = text_bytes(texts), text_offsets(texts)
    # A byte that does not continue a character begins one.
    letters = np.flatnonzero((content & 0xC0) != 0x80)
    letters = np.append(letters, len(content))
    begins, outer, wild = _cut(np.searchsorted(letters, ends), wanted)
    parts = from_texts(letters[begins], content)
    return outcome(listed(parts, outer), (wild, "R603"))


def _cut(offsets: Any, wanted: pa.Array) -> tuple[Any, Any, Any]:
    """Where parts of the wanted size begin, where each row's parts begin, and which sizes are none."""
    wild = valid(wanted) & (ints(wanted) < 1)
    size = np.maximum(np.where(valid(wanted), ints(wanted), 1), 1)
    outer = beginnings(-(-lengths_of(offsets) // size))
    rows = owners(outer)
    begins = offsets[:-1][rows] + places(outer) * size[rows]
    return np.append(begins, offsets[-1]), outer, wild
