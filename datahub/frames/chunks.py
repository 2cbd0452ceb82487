"""Columns that lie in several pieces as one array each, copied only where they must be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    import numpy.typing as npt

_LARGE = 4 << 20
"""From so many bytes on NumPy asks the system for large pages: the first touch of memory costs more than copying into it."""
_OFFSETS = 1 << 31


def whole(column: pa.ChunkedArray) -> pa.Array:
    """The values of `column` as one array; Arrow's own `combine_chunks` copies even a single piece."""
    return joined(column.chunks) if column.num_chunks else pa.array([], column.type)


def joined(pieces: Sequence[pa.Array]) -> pa.Array:
    """The values of all pieces, of one type, one after the other."""
    if len(pieces) == 1:
        return pieces[0]
    kind = pieces[0].type
    if sum(piece.nbytes for piece in pieces) >= _LARGE and not any(piece.null_count for piece in pieces):
        if pa.types.is_string(kind) and sum(map(_text_size, pieces)) < _OFFSETS:
            return _texts(pieces)
        if (pa.types.is_primitive(kind) or pa.types.is_decimal(kind)) and kind.bit_width % 8 == 0:
            width = kind.bit_width // 8
            parts = [
                np.frombuffer(piece.buffers()[1], np.uint8, len(piece) * width, piece.offset * width) for piece in pieces if len(piece)
            ]
            return pa.Array.from_buffers(kind, sum(map(len, pieces)), [None, pa.py_buffer(np.concatenate(parts))])
    return pa.concat_arrays(pieces)


def _texts(pieces: Sequence[pa.Array]) -> pa.Array:
    offsets = np.zeros(sum(map(len, pieces)) + 1, np.int32)
    parts = []
    row = end = 0
    for piece in filter(len, pieces):
        theirs = _offsets(piece)
        begin, size = int(theirs[0]), _text_size(piece)
        np.add(theirs[1:], np.int32(end - begin), out=offsets[row + 1 : row + 1 + len(piece)])
        if size:
            parts.append(np.frombuffer(piece.buffers()[2], np.uint8, size, begin))
        row, end = row + len(piece), end + size
    content = np.concatenate(parts) if parts else np.empty(0, np.uint8)
    return pa.Array.from_buffers(pieces[0].type, row, [None, pa.py_buffer(offsets), pa.py_buffer(content)])


def _offsets(piece: pa.Array) -> npt.NDArray[np.int32]:
    return np.frombuffer(piece.buffers()[1], np.int32, len(piece) + 1, piece.offset * 4)


def _text_size(piece: pa.Array) -> int:
    if not len(piece):
        return 0
    offsets = _offsets(piece)
    return int(offsets[-1]) - int(offsets[0])
