"""Where bytes of some kind are, found piece by piece: what a vector operation leaves behind stays in the cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Positions: TypeAlias = npt.NDArray[np.int64]
Bytes: TypeAlias = npt.NDArray[np.uint8]
Mask: TypeAlias = npt.NDArray[np.bool_]

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
