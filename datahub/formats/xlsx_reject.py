"""Rejected rows of workbooks, as a sheet of text with what is wrong behind them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from datahub.formats.csv_resent import MARK, RAW
from datahub.formats.declare import Block, Reader
from datahub.formats.options import option
from datahub.formats.written import column
from datahub.formats.xlsx_cells import cells_of
from datahub.formats.xlsx_write import LONGEST_CELL, MOST_COLUMNS, MOST_ROWS, Workbook
from datahub.frames.frame import Rows
from datahub.semantic.ir import SourceShape
from datahub.types import model as t


class XlsxRejecter:
    """A reject file of a workbook: the rejected rows as text, with what is wrong behind them."""

    def __init__(self, shape: SourceShape, reader: Reader, path: str) -> None:
        self.shape, self.reader = shape, reader
        sheet = str(option(shape, "sheet") or "")
        self.book = Workbook(path, "" if sheet.isdecimal() else sheet)
        self._header: tuple[str, ...] | None = None

    def takes(self, block: Block) -> bool:
        """Whether there is a column for each of the block's, and room for all of its rows."""
        if self.book.rows + block.data.text.count(b"\n") >= MOST_ROWS:
            return False
        return self._header is None or set(cells_of(block.data, np.empty(0, np.int64))[0]) <= set(self._header)

    def write(self, block: Block, positions: Rows, added: pa.Table) -> None:
        """The rows of `block` at `positions`, and behind each its row of `added`."""
        names, rows = cells_of(block.data, positions)
        header = bool(option(self.shape, "header"))
        room = MOST_COLUMNS - len(added.column_names) - (not header)
        if self._header is None:
            self._header = names
            self.book.next_rows(int(option(self.shape, "skip")))
            if header:
                self.book.header([*names[:room], *added.column_names])
        mark = [] if header else [f"{MARK}{min(len(self._header), room)}"]
        places = [names.index(name) if name in names else None for name in self._header]
        reasons = [column(added, name, t.Text(True)).to_pylist() for name in added.column_names]
        # Rejected rows alone come here, one by one.
        for at, (row, cells) in enumerate(zip(self.book.next_rows(len(rows)), rows, strict=True)):
            own, told = _held(["" if place is None else cells[place] for place in places], room)
            why = [*(_cut(str(one[at] or "")) for one in reasons[:-1]), _cut(f"{told}{reasons[-1][at] or ''}")]
            for number, text in enumerate((*own, *mark, *why)):
                self.book.text(row, number, text)

    def close(self) -> None:
        self.book.close()

    def abort(self) -> None:
        self.book.abort()


def _held(cells: Sequence[str], room: int) -> tuple[Sequence[str], str]:
    """The cells of a row as a sheet can hold them, and what is to be told of them.

    A row that no sheet can hold is cut, and marked so that whoever sends the file again as it is has it refused: what is left of a
    value must not be taken for the value.
    """
    if not any(cells[room:]) and all(len(one) <= LONGEST_CELL for one in cells):
        return cells[:room], ""
    quoteless = cells[0].replace('"', "")
    first = f'{RAW.decode()}"{quoteless}'
    told = f"cut, for a sheet holds {MOST_COLUMNS:,} columns, and a cell {LONGEST_CELL:,} characters: take the row from its source; "
    return [_cut(one) for one in (first, *cells[1:room])], told


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"
