"""What a reader of workbooks does not tell of a sheet, looked for in its XML: errors, formulas without a value, digits, zeros, rows."""

from __future__ import annotations

import html
import io
import re
import zipfile
from array import array
from collections.abc import Iterator
from typing import TypeAlias

from datahub.formats.bad_input import BadInput

MOST_CELLS = 40_000_000
"""So many cells a sheet may have between its first and its last one, empty ones too: all of them are held."""
_ERRORS = re.compile(
    rb'<c\b(?=[^>]*\bt="e")[^>]*\br="([A-Z]{1,3})([0-9]{1,7})"[^>]*>(?:<f\b[^>]*?(?:/>|>.*?</f>))?<v>([^<]*)</v>', re.DOTALL
)
_UNWORKED = re.compile(
    rb'<(?:\w+:)?c\b[^>]*\br="([A-Z]{1,3})([0-9]{1,7})"([^>]*)><(?:\w+:)?f\b[^>]*?(?:/>|>[^<]*</(?:\w+:)?f>)'
    rb"(<(?:\w+:)?v\b[^>]*?(?:/>|></(?:\w+:)?v>))?</(?:\w+:)?c>"
)
"""Formulas whose value is not in the file: programs that make workbooks leave that to Excel."""
_EMPTY_TEXT = re.compile(rb'<(?:\w+:)?c\b[^>]*\bt="str"')
UNWORKED = "#FORMULA!"
"""What such a cell reads as. No formula of a stranger goes on as text: behind a `=`, another program would work it out."""
_LONG = re.compile(rb"<(?:\w+:)?v>(-?[0-9](?:[0-9]{15,400}(?:\.0*)?|\.[0-9]{15,40}[eE]\+?[0-9]{1,3}))</")
"""Numbers that have more than fifteen digits before their point, or may have."""
_PLACE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_NUMBERS = rb'<(?:\w+:)?c\b(?=[^>]*\bs="(?:%s)")(?![^>]*\bt="(?:s|str|inlineStr|b|e|d)")[^>]*\br="([A-Z]{1,3})([0-9]{1,7})"'
_FORMAT = re.compile(r"(?:\[\$-[0-9A-Fa-f]+\])?(0{2,})(?:;@)?")
"""A format that is zeros and nothing else: the number has as many digits at least, as post codes have."""
_STYLE = re.compile(rb'\bs="(\d{1,9})"')
_ROWS = re.compile(rb'<(?:\w+:)?row\b[^>]*?\br="([0-9]{1,7})"')
_FAR = re.compile(rb'\br="(A[M-Z]|[B-Z][A-Z]|[A-Z]{3})([0-9]{1,7})"')
"""Cells beyond the columns that a sheet of all rows can have."""
_BEYOND = re.compile(rb'<(?:\w+:)?(?:row|c)\b[^>]*?\br="([A-Z]{4,40}[0-9]{1,40}|[A-Z]{0,3}[0-9]{8,40})"')
"""Rows and cells beyond the last of Excel, which end the program that reads them."""
_CHUNK, _OVERLAP = 4 << 20, 64 << 10

Cell: TypeAlias = tuple[int, int]
"""A row and a column, from 0."""


class Scanned:
    """What was found of one sheet."""

    def __init__(self) -> None:
        self.errors: dict[Cell, str] = {}
        """The cells that hold an error such as `#REF!`."""
        self.unworked: dict[Cell, str] = {}
        """Formulas without their value. The reader leaves both empty."""
        self.long: dict[Cell, str] = {}
        """Long numbers, of which the reader knows what a binary number has room for."""
        self.zeros: dict[Cell, int] = {}
        """How many digits a number is shown with, where it is filled up with zeros."""


