"""One sheet of a workbook as delimited text, made in the process that reads what strangers wrote.

A workbook is inflated and held whole while it is read: that process has a limit of memory and of time, so that a hostile one ends
it and nothing else.
"""

from __future__ import annotations

import io
import os
import zipfile
from array import array
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from datahub.formats.apart.child import Talk
from datahub.formats.bad_input import BadInput
from datahub.formats.bounds import RATIO, RATIO_FROM
from datahub.formats.delimited import line_writer
from datahub.formats.xlsx_scan import UNWORKED, Cell, Scanned, letters, scanned

LARGEST_BOOK, MOST_MEMBERS = 4 << 30, 10_000
"""So many bytes a workbook may grow to when it is inflated, and so many files may be in it."""
_WHOLE_FROM, _EXACT_BELOW = 1e15, 2.0**53
"""From so much on a number of a workbook has sixteen digits, and below so much a binary one has each of them."""
_PART = 1 << 20


def read(talk: Talk, asked: dict[str, Any], file: int) -> None:
    """A sheet as text, part after part; then which row of it begins on which line of the text, and which cells hold errors."""
    with os.fdopen(os.dup(file), "rb") as stream:
        _check_archive(stream, asked["name"])
        _convert(talk, asked, stream)


def _check_archive(stream: io.BufferedReader, name: str) -> None:
    """Refuse what is no workbook, and one that would grow too much, before anything of it is inflated."""
    head = stream.read(8)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        message = f"`{name}` is an old `.xls` file, or a workbook that is locked with a password"
        raise BadInput("R005", message, "save it as `.xlsx` without a password", path=name)
    try:
        with zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        what = "is empty" if not head else "is no Excel workbook, or was cut short"
        raise BadInput("R005", f"`{name}` {what}", "fetch it again, or declare it as what it is", path=name) from None
    size, packed = sum(one.file_size for one in members), max(1, sum(one.compress_size for one in members))
    if len(members) > MOST_MEMBERS or size > LARGEST_BOOK or (size > RATIO_FROM and size > RATIO * packed):
        message = f"`{name}` grows to {size >> 20} MB in {len(members)} files out of {packed >> 10} kB when it is unpacked"
        raise BadInput("R005", message, "if this is no attack, save it as CSV", path=name)


def _convert(talk: Talk, asked: dict[str, Any], stream: io.BufferedReader) -> None:
    import python_calamine

    name = asked["name"]
    broken = (python_calamine.CalamineError, zipfile.BadZipFile, OSError, ValueError)
    stream.seek(0)
    try:
        book = python_calamine.load_workbook(stream)
    except broken as problem:
        raise BadInput("R005", f"`{name}` is no workbook that can be read: {problem}", "save it as `.xlsx` again", path=name) from None
    found = _sheet(book.sheets_metadata, asked["sheet"], name)
    try:
        seen = scanned(stream, found, name)
        sheet = book.get_sheet_by_name(found)
        rows = sheet.to_python(skip_empty_area=False)
    except broken as problem:
        message = f"`{name}` has a sheet `{found}` that cannot be read: {problem}"
        raise BadInput("R005", message, "save it as `.xlsx` again", path=name) from None
    unknown = _put(rows, seen)
    lines, numbers = array("q"), array("q")
    for text in _texts(rows, asked["skip"], (lines, numbers)):
        talk.send({}, text)
    told = {"sheet": found, "sheets": _names(book.sheets_metadata), "errors": len(seen.errors), "shown": _shown(seen.errors)}
    told |= {"unworked": len(seen.unworked), "formulas": [f"{letters(column)}{row + 1}" for row, column in sorted(seen.unworked)[:3]]}
    places = array("q", [number + 1 for number, _ in unknown]), array("q", [column for _, column in unknown])
    texts = "\n".join(unknown.values()).encode()
    talk.send(told, lines.tobytes(), numbers.tobytes(), *(one.tobytes() for one in places), texts)


def _shown(cells: dict[tuple[int, int], str]) -> list[str]:
    return [f"{text} in {letters(column)}{row + 1}" for (row, column), text in sorted(cells.items())[:3]]


def _sheet(sheets: Any, wanted: str, book: str) -> str:
    """The name of the sheet asked for: by its name, by its number from 1, or the first one that is not hidden."""
    names = _names(sheets)
    if not names:
        raise BadInput("R005", f"`{book}` has no sheets", path=book)
    if not wanted:
        hidden = {str(one.name) for one in sheets if not str(one.visible).endswith(".Visible")}
        return next((name for name in names if name not in hidden), names[0])
    if wanted in names:
        return wanted
    if wanted.isdecimal() and 1 <= int(wanted) <= len(names):
        return names[int(wanted) - 1]
    has = "it has " + ", ".join(f"`{name}`" for name in names[:8])
    raise BadInput("R005", f"`{book}` has no sheet `{wanted}`", has, path=book)


