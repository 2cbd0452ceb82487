"""JSON lines: one object a line."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from datahub.formats.csv_read import block_sizes, largest_block
from datahub.formats.declare import BadInput, Block, Format, InputFile, declare_format
from datahub.formats.files import InputStream
from datahub.formats.json_reader import LARGEST_BLOCK, JsonReader, refuse_markup
from datahub.formats.json_records import Records
from datahub.formats.json_reject import JsonLinesRejecter
from datahub.formats.json_scan import LONGEST_RECORD
from datahub.formats.json_write import JsonLinesWriter
from datahub.formats.places import places_where
from datahub.formats.text_stream import TextStream
from datahub.formats.unfit import parts_unfit

_BLANK = re.compile(rb"[ \t\r]+")


class JsonLinesReader(JsonReader):
    """Reads files with one object a line."""

    def blocks(self, file: InputFile, number: int, first_block: int) -> Iterator[Block]:
        """The blocks of one file, cut at line ends."""
        with InputStream(file.path, file.member, file.name) as stream:
            text = TextStream(stream, "utf-8", file.name, returns=False)
            text.fill(4096)
            refuse_markup(text.buffer, file.name)
            if text.buffer.lstrip()[:1] == b"[":
                raise BadInput("R005", f"`{file.name}` is one JSON array, not an object a line", "declare it as `json`", path=file.name)
            count = first_block
            for offset, line, piece in text.lines(
                block_sizes(stream, largest_block(text, LARGEST_BLOCK, self.shape.columns)), LONGEST_RECORD
            ):
                if not piece.isspace():
                    yield Block(number, count, offset, text.offset - offset, line, piece)
                    count += 1
            if text.last not in (b"", b"\n"):
                self.notes.append(f"`{file.name}` does not end with a line end: its last row may have been cut short")
            self.ended(file, count > first_block)

    def records(self, block: Block) -> Records:
        return lines_of(block.data)


def lines_of(text: bytes) -> Records:
    """Every line of `text` that is not blank, as a record."""
    view = np.frombuffer(text, np.uint8)
    ends = places_where(view, lambda part: part == 10)
    if not text.endswith(b"\n"):
        ends = np.append(ends, len(text))
    starts = np.concatenate((np.zeros(1, np.int64), ends[:-1] + 1))
    numbers = np.arange(len(starts))
    returned = (ends > starts) & (view[np.maximum(ends - 1, 0)] == 13)
    ends = ends - returned
    full = ends > starts
    # Lines of spaces alone are blank too; they are few, and only looked for where a line does not begin with a brace.
    for at in np.flatnonzero(full & (view[np.minimum(starts, len(view) - 1)] != 123)):
        full[at] = _BLANK.fullmatch(text, int(starts[at]), int(ends[at])) is None
    return Records(text, starts[full], ends[full], None if full.all() else numbers[full])


declare_format(Format("jsonl", "jsonl", reader=JsonLinesReader, rejecter=JsonLinesRejecter, writer=JsonLinesWriter, unfit=parts_unfit))
