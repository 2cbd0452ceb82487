"""Text: parts of it, by position and by what stands around them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.columns import (
    map_distinct,
    nulled,
    valid,
)
from datahub.functions.declare import Datum, example, function
from datahub.functions.text import each

CATEGORY = "text"
_ENDLESS = 2**53
"""As many characters as there are."""
_LISTS = pa.list_(pa.field("item", pa.string()))


# --- by position -------------------------------------------------------------------------------------------------


@function(
    "left(value: text, count: int = 1) -> text",
    category=CATEGORY,
    sql="LEFT",
    excel="LEFT",
    also=("JSONata $substring", "Polars str.head", "FEEL substring"),
    examples=[example('left("abc", 2)', "ab"), example('left("abc", 9)', "abc"), example('left("abc", 0)', "")],
)
def left(value: Datum, count: Datum) -> Any:
    """The first characters of a text; all of a shorter one."""
    return each(value, (count,), lambda texts, n: pc.utf8_slice_codeunits(texts, 0, max(n, 0)), lambda text, n: text[: max(n, 0)])


@function(
    "right(value: text, count: int = 1) -> text",
    category=CATEGORY,
    sql="RIGHT",
    excel="RIGHT",
    also=("JSONata $substring", "Polars str.tail"),
    examples=[example('right("abc", 2)', "bc"), example('right("abc", 9)', "abc"), example('right("abc", 0)', "")],
)
def right(value: Datum, count: Datum) -> Any:
    """The last characters of a text; all of a shorter one."""
    return each(value, (count,), _last, lambda text, n: text[-n:] if n > 0 else "")


def _last(texts: pa.Array, count: int) -> pa.Array:
    if count <= 0:
        return pc.utf8_slice_codeunits(texts, 0, 0)
    return pc.utf8_slice_codeunits(texts, -count)


@function(
    "mid(value: text, start: int, count: int = 9007199254740992) -> text",
    category=CATEGORY,
    sql="SUBSTRING",
    excel="MID",
    also=("FEEL substring", "JSONata $substring", "DataWeave substring", "GREL substring", "Polars str.slice"),
    examples=[
        example('mid("abcdef", 2, 3)', "bcd"),
        example('mid("abcdef", 3)', "cdef"),
        example('mid("abcdef", -2)', "ef"),
        example('mid("abc", 9, 2)', ""),
    ],
)
def mid(value: Datum, start: Datum, count: Datum) -> Any:
    """Characters from a position on, counted from 1; from the end where it is below zero. Beyond the text there is nothing."""
    if isinstance(count, pa.Scalar) and count.is_valid and count.as_py() >= _ENDLESS:
        return each(
            value,
            (start,),
            lambda texts, at: pc.utf8_slice_codeunits(texts, *_span(at, None)),
            lambda text, at: text[slice(*_span(at, None))],
        )
    return each(value, (start, count), lambda texts, at, n: _cut(texts, *_span(at, n)), lambda text, at, n: text[slice(*_span(at, n))])


def _near(number: int) -> int:
    """A position or count that says the same and that every kernel can reckon with: no text is so long."""
    return max(-_ENDLESS, min(number, _ENDLESS))


def _span(start: int, count: int | None) -> tuple[int, int | None]:
    """From 1-based position and count to Python's slice."""
    start, count = _near(start), None if count is None else _near(count)
    first = start - 1 if start > 0 else start
    if count is None:
        return (first, None) if start else (0, None)
    if start < 0:
        stop = start + max(count, 0)
        return first, stop if stop < 0 else None
    # Position 0 is the one before the first: what is counted from there begins one too early, as in SQL.
    return max(first, 0) if start else 0, max((first if start else -1) + max(count, 0), 0)


def _cut(texts: pa.Array, start: int, stop: int | None) -> pa.Array:
    start, stop = _near(start), None if stop is None else _near(stop)
    if stop is not None and stop <= start and (start >= 0) == (stop >= 0):
        return pc.utf8_slice_codeunits(texts, 0, 0)
    return pc.utf8_slice_codeunits(texts, start) if stop is None else pc.utf8_slice_codeunits(texts, start, stop)


