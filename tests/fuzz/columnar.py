"""Parquet and Arrow files as they are fuzzed: all that Arrow can write of types, encodings and compressions."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from datahub.formats.declare import BadInput, InputFile
from datahub.semantic import ir
from tests.fuzz.reading import TYPED, column, memory, read_file

ROWS = 40
PARQUET: tuple[dict[str, Any], ...] = (
    {},
    {"compression": "zstd", "row_group_size": 15},
    {"compression": "none", "use_dictionary": False},
    {"compression": "gzip", "data_page_version": "2.0"},
    {"compression": "none", "use_dictionary": False, "column_encoding": {"sku": "DELTA_BYTE_ARRAY", "qty": "DELTA_BINARY_PACKED"}},
    {"compression": "brotli", "data_page_size": 200, "write_page_index": True},
    {"compression": "lz4", "store_schema": False},
)
ARROW = ((pa.ipc.new_file, None), (pa.ipc.new_stream, None), (pa.ipc.new_file, "zstd"), (pa.ipc.new_stream, "lz4"))


def columnar(kind: str) -> Callable[[bytes], None]:
    """A file is read, twice the same, as columns that are what their types say; or it is told why not."""
    shape = ir.SourceShape("s", kind, (), (*TYPED, column("cat")))

    def attempt(data: bytes) -> None:
        with TemporaryDirectory(dir=memory()) as folder:
            path = Path(folder) / f"in.{kind}"
            path.write_bytes(data)
            with suppress(BadInput):
                read_file(shape, InputFile(str(path), path.name))

    return attempt


@cache
def _table() -> pa.Table:
    numbers = range(ROWS)
    return pa.table(
        {
            "sku": [f"A{number:04}" for number in numbers],
            "price": pa.array([Decimal(f"{number}.50") for number in numbers], pa.decimal128(12, 2)),
            "qty": pa.array([number if number % 7 else None for number in numbers], pa.int64()),
            "ok": [number % 3 == 0 for number in numbers],
            "tags": [["x", "y", str(number % 5)] if number % 4 else None for number in numbers],
            "r": [{"sku": str(number), "qty": number} if number % 5 else None for number in numbers],
            "cat": pa.array([f"c{number % 6}" for number in numbers]).dictionary_encode(),
            "at": pa.array([datetime(2024, 1, 1 + number % 28, tzinfo=UTC) for number in numbers]),
        }
    )


def parquets() -> list[bytes]:
    return [_parquet(how) for how in PARQUET]


def _parquet(how: dict[str, Any]) -> bytes:
    held = io.BytesIO()
    pq.write_table(_table(), held, **how)
    return held.getvalue()


def arrows() -> list[bytes]:
    return [_arrow(new, compression) for new, compression in ARROW]


def _arrow(new: Callable[..., Any], compression: str | None) -> bytes:
    held = io.BytesIO()
    with new(held, _table().schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(_table(), max_chunksize=15)
    return held.getvalue()
