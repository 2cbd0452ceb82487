"""One sheet of an Excel workbook as rows: turned into delimited text by a process of its own, and read as that from there on."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np
import pyarrow as pa

from datahub.formats.apart.process import Work, ahead, lent
from datahub.formats.csv_columns import indices_of
from datahub.formats.csv_read import CsvReader
from datahub.formats.declare import BadInput, BadRecord, Block, InputFile, Parsed, Placed
from datahub.formats.options import option
from datahub.formats.places import Positions
from datahub.frames.frame import Column
from datahub.records import record
from datahub.semantic.ir import SourceShape
from datahub.semantic.kinds import SOURCES
from datahub.types import model as t

MEMORY, SECONDS, _PATIENCE = 3 << 30, 600, 900.0
"""How many bytes of addresses and seconds of the processor a workbook may take, which is held whole, and how long it is waited for."""


Unknown: TypeAlias = dict[int, list[tuple[int, str]]]
"""By their row the cells with numbers that were written without their last digits: their column, from 0, and what is written."""
_NUMBERS = (t.Int, t.Decimal, t.Float)


@record(frozen=True, slots=True)
class Converted:
    """A sheet that was laid down as text: its name and those of all, its cells that hold errors, where its rows begin."""

    sheet: str
    sheets: tuple[str, ...]
    errors: int
    shown: tuple[str, ...]
    """Some of the errors, as people are told of them."""
    unworked: int
    """How many formulas have no value in the file."""
    formulas: tuple[str, ...]
    """The places of some of them."""
    lines: Positions
    numbers: Positions
    unknown: Unknown


@record(frozen=True, slots=True)
class _Sheet:
    """A sheet as text: the file of cells, the line on which each row of the sheet begins there, and the row's number."""

    file: InputFile
    lines: Positions
    numbers: Positions
    unknown: Unknown

    def rows_at(self, lines: Positions) -> Positions:
        """The rows of the sheet that begin on `lines`."""
        found: Positions = self.numbers[np.searchsorted(self.lines, lines, side="right") - 1]
        return found


