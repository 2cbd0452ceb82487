"""Rejected records of delimited text, byte for byte as they came, with what is wrong behind them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from datahub.formats import csv_exact
from datahub.formats.csv_head import Head
from datahub.formats.csv_read import CsvBlock, CsvReader, survey
from datahub.formats.csv_scan import Dialect, Positions, Record, as_bytes, quote_positions, walk
from datahub.formats.csv_write import Style, quoted
from datahub.formats.declare import ADDED, Block, Reader
from datahub.formats.files import AtomicFile
from datahub.formats.json_write import text_of
from datahub.formats.places import stretches
from datahub.frames.chunks import whole
from datahub.frames.frame import Rows
from datahub.functions.columns import glued
from datahub.semantic.ir import SourceShape


class CsvRejecter:
    """One reject file of a source, in the dialect, encoding and columns of its first file."""

    def __init__(self, shape: SourceShape, reader: Reader, path: str) -> None:
        assert isinstance(reader, CsvReader)
        self.shape, self.reader, self.file = shape, reader, AtomicFile(path)
        self.head: Head | None = None

    def write(self, block: Block, positions: Rows, added: pa.Table) -> None:
        """The records of `block` at `positions`, and behind each its row of `added`."""
        data: CsvBlock = block.data
        head = self.reader.heads[block.file]
        if self.head is None:
            self._begin(_own(head), added)
        assert self.head is not None
        own = _own_width(data.layout.header)
        same = data.layout.header[:own] == self.head.layout.header
        if not same:
            raw = _realigned(data, positions, self.head)
        elif own < len(data.layout.header):
            raw = _cut(data, positions, own)
        else:
            raw = _raw(data, positions)
        delimiter = data.dialect.delimiter if same else self.head.dialect.delimiter
        style = self._style(self.head)
        parts = [raw]
        for values in added.columns:
            parts += [delimiter, quoted(whole(values).cast(pa.string()), style).cast(pa.binary())]
        self._put(bytes(text_of(glued(*parts, self.head.newline))))

    def _begin(self, head: Head, added: pa.Table) -> None:
        self.head = head
        if head.encoding.mark:
            self.file.write("\ufeff".encode(head.encoding.name))
        if head.header:
            delimiter = head.dialect.delimiter
            self._put(delimiter.join([head.header, *(name.encode() for name in added.column_names)]) + head.newline)

    def _put(self, text: bytes) -> None:
        assert self.head is not None
        self.file.write(self.head.encoding.back(text))

    def _style(self, head: Head) -> Style:
        return Style(head.dialect.delimiter.decode(), head.dialect.quote.decode() or '"', False, "", ".", "", False)

    def close(self) -> None:
        self.file.commit()

    def abort(self) -> None:
        self.file.abort()


def _own_width(header: Sequence[str]) -> int:
    """How many columns are the source's own: a reject file that is sent again has those that a run added behind them."""
    return next((at for at, name in enumerate(header) if name.startswith(ADDED)), len(header))


def _own(head: Head) -> Head:
    """`head` without the columns that a run added."""
    own = _own_width(head.layout.header)
    if own == len(head.layout.header):
        return head
    header = _first_values(head.header, next(walk(head.header, head.dialect)).fields[:own], own, head.dialect)
    return replace(head, header=header, layout=replace(head.layout, header=head.layout.header[:own], width=own))


def _cut(data: CsvBlock, positions: Rows, own: int) -> pa.Array:
    """The records at `positions` without the values that a run added behind the `own` ones; those are sent again, few, one by one."""
    wanted = set(positions.tolist())
    narrow, total = replace(data.dialect, width=own), data.dialect.width
    made = []
    for number, record in enumerate(walk(data.text, data.dialect)):
        if number not in wanted:
            continue
        if record.problem:
            made.append(_whole(replace(data, dialect=narrow), record))
        else:
            fields = record.fields[:own] + record.fields[total:]
            made.append(_first_values(data.text[record.start : record.end], fields, own, data.dialect))
    return pa.array(made, pa.binary())