def scanned(file: io.BufferedReader, sheet: str, name: str) -> Scanned:
    """What the XML of a sheet has.

    `BadInput` where a cell lies so far from the others that what is between them cannot be held, and where two rows have one number.
    """
    found = Scanned()
    far, place, tail = 0, (0, ""), 0
    rows = array("l")
    with zipfile.ZipFile(file) as book:
        widths = _widths(book)
        numbers = re.compile(_NUMBERS % b"|".join(b"%d" % one for one in widths)) if widths else None
        for text in _pieces(book, sheet):
            if beyond := _BEYOND.search(text):
                message = f"`{name}` names `{beyond[1].decode()}` in `{sheet}`, beyond the last row or column that a sheet has"
                raise BadInput("R005", message, "what made the workbook numbers its cells wrongly: have it made anew", path=name)
            for column, row, error in (one.groups() for one in _ERRORS.finditer(text)):
                found.errors[int(row) - 1, _index(column.decode())] = error.decode("utf-8", "replace")
            for one in _UNWORKED.finditer(text) if b"<f" in text or b":f" in text else ():
                # An empty text is what a formula may give.
                if one[4] is None or not _EMPTY_TEXT.match(one[0]):
                    found.unworked[int(one[2]) - 1, _index(one[1].decode())] = UNWORKED
            for one in _LONG.finditer(text):
                at = _PLACE.match(text, text.rfind(b' r="', 0, one.start()) + 1)
                if at:
                    found.long[int(at[2]) - 1, _index(at[1].decode())] = one[1].decode()
            for one in numbers.finditer(text) if numbers else ():
                style = _STYLE.search(text, one.start())
                found.zeros[int(one[2]) - 1, _index(one[1].decode())] = widths[int(style[1])] if style else 0
            # What a piece has of the one before was counted there.
            rows.extend(int(one[1]) for one in _ROWS.finditer(text) if one.end() > tail)
            tail = min(_OVERLAP, len(text))
            for column, row in _FAR.findall(text):
                if (index := _index(column.decode())) > far:
                    far, place = index, (int(row), f"{column.decode()}{row.decode()}")
    _once_each(rows, sheet, name)
    if (last := max(rows, default=0)) * (far + 1) > MOST_CELLS:
        line, cell = place
        message = f"`{name}` has a value in {cell}, far from the others: up to there `{sheet}` has {last:,} rows of {far + 1:,} columns"
        raise BadInput("R005", message, "delete what stands there, or save the table as CSV", path=name, line=line)
    return found


def _once_each(rows: array[int], sheet: str, name: str) -> None:
    """Refuse two rows of one number: a reader keeps the last of them, and Excel neither."""
    before = 0
    for row in rows:
        if row <= before:
            break
        before = row
    else:
        return
    seen: set[int] = set()
    for row in rows:
        if row in seen:
            message = f"`{name}` has two rows in `{sheet}` that have the number {row}: which of them counts, nobody can tell"
            raise BadInput("R005", message, "what made the workbook numbers its rows wrongly: have it made anew", path=name, line=row)
        seen.add(row)


def _widths(book: zipfile.ZipFile) -> dict[int, int]:
    """By the number of a style how many digits it shows, where its format is zeros and nothing else."""
    if "xl/styles.xml" not in book.namelist():
        return {}
    styles = book.read("xl/styles.xml").decode("utf-8", "replace")
    formats = {}
    for tag in re.findall(r"<(?:\w+:)?numFmt\b[^>]*>", styles):
        key, code = re.search(r'\bnumFmtId="(\d{1,9})"', tag), re.search(r'\bformatCode="([^"]*)"', tag)
        if key and code and (zeros := _FORMAT.fullmatch(html.unescape(code[1]))):
            formats[key[1]] = len(zeros[1])
    used = re.search(r"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", styles, re.DOTALL)
    if not formats or not used:
        return {}
    styled = (re.search(r'\bnumFmtId="(\d{1,9})"', tag) for tag in re.findall(r"<(?:\w+:)?xf\b[^>]*>", used[0]))
    return {number: formats[one[1]] for number, one in enumerate(styled) if one and one[1] in formats}


def _pieces(book: zipfile.ZipFile, sheet: str) -> Iterator[bytes]:
    """The XML of a sheet, each piece with the end of the one before it."""
    member = _member(book, sheet)
    if member is None:
        return
    held = b""
    with book.open(member) as stream:
        while chunk := stream.read(_CHUNK):
            held = held[-_OVERLAP:] + chunk
            yield held


def _member(book: zipfile.ZipFile, sheet: str) -> str | None:
    """The file in the archive that holds a sheet."""
    names = set(book.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return None
    ids = {}
    for tag in re.findall(r"<sheet\b[^>]*>", book.read("xl/workbook.xml").decode("utf-8", "replace")):
        name, key = re.search(r'\bname="([^"]*)"', tag), re.search(r'\br:id="([^"]*)"', tag)
        if name and key:
            ids[html.unescape(name.group(1))] = key.group(1)
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


def letters(index: int) -> str:
    text, number = "", index + 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text
