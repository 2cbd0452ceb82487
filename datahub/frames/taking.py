"""Rows of what was told, without copying what needs no copy: most columns of issues say the same in every row."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from datahub.frames.chunks import whole
from datahub.frames.frame import Rows


def taken(array: pa.Array, positions: Rows) -> pa.Array:
    """The values at `positions`; a part of the array itself where those follow each other, or where all values are one."""
    count = len(positions)
    if not count:
        return array.slice(0, 0)
    first = int(positions[0])
    if int(positions[-1]) - first == count - 1 and bool((positions[1:] > positions[:-1]).all()):
        return array.slice(first, count)
    if count <= len(array) and is_one(array):
        return array.slice(0, count)
    return array.take(pa.array(positions))


def rows_at(table: pa.Table, positions: Rows) -> pa.Table:
    """The rows of `table` at `positions`."""
    return pa.table([taken(whole(column), positions) for column in table.columns], schema=table.schema)


def is_one(array: pa.Array) -> bool:
    """Whether every value of texts or whole numbers is the same; that is seen in a fraction of what copying them takes."""
    if array.null_count:
        return bool(array.null_count == len(array))
    if pa.types.is_integer(array.type):
        numbers = array.to_numpy()
        return bool(numbers[0] == numbers[-1]) and bool((numbers == numbers[0]).all())
    if not pa.types.is_string(array.type):
        return False
    if array[0] != array[-1] or array[0] != array[len(array) // 2]:
        return False
    offsets = np.frombuffer(array.buffers()[1], np.int32, len(array) + 1, array.offset * 4)
    start, stop, width = int(offsets[0]), int(offsets[-1]), int(offsets[1]) - int(offsets[0])
    if not width or stop - start != width * len(array):
        return start == stop
    content = np.frombuffer(array.buffers()[2], np.uint8, stop - start, start).reshape(-1, width)
    return bool((np.diff(offsets) == width).all()) and bool((content == content[0]).all())
