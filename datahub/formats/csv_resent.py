"""Records of a reject file that is sent again, as they were before a run put its reasons behind them.

The reasons are the last cells of a record, however many stand before them. A record that could not be cut into values
was wrapped as one, and one with too few was filled up: uncorrected, each is again what it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from datahub.formats.csv_scan import Dialect, Record, walk
from datahub.formats.declare import ADDED
from datahub.formats.encodings import shown
from datahub.records import record

MARK = "_dhm_columns "
"""Opens the reasons in a file without header; behind it stands how many columns the records have."""
REASONS = ("_dhm_row", "_dhm_line", "_dhm_codes", "_dhm_fields", "_dhm_values", "_dhm_messages")
_MARK = re.compile(re.escape(MARK).encode() + rb"(\d{1,6})")


@record(frozen=True, slots=True)
class Reasons:
    """The columns that a run added behind those of a record; `marked` where a cell before them says so in each record."""

    names: tuple[str, ...] = ()
    marked: bool = False

    @property
    def count(self) -> int:
        return len(self.names) + self.marked

    def cell(self, name: str, cells: Sequence[bytes]) -> bytes:
        """The cell of the column `name` among the last ones of a record."""
        return cells[self.names.index(name) - len(self.names)] if name in self.names else b""


def reasons_of(header: Sequence[str]) -> Reasons:
    """The columns at the end of a header that a run added."""
    own = len(header)
    while own and header[own - 1].startswith(ADDED):
        own -= 1
    return Reasons(tuple(header[own:]))


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
    return bool(reasons.count) and (dialect.short or any(code in text for code in (b"R001", b"R002", b"R005")))


def one_line(text: bytes, dialect: Dialect) -> bytes:
    """`text` without what ends a cell, for files whose cells cannot be quoted."""
    for mark in (dialect.delimiter, b"\r", b"\n"):
        text = text.replace(mark, b" ")
    return text


def _as_it_was(raw: bytes, found: Record, dialect: Dialect, reasons: Reasons) -> tuple[bytes, Record]:
    cells = found.fields
    own = len(cells) - reasons.count
    if found.problem or own < 1 or len(cells) == dialect.width or (reasons.marked and not _MARK.fullmatch(cells[own])):
        return raw, found
    kept, codes = cells[:own], reasons.cell("_dhm_codes", cells)
    before = raw[: ends(raw, dialect)[own - 1]]
    if codes == b"R005" and own == dialect.width and not any(kept[1:]):
        return _unwrapped(kept[0], found, dialect) or (before, replace(found, fields=kept))
    if codes in (b"R001", b"R002") and own == dialect.width:
        filled = _filled(before, reasons.cell("_dhm_values", cells), dialect)
        before, kept = before[: len(before) - filled * len(dialect.delimiter)], kept[: own - filled]
    return before, replace(found, fields=kept)


def _unwrapped(text: bytes, found: Record, dialect: Dialect) -> tuple[bytes, Record] | None:
    """The record that stands in a value because it could not be cut into values; None where somebody wrote a value there."""
    inner = next(walk(text, dialect), None)
    if inner is None or inner.end < len(text) or inner.fields == [text]:
        return None
    return text[inner.start : inner.end], replace(inner, line=found.line)


def _filled(raw: bytes, told: bytes, dialect: Dialect) -> int:
    """How many empty values were put behind a record of which `told` was said; none where it was changed since."""
    text, mark, count = shown(raw).encode(), dialect.delimiter, 0
    if not dialect.quote:
        text, mark = one_line(text, dialect), b" "
    while text != told and text.endswith(mark):
        text, count = text[: -len(mark)], count + 1
    return count if text == told else 0


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
