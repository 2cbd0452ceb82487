"""Delimited text to blocks to columns of raw text."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import field, replace
from functools import lru_cache, reduce
from itertools import chain, repeat

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from datahub.formats import csv_exact, csv_ragged, csv_scan
from datahub.formats.csv_columns import Groups, Held, Kept, Layout, One, Place, headers_of, indices_of, nested
from datahub.formats.csv_exact import Look, Rows
from datahub.formats.csv_head import Head, read_head
from datahub.formats.csv_nulls import quotes_kept, told_apart
from datahub.formats.csv_resent import Reasons, must_be_walked, with_reasons
from datahub.formats.csv_scan import LONGEST_FIELD, LONGEST_RECORD, Dialect
from datahub.formats.declare import BadInput, Block, InputFile, Parsed, Placed
from datahub.formats.files import InputStream, Rereader
from datahub.formats.options import option
from datahub.formats.presence import presence_asked
from datahub.formats.text_stream import TextStream
from datahub.frames.chunks import whole
from datahub.frames.frame import Column
from datahub.frames.gathered import Gathered
from datahub.records import record
from datahub.semantic.ir import SourceColumn, SourceShape
from datahub.types import model as t

CORES = os.cpu_count() or 1
LARGEST_BLOCK, SMALLEST_BLOCK, SPARE = 8 << 20, 256 << 10, 64 << 10
MOST_VALUES = 1 << 19
"""About so many values that are no texts of a large file are in one block: what is told of those that fail takes many times their room.

