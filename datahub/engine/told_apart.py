"""Keys of one column as hashes that tell short ones apart for sure: texts of up to ten bytes, numbers, days and instants.

A table of seen keys keeps 88 bits of each (`SeenKeys`). What fits there is put there whole, stirred so that it spreads over the table;
stirring can be undone, so that two such keys with the same bits are the same key. Of longer texts it is a hash, and its mark says so:
whoever finds one must look at the texts too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa

from datahub.engine.keys import PIECE, Hashes, hashes
from datahub.functions.columns import ints, text_bytes, text_offsets

if TYPE_CHECKING:
    import numpy.typing as npt

Mask: TypeAlias = "npt.NDArray[np.bool_]"
Words: TypeAlias = "npt.NDArray[np.uint64]"

SHORT = 10
"""So many bytes of a text fit beside its length."""
_LONG = np.uint64(15 << 60)
"""What stands in the place of the length where the text does not fit."""
_REST = np.uint64((1 << 60) - 1)
_STIR = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xFF51AFD7ED558CCD))
_SHIFT = np.uint64(32)
_UNUSED = np.array([0, *range(56, -1, -8)], np.uint64)
"""How many bits of a word are of what follows, by the bytes that are the value's."""


def keyed(column: pa.Array) -> Hashes:
    """For each key 64 bits and 24 more at the top of a second word; what stands below these is for others. Nulls give anything."""
    if len(column) > 2 * PIECE - PIECE // 2:
        size = -(-len(column) // -(-len(column) // PIECE))
        found = np.empty((2, len(column)), np.uint64)
        for start in range(0, len(column), size):
            found[:, start : start + size] = keyed(column.slice(start, size))
        return found
    if not pa.types.is_string(column.type):
        return _stirred(ints(column).view(np.uint64).copy(), np.zeros(len(column), np.uint64))
    offsets = text_offsets(column).astype(np.int64)
    sizes = np.diff(offsets)
    longest = int(sizes.max(initial=0))
    if longest > SHORT and int(sizes.min()) > SHORT:
        return _marked(hashes([column]))
    found = _short(text_bytes(column), offsets, np.minimum(sizes, SHORT), longest)
    if longest > SHORT:
        long = sizes > SHORT
        found[:, long] = _marked(hashes([column.filter(pa.array(long))]))
    return found


def is_long(hashed: Hashes) -> Mask:
    """Which keys are texts that did not fit, so that one with the same bits may be another."""
    found: Mask = hashed[1] >= _LONG
    return found


def _marked(hashed: Hashes) -> Hashes:
    hashed[1] = (hashed[1] & _REST) | _LONG
    return hashed


def _short(content: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64], longest: int) -> Hashes:
    """The first eight bytes as a word, the other two beside the length, which stands at the top."""
    start, stop = int(offsets[0]), int(offsets[-1])
    held = np.zeros(stop - start + 16, np.uint8)
    held[: stop - start] = content[start:stop]
    every = np.lib.stride_tricks.as_strided(held[:8].view(np.uint64), (len(held) - 7,), (1,))
    at = offsets[:-1] - start
    low = _cut(every[at], np.minimum(sizes, 8))
    high = (sizes.view(np.uint64) + np.uint64(1)) << np.uint64(60)
    if longest > 8:
        further = _cut(every[at + 8], np.maximum(sizes - 8, 0))
        # Two bytes at the top of their word come to stand below the length.
        high |= further >> np.uint64(4)
    return _stirred(low, high)


def _cut(words: Words, sizes: npt.NDArray[np.int64]) -> Words:
    """Words without the bytes of what follows; nothing where nothing is the value's."""
    words <<= _UNUSED[sizes]
    words[sizes == 0] = 0
    return words


def _stirred(low: Words, high: Words) -> Hashes:
    """Each step can be undone: what is told apart before is so afterwards."""
    low ^= high
    for odd in _STIR:
        low *= odd
        low ^= low >> _SHIFT
    return np.stack([low, high])
