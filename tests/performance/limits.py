"""What nobody can go below: reading a file of delimited text, parsing it, writing it again as it is; writing a result again.

`python -m tests.performance.limits read|parse|copy FEED OUT` on two threads, `load|write RESULT.parquet OUT` on one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
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
        for table in pool.map(parsed, blocks(feed)):
            if what == "copy":
                writer = writer or pq.ParquetWriter(f"{out}/copy.parquet", table.schema, compression="zstd", compression_level=1)
                writer.write_table(table)
    if writer is not None:
        writer.close()


if __name__ == "__main__":
    main()