Fewer, or as few records as 65,536, cost rows of three or four columns 4 to 8 % of the processor: decision 235.
"""
_UNIT = b"\x1f"
"""Stands for a delimiter of several bytes while Arrow reads, which takes one alone."""


@record(frozen=True, slots=True)
class CsvBlock:
    """Whole records as UTF-8, and all that is needed to read them."""

    text: bytes
    dialect: Dialect
    layout: Layout
    encoding: str
    reasons: Reasons = Reasons()
    seen: csv_scan.Survey | None = field(default=None, compare=False, repr=False)
    found: list[csv_scan.Survey | None] = field(default_factory=list, compare=False, repr=False)
    """What was told of its records, once it was asked: rejected ones are cut out by it again."""


class CsvReader:
    """Reads the files of one source of delimited text."""

    def __init__(self, shape: SourceShape, wanted: frozenset[str], files: Sequence[InputFile]) -> None:
        self.shape, self.files = shape, files
        self.wanted = frozenset(name.removeprefix(f"#{shape.name}.") for name in wanted)
        self._asked = presence_asked(wanted, shape.columns)
        self._nulls = str(option(shape, "nulls") or "")
        self._patterns = {column.name: column.pattern for column in shape.columns}
        self._absent: dict[str, None] = {}
        self.heads: dict[int, Head] = {}
        self._warnings: list[str] = []
        self._again = Rereader()

    def blocks(self, file: InputFile, number: int, first_block: int) -> Iterator[Block]:
        """The blocks of one file; what is wrong with the file as a whole raises `BadInput`."""
        with InputStream(file.path, file.member, file.name) as stream:
            text = TextStream(stream, str(option(self.shape, "encoding")), file.name)
            head = read_head(self.shape, text, file.name)
            self._begun(number, head)
            count = first_block
            cutter = _Cutter(with_reasons(head.dialect, head.reasons))
            for offset, line, records in text.pieces(_sized(head.layout, text, self.shape.columns), cutter, LONGEST_RECORD + LONGEST_FIELD):
                seen = cutter.taken(len(records))
                if not _is_blank(records):
                    data = CsvBlock(records, head.dialect, head.layout, head.encoding.name, head.reasons, seen)
                    yield Block(number, count, offset, text.offset - offset, line, data)
                    count += 1
            self._ended(file, head, text, count > first_block)

    def _begun(self, number: int, head: Head) -> None:
        self.heads[number] = head
        self._warnings += head.warnings
        self._absent |= dict.fromkeys(head.layout.absent())

    def _ended(self, file: InputFile, head: Head, text: TextStream, rows: bool) -> None:
        if rows:
            if text.last not in (b"\n", b"\r"):
                self._warnings.append(f"`{file.name}` does not end with a line end: its last row may have been cut short")
            return
        found = "a header and no rows" if head.header else "no rows" if text.blank else "content but no rows"
        if option(self.shape, "require_rows") or (not head.header and not text.blank):
            raise BadInput("R005", f"`{file.name}` has {found}", path=file.name)
        self._warnings.append(f"`{file.name}` has {found}")

    def parse(self, block: Block) -> Parsed:
        """The columns wanted of one block, as raw text."""
        data: CsvBlock = block.data
        wanted = [place for place in data.layout.places if place.name in self.wanted]
        nameless = [index for index, name in enumerate(data.layout.header) if not name]
        asked = {column.name for column, _ in self._asked.values()} if self._nulls else set()
        needed = [place for place in data.layout.places if place.name in self.wanted or place.name in asked]
        indices = sorted({*nameless, *(index for place in needed for index in indices_of(place))})
        rows, there = self._read(data, indices, block.first_line)
        self._note_nameless([index + 1 for index in nameless if pc.any(pc.not_equal(rows.columns[index], "")).as_py()], block.file)
        columns, gathered = {}, []
        for place in wanted:
            value, keep = _value(place, rows, there)
            columns[f"#{self.shape.name}.{place.name}"] = Column(value)
            if keep is not None and not isinstance(place, One):
                parts = place.parts if isinstance(place, Groups) else ("",)
                gathered.append(Gathered(self._patterns[place.name], parts, headers_of(place, data.layout.header), keep))
        places = {place.name: place for place in data.layout.places}
        for mark, (column, path) in self._asked.items():
            columns[mark] = Column(_present(indices_of(places[column.name], path), there))
        return Parsed(columns, rows.length, rows.records, rows.positions, rows.lines, rows.bad, tuple(gathered))

    def _read(self, data: CsvBlock, indices: Sequence[int], first_line: int) -> tuple[Rows, Held]:
        """The columns at `indices`; where null has a word of its own, which cells have something in them."""
        if not self._nulls:
            return read(data, indices, first_line), {}
        text = quotes_kept(data.text, data.dialect, self._nulls)
        rows = read(data if text is data.text else replace(data, text=text, seen=None, found=[]), indices, first_line)
        apart = {index: told_apart(cells, self._nulls) for index, cells in rows.columns.items()}
        there = {index: held for index, (_, held) in apart.items()}
        return replace(rows, columns={index: cells for index, (cells, _) in apart.items()}), there

    def _note_nameless(self, numbers: list[int], file: int) -> None:
        """Values under no name are read by nobody, and were written by somebody."""
        self._warnings += [f"`{self.files[file].name}` has values in column {number}, which has no name" for number in numbers]

    def warnings(self) -> Sequence[str]:
        # What is needed at two times of a run is read twice.
        return tuple(dict.fromkeys(self._warnings))

    def absent(self) -> Sequence[str]:
        """The declared columns that a file lacked."""
        return tuple(self._absent)

    def reread(self, file: InputFile, place: Placed) -> Block:
        """The block at `place` of `file`, which was read before."""
        head = self.heads[place.file]
        raw = self._again.read(file, place.offset, place.length)
        text = head.encoding.as_utf8(head.encoding.decoder(), raw, final=True)
        data = CsvBlock(text, head.dialect, head.layout, head.encoding.name, head.reasons)
        return Block(place.file, place.number, place.offset, place.length, place.first_line, data)


GATHERED, GATHERING_BLOCK = 16, 512 << 10
"""So many columns in one map are many, and the largest block there: each of its cells takes many times the room of its text."""


def _sized(layout: Layout, text: TextStream, columns: Sequence[SourceColumn]) -> Iterator[int]:
    gathers = any(len(indices_of(place)) > GATHERED for place in layout.places)
    return block_sizes(text.stream, GATHERING_BLOCK if gathers else largest_block(text, LARGEST_BLOCK, columns))


def _is_blank(records: bytes) -> bool:
    return records[:1] in (b"\r", b"\n") and not records.strip(b"\r\n")


def largest_block(text: TextStream, most: int, columns: Sequence[SourceColumn], end: bytes = b"\n") -> int:
    """How large a block of records of `columns` is at most that end with `end` and are as long as the first ones of `text`."""
    text.fill(SPARE)
    sample = text.buffer[:SPARE]
    fallible = sum(not isinstance(t.base_of(column.type), t.Text) for column in columns)
    records = MOST_VALUES // max(1, fallible)
    return max(SMALLEST_BLOCK, min(most, records * len(sample) // (sample.count(end) or 1)))


def block_size(stream: InputStream, largest: int = LARGEST_BLOCK) -> int:
    """Blocks so large that every core gets as much as another, and memory stays small for a large file.

    A block costs as much as some thousand rows before it has any: of a small file each core gets one.
    """
    size = _size(stream)
    # Each ends with its last whole record: without room to spare, a small one would be left.
    return max(SMALLEST_BLOCK, size // (CORES * -(-size // (CORES * largest)) or 1) + SPARE)


def block_sizes(stream: InputStream, largest: int = LARGEST_BLOCK) -> Iterator[int]:
    """The sizes of all blocks, one after the other.

    Where cores get several each, the first is half as large, and with it what is left at the end: so cores end blocks at different
    times, and whoever puts keys in or writes rows has some while others are worked on.
    """
    size = block_size(stream, largest)
    return chain([size // 2] if _size(stream) > CORES * size else [], repeat(size))


def _size(stream: InputStream) -> int:
    """How large a file is when it is no longer compressed, about."""
    size: int = stream.size * (4 if stream.compression else 1)
    return size


class _Cutter:
    """Finds where a buffer can be cut, and keeps what it saw on the way: the same eyes need not look twice."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.seen: csv_scan.Survey | None = None
        self.length = 0

    def __call__(self, buffer: bytes) -> int:
        """Past the last record of `buffer` that is certainly whole; 0 where there is none."""
        self.seen = None
        dialect = self.dialect
        plain = len(dialect.quote) < 2 and not (dialect.comment and dialect.comment in buffer)
        if plain and dialect.quote not in buffer:
            return csv_scan.last_record_end(buffer, csv_scan.quote_positions(buffer, dialect))
        found = csv_scan.survey(buffer, dialect) if plain else None
        if found and found.regular:
            at = csv_scan.last_record_end(buffer, found.quotes)
            if at or len(buffer) <= LONGEST_FIELD:
                self.seen, self.length = found.before(at), at
                return at
        return csv_scan.certain_end(buffer, dialect)

    def taken(self, length: int) -> csv_scan.Survey | None:
        """What was seen of the piece that was cut last; None where it is another one: the rest of a file is one without being cut."""
        seen, self.seen = self.seen, None
        return seen if length == self.length else None


