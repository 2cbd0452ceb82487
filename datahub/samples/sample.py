"""The beginning of a file, read without being told what it is."""

from __future__ import annotations

import json
import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from datahub.diagnostics.suggest import listed
from datahub.formats.archives import is_archive, members
from datahub.formats.csv_head import is_binary
from datahub.formats.csv_scan import Dialect, walk
from datahub.formats.declare import InputFile
from datahub.formats.files import InputStream
from datahub.formats.xlsx_read import convert
from datahub.records import record
from datahub.samples.markup import Elements, elements
from datahub.samples.positions import Positions, positions

_BYTES = 1 << 20
_DELIMITERS = (";", ",", "\t", "|")
_MOSTLY = 0.6
"""Where fewer lines than that agree on how often a delimiter comes, none parts their columns."""
_NUMBER = re.compile(r"[-+]?[\d., \u00a0\u202f]+(?:[eE][-+]?\d+)?")
_VALUE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\S+)?|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}|\d{1,2}:\d\d(?::\d\d)?|true|false|null", re.IGNORECASE)
"""What stands for itself, and names a column beside names alone."""


@record(frozen=True, slots=True)
class Table:
    """Rows of text under a header, and the options with which they are read; `notes` say what was seen."""

    options: tuple[tuple[str, object], ...]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    whole: bool
    kind: str = "csv"


@record(frozen=True, slots=True)
class Records:
    """JSON objects, and where in the document they are."""

    kind: str
    path: str
    rows: tuple[dict[str, Any], ...]
    whole: bool
    notes: tuple[str, ...] = ()


@record(frozen=True, slots=True)
class Typed:
    """A file that carries its own schema."""

    kind: str
    schema: Any
    rows: int


class NoSample(Exception):
    """A file that tells nothing: it is empty, or of no format we know; the text says so."""


@record(frozen=True, slots=True)
class Member:
    """Which part of a file was looked at, a file of an archive or a sheet, and what is said of the others."""

    name: str
    others: bool
    notes: tuple[str, ...]


Sample: TypeAlias = Table | Records | Elements | Positions | Typed


def read_sample(path: str, sheet: str = "") -> tuple[Sample, Member | None]:
    """What stands at the beginning of the file at `path`, or of the first file in it where it is an archive."""
    if not is_archive(path):
        return _of_file(path, ""), None
    inside = members(InputFile(path, Path(path).name), "csv", "")
    if any(one.member == "[Content_Types].xml" for one in inside):
        return _workbook(path, sheet), None
    names = [one.member for one in inside]
    notes = (f"of the {len(names)} files in the archive this is `{names[0]}`; the others: {listed(names[1:], 8)}",) if names[1:] else ()
    return _of_file(path, names[0]), Member(names[0], bool(names[1:]), notes)


def _of_file(path: str, member: str) -> Sample:
    with InputStream(path, member) as stream:
        data = stream.read(_BYTES)
    whole = len(data) < _BYTES
    if not data.strip():
        raise NoSample(f"`{path}` is empty")
    if data[:4] == b"PAR1" or data[:6] == b"ARROW1":
        kind = "parquet" if data[:4] == b"PAR1" else "arrow"
        if member:
            raise NoSample(f"`{member}` of `{path}` is {kind.capitalize()}, which is not read out of an archive: unpack it")
        return _typed(path, kind)
    text, encoding = _decoded(data, whole)
    if is_binary(text[:4096].encode()):
        raise NoSample(f"`{path}` is binary, and of no format that is read")
    if text.lstrip()[:1] in ("{", "["):
        return _records(path, member, text, whole)
    if re.match(r"\s*(<\?xml[^>]*>\s*)?<(!doctype\s+html|html)\b", text, re.IGNORECASE):
        raise NoSample(f"`{path}` is a page of HTML, not a table")
    if text.lstrip().startswith("<"):
        return _elements(path, data, whole)
    best = max(_agreement(text, mark) for mark in _DELIMITERS)
    placed = positions(text, whole) if best[0] < _MOSTLY else None
    return placed or _table(text, encoding, whole)


