"""The columns of an issue inside a run, and issues that ride along with a row until it is told of."""

from __future__ import annotations

import pyarrow as pa

SCHEMA = pa.schema(
    [
        ("_row", pa.int64()),
        ("_members", pa.list_(pa.int64())),
        ("_at", pa.int64()),
        ("_origin", pa.int64()),
        ("severity", pa.string()),
        ("code", pa.string()),
        ("caused_by", pa.string()),
        ("message", pa.string()),
        ("entity", pa.string()),
        ("map", pa.string()),
        ("field", pa.string()),
        ("column", pa.string()),
        ("value", pa.string()),
        ("path", pa.string()),
        ("key", pa.string()),
        ("script", pa.string()),
    ]
)

BESIDE = pa.list_(pa.struct(list(SCHEMA)))
"""For each of some rows, the issues that are to be told with it."""
