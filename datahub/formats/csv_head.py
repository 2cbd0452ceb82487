"""The beginning of a file of delimited text: preamble, header, and whether this is the file that was declared at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from datahub.diagnostics.suggest import listed
from datahub.formats.csv_columns import Layout, by_header, by_order, found_any
from datahub.formats.csv_exact import fault
from datahub.formats.csv_resent import REASONS, Reasons, ends, marked_width, reasons_of
from datahub.formats.csv_scan import LONGEST_FIELD, Dialect, Record, walk
from datahub.formats.declare import ADDED, BadInput
from datahub.formats.encodings import Encoding
from datahub.formats.options import option
from datahub.formats.text_stream import TextStream
from datahub.records import record
from datahub.semantic.ir import SourceShape

_PEEK = 64 << 10
_HTML = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_JSON = re.compile(rb"\s*[\[{]\s*[\[{\"\]}]")
_BINARY = {
    b"PAR1": "Parquet",
    b"ARROW1": "Arrow",
    b"%PDF": "PDF",
    b"\xd0\xcf\x11\xe0": "an old Office file",
    b"SQLite": "SQLite",
    b"Obj\x01": "Avro",
}
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r\f\x1f")
_DELIMITERS = (b",", b";", b"\t", b"|", b":", b"^", b"||")
_NAMES = {b"\t": "a tab"}


@record(frozen=True, slots=True)
class Head:
    """What the beginning of a file says about the rest: `header` and `newline` are as they stand in the file, in UTF-8."""

    encoding: Encoding
    dialect: Dialect
    layout: Layout
    header: bytes
    newline: bytes
    warnings: tuple[str, ...]
    reasons: Reasons = Reasons()
    """The columns of a reject file that is sent again, behind those of the layout."""


def read_head(shape: SourceShape, text: TextStream, name: str) -> Head:
    """Pass over what stands before the first row and say how the rows are laid out."""
    text.fill(_PEEK)
    _refuse_foreign(text, name)
    dialect = _dialect(shape, name)
    for _ in range(int(option(shape, "skip"))):
        text.drop_line()
    text.fill(_PEEK)
    if not option(shape, "header"):
        return _headerless(shape, text, dialect, name)
    record = _first_record(text, dialect)
    if record is None:
        return Head(text.encoding, dialect, by_order(shape, 0), b"", b"\n", ())
    header = text.buffer[record.start : record.end]
    problem = fault(header, record, dialect, (), text.encoding.name)
    line = text.line + record.line
    if problem:
        raise BadInput(problem[0], f"the header of `{name}` cannot be read: {problem[1]}", path=name, line=line)
    cells = [field.decode() for field in record.fields]
    reasons = reasons_of([cell.strip() for cell in cells])
    if reasons.count and _reads_reasons(shape):
        reasons = Reasons()
    if reasons.count:
        cells = cells[: -reasons.count]
        header = header[: ends(header, dialect)[len(cells) - 1]] if cells else b""
    try:
        layout = by_header(shape, cells, name, line)
    except BadInput as refusal:
        raise _explained(shape, text.buffer, record, dialect, refusal) from None
    if not found_any(shape, layout):
        raise _explained(shape, text.buffer, record, dialect, _none_found(shape, cells, name, line))
    newline = _newline(text.buffer, record.end)
    text.take(min(record.end + max(1, len(newline)), len(text.buffer)))
    warnings = _about_surplus(shape, layout, name, line)
    return Head(text.encoding, _with_width(dialect, layout.width), layout, header, newline or b"\n", warnings, reasons)


def _reads_reasons(shape: SourceShape) -> bool:
    """Whether a source declares columns of reject files: it reads about rejects, they are not sent again."""
    return any(name.startswith(ADDED) for column in shape.columns for name in (*column.names, column.name))


def _dialect(shape: SourceShape, name: str) -> Dialect:
    delimiter, quote, comment = (str(option(shape, key) or "") for key in ("delimiter", "quote", "comment"))
    if not delimiter or (quote and quote in delimiter) or re.search(r"[\r\n\0]", delimiter + quote):
        raise BadInput("R005", f"`{delimiter}` cannot set apart the values of `{name}`", "no quote or line end can be in it", path=name)
    return Dialect(delimiter.encode(), quote.encode(), comment.encode(), short=option(shape, "short_rows") == "null")


def _with_width(dialect: Dialect, width: int) -> Dialect:
    return replace(dialect, width=width)


def _first_record(text: TextStream, dialect: Dialect) -> Record | None:
    """The first record of what is left; the buffer grows until it is whole."""
    while True:
        record = next(walk(text.buffer, dialect), None)
        whole = record is not None and record.end < len(text.buffer)
        if whole or text.ended or len(text.buffer) > LONGEST_FIELD:
            return record
        text.fill(2 * len(text.buffer))


def _newline(text: bytes, end: int) -> bytes:
    if text.startswith(b"\r\n", end):
        return b"\r\n"
    return text[end : end + 1]


def _headerless(shape: SourceShape, text: TextStream, dialect: Dialect, name: str) -> Head:
    record = _first_record(text, dialect)
    count = marked_width(record.fields) if record else 0
    reasons = Reasons(REASONS, marked=True) if count else Reasons()
    count = count or (len(record.fields) if record else 0)
    layout = by_order(shape, count)
    if record and count < len(shape.columns):
        better = _better_delimiter(text.buffer[record.start : record.end], dialect, lambda cells: len(cells) >= len(shape.columns))
        if better:
            message = f"the first record of `{name}` has {count} of {len(shape.columns)} values when cut at {_named(dialect.delimiter)}"
            raise BadInput("R004", message, f"{_named(better)} gives enough: write delimiter {_written(better)}", path=name, line=text.line)
    warnings = _about_surplus(shape, layout, name, text.line)
    newline = _newline(text.buffer, record.end) if record else b""
    return Head(text.encoding, _with_width(dialect, layout.width), layout, b"", newline or b"\n", warnings, reasons)


def _about_surplus(shape: SourceShape, layout: Layout, name: str, line: int) -> tuple[str, ...]:
    surplus = [column for column in layout.surplus if column and not column.startswith(ADDED)]
    if not surplus or option(shape, "extra") == "allow":
        return ()
    columns = "a column" if len(surplus) == 1 else f"{len(surplus)} columns"
    message = f"`{name}` has {columns} that `{shape.name}` does not declare: {listed(surplus)}"
    if option(shape, "extra") == "reject":
        raise BadInput("R003", message, "declare what is needed, or write `extra warn`", path=name, line=line)
    return (message,)


# ---------------------------------------------------------------- the wrong file


def _refuse_foreign(text: TextStream, name: str) -> None:
    """Refuse what is certainly no delimited text, whatever it is called."""
    head = text.buffer
    if _HTML.match(head[:4096]):
        raise BadInput("R005", f"`{name}` is an HTML page, not delimited text", "a server may have answered with an error page", path=name)
    kind = next((what for magic, what in _BINARY.items() if head.startswith(magic)), "")
    if kind or is_binary(head):
        message = f"`{name}` is {kind or 'binary'}, not delimited text"
        help = "" if kind else 'text of two bytes a character is read with encoding "utf-16"'
        raise BadInput("R005", message, help, path=name)


def is_binary(head: bytes) -> bool:
    """Whether the beginning of a file is certainly no text: that has tabs and line ends, and now and then a stray control character."""
    begin = head[:4096]
    return len(begin) - len(begin.translate(None, _CONTROLS)) > max(8, len(begin) // 20)


def _none_found(shape: SourceShape, cells: list[str], name: str, line: int) -> BadInput:
    message = f"the header of `{name}` has none of the declared columns"
    return BadInput("R004", message, f"it has {listed([cell.strip() for cell in cells], 12)}", path=name, line=line)


def _explained(shape: SourceShape, text: bytes, record: Record, dialect: Dialect, refusal: BadInput) -> BadInput:
    """`refusal`, or what lies behind it where the header shows that: another format, another delimiter."""
    names = {spelling for column in shape.columns for spelling in (column.names or (column.name,))}
    if refusal.code != "R004" or any(field.decode().strip().lstrip("\ufeff") in names for field in record.fields):
        return refusal
    if _JSON.match(text[:4096]):
        return BadInput("R005", f"`{refusal.path}` is JSON, not delimited text", "declare it as `json` or `jsonl`", path=refusal.path)
    header = text[record.start : record.end]
    better = _better_delimiter(header, dialect, lambda cells: bool(names & cells))
    if better:
        message = f"the header of `{refusal.path}` has none of the declared columns when it is cut at {_named(dialect.delimiter)}"
        found = len(names & _cells(header, dialect, better))
        help = f"{_named(better)} gives {found} of {len(shape.columns)}: write delimiter {_written(better)}"
        return BadInput("R004", message, help, path=refusal.path, line=refusal.line)
    return refusal


def _better_delimiter(header: bytes, dialect: Dialect, fits: Callable[[set[str]], bool]) -> bytes:
    candidates = [mark for mark in _DELIMITERS if mark != dialect.delimiter and fits(_cells(header, dialect, mark))]
    return max(candidates, key=lambda mark: len(_cells(header, dialect, mark)), default=b"")


def _cells(header: bytes, dialect: Dialect, delimiter: bytes) -> set[str]:
    record = next(walk(header, Dialect(delimiter, dialect.quote, b"")), None)
    return {field.decode("utf-8", "replace").strip().lstrip("\ufeff") for field in record.fields} if record else set()


def _named(delimiter: bytes) -> str:
    return _NAMES.get(delimiter, f"`{delimiter.decode()}`")


def _written(delimiter: bytes) -> str:
    return '"\\t"' if delimiter == b"\t" else f'"{delimiter.decode()}"'