def _elements(path: str, data: bytes, whole: bool) -> Elements:
    found = elements(data, path, whole)
    if found is None or not found.rows:
        raise NoSample(f"`{path}` is XML without elements that come several times: say where its rows are by hand")
    return found


def _workbook(path: str, sheet: str) -> Table:
    """A sheet of a workbook: the one that is named, or the first that is not hidden."""
    with tempfile.TemporaryDirectory(prefix="dhm-sheet-") as folder:
        answer = convert(InputFile(path, path), sheet, 0, Path(folder))
        with (Path(folder) / "cells.csv").open(encoding="utf-8", newline="") as file:
            text = file.read(_BYTES)
            whole = not file.read(1)
    found = replace(_cut(text, ",", "utf-8", whole), kind="xlsx")
    others = [name for name in answer.sheets if name != answer.sheet]
    if not others:
        return found
    note = f"this is the sheet `{answer.sheet}`; the workbook has {listed(others, 8)} too: `dhm infer --sheet NAME` looks at another"
    return replace(found, options=(*found.options, ("sheet", answer.sheet)), notes=(*found.notes, note))


def _typed(path: str, kind: str) -> Typed:
    from datahub.formats.parquet import DAMAGED, damaged

    try:
        return _schema(path, kind)
    except DAMAGED as problem:
        raise damaged(InputFile(path, path), kind.capitalize(), problem) from None


def _schema(path: str, kind: str) -> Typed:
    if kind == "parquet":
        import pyarrow.parquet as pq

        file = pq.ParquetFile(path)
        return Typed(kind, file.schema_arrow, file.metadata.num_rows)
    import pyarrow as pa

    reader = pa.ipc.open_file(pa.memory_map(path))
    return Typed(kind, reader.schema, sum(reader.get_batch(number).num_rows for number in range(reader.num_record_batches)))


