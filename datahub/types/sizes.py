"""How many bytes the values of a column take, row by row, and how many may be in memory at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from threading import local
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    import numpy.typing as npt

Sizes: TypeAlias = "npt.NDArray[np.int64]"

LONGEST_TEXT = 16 << 20
"""How many bytes of UTF-8 a function may make of shorter texts: a slip in a script shall not eat the memory."""
MOST_BYTES = 128 << 20
"""How many bytes of texts a column holds before its rows are worked out in smaller parts. Arrow's own limit is 2 GiB."""
PART_BYTES = 64 << 20
"""How many bytes of texts are copied at once to stand beside each of several rows: those of an exploded list, or of a join."""
ITEM_BYTES = 8
"""How many bytes an item of a list is taken to have, beside those of its texts and lists."""
ELEMENT_BYTES = 32
"""How many bytes are kept of each element of a list while it is a row of its own, beside what it is: its list, its place, its row."""
COLUMN_BYTES = (2 << 30) - 1
"""How many bytes of texts one column of Arrow's can hold."""
ROW_BYTES = 512 << 20
"""How many bytes a value of one row may have, such as a list of texts."""


class TooMuch(Exception):
    """A column of several rows would hold `size` bytes, more than is to be in memory at once: whoever knows the rows does fewer."""

    def __init__(self, size: int) -> None:
        super().__init__(f"a column of {size:,} bytes")
        self.size = size


_HERE = local()


@contextmanager
def divided() -> Iterator[None]:
    """Within, a column may be too much: whoever is around does fewer rows at once then. Elsewhere Arrow's own limit holds."""
    before = getattr(_HERE, "divided", False)
    _HERE.divided = True
    try:
        yield
    finally:
        _HERE.divided = before


def checked(size: int, rows: int) -> None:
    """Refuse to make a column of `rows` rows and `size` bytes if that is too much, and fewer rows would be less."""
    if size > (MOST_BYTES if getattr(_HERE, "divided", False) else COLUMN_BYTES) and rows > 1:
        raise TooMuch(size)


def check_elements(count: int, rows: int) -> None:
    """Refuse to make so many elements of the lists of `rows` rows into rows of their own, where whoever is around can do fewer."""
    if getattr(_HERE, "divided", False):
        checked(count * ELEMENT_BYTES, rows)


def fits(values: pa.Array | pa.Scalar) -> bool:
    """Whether a column is small enough for sure, told at a glance: by the memory that it lies in, of which it may be a part."""
    if isinstance(values, pa.Scalar) or pa.types.is_primitive(values.type):
        return True
    return bool(sum(held.size for held in values.buffers() if held is not None) <= MOST_BYTES)


def within(answers: Iterable[Any], rows: int) -> list[Any]:
    """The values that come for so many rows, unless the texts among them are too much before all are there."""
    found, size = [], 0
    for answer in answers:
        found.append(answer)
        if isinstance(answer, str):
            size += len(answer)
            if size > MOST_BYTES:
                checked(size * rows // len(found), rows)
    return found


def check_given(values: pa.Array | pa.Scalar, indices: pa.Array) -> None:
    """Refuse to give values to the rows that `indices` say have them, where that would be too much at once."""
    if isinstance(values, pa.Scalar) or not (pa.types.is_string(values.type) or pa.types.is_nested(values.type)):
        return
    sizes = row_bytes(values)
    if len(sizes) and int(sizes.max()) * len(indices) > MOST_BYTES:
        checked(int(sizes[indices.drop_null().to_numpy()].sum()), len(indices))


def row_bytes(values: pa.Array) -> Sizes:
    """How many bytes each value takes; of what has a fixed width only within lists, where there may be many of them."""
    kind = values.type
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        return _lengths(values).astype(np.int64)
    if pa.types.is_list(kind) or pa.types.is_map(kind):
        offsets = _offsets(values)
        if not len(values):
            return np.zeros(0, np.int64)
        first, last = int(offsets[0]), int(offsets[-1])
        items = _items(values).slice(first, last - first)
        before = np.zeros(len(items) + 1, np.int64)
        np.cumsum(row_bytes(items) + ITEM_BYTES, out=before[1:])
        return np.diff(before[offsets - first])
    if pa.types.is_struct(kind):
        found = np.zeros(len(values), np.int64)
        for at in range(kind.num_fields):
            found += row_bytes(values.field(at))
        return found
    return np.zeros(len(values), np.int64)


def total_bytes(values: pa.Array | pa.Scalar) -> int:
    """How many bytes the values take together."""
    if isinstance(values, pa.Scalar):
        return 0
    kind = values.type
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        offsets = _offsets(values)
        return int(offsets[-1]) - int(offsets[0])
    return int(values.nbytes) if pa.types.is_nested(kind) else 0


def cuts(weights: Sizes, most: int) -> list[tuple[int, int]]:
    """The rows as stretches that weigh at most `most` each, or are one row."""
    if int(weights.sum()) <= most:
        return [(0, len(weights))]
    ends = np.cumsum(weights)
    found, start = [], 0
    while start < len(weights):
        before = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + most, "right")))
        found.append((start, stop))
        start = stop
    return found


def in_parts(rows: int, size: int) -> list[tuple[int, int]]:
    """So many rows, of which a column of `size` bytes was too much, as two stretches or more."""
    count = min(rows, max(2, -(-size // PART_BYTES)))
    edges = np.linspace(0, rows, count + 1).astype(np.int64).tolist()
    return list(pairwise(edges))


def _items(values: pa.Array) -> pa.Array:
    if pa.types.is_map(values.type):
        return pa.StructArray.from_arrays([values.keys, values.items], ["key", "value"])
    return values.values


def _offsets(values: pa.Array) -> npt.NDArray[np.int32]:
    if not len(values):
        return np.zeros(1, np.int32)
    return np.frombuffer(values.buffers()[1], np.int32, values.offset + len(values) + 1)[values.offset :]


def _lengths(values: pa.Array) -> npt.NDArray[np.int32]:
    return np.diff(_offsets(values))
