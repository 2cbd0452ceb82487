"""Truth values between Arrow's bits and NumPy's bytes, eight at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    import numpy.typing as npt

Mask: TypeAlias = "npt.NDArray[np.bool_]"


def truths(values: pa.BooleanArray) -> Mask:
    """Which of the values are true; null is not."""
    mask = _opened(values.buffers()[1], values.offset, len(values))
    if values.null_count:
        mask &= there(values)
    return mask


def there(values: pa.Array) -> Mask:
    """Which of the values are not null."""
    if not values.null_count:
        return np.ones(len(values), np.bool_)
    bitmap = values.buffers()[0]
    # A column of nulls alone needs no bitmap.
    return np.zeros(len(values), np.bool_) if bitmap is None else _opened(bitmap, values.offset, len(values))


def truth_array(mask: Mask) -> pa.BooleanArray:
    """The mask as a column without nulls."""
    return pa.Array.from_buffers(pa.bool_(), len(mask), [None, closed(mask)], 0)


def closed(mask: Mask) -> pa.Buffer:
    """The mask as bits."""
    return pa.py_buffer(np.packbits(mask, bitorder="little"))


def _opened(bitmap: pa.Buffer | None, offset: int, length: int) -> Mask:
    if bitmap is None or not length:
        return np.zeros(length, np.bool_)
    byte, skipped = offset >> 3, offset & 7
    bits = np.frombuffer(bitmap, np.uint8, (skipped + length + 7) >> 3, byte)
    opened: Mask = np.unpackbits(bits, count=skipped + length, bitorder="little").view(np.bool_)
    return opened[skipped:]


def set_before(packed: npt.NDArray[np.uint8], at: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """How many bits of a bitmap are set before each of `at`.

    Eight bytes of bits are a word, whose bits the processor counts at once.
    """
    bits = np.zeros((len(packed) // 8 + 1) * 8, np.uint8)
    bits[: len(packed)] = packed
    words = bits.view(np.uint64)
    sums = np.zeros(len(words) + 1, np.int64)
    np.cumsum(np.bitwise_count(words), out=sums[1:])
    word = at >> 6
    below = (np.uint64(1) << (at & 63).astype(np.uint64)) - np.uint64(1)
    counts: npt.NDArray[np.int64] = sums[word] + np.bitwise_count(words[word] & below)
    return counts
