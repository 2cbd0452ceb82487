"""Texts as the bytes that they are in memory: taken as one long array, changed in place, cut into texts again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.columns import Bytes, Ints, from_texts, text_bytes, text_offsets
from datahub.functions.declare import Mask


def bytes_of(texts: pa.Array) -> tuple[Bytes, Ints]:
    """The UTF-8 of all texts (read only), and where each begins in it; at the end its length."""
    ends = text_offsets(texts).astype(np.int64)
    return text_bytes(texts)[ends[0] : ends[-1]], ends - ends[0]


def rows_at(places: Ints, ends: Ints) -> Ints:
    """The texts in which bytes (ascending) stand."""
    if len(places) < len(ends):
        return np.searchsorted(ends, places, "right") - 1
    return np.repeat(np.arange(len(ends) - 1), np.diff(np.searchsorted(places, ends)))


def without(content: Bytes, ends: Ints, gone: Ints) -> tuple[Bytes, Ints]:
    """The bytes without those at `gone` (ascending), and where texts begin then."""
    if not len(gone):
        return content, ends
    keep = np.ones(len(content), np.bool_)
    keep[gone] = False
    return content[keep], ends - np.searchsorted(gone, ends)


def squeezed(content: Bytes, ends: Ints, blank: Mask, mark: int, keep: Mask, gone: Ints) -> pa.Array:
    """Texts in which a run of blank bytes is one `mark`, none is at either end, and the bytes at `gone` are left out.

    `content` is written to. A byte that goes counts as one that is not blank.
    """
    following = np.append(blank[1:], True)
    following[ends[1:][ends[1:] > 0] - 1] = True
    # Of a run the last byte is kept; at the end of a text it counts as followed by another one.
    last = blank & ~following
    kept = np.flatnonzero(last)
    inner = np.ones(len(kept), np.bool_)
    filled = np.flatnonzero(ends[:-1] < ends[1:])
    filled = filled[blank[ends[filled]]]
    leading = np.searchsorted(kept, ends[filled])
    # In a text that is blank throughout none is kept: what comes next is another text's.
    own = np.append(kept, len(content))[leading] < ends[filled + 1]
    inner[leading[own]] = False
    stays = ~blank
    stays[kept[inner]] = True
    content[kept] = mark
    stays[gone] = False
    return from_texts(ends - np.searchsorted(np.flatnonzero(~stays), ends), content[stays], keep)


def changed_where(hard: Mask, texts: pa.Array, change: Callable[[pa.Array], pa.Array], others: pa.Array | None = None) -> pa.Array:
    """`change` of the texts in the rows that are hard; the others as they are, or as in `others`."""
    if hard.all() and len(hard):
        return change(texts)
    rest = texts if others is None else others
    if not hard.any():
        return rest
    mask = pa.array(hard)
    return pc.replace_with_mask(rest, mask, change(texts.filter(mask)))
