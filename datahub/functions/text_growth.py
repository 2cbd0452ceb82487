"""How long texts become where parts of them are replaced: known before they are made, so that none eats the memory."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.bounds import bounded, grown
from datahub.functions.chosen_matches import counted, looks_behind, some_replaced
from datahub.functions.columns import Ints, nulled
from datahub.functions.declare import Datum, Mask, Outcome
from datahub.functions.groups import apart, every_match, rewriting
from datahub.functions.segments import beginnings, places, unpacked
from datahub.types.sizes import LONGEST_TEXT, MOST_BYTES, row_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

_REFERENCE = re.compile(r"\\(\d)|\\\\")


def replaced(texts: pa.Array, plain: str, written: str, count: int = -1) -> pa.Array | Outcome:
    """The texts with what RE2 takes for matches of `plain` replaced by `written`, or the first `count`; R603 where that is too long."""
    most = count if count >= 0 else None
    sizes = _sizes(texts, plain, written, count)
    if most is not None and looks_behind(plain):
        return bounded(sizes, [texts], lambda ones: some_replaced(ones, plain, written, 1, most))
    return bounded(sizes, [texts], lambda ones: pc.replace_substring_regex(ones, plain, written, max_replacements=most))


def in_turn(texts: pa.Array, steps: Sequence[Callable[[pa.Array], pa.Array | Outcome]]) -> pa.Array | Outcome:
    """What several steps make of texts, one after the other; a row that was rejected in one stays so."""
    lost: Mask = np.zeros(len(texts), np.bool_)
    for step in steps:
        made = step(texts)
        if isinstance(made, Outcome):
            texts = made.values
            for mask, _ in made.failed:
                lost |= mask
        else:
            texts = made
    return Outcome(texts, ((lost, "R603"),)) if lost.any() else texts


def replaced_text(texts: pa.Array, old: str, new: str) -> pa.Array | Outcome:
    """The texts with every `old` replaced, of which nothing is found where it is empty; R603 where that is too long."""
    if not old:
        return texts
    return bounded(text_sizes(texts, old, new), [texts], lambda ones: pc.replace_substring(ones, old, new))


def text_sizes(texts: pa.Array, old: str, new: str) -> Ints:
    """How many bytes each text has once every `old` is replaced, or at most has where that is few."""
    lengths, before, after = row_bytes(texts), len(old.encode()), len(new.encode())
    if after <= before:
        return lengths
    bound = lengths + lengths // before * (after - before)
    if _is_few(bound):
        return bound
    counts = pc.fill_null(pc.count_substring(texts, old), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    found: Ints = lengths + counts * (after - before)
    return found


def _sizes(texts: pa.Array, plain: str, written: str, count: int) -> Ints:
    """How many bytes each text has once matches are replaced: at most, where that is few, else exactly."""
    lengths = row_bytes(texts)
    groups = [int(one.group(1)) for one in _REFERENCE.finditer(written) if one.group(1)]
    literal = len(_REFERENCE.sub(lambda one: "" if one.group(1) else "\\", written).encode())
    bound = lengths * (1 + len(groups)) + (lengths + 1 if count < 0 else np.minimum(lengths + 1, count)) * literal
    if _is_few(bound):
        return bound
    found = pc.fill_null(counted(texts, plain), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    found = found if count < 0 else np.minimum(found, count)
    bound = lengths * (1 + len(groups)) + found * literal
    long = bound > LONGEST_TEXT
    if long.any():
        bound[long] = lengths[long] + _growth(texts.filter(pa.array(long)), plain, groups, literal, count)
    return np.asarray(bound, np.int64)


def _growth(texts: pa.Array, plain: str, groups: list[int], literal: int, count: int) -> Ints:
    """By how many bytes each text grows."""
    wanted = tuple(sorted({0, *groups}))
    offsets, columns = every_match(texts, plain, wanted)
    lengths = dict(zip(wanted, map(row_bytes, columns), strict=True))
    by_match = sum((lengths[group] for group in groups), np.full(len(columns[0]), literal, np.int64)) - lengths[0]
    starts = offsets.astype(np.int64)
    if count >= 0:
        by_match = np.where(places(starts) < count, by_match, 0)
    total = beginnings(by_match)
    more: Ints = total[starts[1:]] - total[starts[:-1]]
    return more


def _is_few(sizes: Ints) -> bool:
    return not len(sizes) or (int(sizes.max()) <= LONGEST_TEXT and int(sizes.sum()) <= MOST_BYTES)


def joined_sizes(*parts: Datum) -> Ints:
    """How many bytes the parts of each row have together."""
    length = max(len(one) for one in parts if isinstance(one, pa.Array))
    found = np.zeros(length, np.int64)
    for one in parts:
        # A constant is one value.
        found += row_bytes(one) if isinstance(one, pa.Array) else len((one.as_py() or "").encode())
    return found


def replaced_by(texts: pa.Array, pattern: str, others: pa.Array) -> pa.Array | Outcome:
    """The texts with matches replaced by the text of the row; R603 where that is too long."""
    lists = apart(texts, pattern, ())
    items, offsets = unpacked(lists)
    before, matches = beginnings(row_bytes(items)), np.maximum(np.diff(offsets) - 1, 0)
    long = grown(before[offsets[1:]] - before[offsets[:-1]] + matches * row_bytes(others), texts, others)
    if not long.any():
        return pc.binary_join(lists, others)
    return Outcome(pc.binary_join(apart(nulled(texts, long), pattern, ()), others), ((long, "R603"),))


def nth_replaced(texts: pa.Array, pattern: str, new: str, occurrence: int) -> pa.Array:
    """The texts with the match of that number replaced, counted from 1; none where the number is below."""
    if occurrence < 0:
        return texts
    return some_replaced(texts, *rewriting(pattern, new), occurrence, occurrence)
