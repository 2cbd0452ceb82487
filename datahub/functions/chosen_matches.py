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

from datahub.functions.columns import from_ints, valid
from datahub.functions.groups import every_match, may_be_empty, unused_marks
from datahub.functions.segments import places

_PIECE = re.compile(r"\\Q.*?(?:\\E|$)|(?P<behind>\^|\\[AbB])|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]", re.DOTALL)


@cache
def looks_behind(pattern: str) -> bool:
    """Whether a pattern asks what stands before a match: where a text, a line or a word begins."""
    return any(piece["behind"] for piece in _PIECE.finditer(pattern))


def counted(texts: pa.Array, pattern: str) -> pa.Array:
    """How often the pattern matches in each text."""
    # Of matches of nothing Arrow counts one too many, where a text ends.
    if not looks_behind(pattern) and not may_be_empty(pattern):
        return pc.cast(pc.count_substring_regex(texts, pattern), pa.int64())
    offsets, _ = every_match(texts, pattern, ())
    return from_ints(np.diff(offsets).astype(np.int64), valid(texts))


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
