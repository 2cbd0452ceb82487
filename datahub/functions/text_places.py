"""Text: the n-th of several occurrences, characters for characters, pieces of given lengths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.columns import Reject, broadcast, from_lists, map_distinct, valid
from datahub.functions.declare import Datum, Outcome, example, function

CATEGORY = "text"


@function(
    "before(value: text, mark: text, occurrence: int) -> text",
    category=CATEGORY,
    rejects=("R603",),
    sql="SUBSTRING_INDEX",
    examples=[
        example('before("a-b-c", "-", 2)', "a-b"),
        example('before("a-b-c", "-", -2)', "a"),
        example('before("a-b", "-", 5)', "a-b"),
        example('before("a-b", "-", 0)', rejected="R603"),
    ],
)
def before_nth(value: Datum, mark: Datum, occurrence: Datum) -> Outcome:
    """What stands before the n-th `mark`, counted from the end where it is below zero; the whole text where there is none."""
    return map_distinct(lambda text, sign, n: _side(text, sign, n, 0), pa.string(), value, mark, occurrence)


@function(
    "after(value: text, mark: text, occurrence: int) -> text",
    category=CATEGORY,
    rejects=("R603",),
    examples=[example('after("a-b-c", "-", 2)', "c"), example('after("a-b-c", "-", -2)', "b-c"), example('after("a-b", "-", 5)', "a-b")],
)
def after_nth(value: Datum, mark: Datum, occurrence: Datum) -> Outcome:
    """What stands after the n-th `mark`, counted from the end where it is below zero; the whole text where there is none."""
    return map_distinct(lambda text, sign, n: _side(text, sign, n, 1), pa.string(), value, mark, occurrence)


def _side(text: str, mark: str, n: int, side: int) -> Any:
    if n == 0:
        return Reject("R603")
    if not mark:
        # An empty mark stands at the beginning, and counted from the end at the end.
        return text if (n > 0) == (side == 1) else ""
    sides = _around(text, mark, n)
    return text if sides is None else sides[side]


def _around(text: str, mark: str, n: int) -> tuple[str, str] | None:
    """What stands before and after the n-th mark; None where there are fewer."""
    # Marks that overlap are told apart from the end that they are counted from.
    parts = text.split(mark, n) if 0 < n <= len(text) else text.rsplit(mark, -n) if 0 < -n <= len(text) else [text]
    if len(parts) <= abs(n):
        return None
    return (mark.join(parts[:-1]), parts[-1]) if n > 0 else (parts[0], mark.join(parts[1:]))


@function(
    "replace_nth(value: text, old: text, new: text, occurrence: int) -> text",
    category=CATEGORY,
    rejects=("R603",),
    excel="SUBSTITUTE(x, old, new, n)",
    also=("Excel SUBSTITUTE", "SQL REGEXP_REPLACE"),
    examples=[
        example('replace_nth("a-b-c", "-", "/", 2)', "a-b/c"),
        example('replace_nth("a-b-c", "-", "/", -2)', "a/b-c"),
        example('replace_nth("a-b", "-", "/", 2)', "a-b"),
        example('replace_nth("a-b", "-", "/", 0)', rejected="R603"),
    ],
)
def replace_nth(value: Datum, old: Datum, new: Datum, occurrence: Datum) -> Outcome:
    """The text with one occurrence of `old` replaced, the n-th, counted from the end where it is below zero."""
    return map_distinct(_replaced, pa.string(), value, old, new, occurrence)


def _replaced(text: str, old: str, new: str, n: int) -> Any:
    if n == 0:
        return Reject("R603")
    sides = _around(text, old, n) if old else None
    return text if sides is None else sides[0] + new + sides[1]


@function(
    "translate(value: text, characters: text, by: text) -> text",
    category=CATEGORY,
    sql="TRANSLATE",
    also=("GREL replaceChars", "DuckDB translate", "XPath translate", "Python str.translate"),
    examples=[example('translate("12.50", ".", ",")', "12,50"), example('translate("a-b.c", "-.", "_")', "a_bc")],
)
def translate(value: Datum, characters: Datum, by: Datum) -> pa.Array:
    """Each of the `characters` replaced by the one at its place in `by`; those that have none there are dropped."""
    return map_distinct(_translated, pa.string(), value, characters, by).values


def _translated(text: str, characters: str, by: str) -> str:
    # Of a character that is told twice the first place counts: it is the last to be written down.
    return text.translate({ord(one): by[at : at + 1] for at, one in reversed(list(enumerate(characters)))})


@function(
    "split_lengths(value: text, lengths: [int]!) -> [text]",
    category=CATEGORY,
    also=("GREL splitByLengths", "Power Query Splitter.SplitTextByLengths"),
    examples=[
        example('split_lengths("FR75001Paris", [2, 5, 20])', ["FR", "75001", "Paris"]),
        example('split_lengths("FR", [2, 5])', ["FR", ""]),
        example('split_lengths("abcdef", [1, 2])', ["a", "bc"]),
    ],
)
def split_lengths(value: Datum, lengths: Sequence[Any]) -> pa.Array:
    """The text cut into parts of these lengths, one after another: a line of fixed width. What is beyond them is left out.

    Where the text ends before, parts are shorter or empty; there are always as many as lengths. One below 0 counts as 0.
    """
    (texts,) = broadcast(value)
    ends = np.cumsum([max(one or 0, 0) for one in lengths], dtype=object)
    parts, start = [], 0
    for end in (min(int(one), 2**31 - 1) for one in ends):
        parts.append(pc.utf8_slice_codeunits(texts, start, end) if end > start else pc.utf8_slice_codeunits(texts, 0, 0))
        start = end
    count = len(parts)
    items = pa.concat_arrays(parts) if parts else pa.nulls(0, pa.string())
    # Part by part they lie; row by row they are wanted.
    order = np.arange(count * len(texts)).reshape(count, len(texts)).T.ravel()
    return from_lists(np.arange(len(texts) + 1) * count, items.take(pa.array(order, pa.int64())), valid(texts))
