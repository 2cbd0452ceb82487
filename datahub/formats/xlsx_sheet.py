"""One sheet of a workbook as delimited text, in a process of its own that takes a request on standard input.

A workbook is inflated and held whole while it is read, whoever sent it; the process has a limit of memory and of time, so that
a hostile one ends it and nothing else. It imports neither Arrow nor the rest of the house.
"""

from __future__ import annotations

import csv
import json
import re
import resource
import sys
import zipfile
from array import array
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

MEMORY, SECONDS = 3 << 30, 600
"""How much address space and processor time the process may use."""
_ERRORS = re.compile(
    rb'<c\b(?=[^>]*\bt="e")[^>]*\br="([A-Z]{1,3})([0-9]{1,7})"[^>]*>(?:<f\b[^>]*?(?:/>|>.*?</f>))?<v>([^<]*)</v>', re.DOTALL
)
_CHUNK, _OVERLAP = 4 << 20, 64 << 10


class Unusable(Exception):
    """A workbook that is not read: what is wrong, and what to do."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.help = help


def main() -> None:
    """Answer one request: write `cells.csv` and `rows.bin`, and print what was found as one line of JSON."""
    request = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    try:
        answer = _convert(Path(request["path"]), request["sheet"], int(request["skip"]), Path(request["folder"]))
    except Unusable as problem:
        answer = {"problem": str(problem), "help": problem.help}
    except MemoryError:
        answer = {"problem": f"needs more than {MEMORY >> 30} GB of memory to be read", "help": "split it, or save it as CSV"}
    sys.stdout.write(json.dumps(answer))


def _convert(path: Path, wanted: str, skip: int, folder: Path) -> dict[str, Any]:
    import python_calamine

    try:
        book = python_calamine.load_workbook(str(path))
    except (python_calamine.CalamineError, OSError, ValueError) as problem:
        raise Unusable(f"is no workbook that can be read: {problem}", "save it as `.xlsx` again") from None
    found = _sheet(book.sheets_metadata, wanted)
    try:
        sheet = book.get_sheet_by_name(found)
        errors = dict(_errors(path, found))
        rows = sheet.to_python(skip_empty_area=False)
    except (python_calamine.CalamineError, zipfile.BadZipFile, OSError, ValueError) as problem:
        raise Unusable(f"has a sheet `{found}` that cannot be read: {problem}", "save it as `.xlsx` again") from None
    _write(rows, errors, skip, folder)
    shown = [f"{text} in {_letters(column)}{row + 1}" for (row, column), text in sorted(errors.items())[:3]]
    return {"sheet": found, "sheets": _names(book.sheets_metadata), "errors": len(errors), "shown": shown}


def _sheet(sheets: Any, wanted: str) -> str:
    """The name of the sheet asked for: by its name, by its number from 1, or the first one that is not hidden."""
    names = _names(sheets)
    if not names:
        raise Unusable("has no sheets")
    if not wanted:
        hidden = {str(one.name) for one in sheets if not str(one.visible).endswith(".Visible")}
        return next((name for name in names if name not in hidden), names[0])
    if wanted in names:
        return wanted
    if wanted.isdecimal() and 1 <= int(wanted) <= len(names):
        return names[int(wanted) - 1]
    raise Unusable(f"has no sheet `{wanted}`", "it has " + ", ".join(f"`{name}`" for name in names[:8]))


def _names(sheets: Any) -> list[str]:
    return [str(one.name) for one in sheets if str(one.typ).endswith("WorkSheet")]


def _write(rows: list[list[Any]], errors: dict[tuple[int, int], str], skip: int, folder: Path) -> None:
    lines, numbers = array("q"), array("q")
    line = 1
    for (number, column), text in errors.items():
        if number < len(rows) and column < len(rows[number]):
            rows[number][column] = text
    with (folder / "cells.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for number, row in enumerate(rows[skip:], skip + 1):
            cells = [_text(cell) for cell in row]
            lines.append(line)
            numbers.append(number)
            if any(cells):
                writer.writerow(cells)
                line += 1 + sum(cell.count("\n") + cell.count("\r") - cell.count("\r\n") for cell in cells)
            else:
                # A row without any value is no row, as in a file of text.
                file.write("\n")
                line += 1
    with (folder / "rows.bin").open("wb") as file:
        array("q", [len(lines)]).tofile(file)
        lines.tofile(file)
        numbers.tofile(file)


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
    # A workbook keeps fifteen digits; the sixteenth is how the processor rounds.
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


def _errors(path: Path, sheet: str) -> Iterator[tuple[tuple[int, int], str]]:
    """The cells that hold an error such as `#REF!`, by row and column from 0; the reader of workbooks leaves them empty."""
    with zipfile.ZipFile(path) as book:
        member = _member(book, sheet)
        if member is None:
            return
        held = b""
        with book.open(member) as stream:
            while chunk := stream.read(_CHUNK):
                held = held[-_OVERLAP:] + chunk
                for found in _ERRORS.finditer(held):
                    yield (int(found.group(2)) - 1, _index(found.group(1).decode())), found.group(3).decode("utf-8", "replace")


def _member(book: zipfile.ZipFile, sheet: str) -> str | None:
    """The file in the archive that holds a sheet."""
    from xml.sax.saxutils import unescape

    names = set(book.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return None
    ids = {}
    for tag in re.findall(r"<sheet\b[^>]*>", book.read("xl/workbook.xml").decode("utf-8", "replace")):
        name, key = re.search(r'\bname="([^"]*)"', tag), re.search(r'\br:id="([^"]*)"', tag)
        if name and key:
            ids[unescape(name.group(1), {"&quot;": '"', "&apos;": "'"})] = key.group(1)
    for tag in re.findall(r"<Relationship\b[^>]*>", book.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")):
        key, target = re.search(r'\bId="([^"]*)"', tag), re.search(r'\bTarget="([^"]*)"', tag)
        if key and target and key.group(1) == ids.get(sheet):
            found = target.group(1)
            member = found.lstrip("/") if found.startswith("/") else f"xl/{found}"
            return member if member in names else None
    return None


def _index(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _letters(index: int) -> str:
    text, number = "", index + 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text


if __name__ == "__main__":
    main()