def _names(sheets: Any) -> list[str]:
    return [str(one.name) for one in sheets if str(one.typ).endswith("WorkSheet")]


def _put(rows: list[list[Any]], seen: Scanned) -> dict[Cell, str]:
    """Errors, long numbers and zeros before a number as they stand in the file, put into the rows; of the long numbers those whose last
    digits nobody knows."""
    for (number, column), width in seen.zeros.items():
        cell = rows[number][column] if number < len(rows) and column < len(rows[number]) else None
        if isinstance(cell, int | float) and not isinstance(cell, bool) and float(cell).is_integer():
            rows[number][column] = _number(float(cell)).zfill(width + (cell < 0))
    for (number, column), text in (seen.errors | seen.unworked).items():
        if number == len(rows) and text == UNWORKED and rows:
            # Below all that has a value.
            rows.append([""] * len(rows[0]))
        if number < len(rows) and column < len(rows[number]):
            rows[number][column] = text
    unknown = {}
    for (number, column), text in seen.long.items():
        # A text, a date or a truth has a `v` too.
        cell = rows[number][column] if number < len(rows) and column < len(rows[number]) else None
        if isinstance(cell, int | float) and not isinstance(cell, bool) and float(text) == cell:
            exact = _digits(text)
            rows[number][column] = exact or text
            if exact is None:
                unknown[number, column] = text
    return unknown


def _digits(text: str) -> str | None:
    """A whole number with all of its digits; None where it was written without the last ones, and is no round one."""
    number = Decimal(text)
    _, digits, exponent = number.as_tuple()
    known = int(exponent) <= 0 or len("".join(map(str, digits)).rstrip("0")) <= 15
    return format(number, "f").partition(".")[0] if known else None


def _texts(rows: list[list[Any]], skip: int, places: tuple[array[int], array[int]]) -> Iterator[bytes]:
    """The rows as text in parts; `places` gets the line on which each begins, and its number."""
    lines, numbers = places
    held = io.StringIO(newline="")
    writer, line = line_writer(held), 1
    for number, row in enumerate(rows[skip:], skip + 1):
        lines.append(line)
        numbers.append(number)
        # Most rows between a table and a cell far below it hold nothing.
        cells = [] if row.count("") == len(row) else [_text(cell) for cell in row]
        if any(cells):
            writer.writerow(cells)
            line += 1 + sum(cell.count("\n") + cell.count("\r") - cell.count("\r\n") for cell in cells)
        else:
            # A row without any value is no row, as in a file of text.
            held.write("\n")
            line += 1
        if held.tell() > _PART:
            yield held.getvalue().encode()
            held.seek(0)
            held.truncate()
    yield held.getvalue().encode()


def _text(cell: Any) -> str:
    """A cell as the text that a person would have typed in: whole numbers without a point, dates as ISO has them."""
    match cell:
        case str():
            # What no text file can hold is not in a cell that a person wrote.
            text = cell.replace("\0", "\ufffd")
            return text.replace("_xFFFE_", "\ufffe").replace("_xFFFF_", "\uffff") if "_xFFF" in text else text
        case bool():
            return "true" if cell else "false"
        case int():
            return str(cell)
        case float():
            return _number(cell)
        case datetime():
            return cell.isoformat() if cell.time() != time() else cell.date().isoformat()
        case date() | time():
            return cell.isoformat()
        case timedelta():
            return _duration(cell)
        case _:
            return "" if cell is None else str(cell)


def _number(value: float) -> str:
    # A workbook keeps fifteen digits; the sixteenth is how the processor rounds, but in whole numbers it is one that was written.
    if _WHOLE_FROM <= abs(value) < _EXACT_BELOW and value.is_integer():
        return str(int(value))
    text = format(value, ".15g")
    if "e" not in text:
        return text
    return format(Decimal(text), "f") if value == value and abs(value) < 1e300 else text


def _duration(value: timedelta) -> str:
    sign = "-" if value < timedelta(0) else ""
    whole = abs(value)
    hours, rest = divmod(whole.days * 86_400 + whole.seconds, 3600)
    parts = f"{hours}H" if hours else ""
    minutes, seconds = divmod(rest, 60)
    parts += f"{minutes}M" if minutes else ""
    fraction = f"{whole.microseconds / 1e6:.6f}"[1:].rstrip("0").rstrip(".")
    parts += f"{seconds}{fraction}S" if seconds or fraction or not parts else ""
    return f"{sign}PT{parts}"
