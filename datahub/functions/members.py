"""One of the members, or all of them: first, last, the one that all have, a list, the distinct ones, texts joined."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.aggregates import ordered_numbers
from datahub.functions.bounds import grown
from datahub.functions.columns import Ints, as_mask, broadcast, from_ints, nulled, outcome, valid
from datahub.functions.declare import Datum, Offsets, Outcome, example, function
from datahub.functions.equality import codes, first_rows, first_seen, within
from datahub.functions.results import listed as list_of
from datahub.functions.results import listed_values, ordered, same_or_null, yes_or_no
from datahub.functions.segments import (
    aggregate,
    beginnings,
    counted,
    kept,
    lengths_of,
    listed,
    owners,
    picked,
    places,
    present,
    ranks,
    reduced,
    unpacked,
)
from datahub.functions.text_growth import joined_sizes
from datahub.types.sizes import row_bytes


@aggregate(
    "first(value: T?) -> T?",
    rule=same_or_null,
    sql="FIRST_VALUE",
    excel="TAKE",
    also=("JSONata [0]", "DataWeave [0]", "jq first", "JSLT [0]", "Substrait any_value", "Bloblang first"),
    examples=[example("first([4, 5])", 4), example("first(x for x in [4, 5] where x > 4)", 5), example("first([null, 5])", None)],
)
def first(values: pa.Array, offsets: Offsets) -> pa.Array:
    """The value of the first row, as it is: null where it is null, and where there is no row.

    `first(x where x is not null)` gives the first value that is not null.
    """
    return picked(values, offsets[:-1], lengths_of(offsets) > 0)


@aggregate(
    "last(value: T?) -> T?",
    rule=same_or_null,
    sql="LAST_VALUE",
    excel="TAKE",
    also=("JSONata [-1]", "DataWeave [-1]", "jq last", "JSLT [-1]", "Bloblang last"),
    examples=[example("last([4, 5])", 5), example("last(x for x in [4, 5] where x < 5)", 4), example("last([5, null])", None)],
)
def last(values: pa.Array, offsets: Offsets) -> pa.Array:
    """The value of the last row, as it is: null where it is null, and where there is no row."""
    return picked(values, offsets[1:] - 1, lengths_of(offsets) > 0)


@function(
    "list(value: T) -> [T]",
    kind="aggregate",
    rule=list_of,
    sql="ARRAY_AGG",
    also=(
        "DataWeave map",
        "DuckDB list",
        "Spark collect_list",
        "JSLT array",
    ),
    examples=[example("list(x for x in [1, null, 2])", [1, None, 2]), example("list(x * 2 for x in [1, 2])", [2, 4])],
)
def as_list(values: pa.Array, offsets: Offsets) -> pa.Array:
    """The values of all rows as a list, nulls too; of nothing it is an empty list."""
    return listed(values, offsets)


@aggregate(
    "same(value: T?) -> T?",
    rule=same_or_null,
    rejects=("R511",),
    sql="MIN(x) HAVING COUNT(DISTINCT x) = 1",
    also=("Substrait any_value",),
    examples=[example('same(["a", "a"])', "a"), example('same(["a", "b"])', rejected="R511"), example("same([1, null])", rejected="R511")],
)
def same(values: pa.Array, offsets: Offsets) -> Outcome:
    """The value that all rows have; a reject (R511) where they disagree. Null counts as a value."""
    numbers, members = codes(values), lengths_of(offsets)
    filled = members > 0
    expected = np.repeat(numbers[offsets[:-1][filled]], members[filled])
    return outcome(first(values, offsets), (counted(numbers != expected, offsets) > 0, "R511"))


@aggregate(
    "distinct(value: T?) -> [T]",
    rule=listed_values,
    sql="ARRAY_AGG(DISTINCT x)",
    excel="UNIQUE",
    also=(
        "JSONata $distinct",
        "DataWeave distinctBy",
        "VRL unique",
        "FEEL distinct values",
        "jq unique",
        "Bloblang unique",
        "GREL uniques",
        "CEL lists.distinct",
    ),
    examples=[example("distinct([3, 1, 3])", [3, 1]), example('distinct(["a", null, "a"])', ["a"])],
)
def distinct(values: pa.Array, offsets: Offsets) -> pa.Array:
    """The values without repetitions, in order of first appearance; nulls are left out."""
    values, offsets = present(values, offsets)
    rows = first_seen(codes(values), offsets)
    seen = np.zeros(len(values), np.bool_)
    seen[rows] = True
    return listed(values.take(pa.array(rows)), beginnings(seen)[offsets])


@aggregate(
    "duplicates(value: T?) -> [T]",
    rule=listed_values,
    sql="GROUP BY x HAVING COUNT(*) > 1",
    excel="FILTER(x, COUNTIF(x, x) > 1)",
    also=("FEEL duplicate values", "pandas duplicated"),
    examples=[example("duplicates([3, 1, 3, 2, 1])", [3, 1]), example("duplicates([1, null, null])", [])],
)
def duplicates(values: pa.Array, offsets: Offsets) -> pa.Array:
    """The values that occur more than once, each one time, in order of first appearance; nulls are left out."""
    values, offsets = present(values, offsets)
    rows, times = tallied(values, offsets)
    several = np.zeros(len(values), np.bool_)
    several[rows[times > 1]] = True
    return listed(*kept(values, offsets, several))


def tallied(values: pa.Array, offsets: Offsets) -> tuple[Ints, Ints]:
    """The first row of each value of each segment, and how often it occurs there."""
    numbers = within(codes(values), offsets)
    return first_rows(numbers), np.bincount(numbers)


@aggregate(
    "count_distinct(value: T?) -> int",
    sql="COUNT(DISTINCT x)",
    excel="COUNTA(UNIQUE())",
    also=("DataWeave sizeOf(distinctBy)",),
    examples=[example("count_distinct([3, 1, 3])", 2), example("count_distinct([null, 1])", 1)],
)
def count_distinct(values: pa.Array, offsets: Offsets) -> pa.Array:
    """How many different values there are, nulls left out.

    The items of a list are of one type: a decimal that has no room in it, beside one of many digits after the point, is R102.
    """
    return from_ints(np.diff(unpacked(distinct(values, offsets))[1]))


@function(
    "join_text(separator: text!, value: text?) -> text?",
    rejects=("R603",),
    kind="aggregate",
    sql="STRING_AGG",
    excel="TEXTJOIN",
    also=(
        "JSONata $join",
        "DataWeave joinBy",
        "VRL join",
        "FEEL string join",
        "jq join",
        "Bloblang join",
        "GREL join",
        "CEL join",
        "JSLT join",
    ),
    examples=[
        example('join_text(", ", ["a", "b"])', "a, b"),
        example('join_text(", ", ["a", null, "b"])', "a, b"),
        example('join_text(" ", "Jean", null, "Martin")', "Jean Martin"),
        example('join_text("-", upper(x) for x in ["a", "b"])', "A-B"),
        example('join_text(repeat("-", 10000), split(repeat("a", 10000), ""))', rejected="R603"),
        example('join_text(repeat("-", 10000), split(repeat("a", 10000), "a"))', rejected="R603"),
    ],
)
def join_rows(values: pa.Array, offsets: Offsets, separator: str) -> pa.Array | Outcome:
    """The texts joined with a separator between them; nulls are left out, and null where nothing is left.

    Takes the rows of a group, a list of texts, or the texts one by one. R603 where that would be more than 16 MiB.
    """
    values, offsets = present(values.cast(pa.string()), offsets)
    return _joined(values, offsets, np.full(len(offsets) - 1, len(separator.encode()), np.int64), pa.scalar(separator))


@function("join_text(separator: text, values: [text?]) -> text?", rejects=("R603",))
def join_list(separator: Datum, values: Datum) -> pa.Array | Outcome:
    """The texts of a list joined."""
    separators, lists = broadcast(separator, values)
    items, offsets = present(*_texts(lists))
    return _joined(items, offsets, row_bytes(separators), separators)


def _joined(texts: pa.Array, offsets: Offsets, between: Ints, separators: Datum) -> pa.Array | Outcome:
    """The texts of each segment, with the row's separator of so many bytes between them."""
    before = beginnings(row_bytes(texts))
    own: Ints = before[offsets[1:]] - before[offsets[:-1]]
    gaps: Ints = np.maximum(lengths_of(offsets) - 1, 0) * between
    whole: Ints = own + gaps
    long = grown(whole)
    if long.any():
        # Nothing that came whole is refused.
        long &= whole > reduced(np.maximum, row_bytes(texts), offsets, 0)
        texts, offsets = kept(texts, offsets, ~long[owners(offsets)])
    joined = pc.binary_join(listed(texts, offsets), separators)
    if not (filled := lengths_of(offsets) > 0).all():
        joined = pc.if_else(pa.array(filled), joined, None)
    return Outcome(joined, ((long, "R603"),)) if long.any() else joined