def read(block: CsvBlock, indices: Sequence[int], first_line: int) -> Rows:
    """The columns at `indices`: at once where the block has no flaw, record by record where it has."""
    found = survey(block)
    rows = _at_once(block, found, indices, first_line) if found else None
    if rows is None:
        look = Look(block.dialect, block.reasons, block.layout.header, block.encoding)
        return csv_exact.read(block.text, look, indices, first_line)
    return rows


def survey(block: CsvBlock) -> csv_scan.Survey | None:
    """Where the records of a block without obvious flaws are; None where they must be walked."""
    if not block.found:
        block.found.append(_survey(block))
    return block.found[0]


def _survey(block: CsvBlock) -> csv_scan.Survey | None:
    text, dialect = block.text, with_reasons(block.dialect, block.reasons)
    if must_be_walked(text, dialect, block.reasons):
        return None
    if b"\0" in text or len(dialect.quote) > 1 or (dialect.comment and dialect.comment in text) or not is_utf8(text):
        return None
    found = block.seen or csv_scan.survey(text, dialect)
    fine = found.regular and len(found.quotes) % 2 == 0 and not csv_scan.too_long(text, found)
    return found if fine else None


def is_utf8(text: bytes) -> bool:
    """Whether `text` is valid; Arrow looks at it faster than Python, and lets other threads run."""
    offsets = pa.py_buffer(np.array([0, len(text)], np.int64))
    try:
        pa.Array.from_buffers(pa.large_binary(), 1, [None, offsets, pa.py_buffer(text)]).cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def _at_once(block: CsvBlock, found: csv_scan.Survey, indices: Sequence[int], first_line: int) -> Rows | None:
    """The whole block through Arrow's reader; None where it finds a flaw that vectors do not tell."""
    text, dialect = block.text, with_reasons(block.dialect, block.reasons)
    delimiter = dialect.delimiter
    if len(delimiter) > 1:
        if _UNIT in text:
            return None
        text, delimiter = text.replace(delimiter, _UNIT), _UNIT
    if dialect.short:
        padded = filled_up(text, delimiter, dialect.width) if not len(found.quotes) else None
        if padded is None:
            return None
        text = padded
    table, flaws = _arrow(text, delimiter, dialect.quote, dialect.width, tuple(indices))
    if table is None or (flaws and (dialect.short or block.reasons.count or len(dialect.delimiter) > 1)):
        return None
    columns = {index: whole(table.column(f"f{index}")) for index in indices}
    if delimiter is _UNIT and len(found.quotes):
        written = dialect.delimiter.decode()
        columns = {index: pa.compute.replace_substring(values, "\x1f", written) for index, values in columns.items()}
    if flaws:
        return csv_ragged.told_apart(text, found, dialect, columns, first_line)
    lines = None
    if table.num_rows != found.lines:
        lines = found.spans().lines + first_line
        if len(lines) != table.num_rows:
            return None
    return Rows(columns, table.num_rows, None, lines, table.num_rows, ())


