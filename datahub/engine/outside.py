"""What the engine sees of the world: sources as blocks, and somewhere for results to go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import pyarrow as pa

from datahub.frames.frame import Frame, Rows
from datahub.records import record


class ParsedBlock(Protocol):
    """What parsing a block gives; see `datahub.formats.declare.Parsed`."""

    columns: Any
    length: int
    records: int
    positions: Any
    lines: Any
    bad: Any


class Feed(Protocol):
    """A source as the engine sees it: blocks in order, each to be parsed by any thread."""

    def blocks(self) -> Iterator[Any]: ...
    def parse(self, block: Any) -> Any: ...
    def file_name(self, file: int) -> str: ...
    def rows_before(self, file: int) -> int: ...

    @property
    def path_prefix(self) -> str:
        """What the path of a row begins with, before its number from 0, in a document of rows; empty where lines say it all."""
        ...


@record(frozen=True, slots=True)
class Finished:
    """A block with rejected records of which everything is known: whatever becomes of its rows has become of them.

    `rejected` are the places of its rejected records, `numbers` and `lines` say where those stand, `issues` what is wrong with them.
    """

    source: str
    key: int
    block: Any
    rejected: Rows
    numbers: pa.Array
    lines: pa.Array
    issues: tuple[pa.Table, ...]


class Outlet(Protocol):
    """Where the results of a run go, in order. Issues have their rows, lines and files by now.

    A source's blocks that have rejected records are told to be `finished`, in order, right behind the last of their issues; or,
    where rows of the source still wait for others, the outlet hears before the first of its issues that it `must_wait` for the
    end of the run.
    """

    def rows(self, entity: str, frame: Frame) -> None: ...
    def issues(self, table: pa.Table) -> None: ...
    def notes(self, table: pa.Table) -> None: ...
    def read(self, source: str, records: int, length: int) -> None: ...
    def finished(self, block: Finished) -> None: ...
    def must_wait(self, source: str) -> None: ...
