"""Text of fixed width: every line is a record, and a column is the characters that stand at its positions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.formats.csv_read import LARGEST_BLOCK, block_sizes, is_utf8, largest_block
from datahub.formats.csv_scan import LONGEST_RECORD
from datahub.formats.declare import BadInput, BadRecord, Block, Format, InputFile, Parsed, Placed, Reader, declare_format
from datahub.formats.encodings import Encoding, bad_byte, of_another, shown
from datahub.formats.files import AtomicFile, InputStream, Rereader
from datahub.formats.json_reader import refuse_markup
from datahub.formats.json_reject import type_of
from datahub.formats.json_text import joined, objects
from datahub.formats.json_write import text_of
from datahub.formats.jsonl import lines_of
from datahub.formats.options import option
from datahub.formats.places import stretches
from datahub.formats.presence import presence_asked
from datahub.formats.text_stream import TextStream
from datahub.frames.frame import Column, Rows
from datahub.functions.white_space import WHITE_SPACE
from datahub.semantic.ir import SourceShape

REASONS = "\t_dhm "
"""Stands between a rejected line and what is wrong with it; what stands behind it is no part of the record when it is read again."""


class FixedReader:
    """Reads the files of one source of fixed width."""

    def __init__(self, shape: SourceShape, wanted: frozenset[str], files: Sequence[InputFile]) -> None:
        self.shape, self.files = shape, files
        prefix = f"#{shape.name}."
        self.columns = tuple(column for column in shape.columns if prefix + column.name in wanted and column.positions)
        self.marks = tuple(presence_asked(wanted, shape.columns))
        self.width = max((column.positions[1] for column in shape.columns if column.positions), default=0)
        self.encodings: dict[int, Encoding] = {}
        self._longer = False
        self._notes: list[str] = []
        self._again = Rereader()

    def blocks(self, file: InputFile, number: int, first_block: int) -> Iterator[Block]:
        """The blocks of one file, cut at line ends."""
        with InputStream(file.path, file.member, file.name) as stream:
            text = TextStream(stream, str(option(self.shape, "encoding")), file.name, returns=False)
            text.fill(4096)
            refuse_markup(text.buffer, file.name, "text of fixed width")
            self.encodings[number] = text.encoding
            for _ in range(int(option(self.shape, "skip"))):
                text.drop_line()
            count = first_block
            for offset, line, piece in text.lines(
                block_sizes(stream, largest_block(text, LARGEST_BLOCK, self.shape.columns)), LONGEST_RECORD
            ):
                if piece.strip():
                    yield Block(number, count, offset, text.offset - offset, line, piece)
                    count += 1
            self._ended(file, text, count > first_block)

    def _ended(self, file: InputFile, text: TextStream, rows: bool) -> None:
        if not rows:
            if option(self.shape, "require_rows"):
                raise BadInput("R005", f"`{file.name}` has no rows", path=file.name)
            self._notes.append(f"`{file.name}` has no rows")
        elif text.last not in (b"\n", b"\r"):
            self._notes.append(f"`{file.name}` does not end with a line end: its last row may have been cut short")

    def parse(self, block: Block) -> Parsed:
        """The wanted columns of one block, as raw text without the spaces that fill them up."""
        found = lines_of(block.data)
        lines = pa.array([], pa.binary())
        if len(found.starts):
            lines = stretches(found.text, found.starts, found.ends)
        numbers = np.arange(len(lines)) if found.lines is None else found.lines
        bad = self._bad(block.data, lines, numbers + block.first_line)
        positions = None
        if bad:
            positions = np.setdiff1d(np.arange(len(lines)), [one.position for one in bad])
            lines, numbers = lines.take(pa.array(positions)), numbers[positions]
        texts = _without_reasons(lines.cast(pa.string()))
        if not self._longer:
            self._longer = bool(pc.any(pc.greater(pc.utf8_length(pc.utf8_rtrim(texts, WHITE_SPACE)), self.width)).as_py())
        columns = {
            f"#{self.shape.name}.{column.name}": Column(_cut(texts, *column.positions)) for column in self.columns if column.positions
        }
        columns |= {mark: Column(pa.scalar(True)) for mark in self.marks}
        told = positions is not None or found.lines is not None
        return Parsed(columns, len(lines), len(found.starts), positions, numbers + block.first_line if told else None, bad)

    def _bad(self, data: bytes, lines: pa.Array, numbers: Rows) -> tuple[BadRecord, ...]:
        """The lines that cannot be read, and in a source without surplus those that are too long.

        `data` is the block with its line ends: without them the end of one line and the beginning of the next may make a character.
        """
        strict = option(self.shape, "extra") == "reject"
        if b"\0" not in data and is_utf8(data) and not strict:
            return ()
        found = []
        # Only where something is wrong are lines looked at one by one, to say what.
        for position, (line, number) in enumerate(zip(lines.to_pylist(), numbers.tolist(), strict=True)):
            own = line.partition(REASONS.encode())[0]
            why = self._fault(own, strict=strict)
            if why:
                found.append(BadRecord(position, number, *why, shown(own[:2000])))
        return tuple(found)

    def _fault(self, line: bytes, *, strict: bool) -> tuple[str, str] | None:
        byte = bad_byte(line)
        if byte:
            encoding = str(option(self.shape, "encoding"))
            return "R001", f"the byte {byte} does not belong to {encoding}{of_another(line, encoding)}"
        if b"\0" in line:
            return "R001", "there is a NUL byte"
        length = len(line.decode().rstrip())
        if strict and length > self.width:
            return "R003", f"the line has {length} characters, {self.width} are declared"
        return None

    def warnings(self) -> Sequence[str]:
        notes = list(self._notes)
        if self._longer and option(self.shape, "extra") == "warn":
            notes.append(f"lines of `{self.shape.name}` go on behind character {self.width}, the last that is declared")
        return tuple(dict.fromkeys(notes))

    def reread(self, file: InputFile, place: Placed) -> Block:
        """The block at `place` of `file`, which was read before."""
        encoding = self.encodings[place.file]
        raw = self._again.read(file, place.offset, place.length)
        text = encoding.as_utf8(encoding.decoder(), raw, final=True)
        return Block(place.file, place.number, place.offset, place.length, place.first_line, text)


def _cut(texts: pa.Array, first: int, last: int) -> pa.Array:
    return pc.utf8_trim(pc.utf8_slice_codeunits(texts, first - 1, last), " ")


def _without_reasons(texts: pa.Array) -> pa.Array:
    """Lines, as text or as bytes, without what an earlier run put behind them."""
    marked = pc.match_substring(texts, REASONS)
    if not pc.any(marked).as_py():
        return texts
    if pa.types.is_string(texts.type):
        return pc.replace_substring_regex(texts, REASONS + r".*", "")
    # Rejected lines, whose bytes may belong to no text: one by one.
    return pa.array([line.partition(REASONS.encode())[0] for line in texts.to_pylist()], texts.type)


class FixedRejecter:
    """A reject file of fixed width: each line as it came, and behind it as JSON what is wrong with it."""

    def __init__(self, shape: SourceShape, reader: Reader, path: str) -> None:
        assert isinstance(reader, FixedReader)
        self.shape, self.reader, self.file = shape, reader, AtomicFile(path)
        self._skipped = False

    def write(self, block: Block, positions: Rows, added: pa.Table) -> None:
        """The lines of `block` at `positions`, and behind each its row of `added`."""
        encoding = self.reader.encodings[block.file]
        if not self._skipped:
            # The file is read again with the same options, which pass over lines at its top.
            self._skipped = True
            if encoding.mark:
                self.file.write("\ufeff".encode(encoding.name))
            self.file.write(encoding.back(b"\n" * int(option(self.shape, "skip"))))
        found = lines_of(block.data)
        raw = _without_reasons(stretches(found.text, found.starts[positions], found.ends[positions]))
        columns = [(name, added.column(name).combine_chunks(), type_of(added.column(name).type)) for name in added.column_names]
        reasons = joined([REASONS, *objects(columns), "\n"], len(raw)).cast(pa.binary())
        self.file.write(encoding.back(bytes(text_of(pc.binary_join_element_wise(raw, reasons, b"")))))

    def close(self) -> None:
        self.file.commit()

    def abort(self) -> None:
        self.file.abort()


declare_format(Format("fixed", "txt", reader=FixedReader, rejecter=FixedRejecter))
