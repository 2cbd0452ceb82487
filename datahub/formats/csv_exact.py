"""Delimited text read record by record, exactly: good rows as they are, each bad one with its line and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from datahub.formats.csv_resent import Reasons, records
from datahub.formats.csv_scan import LONGEST_FIELD, Dialect, Record
from datahub.formats.declare import BadRecord
from datahub.formats.encodings import bad_byte, of_another, shown
from datahub.records import record

if TYPE_CHECKING:
    import numpy.typing as npt


@record(frozen=True, slots=True)
class Rows:
    """Good rows by column; their places and lines as in `Parsed`; how many records there were; the bad ones."""

    columns: dict[int, pa.Array]
    length: int
    positions: npt.NDArray[np.int64] | None
    lines: npt.NDArray[np.int64] | None
    records: int
    bad: tuple[BadRecord, ...]


@record(frozen=True, slots=True)
class Look:
    """How records look: their marks, the columns that a run added behind theirs, their header, their encoding."""

    dialect: Dialect
    reasons: Reasons
    header: Sequence[str]
    encoding: str


def read(data: bytes, look: Look, wanted: Sequence[int], first_line: int) -> Rows:
    """The records of `data`: the columns `wanted` of those that can be read, and why the others cannot."""
    cells: dict[int, list[bytes]] = {index: [] for index in wanted}
    positions, lines, bad = [], [], []
    count = 0
    # Whole blocks come here only when something in them is wrong; records are looked at one by one to say what.
    for count, (text, found) in enumerate(records(data, look.dialect, look.reasons), 1):
        problem = fault(text, found, look.dialect, look.header, look.encoding)
        line = first_line + found.line
        if problem:
            bad.append(BadRecord(count - 1, line, problem[0], problem[1], shown(text[:LONGEST_FIELD])))
            continue
        positions.append(count - 1)
        lines.append(line)
        for index, values in cells.items():
            values.append(found.fields[index] if index < len(found.fields) else b"")
    columns = {index: pa.array(values, pa.binary()).cast(pa.string()) for index, values in cells.items()}
    places = np.array(positions, np.int64) if bad else None
    return Rows(columns, len(positions), places, np.array(lines, np.int64), count, tuple(bad))


def fault(text: bytes, record: Record, dialect: Dialect, header: Sequence[str], encoding: str) -> tuple[str, str] | None:
    """Code and words for what is wrong with the record `text`; None where nothing is."""
    if record.problem:
        return "R005", record.problem
    byte = bad_byte(text) if not text.isascii() else ""
    if byte:
        return "R001", f"the byte {byte} does not belong to {encoding}{_where(record, header, bad_byte)}{of_another(text, encoding)}"
    if b"\0" in text:
        return "R001", f"there is a NUL byte{_where(record, header, lambda field: 'NUL' if bytes(1) in field else '')}"
    count = len(record.fields)
    if dialect.width and (count > dialect.width or (count < dialect.width and not dialect.short)):
        return uneven(count, dialect.width)
    if len(text) > LONGEST_FIELD and any(len(field) > LONGEST_FIELD for field in record.fields):
        return "R005", f"a value is longer than {LONGEST_FIELD} bytes"
    return None


def uneven(count: int, width: int) -> tuple[str, str]:
    """Code and words for a record that has not one value for each column."""
    return "R002", f"the record has {'1 value' if count == 1 else f'{count} values'}, {width} are needed"


def _where(record: Record, header: Sequence[str], test: Callable[[bytes], str]) -> str:
    """The column in which `test` finds something, in words."""
    for field, name in zip(record.fields, header, strict=False):
        if test(field):
            return f", in `{name}`"
    return ""
