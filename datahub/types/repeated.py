"""A constant as a column that has it in every row."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from datahub.types.sizes import checked, row_bytes


def repeated(value: pa.Scalar, length: int) -> pa.Array:
    """`value`, `length` times."""
    if not value.is_valid:
        return pa.nulls(length, value.type)
    if pa.types.is_nested(value.type):
        # `repeat` knows no lists, structs and maps.
        # Nor does Arrow make an array of a scalar in which something has no type.
        one = pa.array([value.as_py()], value.type)
        checked(int(row_bytes(one)[0]) * length, length)
        return one.take(pa.array(np.zeros(length, np.int64)))
    if pa.types.is_string(value.type):
        checked(len(value.as_buffer()) * length, length)
    return pa.repeat(value, length)
