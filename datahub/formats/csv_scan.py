"""Where records of delimited text begin and end: by vectors where the quotes are regular, by walking where they are not.

Quotes are regular when each that opens stands at the start of a value and each that closes at its end. Then the parity
of the quotes before a line end tells whether it ends a record. Where they are not, records are walked one by one; a
quoted value that does not end as it should gives one malformed record, the line it opens on, and the walk goes on
behind that line: one stray quote costs one line, never the rest of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from datahub.formats.bounds import LONGEST_RECORD as LONGEST_RECORD
from datahub.formats.places import count_where, places_where
from datahub.records import record

if TYPE_CHECKING:
    import numpy.typing as npt

LONGEST_FIELD = 1 << 20
_SWALLOWED = 3
"""A quoted value of at least so many whole lines, each with as many delimiters as a record has, has swallowed records."""

Positions: TypeAlias = "npt.NDArray[np.int64]"
Bytes: TypeAlias = "npt.NDArray[np.uint8]"
Mask: TypeAlias = "npt.NDArray[np.bool_]"
Ends: TypeAlias = "tuple[Positions, Positions]"

_ODD_QUOTE = "a quote opens a value and is never closed, or stands inside one without being doubled"
"""The same of both: which of them it is depends on what follows, and so on where a block ends."""


@record(frozen=True, slots=True)
class Dialect:
    """How values are set apart, in bytes of the text that is scanned; `width` is how many a record has (0: unknown).

    `short`: a record may have fewer, the last ones are empty then.
    """

    delimiter: bytes
    quote: bytes
    comment: bytes
    width: int = 0
    short: bool = False


@record(frozen=True, slots=True)
class Record:
    """One record: its bytes (without the line end), its physical line counted from 0, its values; or what is wrong with it."""

    start: int
    end: int
    line: int
    fields: list[bytes]
    problem: str = ""
    is_open: bool = False
    """Whether no quote closes it as far as the data goes: what follows may do so."""


def as_bytes(data: bytes) -> Bytes:
    return np.frombuffer(data, np.uint8)


def quote_positions(data: bytes, dialect: Dialect) -> Positions:
    """Where the quotes are."""
    if not dialect.quote or dialect.quote not in data:
        return np.zeros(0, np.int64)
    return places_where(as_bytes(data), lambda part: part == dialect.quote[0])


def regular(data: bytes, quotes: Positions, dialect: Dialect) -> bool:
    """Whether every quote opens, closes or is doubled where it should; an open end counts as regular."""
    if not len(quotes):
        return True
    text = as_bytes(data)
    opening, closing = quotes[::2], quotes[1::2]
    paired = min(len(closing), len(opening) - 1)
    doubled = opening[1:] == closing[:paired] + 1
    starts = _after_edge(text, opening, dialect.delimiter)
    starts[1:] |= doubled
    stops = _before_edge(text, closing, dialect.delimiter)
    stops[:paired] |= doubled
    return bool(starts.all() and stops.all())


def _after_edge(text: Bytes, positions: Positions, delimiter: bytes) -> Mask:
    """Whether a value may begin at each of `positions`: behind a delimiter, a line end, or nothing."""
    fits: Mask = _is_edge(text[positions - 1], delimiter[-1])
    for back, byte in enumerate(reversed(delimiter[:-1]), 2):
        # Of a longer delimiter the rest is looked at where its last byte stands.
        longer = np.flatnonzero(fits & (text[positions - 1] == delimiter[-1]))
        fits[longer] = (text[np.maximum(positions[longer] - back, 0)] == byte) & (positions[longer] >= back)
    fits |= positions == 0
    return fits


def _before_edge(text: Bytes, positions: Positions, delimiter: bytes) -> Mask:
    """Whether a value may end with each of `positions`: before a delimiter, a line end, or nothing."""
    last = len(text) - 1
    fits: Mask = _is_edge(text[np.minimum(positions + 1, last)], delimiter[0])
    for ahead, byte in enumerate(delimiter[1:], 2):
        longer = np.flatnonzero(fits & (text[np.minimum(positions + 1, last)] == delimiter[0]))
        fits[longer] = (text[np.minimum(positions[longer] + ahead, last)] == byte) & (positions[longer] + ahead <= last)
    fits |= positions == last
    return fits


def _is_edge(beside: Bytes, delimiter: int) -> Mask:
    """Which bytes are one of a delimiter or of a line end."""
    edge: Mask = (beside == delimiter) | (beside == 10) | (beside == 13)
    return edge


def last_record_end(data: bytes, quotes: Positions) -> int:
    """Past the last line end outside quotes, given regular quotes; 0 where there is none."""
    end = len(data)
    while True:
        at = max(data.rfind(b"\n", 0, end), _last_return(data, end))
        if at < 0:
            return 0
        before = int(np.searchsorted(quotes, at))
        if before % 2 == 0:
            return at + 1
        # Inside quotes: the next chance is before the quote that opened.
        end = int(quotes[before - 1])


def _last_return(data: bytes, end: int) -> int:
    """The last carriage return that ends a line by itself; the very last byte may yet be half of a pair."""
    at = data.rfind(b"\r", 0, min(end, len(data) - 1))
    while at >= 0 and data[at + 1] == 10:
        if data.find(b"\n", 0, end) >= 0:
            return -1
        at = data.rfind(b"\r", 0, at)
    return at


def count_lines(data: bytes, *, returns: bool = True) -> int:
    """How many line ends there are; a carriage return with its line feed is one, and alone one where `returns` says so."""
    count = count_where(as_bytes(data), lambda part: part == 10)
    if returns and b"\r" in data:
        count += data.count(b"\r") - data.count(b"\r\n")
    return count


@record(frozen=True, slots=True)
class Spans:
    """Records by vectors: bytes without line ends, and physical lines counted from 0."""

    starts: Positions
    ends: Positions
    lines: Positions


class Survey:
    """What vectors tell of a text: its quotes, where lines stop and the next begin, and which line ends are outside quotes.

    Where lines stop is found out when it is asked for: of a text without quotes or flaws nobody does.
    """

    __slots__ = ("_data", "_ends", "outside", "quotes", "regular")

    def __init__(
        self, data: bytes, quotes: Positions, ends: Ends | None = None, outside: Mask | None = None, *, regular: bool = True
    ) -> None:
        self._data, self._ends = data if ends is None else b"", ends
        self.quotes, self.outside, self.regular = quotes, outside, regular

    @property
    def ends(self) -> Ends:
        """Where lines stop, and where the next begin."""
        if self._ends is None:
            self._ends = _line_ends(self._data)
        return self._ends

    @property
    def stops(self) -> Positions:
        return self.ends[0]

    @property
    def lines(self) -> int:
        """How many there are."""
        if self._ends is not None:
            return len(self.stops)
        return count_lines(self._data) + (not self._data.endswith((b"\n", b"\r")) and self._data != b"")

    def before(self, at: int) -> Survey:
        """The part of it that is about the text before `at`, where a record ends."""
        stops, after = self.ends
        lines = int(np.searchsorted(after, at, "right"))
        outside = None if self.outside is None else self.outside[:lines]
        quotes = self.quotes[: int(np.searchsorted(self.quotes, at))]
        return Survey(b"", quotes, (stops[:lines], after[:lines]), outside, regular=self.regular)

    def spans(self) -> Spans:
        """The records, given regular quotes and no comments; empty lines are none."""
        stops, after = self.ends
        number = np.arange(len(stops))
        if self.outside is not None:
            stops, after, number = stops[self.outside], after[self.outside], number[self.outside]
        starts, lines = np.zeros(len(stops), np.int64), np.zeros(len(stops), np.int64)
        starts[1:], lines[1:] = after[:-1], number[:-1] + 1
        full = starts < stops
        return Spans(starts[full], stops[full], lines[full])


def survey(data: bytes, dialect: Dialect) -> Survey:
    """Look over `data` once; what it ends with counts as a line, with or without a line end."""
    quotes = quote_positions(data, dialect)
    if not len(quotes):
        return Survey(data, quotes)
    stops, after = _line_ends(data)
    inside = np.searchsorted(quotes, stops)
    outside = inside % 2 == 0
    fine = regular(data, quotes, dialect) and not _swallows(data, quotes, inside[~outside], dialect)
    return Survey(data, quotes, (stops, after), outside, regular=fine)


def _line_ends(data: bytes) -> Ends:
    """Where lines stop, and where the next begin; what a text ends with counts as a line, with or without a line end."""
    stops, after = _marked_ends(data)
    if len(data) and (len(after) == 0 or after[-1] < len(data)):
        stops, after = np.append(stops, len(data)), np.append(after, len(data))
    return stops, after


def _marked_ends(data: bytes) -> Ends:
    text = as_bytes(data)
    if b"\r" not in data:
        feeds = places_where(text, lambda part: part == 10)
        return feeds, feeds + 1
    marks = places_where(text, lambda part: (part == 10) | (part == 13))
    paired = np.zeros(len(marks), np.bool_)
    paired[1:] = (text[marks[1:]] == 10) & (text[marks[:-1]] == 13) & (marks[1:] == marks[:-1] + 1)
    stops = marks[~paired]
    after = stops + 1
    after[np.searchsorted(stops, marks[np.flatnonzero(paired) - 1])] += 1
    return stops, after


def _swallows(data: bytes, quotes: Positions, inside: Positions, dialect: Dialect) -> bool:
    """Whether a quoted value seems to hold whole records: a quote that opened by mistake and closed by another.

    `inside` has for each line end inside quotes the number of the quote that closes them.
    """
    if dialect.width < 2 or len(inside) <= _SWALLOWED:
        return False
    pairs, counts = np.unique(inside, return_counts=True)
    # Only values of several lines are looked at one by one.
    for pair in pairs[counts > _SWALLOWED]:
        end = int(quotes[pair]) if pair < len(quotes) else len(data)
        if _holds_records(data[int(quotes[pair - 1]) + 1 : end], dialect):
            return True
    return False


def too_long(data: bytes, found: Survey) -> bool:
    """Whether a record is longer than a single value may be."""
    half = LONGEST_FIELD // 2
    if len(data) <= LONGEST_FIELD:
        return False
    if found.outside is None and all(data.find(b"\n", at, at + half) >= 0 for at in range(0, len(data) - half + 1, half)):
        # A line of more than that length would hold one of these halves whole.
        return False
    stops = found.stops if found.outside is None else found.stops[found.outside]
    return int(np.diff(stops, prepend=0).max(initial=0)) > LONGEST_FIELD


def _holds_records(value: bytes, dialect: Dialect) -> bool:
    lines = value.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")[1:-1]
    fewest = _SWALLOWED if dialect.width > 2 else 20
    return len(lines) >= fewest and all(line.count(dialect.delimiter) == dialect.width - 1 for line in lines)


def certain_end(data: bytes, dialect: Dialect) -> int:
    """Past the last record that stays what it is whatever bytes follow `data`, found by walking; 0 where there is none."""
    certain = 0
    for found in walk(data, dialect):
        behind = _next_line(data, found.end)
        open_pair = data.endswith(b"\r") and behind == len(data)
        undecided = found.is_open and len(data) - found.end <= LONGEST_FIELD + 2
        if found.end == len(data) or open_pair or undecided:
            break
        certain = behind
    return certain


def walk(data: bytes, dialect: Dialect, at: int = 0, line: int = 0) -> Iterator[Record]:
    """Every record of `data` from `at`, one by one: blank lines and comments are passed over but counted."""
    size = len(data)
    returns = b"\r" in data
    while at < size:
        stop = _line_stop(data, at, returns)
        first = data[at:stop]
        if (dialect.comment and first.startswith(dialect.comment)) or _blank(first, dialect):
            at, line = _next_line(data, stop), line + 1
            continue
        if not dialect.quote or dialect.quote not in first:
            yield Record(at, stop, line, first.split(dialect.delimiter), _overlong(first, dialect))
            at, line = _next_line(data, stop), line + 1
            continue
        record = _quoted_record(data, dialect, at, line, returns)
        yield record
        at = _next_line(data, record.end)
        line += count_lines(data[record.start : record.end]) + 1


def _blank(line: bytes, dialect: Dialect) -> bool:
    return not line or (dialect.width > 1 and not line.strip(b" \t") and dialect.delimiter not in line)


def _line_stop(data: bytes, at: int, returns: bool) -> int:
    feed = data.find(b"\n", at)
    feed = len(data) if feed < 0 else feed
    if not returns:
        return feed
    back = data.find(b"\r", at, feed)
    return feed if back < 0 else back


def _next_line(data: bytes, stop: int) -> int:
    return stop + 2 if data[stop : stop + 2] == b"\r\n" else stop + 1


def _overlong(record: bytes, dialect: Dialect) -> str:
    if len(record) > LONGEST_RECORD:
        return f"the record is {len(record)} bytes long; at most {LONGEST_RECORD} are read"
    if len(record) > LONGEST_FIELD and any(len(field) > LONGEST_FIELD for field in record.split(dialect.delimiter)):
        return f"a value is longer than {LONGEST_FIELD} bytes"
    return ""


def _quoted_record(data: bytes, dialect: Dialect, start: int, line: int, returns: bool) -> Record:
    """The record at `start`, which has a quote on its first line."""
    fields: list[bytes] = []
    at, quote, delimiter = start, dialect.quote, dialect.delimiter
    while True:
        if data.startswith(quote, at):
            end, problem = _closing(data, dialect, at)
            if problem:
                return Record(start, _line_stop(data, at, returns), line, [], problem, is_open=end < 0)
            fields.append(data[at + 1 : end].replace(quote + quote, quote))
            end += 1
        else:
            stop = _line_stop(data, at, returns)
            end = data.find(delimiter, at, stop)
            end = stop if end < 0 else end
            fields.append(data[at:end])
        if not data.startswith(delimiter, end):
            return Record(start, end, line, fields, "" if end - start <= LONGEST_RECORD else _overlong(data[start:end], dialect))
        at = end + len(delimiter)


def _closing(data: bytes, dialect: Dialect, opening: int) -> tuple[int, str]:
    """Where the quote that opened at `opening` closes, or why it does not; -1 where nothing as far as the data goes does."""
    quote = dialect.quote
    at = opening + 1
    while True:
        at = data.find(quote, at, opening + LONGEST_FIELD + 2)
        if at < 0:
            return -1, _ODD_QUOTE
        if data.startswith(quote, at + 1):
            at += 2
            continue
        if at + 1 < len(data) and not data.startswith((dialect.delimiter, b"\n", b"\r"), at + 1):
            return 0, _ODD_QUOTE
        if _swallowed(data, dialect, opening, at):
            return 0, "a quote opens a value that runs over whole records"
        return at, ""


def _swallowed(data: bytes, dialect: Dialect, opening: int, closing: int) -> bool:
    value = data[opening + 1 : closing]
    return dialect.width > 1 and value.count(b"\n") + value.count(b"\r") > _SWALLOWED and _holds_records(value, dialect)
