"""Parquet without Arrow's module around its writer is the same Parquet."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datahub.formats.parquet_out import parquet_writer

TABLE = pa.table(
    {
        "text": pa.array(["a", None, "a"] * 50),
        "number": pa.array(range(150), pa.int32()),
        "price": pa.array([Decimal("1.50"), None, Decimal("-2.25")] * 50, pa.decimal128(12, 2)),
        "instant": pa.array(range(150), pa.timestamp("us", "UTC")),
        "lines": pa.array([[{"sku": "x", "parts": [("k", "v")]}], [], None] * 50, pa.list_(pa.struct([("sku", pa.string()), ("parts", pa.map_(pa.string(), pa.string()))]))),
    }
)  # fmt: skip


@pytest.mark.parametrize("compression", ["zstd", "snappy", "gzip", "none"])
@pytest.mark.parametrize("dictionaries", [True, False, ["text"]])
def test_it_writes_what_arrow_writes(tmp_path: Path, compression: str, dictionaries: bool | list[str]) -> None:
    with pa.OSFile(str(tmp_path / "ours"), "wb") as sink:
        writer = parquet_writer(sink, TABLE.schema, compression, dictionaries)
        writer.write_table(TABLE, row_group_size=100)
        writer.write_table(TABLE, row_group_size=1000)
        writer.close()
    level = {"compression_level": 1} if compression == "zstd" else {}
    with pq.ParquetWriter(tmp_path / "arrow", TABLE.schema, compression=compression, use_dictionary=dictionaries, **level) as other:
        other.write_table(TABLE, row_group_size=100)
        other.write_table(TABLE, row_group_size=1000)
    assert (tmp_path / "arrow").read_bytes() == (tmp_path / "ours").read_bytes()
