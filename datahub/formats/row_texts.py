"""Rows of a table as texts, cell by cell as a CSV target writes them, for files of lines that are made outside of the engine."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from datahub.formats.split_text import plain
from datahub.frames.chunks import whole
from datahub.types.arrow import language_type


def row_texts(rows: pa.Table) -> Iterator[tuple[str, ...]]:
    """The cells of each row; null is empty."""
    columns = [plain(whole(column), language_type(column.type)).to_pylist() for column in rows.columns]
    return (tuple("" if cell is None else cell for cell in row) for row in zip(*columns, strict=True))