def _texts(lists: pa.Array) -> tuple[pa.Array, Offsets]:
    items, offsets = unpacked(lists)
    return items.cast(pa.string()), offsets


@function("join_text(separator: text, values: text?...) -> text?", rejects=("R603",))
def join_texts(separator: Datum, *values: Datum) -> pa.Array | Outcome:
    """Texts joined, one by one."""
    separators, *texts = broadcast(separator, *values)
    texts = [one.cast(pa.string()) for one in texts]
    filled = pa.array(np.logical_or.reduce([valid(one) for one in texts]))
    count: Ints = np.sum([valid(one) for one in texts], axis=0, dtype=np.int64)
    between: Ints = np.maximum(count - 1, 0) * row_bytes(separators)
    long = grown(joined_sizes(*texts) + between, *texts)
    if long.any():
        texts = [nulled(one, long) for one in texts]
    # Arrow leaves a row out of the result, and so makes it shorter, where all of its texts are skipped.
    texts[0] = pc.if_else(pa.array(as_mask(filled) & ~long), texts[0], "")
    joined = pc.binary_join_element_wise(*texts, separators, null_handling="skip")
    return outcome(pc.if_else(filled, joined, None), (long, "R603"))


@aggregate(
    "increasing(value: T?) -> bool",
    rule=ordered(yes_or_no),
    examples=[example("increasing([1, 2, 5])", True), example("increasing([1, 1])", False), example("increasing([2, null, 3])", True)],
    also=("DuckDB list_sort = list",),
)
def increasing(values: pa.Array, offsets: Offsets) -> pa.Array:
    """Whether each value is larger than the one before; nulls are left out, and of nothing it is true."""
    values, offsets = present(values, offsets)
    if len(values) < 2:
        return pa.array(np.ones(len(offsets) - 1, np.bool_))
    if (numbers := ordered_numbers(values)) is None:
        numbers = ranks(values)
    falls = np.zeros(len(values), np.bool_)
    falls[1:] = numbers[1:] <= numbers[:-1]
    return pa.array(counted(falls & (places(offsets) > 0), offsets) == 0)
