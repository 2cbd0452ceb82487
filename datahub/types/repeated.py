"""A constant as a column that has it in every row."""

from __future__ import annotations

import numpy as np
import pyarrow as pa


def repeated(value: pa.Scalar, length: int) -> pa.Array:
    """`value`, `length` times."""
    if not value.is_valid:
        return pa.nulls(length, value.type)
    if pa.types.is_nested(value.type):
        # `repeat` knows no lists, structs and maps.
        return pa.array([value], value.type).take(pa.array(np.zeros(length, np.int64)))
    return pa.repeat(value, length)
