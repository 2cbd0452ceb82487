"""Room on disk for what a run cannot hold in memory: Arrow streams in a folder that goes with the run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa


class FolderShelf:
    """Tables one after the other in one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sink: pa.OSFile | None = pa.OSFile(str(path), "wb")
        self._starts: list[int] = []

    def put(self, table: pa.Table) -> None:
        assert self._sink is not None
        self._starts.append(self._sink.tell())
        with pa.ipc.new_stream(self._sink, table.schema) as writer:
            writer.write_table(table)

    def take(self) -> Iterator[pa.Table]:
        if self._sink is not None:
            self._sink.close()
            self._sink = None
        if not self._starts:
            return
        with pa.memory_map(str(self._path)) as file:
            for start in self._starts:
                file.seek(start)
                yield pa.ipc.open_stream(file).read_all()

    def close(self) -> None:
        if self._sink is not None:
            self._sink.close()
            self._sink = None
        self._path.unlink(missing_ok=True)


class FolderSpace:
    """A temporary folder, made when it is first needed and removed with everything in it."""

    def __init__(self, parent: Path | None = None) -> None:
        self._parent = parent
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._count = 0

    def shelf(self) -> FolderShelf:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="dhm-spill-", dir=self._parent)
        self._count += 1
        return FolderShelf(Path(self._folder.name) / f"{self._count}.arrows")

    @property
    def used(self) -> bool:
        """Whether anything had to be set aside."""
        return self._count > 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._folder is not None:
            self._folder.cleanup()