class XlsxReader:
    """Reads one sheet of each workbook of a source."""

    def __init__(self, shape: SourceShape, wanted: frozenset[str], files: Sequence[InputFile]) -> None:
        self.shape, self.files = shape, files
        # What a sheet and a file of text have in common; the rows that are passed over are so when the sheet becomes text.
        kept = tuple((name, value) for name, value in shape.options if SOURCES["csv"].option(name) is not None and name != "skip")
        self.cells = CsvReader(replace(shape, kind="csv", options=kept), wanted, files)
        self._folder = Path(tempfile.mkdtemp(prefix="dhm-sheet-"))
        weakref.finalize(self, shutil.rmtree, self._folder, True)
        self._sheets: dict[int, _Sheet] = {}
        self._notes: list[str] = []
        ahead()

    def blocks(self, file: InputFile, number: int, first_block: int) -> Iterator[Block]:
        """The blocks of one workbook's sheet."""
        sheet = self._sheets[number] = self._converted(file, number)
        try:
            for block in self.cells.blocks(sheet.file, number, first_block):
                yield replace(block, first_line=self._row(number, block.first_line))
        except BadInput as problem:
            if problem.line:
                problem.line = self._row(number, problem.line)
            raise

    def _row(self, file: int, line: int) -> int:
        return int(self._sheets[file].rows_at(np.array([line], np.int64))[0])

    def parse(self, block: Block) -> Parsed:
        """The columns wanted of one block, as raw text."""
        sheet = self._sheets[block.file]
        # What stands in the cells' text is counted from its own lines.
        first = int(sheet.lines[np.searchsorted(sheet.numbers, block.first_line)])
        parsed = self.cells.parse(replace(block, first_line=first))
        lines = np.arange(first, first + parsed.length) if parsed.lines is None else parsed.lines
        bad = tuple(replace(one, line=self._row(block.file, one.line)) for one in parsed.bad)
        return self._without_unknown(replace(parsed, lines=sheet.rows_at(lines), bad=bad), block.file)

    def _without_unknown(self, parsed: Parsed, file: int) -> Parsed:
        """Without the rows in which a text that is wanted stands as a number of which the last digits are not known."""
        unknown, layout = self._sheets[file].unknown, self.cells.heads[file].layout
        if not unknown or parsed.lines is None:
            return parsed
        texts = {column.name for column in self.shape.columns if not isinstance(t.base_of(column.type), _NUMBERS)} & self.cells.wanted
        wanted = {index for place in layout.places if place.name in texts for index in indices_of(place)}
        positions = np.arange(parsed.length) if parsed.positions is None else parsed.positions
        kept, bad = np.ones(parsed.length, bool), list(parsed.bad)
        # Workbooks with such numbers have them in keys that somebody's program wrote: rows that are told one by one.
        for at in np.flatnonzero(np.isin(parsed.lines, list(unknown))).tolist():
            line = int(parsed.lines[at])
            for column, text in unknown[line]:
                if column in wanted:
                    kept[at] = False
                    name = layout.header[column] if column < len(layout.header) else str(column + 1)
                    message = f"`{name}` was written as a number without its last digits: have it written as text"
                    bad.append(BadRecord(int(positions[at]), line, "R005", message, text))
                    break
        if kept.all():
            return parsed
        columns = {
            name: one if isinstance(one.values, pa.Scalar) else Column(one.values.filter(pa.array(kept)), one.failures)
            for name, one in parsed.columns.items()
        }
        gathered = tuple(replace(one, keep=one.keep[kept]) for one in parsed.gathered)
        told = tuple(sorted(bad, key=lambda one: one.position))
        return Parsed(columns, int(kept.sum()), parsed.records, positions[kept], parsed.lines[kept], told, gathered)

    def reread(self, file: InputFile, place: Placed) -> Block:
        """The block at `place` of `file`, which was read before."""
        return self.cells.reread(self._sheets[place.file].file, place)

    def absent(self) -> Sequence[str]:
        """The declared columns that a file lacked."""
        return self.cells.absent()

    def warnings(self) -> Sequence[str]:
        return tuple(dict.fromkeys((*self._notes, *self.cells.warnings())))

    def _converted(self, file: InputFile, number: int) -> _Sheet:
        folder = self._folder / str(number)
        folder.mkdir(exist_ok=True)
        found = convert(file, str(option(self.shape, "sheet") or ""), int(option(self.shape, "skip")), folder)
        if found.errors:
            shown = ", ".join(found.shown) + (", …" if found.errors > len(found.shown) else "")
            cells = "1 cell" if found.errors == 1 else f"{found.errors} cells"
            self._notes.append(f"`{file.name}` has an error in {cells} of `{found.sheet}`: {shown}")
        if found.unworked:
            shown = ", ".join(found.formulas) + (", …" if found.unworked > len(found.formulas) else "")
            cells = "a formula" if found.unworked == 1 else f"{found.unworked} formulas"
            advice = "open it in Excel or LibreOffice and save it, or let what makes it write values"
            self._notes.append(f"`{file.name}` has {cells} without a value in `{found.sheet}`: {shown}; {advice}")
        return _Sheet(InputFile(str(folder / "cells.csv"), file.name), found.lines, found.numbers, found.unknown)


def convert(file: InputFile, sheet: str, skip: int, folder: Path) -> Converted:
    """Lay a sheet down as text in `cells.csv` of `folder`, by a process of its own."""
    work = Work("datahub.formats.xlsx_sheet:read", file.name, MEMORY, SECONDS, _PATIENCE)
    asked = {"name": file.name, "sheet": sheet, "skip": skip}
    with _opened(file) as book, (folder / "cells.csv").open("wb") as cells, lent() as child:
        for told, parts in child.answers(work, asked, file=book.fileno()):
            if told:
                lines, numbers, rows, columns = (np.frombuffer(part, np.int64) for part in parts[:4])
                unknown: Unknown = {}
                for row, column, text in zip(rows.tolist(), columns.tolist(), bytes(parts[4]).decode().split("\n"), strict=False):
                    unknown.setdefault(row, []).append((column, text))
                found = Converted(
                    told["sheet"],
                    tuple(told["sheets"]),
                    told["errors"],
                    tuple(told["shown"]),
                    told["unworked"],
                    tuple(told["formulas"]),
                    lines,
                    numbers,
                    unknown,
                )
            else:
                cells.write(parts[0])
    return found


def _opened(file: InputFile) -> BinaryIO:
    try:
        return Path(file.path).open("rb")
    except OSError as problem:
        raise BadInput("R005", f"`{file.name}` cannot be read", problem.strerror or "", path=file.name) from None
