"""One sheet of an Excel workbook as rows: turned into delimited text by a process of its own, and read as that from there on."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import weakref
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from datahub.formats.csv_read import CsvReader
from datahub.formats.declare import BadInput, Block, InputFile, Parsed, Placed
from datahub.formats.files import RATIO, RATIO_FROM
from datahub.formats.options import option
from datahub.formats.places import Positions
from datahub.records import record
from datahub.semantic.ir import SourceShape
from datahub.semantic.kinds import SOURCES

LARGEST_BOOK, MOST_MEMBERS = 4 << 30, 10_000
"""So many bytes a workbook may grow to when it is inflated, and so many files may be in it."""
_PATIENCE = 900


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

    def warnings(self) -> Sequence[str]:
        return tuple(dict.fromkeys((*self._notes, *self.cells.warnings())))

    def _converted(self, file: InputFile, number: int) -> _Sheet:
        folder = self._folder / str(number)
        folder.mkdir(exist_ok=True)
        answer = convert(file, str(option(self.shape, "sheet") or ""), int(option(self.shape, "skip")), folder)
        if answer["errors"]:
            shown = ", ".join(answer["shown"]) + (", …" if answer["errors"] > len(answer["shown"]) else "")
            cells = "1 cell" if answer["errors"] == 1 else f"{answer['errors']} cells"
            self._notes.append(f"`{file.name}` has an error in {cells} of `{answer['sheet']}`: {shown}")
        held = np.fromfile(folder / "rows.bin", np.int64)
        count = int(held[0])
        return _Sheet(InputFile(str(folder / "cells.csv"), file.name), held[1 : count + 1], held[count + 1 :])


def _check_archive(file: InputFile) -> None:
    """Refuse what is no workbook, and one that would grow too much, before anything of it is inflated."""
    try:
        with Path(file.path).open("rb") as stream:
            head = stream.read(8)
    except OSError as problem:
        raise BadInput("R005", f"`{file.name}` cannot be read", problem.strerror or "", path=file.name) from None
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        message = f"`{file.name}` is an old `.xls` file, or a workbook that is locked with a password"
        raise BadInput("R005", message, "save it as `.xlsx` without a password", path=file.name)
    try:
        with zipfile.ZipFile(file.path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError):
        what = "is empty" if not head else "is no Excel workbook, or was cut short"
        raise BadInput("R005", f"`{file.name}` {what}", "fetch it again, or declare it as what it is", path=file.name) from None
    size, packed = sum(one.file_size for one in members), max(1, sum(one.compress_size for one in members))
    if len(members) > MOST_MEMBERS or size > LARGEST_BOOK or (size > RATIO_FROM and size > RATIO * packed):
        message = f"`{file.name}` grows to {size >> 20} MB in {len(members)} files out of {packed >> 10} kB when it is unpacked"
        raise BadInput("R005", message, "if this is no attack, save it as CSV", path=file.name)


def convert(file: InputFile, sheet: str, skip: int, folder: Path) -> dict[str, Any]:
    """Lay a sheet down as text in `folder`: `cells.csv`, and in `rows.bin` which row of the sheet begins on which line."""
    _check_archive(file)
    request = json.dumps({"path": str(Path(file.path).resolve()), "sheet": sheet, "skip": skip, "folder": str(folder)})
    try:
        done = subprocess.run(
            [sys.executable, "-m", "datahub.formats.xlsx_sheet"],
            input=request,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BadInput("R005", f"`{file.name}` was not read within {_PATIENCE} s", "split it, or save it as CSV", path=file.name) from None
    if done.returncode or not done.stdout:
        message = f"`{file.name}` could not be read: the process that reads workbooks ended ({done.returncode})"
        raise BadInput("R005", message, "it may be damaged, or need more memory than is allowed; save it as CSV", path=file.name)
    answer: dict[str, Any] = json.loads(done.stdout)
    if "problem" in answer:
        raise BadInput("R005", f"`{file.name}` {answer['problem']}", answer["help"], path=file.name)
    return answer