@function(
    "char_at(value: text, position: int) -> text?",
    category=CATEGORY,
    also=("CEL charAt", "DataWeave []", "jq .[n:n+1]"),
    examples=[example('char_at("été", 2)', "t"), example('char_at("été", -1)', "é"), example('char_at("été", 9)')],
)
def char_at(value: Datum, position: Datum) -> pa.Array:
    """The character at a position, counted from 1, or from the end where it is below zero; null where there is none."""
    found = mid(value, position, pa.scalar(1))
    return pc.if_else(pc.equal(found, ""), pa.scalar(None, pa.string()), found)


@function(
    "slice(value: text, start: int, stop: int = 9007199254740992) -> text",
    category=CATEGORY,
    also=("VRL slice", "JSONata $substring", "jq .[a:b]", "Bloblang slice", "GREL slice", "Python s[a:b]"),
    examples=[example('slice("abcdef", 1, 3)', "bc"), example('slice("abcdef", -2)', "ef"), example('slice("abcdef", 0, -1)', "abcde")],
)
def slice_text(value: Datum, start: Datum, stop: Datum) -> Any:
    """Characters from one offset, counted from 0, up to another; from the end where it is below zero.

    For those who come from programs; `mid` counts from 1 as Excel and SQL do.
    """
    if isinstance(stop, pa.Scalar) and stop.is_valid and stop.as_py() >= _ENDLESS:
        return each(value, (start,), lambda texts, a: pc.utf8_slice_codeunits(texts, _near(a)), lambda text, a: text[a:])
    return each(value, (start, stop), lambda texts, a, b: _cut(texts, a, b), lambda text, a, b: text[a:b])


@function(
    "splice(value: text, start: int, count: int, by: text) -> text",
    category=CATEGORY,
    sql="OVERLAY",
    excel="REPLACE",
    examples=[example('splice("abcdef", 2, 3, "-")', "a-ef"), example('splice("abc", 2, 0, "-")', "a-bc")],
)
def splice(value: Datum, start: Datum, count: Datum, by: Datum) -> Any:
    """The text with so many characters from a position on (counted from 1) replaced by another text."""
    return map_distinct(_spliced, pa.string(), value, start, count, by).values


def _spliced(text: str, start: int, count: int, by: str) -> str:
    at = max(start - 1, 0)
    return text[:at] + by + text[at + max(count, 0) :]


@function(
    "truncate(value: text, count: int, ending: text = '') -> text",
    category=CATEGORY,
    also=("VRL truncate", "Bloblang slice", "Jinja truncate", "Polars str.head"),
    examples=[example('truncate("A long sentence", 6, "…")', "A long…"), example('truncate("short", 9, "…")', "short")],
)
def truncate(value: Datum, count: Datum, ending: Datum) -> Any:
    """The first characters of a text; `ending` follows where some were cut off, beyond the count."""
    return each(value, (count, ending), _truncated, lambda text, n, tail: text[: max(n, 0)] + tail if len(text) > max(n, 0) else text)


def _truncated(texts: pa.Array, count: int, ending: str) -> pa.Array:
    cut = pc.utf8_slice_codeunits(texts, 0, max(count, 0))
    if not ending:
        return cut
    long = pc.greater(pc.utf8_length(texts), max(count, 0))
    return pc.if_else(long, pc.binary_join_element_wise(cut, pa.scalar(ending), ""), texts)


# --- by what stands there ----------------------------------------------------------------------------------------


@function(
    "before(value: text, mark: text) -> text",
    category=CATEGORY,
    sql="SPLIT_PART(x, mark, 1)",
    excel="TEXTBEFORE",
    also=("JSONata $substringBefore", "DataWeave substringBefore", "FEEL substring before", "GREL partition"),
    examples=[example('before("a-b-c", "-")', "a"), example('before("abc", "-")', "abc")],
)
def before(value: Datum, mark: Datum) -> Any:
    """What stands before the first `mark`; the whole text where there is none."""
    return around(value, mark, lambda text, sign: text.partition(sign)[0] if sign else "", first=True, part=0)


