"""Whole numbers of 256 bits divided by powers of ten in NumPy.

Arrow's division of 256 bits loses parts of quotients near powers of two and of ten (pyarrow 26.0.1): it gives
10^32 - 2 for (10^46 - 1) / 10^14.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from datahub.functions.columns import Ints
from datahub.functions.declare import Mask

if TYPE_CHECKING:
    import numpy.typing as npt

Words: TypeAlias = "npt.NDArray[np.uint64]"
_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_AT_ONCE = 9

AWAY: dict[str, Callable[[Ints, Ints, int, Mask], Any]] = {
    "floor": lambda whole, over, unit, negative: (over > 0) & negative,
    "ceil": lambda whole, over, unit, negative: (over > 0) & ~negative,
    "down": lambda whole, over, unit, negative: 0,
    "up": lambda whole, over, unit, negative: over > 0,
    "half_up": lambda whole, over, unit, negative: over >= unit - over,
    "half_even": lambda whole, over, unit, negative: (over > unit - over) | ((over == unit - over) & (whole % 2 != 0)),
    "half_down": lambda whole, over, unit, negative: over > unit - over,
}
"""For each way of rounding, where a magnitude that was cut goes up by one."""


def cut(words: npt.NDArray[np.int64], digits: int, mode: str) -> npt.NDArray[np.int64]:
    """Numbers of four words, lowest first, without their last `digits` digits, rounded."""
    negative = words[:, -1] < 0
    parts = _parts(_with_sign(words.view(np.uint64), negative))
    over = np.zeros(len(words), np.int64)
    unit = 1
    # Of what was cut before the last step it matters alone whether it is nothing: a half of a unit of the last is told by it.
    while digits:
        step = digits % _AT_ONCE or _AT_ONCE
        unit, lower = 10**step, over != 0
        parts, rest = _divided(parts, unit)
        over = 2 * rest.astype(np.int64) + lower
        digits -= step
    whole = _joined(parts)
    if unit > 1:
        away = np.broadcast_to(np.asarray(AWAY[mode](whole[:, 0].view(np.int64), over, 2 * unit, negative), np.bool_), negative.shape)
        whole = _one_more(whole, away)
    return _with_sign(whole, negative).view(np.int64)


def _parts(words: Words) -> list[Words]:
    """The parts of 32 bits of magnitudes, highest first, without those that are zero in all of them."""
    parts = [part for at in range(words.shape[1] - 1, -1, -1) for part in (words[:, at] >> _HALF, words[:, at] & _LOW)]
    return _without_zeros(parts)


def _without_zeros(parts: list[Words]) -> list[Words]:
    first = next((at for at, part in enumerate(parts) if part.any()), len(parts) - 1)
    return parts[first:]


def _divided(parts: list[Words], by: int) -> tuple[list[Words], Words]:
    """Quotients, and what is left over, of numbers in parts of 32 bits by one of at most as many."""
    unit = np.uint64(by)
    rest = np.zeros(len(parts[0]), np.uint64)
    wholes = []
    for part in parts:
        current = (rest << _HALF) | part
        whole = current // unit
        rest = current - whole * unit
        wholes.append(whole)
    return _without_zeros(wholes), rest


def _joined(parts: list[Words]) -> Words:
    words = np.zeros((len(parts[0]), 4), np.uint64)
    for at, part in enumerate(reversed(parts)):
        words[:, at // 2] |= part << _HALF if at % 2 else part
    return words


def _with_sign(words: Words, negative: Mask) -> Words:
    """Numbers with their sign changed where `negative`."""
    return np.where(negative[:, None], _one_more(~words, negative), words) if negative.any() else words


def _one_more(words: Words, where: Mask) -> Words:
    """Numbers with one added `where`."""
    if not where.any():
        return words
    words, carry = words.copy(), where
    for at in range(words.shape[1]):
        words[:, at] += carry
        carry = carry & (words[:, at] == 0)
    return words
