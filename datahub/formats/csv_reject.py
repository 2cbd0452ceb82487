"""Rejected records of delimited text, byte for byte as they came, with what is wrong behind them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.formats import csv_exact, csv_ragged
from datahub.formats.csv_columns import columns_of
from datahub.formats.csv_head import Head
from datahub.formats.csv_read import CsvBlock, CsvReader, survey
from datahub.formats.csv_resent import MARK, records, wrapped
from datahub.formats.csv_scan import Dialect, Positions, Record, as_bytes, quote_positions
from datahub.formats.csv_write import Style, quoted
from datahub.formats.declare import Block, Reader
from datahub.formats.files import AtomicFile
from datahub.formats.json_write import text_of
from datahub.formats.options import option
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
        if self.head is None:
            self._begin(self.reader.heads[block.file], added)
        assert self.head is not None
        same = data.layout.header == self.head.layout.header
        delimiter, newline = self.head.dialect.delimiter, self.head.newline
        parts = [_raw(data, positions) if same else _realigned(data, positions, self.head)]
        if not self.head.header:
            parts += [delimiter, f"{MARK}{self.head.layout.width}".encode()]
        for values in added.columns:
            parts += [delimiter, _cells(whole(values).cast(pa.string()), self.head.dialect)]
        self._put(bytes(text_of(glued(*parts, newline))))

    def takes(self, block: Block) -> bool:
        """Whether there is a column for each of the block's, under whatever name."""
        return self.head is None or set(columns_of(block.data.layout)) <= set(columns_of(self.head.layout))

    def _begin(self, head: Head, added: pa.Table) -> None:
        self.head = head
        if head.encoding.mark:
            self.file.write("\ufeff".encode(head.encoding.name))
        # The file is read again with the same options, which pass over lines at its top.
        self._put(head.newline * int(option(self.shape, "skip")))
        if head.header:
            delimiter = head.dialect.delimiter
            self._put(delimiter.join([head.header, *(name.encode() for name in added.column_names)]) + head.newline)

    def _put(self, text: bytes) -> None:
        assert self.head is not None
        self.file.write(self.head.encoding.back(text))

    def close(self) -> None:
        self.file.commit()

    def abort(self) -> None:
        self.file.abort()


def _style(dialect: Dialect) -> Style:
    return Style(dialect.delimiter.decode(), dialect.quote.decode(), False, "", ".", "", False)


def _cells(texts: pa.Array, dialect: Dialect) -> pa.Array:
    """What a run adds, as cells: on one line and without delimiters where nothing can be quoted."""
    if not dialect.quote:
        ending = "|".join(re.escape(mark) for mark in (dialect.delimiter.decode(), "\r", "\n"))
        texts = pc.replace_substring_regex(texts, ending, " ")
    return quoted(texts, _style(dialect)).cast(pa.binary())


def _raw(data: CsvBlock, positions: Rows) -> pa.Array:
    """The bytes of the records at `positions`, each with as many values as there are columns."""
    found = None if data.reasons.count else survey(data)
    if found is None:
        return pa.array([_whole(text, record, data.dialect) for text, record in _picked(data, positions)], pa.binary())
    spans = csv_ragged.records(data.text, found, data.dialect)
    raw = stretches(data.text, spans.starts[positions], spans.ends[positions])
    lacking = data.dialect.width - 1 - _delimiters(raw, data.dialect)
    uneven = np.flatnonzero(lacking)
    if not len(uneven):
        return raw
    lacks = zip(raw.take(pa.array(uneven)).to_pylist(), lacking[uneven].tolist(), strict=True)
    made = pa.array([_filled(text, count, data.dialect) for text, count in lacks], raw.type)
    return pc.replace_with_mask(raw, pa.array(lacking != 0), made)


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


def _picked(data: CsvBlock, positions: Rows) -> Iterator[tuple[bytes, Record]]:
    """The records at `positions` with their bytes, one by one; without what an earlier run added."""
    wanted = set(positions.tolist())
    return (found for number, found in enumerate(records(data.text, data.dialect, data.reasons)) if number in wanted)


def _whole(raw: bytes, record: Record, dialect: Dialect) -> bytes:
    return wrapped(raw, dialect) if record.problem else _filled(raw, dialect.width - len(record.fields), dialect)


def _filled(raw: bytes, lacking: int, dialect: Dialect) -> bytes:
    if lacking < 0 or (lacking and not dialect.short):
        return wrapped(raw, dialect)
    return raw + dialect.delimiter * lacking


def _realigned(data: CsvBlock, positions: Rows, head: Head) -> pa.Array:
    """Records of a file whose header is not that of the first: their values in the order of the first."""
    places = {column: index for index, column in enumerate(columns_of(data.layout))}
    wanted = columns_of(head.layout)
    made = []
    for raw, record in _picked(data, positions):
        if csv_exact.fault(raw, record, data.dialect, data.layout.header, data.encoding):
            made.append(wrapped(raw, head.dialect))
            continue
        fields = [record.fields[places[column]].decode() if column in places else None for column in wanted]
        cells = quoted(pa.array(fields, pa.string()), _style(head.dialect)).to_pylist()
        made.append(head.dialect.delimiter.join(str(cell).encode() for cell in cells))
    return pa.array(made, pa.binary())
