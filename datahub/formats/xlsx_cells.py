"""The cells of some rows of a sheet that was read as text."""

from __future__ import annotations

from datahub.formats.csv_read import CsvBlock
from datahub.formats.csv_scan import walk
from datahub.formats.declare import ADDED
from datahub.frames.frame import Rows


def cells_of(data: CsvBlock, positions: Rows) -> tuple[tuple[str, ...], list[list[str]]]:
    """The header of a block, and the cells of the rows at `positions` without what an earlier reject file added."""
    header = tuple(data.layout.header)
    wanted = set(positions.tolist())
    kept = [index for index, name in enumerate(header) if not name.startswith(ADDED)]
    picked = [found.fields for number, found in enumerate(walk(data.text, data.dialect)) if number in wanted]
    rows = [[fields[index].decode("utf-8", "replace") if index < len(fields) else "" for index in kept] for fields in picked]
    return tuple(header[index] for index in kept), rows
