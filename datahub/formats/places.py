"""Where bytes of some kind are, found piece by piece: what a vector operation leaves behind stays in the cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa

from datahub.types.bits import set_before

if TYPE_CHECKING:
    import numpy.typing as npt

Positions: TypeAlias = "npt.NDArray[np.int64]"
Bytes: TypeAlias = "npt.NDArray[np.uint8]"
Mask: TypeAlias = "npt.NDArray[np.bool_]"

_PIECE = 1 << 18


def places_where(text: Bytes, test: Callable[[Bytes], Mask]) -> Positions:
    """Where `test` is true of `text`."""
    if len(text) <= _PIECE:
        return np.flatnonzero(test(text))
    found = []
    for start in range(0, len(text), _PIECE):
        places = np.flatnonzero(test(text[start : start + _PIECE]))
        places += start
        found.append(places)
    return np.concatenate(found)


def count_where(text: Bytes, test: Callable[[Bytes], Mask]) -> int:
    """How many bytes of `text` `test` is true of."""
    return sum(int(np.count_nonzero(test(text[start : start + _PIECE]))) for start in range(0, len(text), _PIECE))


def counted(text: Bytes, test: Callable[[Bytes], Mask], starts: Positions, ends: Positions) -> Positions:
    """Of how many bytes of each stretch `test` is true."""
    packed = [np.packbits(test(text[start : start + _PIECE]), bitorder="little") for start in range(0, len(text), _PIECE)]
    ranks = set_before(np.concatenate([np.zeros(0, np.uint8), *packed]), np.concatenate((starts, ends)))
    return ranks[len(starts) :] - ranks[: len(starts)]


def stretches(text: bytes, starts: Positions, ends: Positions) -> pa.Array:
    """The bytes of `text` from each of `starts` to its end, in order and without overlap: every second piece of what they cut it into."""
    cuts = np.empty(2 * len(starts) + 1, np.int32)
    cuts[0:-1:2], cuts[1:-1:2], cuts[-1] = starts, ends, ends[-1] if len(ends) else 0
    pieces = pa.Array.from_buffers(pa.binary(), 2 * len(starts), [None, pa.py_buffer(cuts), pa.py_buffer(text)])
    return pieces.take(pa.array(np.arange(0, 2 * len(starts), 2)))
