"""Records of a reject file that is sent again, as they were before a run put its reasons behind them.

A record that has not one value for each column is held by the first cell, behind a mark: the file is a table whatever
was wrong in it, so that a spreadsheet that saves it changes nothing, and takes no record for a formula or a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from datahub.formats.csv_scan import Dialect, Record, walk
from datahub.formats.declare import ADDED
from datahub.records import record

MARK = "_dhm_columns "
"""Opens the reasons in a file without header; behind it stands how many columns the records have."""
REASONS = ("_dhm_row", "_dhm_line", "_dhm_codes", "_dhm_fields", "_dhm_values", "_dhm_messages")
RAW = b"_dhm_raw "
"""Opens the first value of a record that is held by it whole."""
_MARK = re.compile(re.escape(MARK).encode() + rb"(\d{1,6})")
_ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")


@record(frozen=True, slots=True)
class Reasons:
    """The columns that a run added behind those of a record; `marked` where a cell before them says so in each record.

    `surplus` columns without a name follow them, with which a spreadsheet widened the table.
    """

    names: tuple[str, ...] = ()
    marked: bool = False
    surplus: int = 0

    @property
    def count(self) -> int:
        return len(self.names) + self.marked + self.surplus

    def cell(self, name: str, cells: Sequence[bytes]) -> bytes:
        """The cell of the column `name` among the last ones of a record."""
        return cells[self.names.index(name) - len(self.names) - self.surplus] if name in self.names else b""


def reasons_of(header: Sequence[str]) -> Reasons:
    """The columns at the end of a header that a run added."""
    named = len(header)
    while named and not header[named - 1]:
        named -= 1
    own = named
    while own and header[own - 1].startswith(ADDED):
        own -= 1
    return Reasons(tuple(header[own:named]), surplus=len(header) - named) if own < named else Reasons()


def marked_width(fields: Sequence[bytes]) -> int:
    """How many columns the file without header had whose rejects begin with this record; 0 where it is none."""
    at = -len(REASONS) - 1
    found = _MARK.fullmatch(fields[at]) if len(fields) >= -at else None
    return int(found.group(1)) if found else 0


def records(text: bytes, dialect: Dialect, reasons: Reasons) -> Iterator[tuple[bytes, Record]]:
    """Every record of `text` with its bytes; of a reject file without the reasons."""
    for found in walk(text, with_reasons(dialect, reasons)):
        raw = text[found.start : found.end]
        yield (raw, found) if not reasons.count else _as_it_was(raw, found, dialect, reasons)


def with_reasons(dialect: Dialect, reasons: Reasons) -> Dialect:
    """The dialect of records with what a run put behind them."""
    return replace(dialect, width=dialect.width + reasons.count) if reasons.count else dialect


def must_be_walked(text: bytes, dialect: Dialect, reasons: Reasons) -> bool:
    """Whether there may be records of a reject file that could not be read, or that are shorter than others."""
    codes = (RAW, b"R001", b"R002", b"R005")
    return bool(reasons.count) and (dialect.short or bool(reasons.surplus) or any(code in text for code in codes))


def wrapped(raw: bytes, dialect: Dialect) -> bytes:
    """A record as the first value of one that has as many as the others."""
    if dialect.quote:
        cell = dialect.quote + RAW + raw.replace(dialect.quote, dialect.quote * 2) + dialect.quote
    else:
        cell = RAW + re.sub(rb"\\|" + re.escape(dialect.delimiter), _escaped, raw)
    return cell + dialect.delimiter * (dialect.width - 1)


def _escaped(found: re.Match[bytes]) -> bytes:
    return b"".join(b"\\x%02x" % byte for byte in found.group())


def _as_it_was(raw: bytes, found: Record, dialect: Dialect, reasons: Reasons) -> tuple[bytes, Record]:
    cells = found.fields
    own = len(cells) - reasons.count
    if found.problem or own < 1 or len(cells) == dialect.width or (reasons.marked and not _MARK.fullmatch(cells[own])):
        return raw, found
    if reasons.surplus and any(cells[-reasons.surplus :]):
        return raw, found
    kept = cells[:own]
    before = raw[: ends(raw, dialect)[own - 1]]
    if kept[0].startswith(RAW):
        return _unwrapped(kept, before, found, dialect)
    if own == dialect.width > 1 and kept[0] and not any(kept[1:]) and reasons.cell("_dhm_codes", cells) in (b"R002", b"R005"):
        # Whoever took the mark away with the mistake means the values, not a first one that holds them all.
        inner = next(walk(kept[0], dialect))
        if inner.end < len(kept[0]) or inner.fields != [kept[0]]:
            return kept[0], replace(inner, line=found.line)
    return before, replace(found, fields=kept)


def _unwrapped(cells: Sequence[bytes], raw: bytes, found: Record, dialect: Dialect) -> tuple[bytes, Record]:
    """The record that the first of `cells` holds; unfit to be read where there is another value beside it."""
    text = cells[0].removeprefix(RAW)
    if not dialect.quote:
        text = _ESCAPED.sub(lambda code: bytes((int(code.group(1), 16),)), text)
    inner = next(walk(text, dialect), None)
    beside = any(cells[1:])
    if beside or inner is None or inner.end < len(text) or (inner.fields and inner.fields[0].startswith(RAW)):
        problem = f"`{RAW.decode().strip()}` stands before a whole record, and no other value beside it"
        return raw if beside else text, replace(found, fields=[], problem=problem)
    return text, replace(inner, line=found.line)


def ends(raw: bytes, dialect: Dialect) -> list[int]:
    """Where each value of a record ends that can be cut into values."""
    quote, delimiter, found, at = dialect.quote, dialect.delimiter, [], 0
    while True:
        if quote and raw.startswith(quote, at):
            at += len(quote)
            while raw.startswith(quote, end := raw.index(quote, at) + len(quote)):
                at = end + len(quote)
        else:
            end = raw.find(delimiter, at)
            end = len(raw) if end < 0 else end
        found.append(end)
        if not raw.startswith(delimiter, end):
            return found
        at = end + len(delimiter)