def _decoded(data: bytes, whole: bool) -> tuple[str, str]:
    """The text and its encoding; the last character of a sample may be cut."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode("utf-8-sig" if encoding == "utf-8" else encoding, "ignore"), encoding
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        if not whole and error.start > len(data) - 4:
            return data[: error.start].decode("utf-8"), "utf-8"
    try:
        return data.decode("cp1252"), "cp1252"
    except UnicodeDecodeError:
        return data.decode("latin-1"), "latin-1"


# ---------------------------------------------------------------- delimited text


def _table(text: str, encoding: str, whole: bool) -> Table:
    agreed = {mark: _agreement(text, mark) for mark in _DELIMITERS}
    best = max(agreed, key=lambda mark: agreed[mark])
    # What no mark parts is one column, in a file like most.
    return _cut(text, best if agreed[best][0] else ",", encoding, whole)


def _cut(text: str, delimiter: str, encoding: str, whole: bool) -> Table:
    rows, unread = _rows(text, delimiter)
    if not whole:
        rows = rows[:-1]
    if not rows:
        raise NoSample("the file has no row that can be read")
    first, named = _header(rows)
    width = len(rows[first][1])
    body = [row for _, row in rows[first + named :]]
    options: list[tuple[str, object]] = []
    if delimiter != ",":
        options.append(("delimiter", delimiter))
    if encoding != "utf-8":
        options.append(("encoding", encoding))
    if rows[first][0]:
        options.append(("skip", rows[first][0]))
    if not named:
        options.append(("header", False))
    if any(len(row) < width for row in body):
        options.append(("short_rows", "null"))
    header = (
        [cell.strip().lstrip("\ufeff").strip() for cell in rows[first][1]]
        if named
        else [f"column_{number}" for number in range(1, width + 1)]
    )
    short, long = sum(len(row) < width for row in body), sum(len(row) > width for row in body)
    notes = [f"{short:,} of these rows have fewer values than the header: `short_rows` takes the last ones as empty"] if short else []
    notes += [f"{long:,} of these rows have more values than the header, and are rejects"] if long else []
    notes += [f"{unread:,} of its rows cannot be read: a quote in them is not closed, or not doubled"] if unread else []
    notes += [] if named else ["the first line names no columns: they are counted in their order"]
    # A row that is too short lacks its last values; of one that is too long nothing can be said.
    told = tuple((*row, *[""] * (width - len(row))) for row in body if len(row) <= width)
    return Table(tuple(options), tuple(header), told, tuple(notes), whole)


def _header(rows: Sequence[tuple[int, Sequence[str]]]) -> tuple[int, bool]:
    """Which row is the first of the table, and whether it names the columns; what stands before it is a preamble."""
    usual = Counter(len(row) for _, row in rows).most_common(1)[0][0]
    for number, (_, row) in enumerate(rows[:50]):
        if len(row) >= usual and _names_columns(row):
            return number, True
    return next(number for number, (_, row) in enumerate(rows) if len(row) == usual), False


def _agreement(text: str, delimiter: str) -> tuple[float, int]:
    """How alike the rows are when they are cut at `delimiter`: the share of those of the usual width, and that width."""
    rows, _ = _rows(text[:65536], delimiter)
    widths = Counter(len(row) for _, row in rows)
    width, count = widths.most_common(1)[0] if widths else (0, 0)
    return (count / len(rows) if width > 1 else 0.0, width)


def _rows(text: str, delimiter: str) -> tuple[list[tuple[int, list[str]]], int]:
    """Rows that are not empty, each with how many lines stand before it; and how many others cannot be cut into values."""
    found = list(walk(text.encode(), Dialect(delimiter.encode(), b'"', b"")))
    rows = [(one.line, [field.decode() for field in one.fields]) for one in found if not one.problem]
    return rows, len(found) - len(rows)


def _names_columns(row: Sequence[str]) -> bool:
    cells = [cell.strip() for cell in row]
    if len(set(cells)) < len(cells) or not all(cells) or any(_NUMBER.fullmatch(cell) for cell in cells):
        return False
    return not all(_VALUE.fullmatch(cell) for cell in cells)


# ---------------------------------------------------------------- JSON


def _records(path: str, member: str, text: str, whole: bool) -> Records:
    lines = [line for line in text.split("\n") if line.strip()]
    rows: list[dict[str, Any]] = []
    usable = lines if whole else lines[:-1]
    if text.lstrip().startswith("{") and (len(lines) > 1 or whole):
        rows = [row for line in usable if isinstance(row := _json(line), dict)]
        alone = len(rows) == 1 and whole and _array(rows[0], "$")[1] is not None
        if rows and len(rows) == len(usable) and not alone:
            return Records("jsonl", "", tuple(rows), whole)
    if not whole:
        with InputStream(path, member) as stream:
            text = stream.read(1 << 28).decode("utf-8-sig", "replace")
    document = _json(text)
    if document is None and len(rows) * 2 > len(usable):
        bad = len(usable) - len(rows)
        lost = "one of its lines is no record" if bad == 1 else f"{bad:,} of its lines are no records"
        return Records("jsonl", "", tuple(rows), whole, (lost,))
    if document is None:
        raise NoSample(f"`{path}` begins as JSON and is none")
    place, found = _array(document, "$")
    if found is None:
        raise NoSample(f"`{path}` has no array of objects")
    return Records("json", "" if place == "$" else f"{place}[*]", tuple(found), True)


def _json(text: str) -> Any:
    try:
        # `NaN` and its like are no JSON: their record is a reject, and says nothing of the others.
        return json.loads(text, parse_float=lambda number: _Decimal(number), parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        # What nests deeper than Python follows is nothing that a source could declare.
        return None


class _Decimal(str):
    """A number with a point, as it is written."""

    __slots__ = ()


def is_decimal(value: object) -> bool:
    return isinstance(value, _Decimal)


def _array(value: Any, place: str) -> tuple[str, list[dict[str, Any]] | None]:
    """The first array of objects in a document, level by level, and where it is."""
    level = [(place, value)]
    while level:
        deeper = []
        for where, one in level:
            if isinstance(one, list) and one and all(isinstance(item, dict) for item in one):
                return where, one
            if isinstance(one, dict):
                deeper += [(f"{where}.{key}", inner) for key, inner in one.items()]
        level = deeper
    return place, None
