"""The cells of some rows of a sheet that was read as text."""

from __future__ import annotations

from datahub.formats.csv_read import CsvBlock
from datahub.formats.csv_resent import records
from datahub.frames.frame import Rows


def cells_of(data: CsvBlock, positions: Rows) -> tuple[tuple[str, ...], list[list[str]]]:
    """The header of a block, and the cells of the rows at `positions` without what an earlier reject file added."""
    header = tuple(data.layout.header)
    wanted = set(positions.tolist())
    picked = [found.fields for number, (_, found) in enumerate(records(data.text, data.dialect, data.reasons)) if number in wanted]
    rows = [[cell.decode("utf-8", "replace") for cell in fields] + [""] * (len(header) - len(fields)) for fields in picked]
    return header, rows
