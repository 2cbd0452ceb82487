"""Parquet files: a block is a row group."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from datahub.formats.arrow_columns import TableColumns, as_schema, rejected, sound, written_array, written_schema
from datahub.formats.declare import BadInput, Block, Format, InputFile, Parsed, Placed, Reader, declare_format
from datahub.formats.files import AtomicFile
from datahub.formats.options import option
from datahub.formats.parquet_out import load, parquet_writer
from datahub.formats.unfit import parts_unfit
from datahub.formats.written import OMITTED, omissions, slices, wanted
from datahub.frames.frame import Rows
from datahub.semantic.ir import SourceShape, TargetShape
from datahub.types import model as t
from datahub.types.model import Type

ROW_GROUP = 120_000
_FEW = 0.15
"""A column whose distinct values are a smaller share than this of its first rows is written with a dictionary."""
_SAMPLE = 20_000
_FIRST, _MANY = 2_000, 0.85
"""Where more than this share of so many rows differ, the rest of the sample needs not be looked at."""


def parquet() -> Any:
    """Arrow's module for Parquet, which loads file systems and encryption with it: a thirtieth of a second, best beside other work."""
    import pyarrow.parquet

    return pyarrow.parquet


class ParquetReader:
    """Reads the files of one source of Parquet."""

    def __init__(self, shape: SourceShape, wanted: frozenset[str], files: Sequence[InputFile]) -> None:
        self.shape, self.files = shape, files
        self.columns = TableColumns(shape, wanted)
        self._notes: list[str] = []
        self._local = threading.local()

    def blocks(self, file: InputFile, number: int, first_block: int) -> Iterator[Block]:
        """The row groups of one file; `offset` is the number of the group, lines count rows."""
        opened = self._open(file)
        self._notes += self.columns.check(_names(opened, file), file.name)
        row, count = 1, first_block
        for group in range(opened.num_row_groups):
            facts = opened.metadata.row_group(group)
            if facts.num_rows:
                yield Block(number, count, group, facts.total_byte_size, row, None)
                count += 1
            row += facts.num_rows
        if count == first_block:
            if option(self.shape, "require_rows"):
                raise BadInput("R005", f"`{file.name}` has no rows", path=file.name)
            self._notes.append(f"`{file.name}` has no rows")

    def _open(self, file: InputFile) -> Any:
        # A file object of Arrow's is not shared between threads: each has its own.
        held: dict[str, Any] = self._local.__dict__.setdefault("held", {})
        if file.path not in held:
            try:
                held[file.path] = parquet().ParquetFile(file.path)
            except DAMAGED as problem:
                raise damaged(file, "Parquet", problem) from None
        return held[file.path]

    def table(self, block: Block, *, whole: bool = False) -> pa.Table:
        """The rows of a block: the wanted columns, or all."""
        file = self.files[block.file]
        opened = self._open(file)
        names = None if whole else self.columns.needed(_names(opened, file))
        try:
            return opened.read_row_group(block.offset, columns=names, use_threads=False)
        except DAMAGED as problem:
            raise damaged(file, "Parquet", problem) from None

    def parse(self, block: Block) -> Parsed:
        """The wanted columns of one row group, in the declared types."""
        table = self.table(block)
        try:
            sound(table)
        except pa.ArrowInvalid as problem:
            raise damaged(self.files[block.file], "Parquet", problem) from None
        return self.columns.parsed(table)

    def reread(self, file: InputFile, place: Placed) -> Block:
        """The block at `place`; its rows are read when they are asked for."""
        del file
        return Block(place.file, place.number, place.offset, place.length, place.first_line, None)

    def absent(self) -> Sequence[str]:
        """The declared columns that a file lacked."""
        return tuple(self.columns.absent)

    def warnings(self) -> Sequence[str]:
        return tuple(self._notes)


def _names(opened: Any, file: InputFile) -> list[str]:
    try:
        names: list[str] = opened.schema_arrow.names
    except DAMAGED as problem:
        raise damaged(file, "Parquet", problem) from None
    return names


DAMAGED = (OSError, pa.ArrowException, UnicodeDecodeError)
"""What Arrow raises for a file that contradicts itself; its names may be no text."""


