"""Matches counted and chosen by their number, of patterns that ask what stands before them too.

Arrow counts matches, splits at them and replaces the first few by looking again in what is left of a text: its beginning is then taken
for that of the text, and `^a` matches three times in `aaa`. Only where all matches are replaced at once does it look at the whole. So all
are replaced here, each by marks around what it was and what it becomes, and the marks tell which of the two is kept.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.columns import Ints, from_ints, valid
from datahub.functions.groups import apart, may_be_empty, unused_marks
from datahub.functions.segments import beginnings, places
from datahub.types.sizes import row_bytes

_PIECE = re.compile(r"\\Q.*?(?:\\E|$)|(?P<behind>\^|\\[AbB])|\$|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]", re.DOTALL)


@cache
def looks_behind(pattern: str) -> bool:
    """Whether a pattern asks what stands before a match: where a text, a line or a word begins."""
    return any(piece["behind"] for piece in _PIECE.finditer(pattern))


def counted(texts: pa.Array, pattern: str) -> pa.Array:
    """How often the pattern matches in each text."""
    if not looks_behind(pattern) and not may_be_empty(pattern):
        return pc.cast(pc.count_substring_regex(texts, pattern), pa.int64())
    # Of matches of nothing Arrow counts one for each byte of a letter, and one too many where a text ends.
    parts = apart(texts, pattern, (0,))
    count = np.where(valid(texts), np.diff(parts.offsets.to_numpy()) // 2, 0).astype(np.int64)
    if may_be_empty(pattern) and not _asserts(pattern):
        count += _nothing_behind(parts)
    return from_ints(count, valid(texts))


def _nothing_behind(parts: pa.Array) -> Ints:
    """How many matches of nothing stand right behind one of something, where no other of something begins: RE2 passes over them."""
    offsets = parts.offsets.to_numpy().astype(np.int64)
    something = row_bytes(parts.values) > 0
    place = places(offsets)
    last = np.zeros(len(something), np.bool_)
    last[offsets[1:][np.diff(offsets) > 0] - 1] = True
    # A match is an odd piece, and what stands between it and the next one is the piece behind it.
    behind = np.append(something[1:] | last[1:], False)
    total = beginnings((place % 2 == 1) & something & behind)
    found: Ints = total[offsets[1:]] - total[offsets[:-1]]
    return found


def _asserts(pattern: str) -> bool:
    """Whether a pattern asks where in a text it matches, so that it may match nothing here and not there."""
    return any(piece["behind"] or piece.group() in ("$", "\\z") for piece in _PIECE.finditer(pattern))


def some_replaced(texts: pa.Array, plain: str, written: str, first: int, last: int) -> pa.Array:
    """The texts with the matches of these numbers replaced, counted from 1."""
    new, old, end = unused_marks(texts, 3)
    parts = pc.split_pattern(pc.replace_substring_regex(texts, plain, f"{new}{written}{old}\\0{end}"), new)
    numbers = places(parts.offsets.to_numpy().astype(np.int64))
    hit = (numbers >= first) & (numbers <= last)
    items = _without(parts.values, hit, f"{old}[^{end}]*{end}")
    items = pc.replace_substring(_without(items, ~hit, f"\\A[^{old}]*{old}"), end, "")
    return pc.binary_join(pa.ListArray.from_arrays(parts.offsets, items, mask=pc.is_null(texts)), "")


def split_at(texts: pa.Array, pattern: str, most: int | None) -> pa.Array:
    """The parts between the matches, or between the first `most` of them."""
    if not looks_behind(pattern):
        return pc.split_pattern_regex(texts, pattern, max_splits=most)
    mark = unused_marks(texts, 4)[3]
    last = np.iinfo(np.int64).max if most is None else most
    return pc.split_pattern(some_replaced(texts, f"(?:{pattern})", mark, 1, last), mark)


def _without(items: pa.Array, where: np.ndarray[tuple[int], np.dtype[np.bool_]], pattern: str) -> pa.Array:
    """Pieces of texts without what a pattern matches, in the places where this is asked."""
    chosen = pa.array(where)
    return pc.replace_with_mask(items, chosen, pc.replace_substring_regex(items.filter(chosen), pattern, ""))
