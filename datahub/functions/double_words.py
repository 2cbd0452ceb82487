"""Whole numbers of 128 bits in NumPy: products of 64-bit numbers, and quotients by powers of ten.

Default decimals have ten digits after the point, so that a product of two prices needs more than 64 bits, though
nothing near the 256 that Arrow would take for it at five times the cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from datahub.functions.columns import Ints
from datahub.functions.declare import Mask
from datahub.functions.long_division import AWAY

if TYPE_CHECKING:
    import numpy.typing as npt

Words: TypeAlias = "npt.NDArray[np.uint64]"
_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_AT_ONCE = 9
_MOST = 18


def product(left: Any, right: Any) -> npt.NDArray[np.int64]:
    """The products of 64-bit numbers, as rows of four 64-bit words, lowest first."""
    x, y = np.asarray(left, np.int64), np.asarray(right, np.int64)
    a, b = _magnitude(x), _magnitude(y)
    a0, a1, b0, b1 = a & _LOW, a >> _HALF, b & _LOW, b >> _HALF
    low, cross, other = a0 * b0, a1 * b0, a0 * b1
    middle = (low >> _HALF) + (cross & _LOW) + (other & _LOW)
    high = a1 * b1 + (cross >> _HALF) + (other >> _HALF) + (middle >> _HALF)
    low = (middle << _HALF) | (low & _LOW)
    return _signed(low, high, (x < 0) != (y < 0))


def quotient(words: npt.NDArray[np.int64], digits: int, mode: str) -> Ints | None:
    """Numbers without their last `digits` digits, rounded; None where one has more than 128 bits, or its quotient more than 63."""
    if digits > _MOST or not len(words):
        return None
    sign = words[:, 1] >> 63
    if words.shape[1] > 2 and not (words[:, 2:] == sign[:, None]).all():
        return None
    negative = sign < 0
    low, high = _absolute(words[:, 0].view(np.uint64), words[:, 1].view(np.uint64), negative)
    low, high, over = _divided(low, high, min(digits, _AT_ONCE))
    if digits > _AT_ONCE:
        low, high, more = _divided(low, high, digits - _AT_ONCE)
        over = more * np.uint64(10**_AT_ONCE) + over
    if high.any() or int(low.max()) >= 2**63 - 1:
        return None
    whole = low.astype(np.int64)
    whole += AWAY[mode](whole, over.astype(np.int64), 10**digits, negative)
    return np.where(negative, -whole, whole)


def _magnitude(numbers: Ints) -> Words:
    # The least number of 64 bits is its own negative, and as a word without sign its own magnitude.
    return np.abs(numbers).view(np.uint64) if numbers.ndim else np.abs(numbers).astype(np.uint64)


def _signed(low: Words, high: Words, negative: Mask) -> npt.NDArray[np.int64]:
    low, high = _absolute(low, high, negative)
    packed = np.empty((*low.shape, 4), np.int64)
    packed[..., 0], packed[..., 1] = low.view(np.int64), high.view(np.int64)
    packed[..., 2:] = (packed[..., 1] >> 63)[..., None]
    return packed


def _absolute(low: Words, high: Words, negative: Mask) -> tuple[Words, Words]:
    """Numbers with their sign changed where `negative`."""
    if not negative.any():
        return low, high
    flipped_low = ~low + np.uint64(1)
    flipped_high = ~high + (flipped_low == 0)
    return np.where(negative, flipped_low, low), np.where(negative, flipped_high, high)


def _divided(low: Words, high: Words, digits: int) -> tuple[Words, Words, Words]:
    """Quotient and rest by ten to the power of `digits`, nine at most, in steps of 32 bits."""
    unit = np.uint64(10**digits)
    parts = []
    rest = np.zeros(len(low), np.uint64)
    for part in (high >> _HALF, high & _LOW, low >> _HALF, low & _LOW):
        current = (rest << _HALF) | part
        whole = current // unit
        rest = current - whole * unit
        parts.append(whole)
    return (parts[2] << _HALF) | parts[3], (parts[0] << _HALF) | parts[1], rest