def damaged(file: InputFile, format: str, problem: Exception) -> BadInput:
    """The refusal of a file that is not what it should be."""
    reason = str(problem).partition("\n")[0].partition(". Detail:")[0]
    return BadInput("R005", f"`{file.name}` is no {format} file, or is damaged", reason, path=file.name)


class ParquetWriter:
    """One Parquet file. With the option `omissions`, which no script has, columns behind the others say which values a row leaves out."""

    def __init__(self, shape: TargetShape, path: str, columns: Sequence[tuple[str, Type]]) -> None:
        self.columns = wanted(shape, columns)
        self.schema = written_schema(self.columns)
        self.marks = [OMITTED + one.name for one in self.columns] if option(shape, "omissions") else []
        for mark in self.marks:
            self.schema = self.schema.append(pa.field(mark, pa.bool_()))
        self.compression = str(option(shape, "compression") or "zstd")
        self.file = AtomicFile(path)
        self._writer: Any = None
        self._waiting: list[pa.Table] = []
        self._rows = 0

    def prepare(self) -> None:
        """Load what writes, while rows are on their way."""
        load()

    def write(self, rows: pa.Table) -> None:
        """Append rows; they reach the file a row group at a time."""
        for (length, columns), omitted in zip(slices(rows, self.columns), omissions(rows, self.columns), strict=True):
            arrays = [written_array(values, kind) for _, values, kind in columns]
            arrays += [omitted.get(mark.removeprefix(OMITTED), pa.repeat(pa.scalar(False), length)) for mark in self.marks]
            self._waiting.append(pa.Table.from_arrays(arrays, schema=self.schema))
        self._rows += rows.num_rows
        # As near to the size of a group as the rows come: half of as many more would lead past it.
        if self._rows + rows.num_rows // 2 >= ROW_GROUP:
            self.flush()

    def flush(self) -> None:
        """Write what waits for its row group to be full."""
        table = pa.concat_tables(self._waiting) if self._waiting else self.schema.empty_table()
        if self._writer is None:
            self._writer = self._opened(table)
        if table.num_rows:
            self._writer.write_table(table, row_group_size=max(1, table.num_rows))
            self.file.settle()
        self._waiting, self._rows = [], 0

    def _opened(self, table: pa.Table) -> Any:
        repeated = [one.name for one in self.columns if _repeats(table.column(one.name), one.type)]
        return parquet_writer(self.file.native(), self.schema, self.compression, repeated)

    def close(self) -> None:
        if self._waiting or self._writer is None:
            self.flush()
        self._writer.close()
        self.file.commit()

    def abort(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self.file.abort()


def _repeats(values: pa.ChunkedArray, kind: Type) -> bool:
    """Whether the first rows of a column have few distinct values; what stands in runs is smaller and faster without a dictionary."""
    base = t.base_of(kind)
    if isinstance(base, t.Enum):
        return True
    if isinstance(base, t.Float | t.Bool) or pa.types.is_nested(values.type) or not len(values):
        return False
    sample = values.slice(0, _SAMPLE)
    if len(sample) > _FIRST and pc.count_distinct(sample.slice(0, _FIRST)).as_py() > _MANY * _FIRST:
        return False
    return bool(pc.count_distinct(sample).as_py() < _FEW * len(sample))


class ParquetRejecter:
    """The rejected rows of a source in its own columns, with what is wrong behind them."""

    def __init__(self, shape: SourceShape, reader: Reader, path: str) -> None:
        assert isinstance(reader, ParquetReader)
        self.shape, self.reader, self.file = shape, reader, AtomicFile(path)
        self._writer: Any = None

    def takes(self, block: Block) -> bool:
        """Whether there is a column for each of the block's."""
        return self._writer is None or set(self.reader.table(block, whole=True).column_names) <= set(self._writer.schema.names)

    def write(self, block: Block, positions: Rows, added: pa.Table) -> None:
        """The rows of `block` at `positions`, and behind each its row of `added`."""
        rows = rejected(self.reader.table(block, whole=True), positions, added)
        if self._writer is None:
            self._writer = parquet().ParquetWriter(self.file.native(), rows.schema, compression="zstd")
        self._writer.write_table(as_schema(rows, self._writer.schema))

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


declare_format(Format("parquet", "parquet", reader=ParquetReader, rejecter=ParquetRejecter, writer=ParquetWriter, unfit=parts_unfit))
