"""Arrow IPC files and streams: a block is a record batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from datahub.formats.arrow_columns import TableColumns, as_schema, rejected, sound, validate, written_array, written_schema
from datahub.formats.declare import BadInput, Block, Format, InputFile, Parsed, Placed, Reader, declare_format
from datahub.formats.files import AtomicFile
from datahub.formats.options import option
from datahub.formats.parquet import DAMAGED, damaged
from datahub.formats.unfit import parts_unfit
from datahub.formats.written import slices, wanted
from datahub.frames.frame import Rows
from datahub.semantic.ir import SourceShape, TargetShape
from datahub.types.model import Type

_MAGIC = b"ARROW1"


class ArrowReader:
    """Reads the files of one source of Arrow batches."""

    def __init__(self, shape: SourceShape, wanted: frozenset[str], files: Sequence[InputFile]) -> None:
        self.shape, self.files = shape, files
        self.columns = TableColumns(shape, wanted)
        self._notes: list[str] = []
        self._again: tuple[str, int, Iterator[pa.RecordBatch]] | None = None

    def blocks(self, file: InputFile, number: int, first_block: int) -> Iterator[Block]:
        """The batches of one file; `offset` is the number of the batch, lines count rows."""
        row, count = 1, first_block
        for at, batch in enumerate(self._batches(file, check=True)):
            if batch.num_rows:
                yield Block(number, count, at, batch.nbytes, row, batch)
                count += 1
            row += batch.num_rows
        if count == first_block:
            if option(self.shape, "require_rows"):
                raise BadInput("R005", f"`{file.name}` has no rows", path=file.name)
            self._notes.append(f"`{file.name}` has no rows")

    def _batches(self, file: InputFile, *, check: bool = False) -> Iterator[pa.RecordBatch]:
        try:
            with pa.OSFile(file.path, "rb") as stream:
                is_file = stream.read(len(_MAGIC)) == _MAGIC
                stream.seek(0)
                reader = pa.ipc.open_file(stream) if is_file else pa.ipc.open_stream(stream)
                if check:
                    self._notes += self.columns.check(reader.schema.names, file.name)
                if is_file:
                    for number in range(reader.num_record_batches):
                        yield _whole(reader.get_batch(number))
                else:
                    for batch in reader:
                        yield _whole(batch)
        except DAMAGED as problem:
            raise damaged(file, "Arrow", problem) from None

    def parse(self, block: Block) -> Parsed:
        """The wanted columns of one batch, in the declared types."""
        return self.columns.parsed(pa.Table.from_batches([block.data]))

    def reread(self, file: InputFile, place: Placed) -> Block:
        """The block at `place` of `file`, which was read before."""
        if self._again is None or self._again[0] != file.path or self._again[1] > place.offset:
            self._again = (file.path, 0, self._batches(file))
        path, at, batches = self._again
        data = None
        while at <= place.offset:
            data, at = next(batches), at + 1
        self._again = (path, at, batches)
        return Block(place.file, place.number, place.offset, place.length, place.first_line, data)

    def absent(self) -> Sequence[str]:
        """The declared columns that a file lacked."""
        return tuple(self.columns.absent)

    def warnings(self) -> Sequence[str]:
        return tuple(self._notes)


def _whole(batch: pa.RecordBatch) -> pa.RecordBatch:
    """`batch`, of which every buffer is what it says it is: a damaged file must not bring the process down."""
    batch.validate()
    for column in batch.columns:
        validate(column)
    sound(pa.Table.from_batches([batch]))
    return batch


class ArrowWriter:
    """One Arrow IPC file."""

    def __init__(self, shape: TargetShape, path: str, columns: Sequence[tuple[str, Type]]) -> None:
        self.columns = wanted(shape, columns)
        self.schema = written_schema(self.columns)
        self.file = AtomicFile(path)
        self._writer: Any = pa.ipc.new_file(self.file.native(), self.schema)

    def write(self, rows: pa.Table) -> None:
        """Append rows, a slice of them a batch."""
        for _, columns in slices(rows, self.columns):
            arrays = [written_array(values, kind) for _, values, kind in columns]
            self._writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=self.schema))

    def close(self) -> None:
        self._writer.close()
        self.file.commit()

    def abort(self) -> None:
        self._writer.close()
        self.file.abort()


class ArrowRejecter:
    """The rejected rows of a source in its own columns, with what is wrong behind them."""

    def __init__(self, shape: SourceShape, reader: Reader, path: str) -> None:
        assert isinstance(reader, ArrowReader)
        self.shape, self.reader, self.file = shape, reader, AtomicFile(path)
        self._writer: Any = None
        self._schema: pa.Schema | None = None

    def takes(self, block: Block) -> bool:
        """Whether there is a column for each of the block's."""
        return self._schema is None or set(block.data.schema.names) <= set(self._schema.names)

    def write(self, block: Block, positions: Rows, added: pa.Table) -> None:
        """The rows of `block` at `positions`, and behind each its row of `added`."""
        rows = rejected(pa.Table.from_batches([block.data]), positions, added)
        if self._schema is None:
            self._schema = rows.schema
            self._writer = pa.ipc.new_file(self.file.native(), self._schema, options=pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True))
        self._writer.write_table(as_schema(rows, self._schema))

    def close(self) -> None:
        if self._writer is None:
            self.file.abort()
            return
        self._writer.close()
        self.file.commit()

    def abort(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self.file.abort()


declare_format(Format("arrow", "arrow", reader=ArrowReader, rejecter=ArrowRejecter, writer=ArrowWriter, unfit=parts_unfit))