def filled_up(text: bytes, delimiter: bytes, width: int) -> bytes | None:
    """Text without quotes whose short lines have as many delimiters as the others.

    None where one has too many, and where one holds nothing but spaces, which is no record.
    """
    if not text:
        return text
    data = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero((data == 10) | (data == 13))
    if data[-1] not in (10, 13):
        ends = np.append(ends, len(data))
    starts = np.concatenate(([0], ends[:-1] + 1))
    marks = np.flatnonzero(data == delimiter[0])
    counts = np.searchsorted(marks, ends) - np.searchsorted(marks, starts)
    lacking = np.where(ends > starts, width - 1 - counts, 0)
    if (lacking < 0).any():
        return None
    padded = (ends > starts) & (counts == 0) & np.isin(data[np.minimum(starts, len(data) - 1)], (9, 32))
    if any(not text[start:end].strip(b" \t") for start, end in zip(starts[padded], ends[padded], strict=True)):
        return None
    return np.insert(data, np.repeat(ends, lacking), delimiter[0]).tobytes()


def _arrow(text: bytes, delimiter: bytes, quote: bytes, width: int, indices: tuple[int, ...]) -> tuple[pa.Table | None, int]:
    """The records that have as many values as there are columns, and how many it passed over."""
    flaws: list[object] = []

    def flaw(row: object) -> str:
        flaws.append(row)
        return "skip"

    names, convert = _conversion(width, indices or (0,))
    try:
        table = pa.csv.read_csv(
            pa.BufferReader(text),
            read_options=pa.csv.ReadOptions(use_threads=False, block_size=len(text) + 1, column_names=names),
            parse_options=pa.csv.ParseOptions(
                delimiter=delimiter.decode(),
                quote_char=quote.decode() or False,
                newlines_in_values=True,
                invalid_row_handler=flaw,
            ),
            convert_options=convert,
        )
    except pa.ArrowInvalid:
        return None, 0
    return table, len(flaws)


@lru_cache(maxsize=64)
def _conversion(width: int, indices: tuple[int, ...]) -> tuple[list[str], pa.csv.ConvertOptions]:
    """Names for all columns, and that those at `indices` are wanted, as text and as they are."""
    wanted = [f"f{index}" for index in indices]
    convert = pa.csv.ConvertOptions(
        check_utf8=False,
        column_types=dict.fromkeys(wanted, pa.string()),
        include_columns=wanted,
        null_values=[],
        strings_can_be_null=False,
        quoted_strings_can_be_null=False,
    )
    return [f"f{index}" for index in range(width)], convert


def _value(place: Place, rows: Rows, there: Held) -> tuple[pa.Array | pa.Scalar, Kept | None]:
    match place:
        case One(index=int() as index):
            return rows.columns[index], None
        case One():
            return pa.scalar(None, pa.string()), None
        case _:
            nothing = pa.repeat(pa.scalar(None if there else "", pa.string()), rows.length)
            return nested(place, lambda index: nothing if index is None else rows.columns[index], rows.length, there)


def _present(indices: Sequence[int], there: Held) -> pa.Array | pa.Scalar:
    """Whether the columns at `indices` are there: for all rows, unless null has a word and so an empty cell is none."""
    if not indices or not there:
        return pa.scalar(bool(indices))
    return reduce(pc.or_, (there[index] for index in indices))
