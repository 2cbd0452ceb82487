"""Parquet written by Arrow's own writer, without the module around it, which loads all of Arrow's file systems and TLS: 20 ms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa


def load() -> None:
    """Load what writes: best beside other work."""
    import pyarrow._parquet  # noqa: F401


def parquet_writer(sink: Any, schema: pa.Schema, compression: str, dictionaries: Sequence[str] | bool = True) -> Any:
    """What writes tables of `schema` to `sink`, a row group each, as `pyarrow.parquet.ParquetWriter` does if it is told the same."""
    import pyarrow._parquet as arrow

    level = {"compression_level": 1} if compression == "zstd" else {}
    return arrow.ParquetWriter(
        sink,
        schema,
        version="2.6",
        compression=compression,
        use_dictionary=dictionaries if isinstance(dictionaries, bool) else list(dictionaries),
        write_statistics=True,
        use_byte_stream_split=False,
        writer_engine_version="V2",
        data_page_version="1.0",
        use_compliant_nested_type=True,
        store_schema=True,
        **level,
    )
