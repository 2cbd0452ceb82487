"""What a format is to the rest of the house: bytes to blocks to columns and back.

Reading has two steps so that work can be spread: `blocks` cuts a file at record boundaries (cheap, in order, one
thread), `parse` turns one block into columns (the work, in any worker). All is text until the plan converts it, in text
formats; typed formats give typed columns. What cannot be read as a record is a `BadRecord`, never an exception; an
input that is wrong as a whole raises `BadInput`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import pyarrow as pa

from datahub.formats.bad_input import BadInput as BadInput
from datahub.formats.bounds import ADDED as ADDED
from datahub.frames.frame import Column, Rows
from datahub.frames.gathered import Gathered
from datahub.frames.unfit import FindUnfit
from datahub.records import record
from datahub.semantic.ir import SourceShape, TargetShape
from datahub.types.model import Type

if TYPE_CHECKING:
    import numpy.typing as npt


class BadOutput(Exception):
    """Rows that a target cannot take as it is declared: what is wrong, and what to do."""

    def __init__(self, message: str, help: str = "", path: str = "") -> None:
        super().__init__(message)
        self.message, self.help, self.path = message, help, path


@record(frozen=True, slots=True)
class Block:
    """Some whole records of one file, not yet parsed.

    `number` counts the blocks of a source from 0; `offset` and `length` are bytes of the decompressed file;
    `first_line` is the physical line (from 1) on which `data` begins.
    """

    file: int
    number: int
    offset: int
    length: int
    first_line: int
    data: Any


@record(frozen=True, slots=True)
class BadRecord:
    """A record that could not be read: its place among the block's records, its line, the code, what is wrong, its text."""

    position: int
    line: int
    code: str
    message: str
    raw: str


@record(frozen=True, slots=True)
class Parsed:
    """A block as columns. `positions` are the rows' places among all records of the block (bad ones counted);
    None where all are good. `lines` are the rows' physical lines; None where row i stands on `first_line + i`.
    `records` is how many records there were, good and bad."""

    columns: dict[str, Column]
    length: int
    records: int
    positions: Rows | None = None
    lines: npt.NDArray[np.int64] | None = None
    bad: tuple[BadRecord, ...] = ()
    gathered: tuple[Gathered, ...] = ()
    """Of the columns that are lists gathered by a pattern where their elements come from."""


@record(frozen=True, slots=True)
class Stretch:
    """Some whole records of a file: which bytes, the line on which they begin, and the number (from 1) of the first of them."""

    offset: int
    length: int
    first_line: int
    first_row: int


@record(frozen=True, slots=True)
class InputFile:
    """One file of a source: where its bytes are, the name people know it by, and which file of an archive it is, if it is in one."""

    path: str
    name: str
    part: tuple[Stretch, ...] = ()
    """The stretches of the file that are to be read, in order; all of it where none is named."""
    member: str = ""


class Placed(Protocol):
    """Where a block was found, once its data is gone."""

    @property
    def file(self) -> int: ...
    @property
    def number(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def length(self) -> int: ...
    @property
    def first_line(self) -> int: ...


class Reader(Protocol):
    """Reads the files of one declared source. Made by the format's `reader(shape, wanted, files)`."""

    def blocks(self, file: InputFile, number: int, first_block: int) -> Iterator[Block]:
        """The blocks of file `number`, counted from `first_block`; headers, preambles and guards are dealt with here."""
        ...

    def parse(self, block: Block) -> Parsed:
        """The columns wanted, out of one block; safe to call from several threads."""
        ...

    def reread(self, file: InputFile, place: Placed) -> Block:
        """A block that was read before, with its data again; blocks of a file are asked for in order."""
        ...

    def warnings(self) -> Sequence[str]:
        """What a person should hear about the files read so far (no rows, surplus columns, no final newline …)."""
        ...


@runtime_checkable
class Selective(Protocol):
    """A reject file that has the columns of its first block, and not every block has those."""

    def takes(self, block: Block) -> bool: ...


class Rejecter(Protocol):
    """Writes rejected records in the source's own format and columns, with the `_dhm_…` columns behind them."""

    def write(self, block: Block, positions: Rows, added: pa.Table) -> None:
        """Records of `block` at `positions` (among all its records), and what to add to each."""
        ...

    def close(self) -> None: ...


class Writer(Protocol):
    """Writes the rows of one entity or of issues to one file; nobody sees it under its name before `close`."""

    def write(self, rows: pa.Table) -> None: ...
    def close(self) -> None: ...
    def abort(self) -> None: ...


class LineWriter(Writer, Protocol):
    """A writer whose rows are lines, which may be put into one file with the lines of others."""

    def lines(self, rows: pa.Table) -> pa.Array: ...
    def put(self, lines: pa.Array) -> None: ...


@runtime_checkable
class Flushing(Protocol):
    """A writer that holds rows back until there are enough of them for a part of the file."""

    def flush(self) -> None: ...


@runtime_checkable
class Preparing(Protocol):
    """A writer that has something to do before the first rows come, which takes a while."""

    def prepare(self) -> None: ...


MakeReader: TypeAlias = Callable[[SourceShape, frozenset[str], Sequence[InputFile]], Reader]
MakeRejecter: TypeAlias = Callable[[SourceShape, Reader, str], Rejecter]
MakeWriter: TypeAlias = Callable[[TargetShape, str, Sequence[tuple[str, Type]]], Writer]
MakeUnfit: TypeAlias = "Callable[[TargetShape, Sequence[tuple[str, Type]]], FindUnfit | None]"
"""What a target cannot take of its columns; None where it takes all."""


@record(frozen=True, slots=True)
class Format:
    """A format by its name; what it cannot do is None. `extension` is that of the files it writes, without the dot."""

    name: str
    extension: str
    reader: MakeReader | None = None
    rejecter: MakeRejecter | None = None
    writer: MakeWriter | None = None
    unfit: MakeUnfit | None = None


class _Formats(dict[str, Format]):
    """Formats by name; the module that declares one has its name, and is imported when the format is first asked for.

    Nobody who reads CSV waits for what reads workbooks.
    """

    def __missing__(self, name: str) -> Format:
        if name.isidentifier() and find_spec(f"datahub.formats.{name}") is not None:
            import_module(f"datahub.formats.{name}")
        if not dict.__contains__(self, name):
            raise KeyError(name)
        return self[name]

    def __contains__(self, name: object) -> bool:
        try:
            self[str(name)]
        except KeyError:
            return False
        return True


FORMATS = _Formats()
"""Every format by name; `datahub.formats.load()` imports them all."""


def declare_format(format: Format) -> Format:
    """Make `format` known under its name."""
    FORMATS[format.name] = format
    return format
