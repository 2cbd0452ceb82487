"""One sheet of an Excel workbook as rows: turned into delimited text by a process of its own, and read as that from there on."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from datahub.formats.apart.process import Work, ahead, lent
from datahub.formats.csv_read import CsvReader
from datahub.formats.declare import BadInput, Block, InputFile, Parsed, Placed
from datahub.formats.options import option
from datahub.formats.places import Positions
from datahub.records import record
from datahub.semantic.ir import SourceShape
from datahub.semantic.kinds import SOURCES

MEMORY, SECONDS, _PATIENCE = 3 << 30, 600, 900.0
"""How many bytes of addresses and seconds of the processor a workbook may take, which is held whole, and how long it is waited for."""


@record(frozen=True, slots=True)
class Converted:
    """A sheet that was laid down as text: its name and those of all, its cells that hold errors, where its rows begin."""

    sheet: str
    sheets: tuple[str, ...]
    errors: int
    shown: tuple[str, ...]
    """Some of the errors, as people are told of them."""
    unknown: int
    """So many whole numbers were written without their last digits."""
    unknown_shown: tuple[str, ...]
    lines: Positions
    numbers: Positions


@record(frozen=True, slots=True)
class _Sheet:
    """A sheet as text: the file of cells, the line on which each row of the sheet begins there, and the row's number."""

    file: InputFile
    lines: Positions
    numbers: Positions

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
        return replace(parsed, lines=sheet.rows_at(lines), bad=bad)

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
        if found.unknown:
            shown = ", ".join(found.unknown_shown) + (", …" if found.unknown > len(found.unknown_shown) else "")
            cells = "1 cell" if found.unknown == 1 else f"{found.unknown} cells"
            why = "was written as a number without its last digits: have such keys written as text"
            self._notes.append(f"`{file.name}`: what stands in {cells} of `{found.sheet}` {why}: {shown}")
        return _Sheet(InputFile(str(folder / "cells.csv"), file.name), found.lines, found.numbers)


def convert(file: InputFile, sheet: str, skip: int, folder: Path) -> Converted:
    """Lay a sheet down as text in `cells.csv` of `folder`, by a process of its own."""
    work = Work("datahub.formats.xlsx_sheet:read", file.name, MEMORY, SECONDS, _PATIENCE)
    asked = {"name": file.name, "sheet": sheet, "skip": skip}
    with _opened(file) as book, (folder / "cells.csv").open("wb") as cells, lent() as child:
        for told, parts in child.answers(work, asked, file=book.fileno()):
            if told:
                lines, numbers = (np.frombuffer(part, np.int64) for part in parts)
                found = Converted(
                    told["sheet"],
                    tuple(told["sheets"]),
                    told["errors"],
                    tuple(told["shown"]),
                    told["unknown"],
                    tuple(told["unknown_shown"]),
                    lines,
                    numbers,
                )
            else:
                cells.write(parts[0])
    return found


def _opened(file: InputFile) -> BinaryIO:
    try:
        return Path(file.path).open("rb")
    except OSError as problem:
        raise BadInput("R005", f"`{file.name}` cannot be read", problem.strerror or "", path=file.name) from None
