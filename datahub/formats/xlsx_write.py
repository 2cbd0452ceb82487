"""Excel workbooks, written: one sheet, a header, and cells of the types that a spreadsheet has, where it holds the value exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, time
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import xlsxwriter

from datahub.formats.declare import BadOutput
from datahub.formats.files import AtomicFile
from datahub.formats.options import option
from datahub.formats.split_text import plain
from datahub.formats.spread import Kept
from datahub.formats.unfit import Cell, Found, astray, cells_of, nuls, told
from datahub.formats.written import Columns, slices, wanted
from datahub.frames.unfit import FindUnfit, Unfit
from datahub.functions.columns import as_mask, glued
from datahub.semantic.column_patterns import is_pattern
from datahub.semantic.ir import TargetShape
from datahub.types import model as t
from datahub.types.model import Type

MOST_ROWS, MOST_COLUMNS, LONGEST_CELL = 1_048_576, 16_384, 32_767
_EXACT = 10**15
_FIRST_DAY = date(1900, 3, 1)

Put: TypeAlias = Callable[[int, int, Any], None]


class Workbook:
    """A workbook with one sheet, row after row, under a temporary name until it is whole."""

    def __init__(self, path: str, sheet: str) -> None:
        self.file = AtomicFile(path)
        # Rows are written out as they come; text is text, whatever it looks like.
        settings = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self.book = xlsxwriter.Workbook(self.file.stream, settings)
        self.sheet = self.book.add_worksheet(sheet_name(sheet))
        self.bold = self.book.add_format({"bold": True})
        self.rows = 0

    def next_rows(self, count: int) -> range:
        """The numbers of the next `count` rows."""
        if self.rows + count > MOST_ROWS:
            raise BadOutput(f"a sheet holds {MOST_ROWS:,} rows, and there are more", "write a CSV or Parquet file", str(self.file.path))
        self.rows += count
        return range(self.rows - count, self.rows)

    def header(self, names: Sequence[str]) -> None:
        if len(names) > MOST_COLUMNS:
            raise BadOutput(f"a sheet holds {MOST_COLUMNS:,} columns, and there are {len(names):,}", path=str(self.file.path))
        for row in self.next_rows(1):
            for number, name in enumerate(names):
                self.sheet.write_string(row, number, name, self.bold)
            self.sheet.freeze_panes(row + 1, 0)

    def text(self, row: int, number: int, value: str) -> None:
        if len(value) > LONGEST_CELL:
            message = f"a cell holds {LONGEST_CELL:,} characters; the value that begins with `{value[:40]}` has {len(value):,}"
            raise BadOutput(message, "cut it in the map: `truncate(x, 32767)`", str(self.file.path))
        if value:
            self.sheet.write_string(row, number, value)

    def close(self) -> None:
        self.book.close()
        self.file.commit()

    def abort(self) -> None:
        # The library keeps the rows so far in a temporary file, which only writing the workbook would close.
        self.sheet.row_data_fh.close()
        Path(self.sheet.row_data_filename).unlink(missing_ok=True)
        self.book.fileclosed = True
        self.file.abort()


class XlsxWriter:
    """Writes the rows of one entity to one sheet; where it spreads maps or lists, rows wait until all their keys are known."""

    def __init__(self, shape: TargetShape, path: str, columns: Sequence[tuple[str, Type]]) -> None:
        self.columns = wanted(shape, columns)
        self.book = Workbook(path, str(option(shape, "sheet") or shape.name))
        self._kept = Kept(path) if any(is_pattern(one.name) for one in self.columns) else None
        self._puts: list[Put] = []
        if self._kept is None:
            self._begin([one.name for one in self.columns], [one.type for one in self.columns])

    def _begin(self, names: Sequence[str], kinds: Sequence[Type]) -> None:
        self.book.header(names)
        self._puts = [self._put(kind) for kind in kinds]

    def write(self, rows: pa.Table) -> None:
        if self._kept is not None:
            self._kept.add(rows, self.columns)
            return
        for length, columns in slices(rows, self.columns):
            self._lines(length, columns)

    def _lines(self, length: int, columns: Columns) -> None:
        numbers = self.book.next_rows(length)
        values = [_prepared(part, kind).to_pylist() for _, part, kind in columns]
        # The library takes cells one by one, in the order of the sheet.
        for row, line in zip(numbers, zip(*values, strict=True), strict=True):
            for number, (value, put) in enumerate(zip(line, self._puts, strict=True)):
                if value is not None:
                    put(row, number, value)

    def _put(self, kind: Type) -> Put:
        sheet, text = self.book.sheet, self.book.text
        match t.base_of(kind):
            case t.Bool():
                return lambda row, number, value: sheet.write_boolean(row, number, value)
            case t.Int():
                return lambda row, number, value: (
                    sheet.write_number(row, number, value) if abs(value) < _EXACT else text(row, number, str(value))
                )
            case t.Float():
                return lambda row, number, value: (
                    sheet.write_number(row, number, value) if float(format(value, ".15g")) == value else text(row, number, repr(value))
                )
            case t.Decimal(scale=scale):
                shown = self.book.book.add_format({"num_format": "0." + "0" * scale}) if scale and scale < 10 else None
                return lambda row, number, value: (
                    sheet.write_number(row, number, value, shown)
                    if len(value.as_tuple().digits) <= 15
                    else text(row, number, format(value, "f"))
                )
            case t.Date():
                day = self.book.book.add_format({"num_format": "yyyy-mm-dd"})
                return lambda row, number, value: (
                    sheet.write_datetime(row, number, value, day) if value >= _FIRST_DAY else text(row, number, value.isoformat())
                )
            case t.Time():
                clock = self.book.book.add_format({"num_format": "hh:mm:ss"})
                return lambda row, number, value: (
                    text(row, number, value.isoformat()) if value.microsecond else sheet.write_datetime(row, number, value, clock)
                )
            case t.LocalDateTime():
                moment = self.book.book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
                return lambda row, number, value: (
                    text(row, number, value.isoformat())
                    if value.microsecond or value.date() < _FIRST_DAY or value.time() == time()
                    else sheet.write_datetime(row, number, value, moment)
                )
            case _:
                return text

    def close(self) -> None:
        if self._kept is not None:
            spread = self._kept.cells(self.columns)
            self._begin([cell.name for cell in spread], [cell.type for cell in spread])
            # An empty cell is all that a sheet has, for null as for what is left out.
            for length, columns, _ in self._kept.slices(spread):
                self._lines(length, columns)
            self._kept.drop()
        self.book.close()

    def abort(self) -> None:
        if self._kept is not None:
            self._kept.drop()
        self.book.abort()


def xlsx_unfit(shape: TargetShape, declared: Sequence[tuple[str, Type]]) -> FindUnfit:
    """What no cell can hold: NUL, marks of `@split` in what they set apart, and more characters than there is room for."""
    columns = wanted(shape, declared)

    def find(rows: pa.Table) -> Iterator[Unfit]:
        for one in columns:
            values = one.values(rows, asked=True)
            long = (part for cell in cells_of(one, values) for part in _too_long(cell))
            yield from told(one.field, (*nuls(values, one.type), *astray(one, columns, rows), *long))

    return find


def _too_long(cell: Cell) -> Iterator[Found]:
    values, kind, rows = cell
    written = _prepared(values, kind)
    if pa.types.is_string(written.type) and (pc.max(pc.binary_length(written)).as_py() or 0) > LONGEST_CELL:
        lengths = pc.fill_null(pc.utf8_length(written), 0)
        long = pc.greater(lengths, LONGEST_CELL)
        said = glued("has ", lengths.filter(long).cast(pa.string()), f" characters, and a cell holds {LONGEST_CELL}")
        yield rows[as_mask(long)], said


def _prepared(values: pa.Array, kind: Type) -> pa.Array:
    """Values of types that a spreadsheet lacks as text; the others as they are."""
    base = t.base_of(kind)
    match base:
        case t.Bool() | t.Int() | t.Float() | t.Decimal() | t.Date() | t.Time() | t.LocalDateTime():
            return values
        case _:
            return plain(values, base)


def sheet_name(wanted: str) -> str:
    """The nearest name that a sheet can have: at most 31 characters, and none of `[]:*?/\\`."""
    return "".join("_" if letter in "[]:*?/\\" else letter for letter in wanted)[:31].strip("'") or "Sheet1"
