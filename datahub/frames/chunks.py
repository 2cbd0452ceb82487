"""Columns of tables as one array each, copied only where they lie in several pieces."""

from __future__ import annotations

import pyarrow as pa


def whole(column: pa.ChunkedArray) -> pa.Array:
    """The values of `column` as one array; Arrow's own `combine_chunks` copies even a single piece."""
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
