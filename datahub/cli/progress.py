"""How far a run is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from datahub.cli.output import colourful, say

if TYPE_CHECKING:
    from rich.progress import ProgressColumn, Task

_EVERY = 5.0
"""Seconds between two lines where there is no terminal."""

_PACKED = (".gz", ".zst", ".zstd")


class Progress(Protocol):
    """Told of a source, and how many more records and bytes of it were read."""

    def __call__(self, source: str, records: int, length: int, /) -> None: ...


@contextmanager
def progress(sources: Mapping[str, Sequence[str]], *, quiet: bool) -> Iterator[Progress]:
    """Show how far reading `sources` is, while the block runs."""
    if quiet:
        yield lambda _source, _records, _length: None
    elif sys.stderr.isatty() and colourful(sys.stderr):
        with _bar(_size(sources)) as told:
            yield told
    else:
        yield _Lines()


def _size(sources: Mapping[str, Sequence[str]]) -> int | None:
    """The bytes to read; None where it is not known, as for packed files."""
    total = 0
    for path in (Path(path) for paths in sources.values() for path in paths):
        files = [one for one in path.iterdir() if one.is_file()] if path.is_dir() else [path]
        if any(not file.is_file() or file.suffix in _PACKED for file in files):
            return None
        total += sum(file.stat().st_size for file in files)
    return total


class _Lines:
    """A line every few seconds, for logs."""

    def __init__(self) -> None:
        self._started = self._told = time.monotonic()
        self._rows = 0

    def __call__(self, _source: str, records: int, _length: int, /) -> None:
        self._rows += records
        now = time.monotonic()
        if now - self._told >= _EVERY:
            self._told = now
            say(f"{self._rows:,} rows read, {self._rows / (now - self._started):,.0f} rows/s")


@contextmanager
def _bar(size: int | None) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns: list[ProgressColumn] = (
        [TextColumn("reading"), BarColumn(bar_width=24), TaskProgressColumn()] if size else [TextColumn("reading")]
    )
    columns += [_rows_column(), TimeRemainingColumn()] if size else [_rows_column()]
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=size, rows=0)

        def told(_source: str, records: int, length: int, /) -> None:
            bar.update(task, advance=length, rows=bar.tasks[0].fields["rows"] + records)

        yield told


def _rows_column() -> ProgressColumn:
    from rich.progress import ProgressColumn
    from rich.table import Column
    from rich.text import Text

    class Rows(ProgressColumn):
        def __init__(self) -> None:
            super().__init__(table_column=Column(no_wrap=True))

        def render(self, task: Task) -> Text:
            rows = task.fields["rows"]
            return Text(f"{rows:,} rows  {rows / task.elapsed if task.elapsed else 0:,.0f} rows/s")

    return Rows()