def _first_values(raw: bytes, fields: Sequence[bytes], own: int, dialect: Dialect) -> bytes:
    """A record of the values `fields`, as they stand in `raw` where nothing there is quoted; at least `own` of them."""
    quote = dialect.quote or b'"'
    if quote in raw:
        special = re.compile(b"[\r\n]|" + re.escape(quote) + b"|" + re.escape(dialect.delimiter))
        fields = [quote + one.replace(quote, quote * 2) + quote if special.search(one) else one for one in fields]
    return dialect.delimiter.join(fields) + dialect.delimiter * max(0, own - len(fields))


def _raw(data: CsvBlock, positions: Rows) -> pa.Array:
    """The bytes of the records at `positions`; those with too few values are filled up, so that what follows finds its column."""
    found = survey(data)
    if found is None:
        wanted = set(positions.tolist())
        picked = [record for number, record in enumerate(walk(data.text, data.dialect)) if number in wanted]
        return pa.array([_whole(data, record) for record in picked], pa.binary())
    spans = found.spans()
    raw = stretches(data.text, spans.starts[positions], spans.ends[positions])
    lacking = data.dialect.width - 1 - _delimiters(raw, data.dialect)
    if (lacking <= 0).all():
        return raw
    # Once for each number of values that records lack.
    known, which = np.unique(np.maximum(lacking, 0), return_inverse=True)
    filling = pa.array([data.dialect.delimiter * int(one) for one in known], pa.binary())
    return glued(raw, filling.take(pa.array(which)))


def _delimiters(records: pa.Array, dialect: Dialect) -> Positions:
    """How many delimiters stand outside quotes in each of some records whose quotes are regular."""
    # A line end between them, so that none seems to begin in one record and end in the next.
    apart = glued(records, b"\n")
    text = bytes(text_of(apart))
    ends = np.frombuffer(apart.buffers()[1], np.int32)[apart.offset : apart.offset + len(apart) + 1]
    if len(dialect.delimiter) == 1:
        places = np.flatnonzero(as_bytes(text) == dialect.delimiter[0])
    else:
        places = np.array([found.start() for found in re.finditer(re.escape(dialect.delimiter), text)], np.int64)
    # Quotes come in pairs in each record, so that those of the records before do not count.
    places = places[np.searchsorted(quote_positions(text, dialect), places) % 2 == 0]
    counts: Positions = np.diff(np.searchsorted(places, ends))
    return counts


def _whole(data: CsvBlock, record: Record) -> bytes:
    raw, dialect = data.text[record.start : record.end], data.dialect
    if record.problem:
        # What cannot be cut into values is one value, so that what follows it can be read.
        quote = dialect.quote or b'"'
        return quote + raw.replace(quote, quote * 2) + quote + dialect.delimiter * (dialect.width - 1)
    return raw + dialect.delimiter * max(0, dialect.width - len(record.fields))


def _realigned(data: CsvBlock, positions: Rows, head: Head) -> pa.Array:
    """Records of a file whose header is not that of the first: their values in the order of the first."""
    wanted = set(positions.tolist())
    places = {name: index for index, name in enumerate(data.layout.header)}
    style = Style(head.dialect.delimiter.decode(), head.dialect.quote.decode() or '"', False, "", ".", "", False)
    made = []
    # Rejected records of the odd file, one by one.
    for number, record in enumerate(walk(data.text, data.dialect)):
        if number not in wanted:
            continue
        if csv_exact.fault(data.text, record, data.dialect, data.layout.header, data.encoding):
            made.append(_whole(data, record))
            continue
        fields = [record.fields[places[name]].decode() if name in places else None for name in head.layout.header]
        cells = quoted(pa.array(fields, pa.string()), style).to_pylist()
        made.append(head.dialect.delimiter.join(str(cell).encode() for cell in cells))
    return pa.array(made, pa.binary())
