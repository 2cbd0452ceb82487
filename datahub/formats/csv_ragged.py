"""Records with more or fewer values than the others, found by vectors where quotes are regular."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.formats.csv_exact import Rows, uneven
from datahub.formats.csv_scan import LONGEST_FIELD, Dialect, Positions, Spans, Survey, as_bytes
from datahub.formats.declare import BadRecord
from datahub.formats.encodings import shown
from datahub.formats.places import places_where, stretches
from datahub.functions.columns import fixed


def told_apart(text: bytes, found: Survey, dialect: Dialect, columns: dict[int, pa.Array], first_line: int) -> Rows | None:
    """The good rows, read into `columns`, and the records beside them that are not even; None where those are not all that was left out."""
    spans = records(text, found, dialect)
    counts = _delimiters(text, found, spans, dialect.delimiter) + 1
    even = counts == dialect.width
    length = int(np.count_nonzero(even))
    if any(len(values) != length for values in columns.values()):
        return None
    lines, bad = spans.lines + first_line, []
    for at in np.flatnonzero(~even).tolist():  # the bad ones alone
        code, message = uneven(int(counts[at]), dialect.width)
        raw = text[spans.starts[at] : min(spans.ends[at], spans.starts[at] + LONGEST_FIELD)]
        bad.append(BadRecord(at, int(lines[at]), code, message, shown(raw)))
    return Rows(columns, length, np.flatnonzero(even) if bad else None, lines[even], len(even), tuple(bad))


def records(text: bytes, found: Survey, dialect: Dialect) -> Spans:
    """The records of a text; lines that hold nothing but spaces are none where a record has several values."""
    spans = found.spans()
    if dialect.width < 2 or not len(spans.starts):
        return spans
    first = as_bytes(text)[spans.starts]
    padded = np.flatnonzero((first == 32) | (first == 9))
    if not len(padded):
        return spans
    spaces = " \t".translate(dict.fromkeys(dialect.delimiter))
    lines = stretches(text, spans.starts[padded], spans.ends[padded]).cast(pa.string())
    blank = pc.equal(pc.ascii_trim(lines, spaces), fixed("")).to_numpy(zero_copy_only=False)
    full = np.ones(len(spans.starts), np.bool_)
    full[padded[blank]] = False
    return Spans(spans.starts[full], spans.ends[full], spans.lines[full])


def _delimiters(text: bytes, found: Survey, spans: Spans, delimiter: bytes) -> Positions:
    """How many delimiters of one byte stand outside quotes in each record."""
    marks = places_where(as_bytes(text), lambda part: part == delimiter[0])
    if len(found.quotes):
        marks = marks[np.searchsorted(found.quotes, marks) % 2 == 0]
    counts: Positions = np.searchsorted(marks, spans.ends) - np.searchsorted(marks, spans.starts)
    return counts
