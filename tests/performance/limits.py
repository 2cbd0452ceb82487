"""What nobody can go below: reading a file, parsing it, writing it again as it is; writing a result again.

`python -m tests.performance.limits read|parse|copy FEED OUT` on two threads, of delimited text or, with `parse` alone, the race's
orders as JSON lines; `load|write RESULT.parquet OUT` on one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet as pq

BLOCK = 4 << 20


def blocks(feed: str) -> Iterator[bytes]:
    """The file in blocks of whole lines, without its header."""
    with Path(feed).open("rb", buffering=0) as file:
        file.readline()
        left = b""
        while part := file.read(BLOCK):
            end = part.rfind(b"\n") + 1
            yield left + part[:end]
            left = part[end:]
        if left:
            yield left


def parsed(block: bytes) -> pa.Table:
    names = [f"f{number}" for number in range(15)]
    return pa.csv.read_csv(
        pa.BufferReader(block),
        pa.csv.ReadOptions(use_threads=False, block_size=len(block) + 1, column_names=names),
        pa.csv.ParseOptions(delimiter=";", newlines_in_values=True),
        pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
    )


_MONEY, _ADDRESS = pa.decimal128(38, 2), pa.struct([("city", pa.string()), ("zip", pa.string())])
_LINE = [("line_no", pa.int64()), ("sku", pa.string()), ("qty", pa.int64()), ("unit_price", _MONEY), ("discount_pct", pa.int64())]
ORDERS = pa.schema(
    [
        *((name, pa.string()) for name in ("order_id", "created_at", "status", "currency")),
        ("customer", pa.struct([("id", pa.int64()), ("name", pa.string()), ("address", _ADDRESS)])),
        ("total", _MONEY),
        ("lines", pa.list_(pa.struct([*_LINE, ("tax_rate", _MONEY)]))),
    ]
)


def parsed_orders(block: bytes) -> pa.Table:
    return pa.json.read_json(
        pa.BufferReader(block),
        pa.json.ReadOptions(use_threads=False, block_size=len(block) + 1),
        pa.json.ParseOptions(explicit_schema=ORDERS, unexpected_field_behavior="ignore"),
    )


def main() -> None:
    what, feed, out = sys.argv[1:4]
    pa.set_cpu_count(1)
    if what in ("load", "write"):
        table = pq.read_table(feed)
        if what == "write":
            pq.write_table(table, f"{out}/copy.parquet", compression="zstd", compression_level=1, row_group_size=120_000)
        return
    if what == "read":
        print(sum(block.count(b"\n") for block in blocks(feed)))
        return
    writer = None
    with ThreadPoolExecutor(2) as pool:
        for table in pool.map(parsed_orders if feed.endswith(".jsonl") else parsed, blocks(feed)):
            if what == "copy":
                writer = writer or pq.ParquetWriter(f"{out}/copy.parquet", table.schema, compression="zstd", compression_level=1)
                writer.write_table(table)
    if writer is not None:
        writer.close()


if __name__ == "__main__":
    main()