@function(
    "after(value: text, mark: text) -> text",
    category=CATEGORY,
    excel="TEXTAFTER",
    also=("JSONata $substringAfter", "DataWeave substringAfter", "FEEL substring after", "GREL partition"),
    examples=[example('after("a-b-c", "-")', "b-c"), example('after("abc", "-")', "abc"), example('after("a-b", "-", 0)', rejected="R603")],
)
def after(value: Datum, mark: Datum) -> Any:
    """What stands after the first `mark`; the whole text where there is none."""
    return around(value, mark, lambda text, sign: text.partition(sign)[2] if sign and sign in text else text, first=True, part=1)


@function(
    "before_last(value: text, mark: text) -> text",
    category=CATEGORY,
    excel="TEXTBEFORE(x, mark, -1)",
    also=("DataWeave substringBeforeLast", "GREL rpartition"),
    examples=[example('before_last("a-b-c", "-")', "a-b"), example('before_last("abc", "-")', "abc")],
)
def before_last(value: Datum, mark: Datum) -> Any:
    """What stands before the last `mark`; the whole text where there is none."""
    return around(value, mark, lambda text, sign: text.rpartition(sign)[0] if sign and sign in text else text, first=False, part=0)


@function(
    "after_last(value: text, mark: text) -> text",
    category=CATEGORY,
    excel="TEXTAFTER(x, mark, -1)",
    also=("DataWeave substringAfterLast", "GREL rpartition"),
    examples=[example('after_last("a-b-c", "-")', "c"), example('after_last("abc", "-")', "abc")],
)
def after_last(value: Datum, mark: Datum) -> Any:
    """What stands after the last `mark`; the whole text where there is none."""
    return around(value, mark, lambda text, sign: text.rpartition(sign)[2] if sign else "", first=False, part=1)


def around(value: Datum, mark: Datum, slow: Callable[[str, str], str], first: bool, part: int) -> Any:
    def fast(texts: pa.Array, sign: str) -> pa.Array:
        if not sign:
            return map_distinct(lambda text: slow(text, sign), pa.string(), texts).values
        lists = pc.split_pattern(texts, sign, max_splits=1, reverse=not first)
        sizes = np.diff(lists.offsets.to_numpy())
        # A text without the mark is one part: then both sides are all of it.
        at = lists.offsets.to_numpy()[:-1] + (part if part == 0 else np.maximum(sizes - 1, 0))
        items = lists.values.take(pa.array(np.where(sizes > 0, at, 0), mask=sizes == 0)) if len(lists) else lists.values
        return nulled(items, ~valid(texts))

    return each(value, (mark,), fast, slow)


@function(
    "split(value: text, mark: text, limit: int = -1) -> [text]",
    category=CATEGORY,
    sql="STRING_SPLIT",
    excel="TEXTSPLIT",
    also=("VRL split", "JSONata $split", "DataWeave splitBy", "Bloblang split", "jq split", "GREL split", "FEEL split", "CEL split"),
    examples=[
        example('split("a,b,,c", ",")', ["a", "b", "", "c"]),
        example('split("a,b,c", ",", 2)', ["a", "b,c"]),
        example('split("", ",")', [""]),
        example('split("été", "")', ["é", "t", "é"]),
    ],
)
def split(value: Datum, mark: Datum, limit: Datum) -> Any:
    """The parts of a text between marks, empty ones too; with a limit the last part holds all that is left.

    An empty mark gives the characters. `limit` 0 gives no part, and one below zero all of them.
    """
    if isinstance(limit, pa.Scalar) and limit.is_valid and limit.as_py() < 0:
        return each(value, (mark,), _split_all, lambda text, sign: text.split(sign) if sign else list(text), _LISTS)
    return map_distinct(_split_some, _LISTS, value, mark, limit).values


def _split_all(texts: pa.Array, sign: str) -> pa.Array:
    if sign:
        return pc.split_pattern(texts, sign)
    return map_distinct(list, _LISTS, texts).values


def _split_some(text: str, sign: str, limit: int) -> list[str]:
    if limit == 0:
        return []
    if limit < 0:
        return text.split(sign) if sign else list(text)
    return text.split(sign, limit - 1) if sign else [*text[: limit - 1], *([text[limit - 1 :]] if len(text) >= limit else [])]
