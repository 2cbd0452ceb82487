"""The order of rows: stable, nulls last, texts by code point, members of an enumeration as declared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.frames.frame import Rows
from datahub.functions.columns import ints, valid
from datahub.types import model as t

LAST = np.iinfo(np.int64).max


def ordered(keys: Sequence[tuple[pa.Array, t.Type, bool]], segments: Rows | None = None, length: int = 0) -> Rows:
    """The rows in order of `keys` (values, their type, whether descending), those of each segment together.

    Rows that are equal under all keys stay in the order they are in.
    """
    numbers = [ranked(values, kind, descending) for values, kind, descending in keys]
    if segments is not None:
        numbers.insert(0, segments)
    if not numbers:
        return np.arange(length, dtype=np.int64)
    packed = _packed(numbers)
    return np.lexsort(numbers[::-1]).astype(np.int64) if packed is None else packed


def _packed(numbers: Sequence[Rows]) -> Rows | None:
    """The rows in order of several numbers, those and the row's own being digits of one; None where it does not fit into 63 bits.

    Numbers that are all different are sorted in a tenth of the time that it takes to find out in which order equal ones stood.
    """
    length = len(numbers[0])
    if length < 2:
        return np.arange(length, dtype=np.int64)
    wide = max(1, (length - 1).bit_length())
    one: Rows | None = None
    used = wide
    for number in numbers:
        low, high = int(number.min()), int(number.max())
        if high == LAST and low != LAST:
            # Null comes last, wherever the others end.
            there = number != LAST
            high = int(number.max(where=there, initial=low)) + 1
            number = np.where(there, number, high)
        bits = (high - low).bit_length()
        used += bits
        if used > 63:
            return None
        digit = number - low
        one = digit if one is None else (one << bits) | digit
    assert one is not None
    order = (one << wide) | np.arange(length)
    order.sort()
    order &= (1 << wide) - 1
    return order


def ranked(values: pa.Array, kind: t.Type, descending: bool) -> Rows:
    """Numbers that ascend in the order wanted."""
    there = valid(values) if values.null_count else None
    numbers = _numbers(values, kind)
    if descending:
        # The complement turns the order round without leaving 64 bits.
        numbers = ~numbers
    return numbers if there is None else np.where(there, numbers, LAST)


def _numbers(values: pa.Array, kind: t.Type) -> Any:
    base = t.base_of(kind)
    if isinstance(base, t.Enum):
        return pc.index_in(values, pa.array(base.members, pa.string())).fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    if pa.types.is_null(values.type):
        return np.zeros(len(values), np.int64)
    if not values.null_count and (pa.types.is_integer(values.type) or pa.types.is_temporal(values.type)):
        return ints(values)
    return pc.rank(values, sort_keys="ascending", tiebreaker="dense").to_numpy(zero_copy_only=False).astype(np.int64)
