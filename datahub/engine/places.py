"""Where the rows of a run stand: file, line and number of each, by the id that a row has inside the engine."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from datahub.engine.ledger import BLOCK_BITS, block_of, position_of
from datahub.frames.frame import Frame, Rows
from datahub.records import record

if TYPE_CHECKING:
    import numpy.typing as npt


@record(slots=True)
class BlockPlace:
    """A block that was read: which bytes of which file, the number of its first row, and the lines of its records.

    `lines` is None where record i stands on `first_line + i`.
    """

    source: int
    number: int
    file: int
    file_name: str
    offset: int
    length: int
    first_line: int
    first_row: int
    records: int
    lines: npt.NDArray[np.int64] | None


@record(slots=True)
class Places:
    """All blocks read so far, by source and number."""

    blocks: dict[int, BlockPlace] = field(default_factory=dict)
    rows_read: dict[tuple[int, int], int] = field(default_factory=dict)

    def add(self, place: BlockPlace) -> None:
        """Note a block; blocks of one file come in order, and so rows are numbered, from those on that stand before the first."""
        file = (place.source, place.file)
        place.first_row = self.rows_read.get(file, place.first_row) + 1
        self.rows_read[file] = place.first_row - 1 + place.records
        self.blocks[(place.source << BLOCK_BITS) | place.number] = place

    def locate(self, rows: Rows) -> tuple[pa.Array, pa.Array, pa.Array]:
        """File names, lines and row numbers (both from 1, rows counted in their file) of source rows."""
        owners, positions = block_of(rows), position_of(rows)
        lines = np.zeros(len(rows), np.int64)
        numbers = np.zeros(len(rows), np.int64)
        unique, inverse = np.unique(owners, return_inverse=True)
        names = [self.blocks[int(owner)].file_name for owner in unique]
        for number, owner in enumerate(unique):
            place, mine = self.blocks[int(owner)], inverse == number
            within = positions[mine]
            lines[mine] = place.first_line + within if place.lines is None else place.lines[within]
            numbers[mine] = place.first_row + within
        return pa.array(names, pa.string()).take(pa.array(inverse)), pa.array(lines), pa.array(numbers)

    def fact(self, fact: str, frame: Frame) -> pa.Array:
        """What `row_no`, `line_no` and `file_name` give for the rows of a frame."""
        names, lines, numbers = self.locate(frame.rows)
        match fact:
            case "file_name":
                return names
            case "line_no":
                return lines
            case _:
                return numbers
