"""Folders of this machine: plain operations of the system, so that a rename is one, and what was written is on the disk."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Literal, NoReturn

from datahub.connectors.declare import Entry, Missing, NoRoom, Taken, TerminalError, TransientError
from datahub.durable import to_disk


class LocalFiles:
    """The files below one folder."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def list(self, folder: str) -> Iterator[Entry]:
        place = self._place(folder)
        with _told(folder):
            entries = sorted(os.scandir(place), key=lambda one: one.name)
        for one in entries:
            # A file that is gone since is not there.
            with _gone_is_fine():
                yield self._entry(f"{folder.rstrip('/')}/{one.name}" if folder else one.name, one.stat(follow_symlinks=False))

    def look(self, path: str) -> Entry:
        with _told(path):
            return self._entry(path, os.lstat(self._place(path)))

    @contextmanager
    def read(self, path: str, start: int = 0, size: int | None = None) -> Iterator[_Stream]:
        with _told(path):
            handle = os.open(self._place(path), os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(handle, "rb") as file:
            file.seek(start)
            yield _Stream(path, file)

    @contextmanager
    def write(self, path: str) -> Iterator[_Stream]:
        place = self._place(path)
        with _told(path):
            handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o666)
        with os.fdopen(handle, "wb") as file:
            yield _Stream(path, file)
            with _told(path):
                file.flush()
                os.fsync(file.fileno())

    def rename(self, old: str, new: str, *, replace: bool) -> None:
        source, target = self._place(old), self._place(new)
        with _told(old if not source.exists() else new):
            if replace:
                source.replace(target)
            else:
                # A second name is refused where it is taken, in one step; a rename would replace.
                target.hardlink_to(source)
                source.unlink()
        to_disk(target.parent)

    def remove(self, path: str) -> None:
        with _told(path):
            self._place(path).unlink()

    def make_folder(self, path: str) -> None:
        with _told(path):
            self._place(path).mkdir(parents=True, exist_ok=True)

    def close(self) -> None:
        return

    def _place(self, path: str) -> Path:
        """The path below the root; links above it may lead out of it, and then it is refused."""
        if "\0" in path:
            raise TerminalError(f"`{path!r}` is no path")
        place = self._root / path.lstrip("/")
        # The last part is not followed: what is a link is told as one.
        parent = Path(os.path.realpath(place.parent)) / place.name if place.name != ".." else Path(os.path.realpath(place))
        if parent != self._root and self._root not in parent.parents:
            raise TerminalError(f"`{path}` is outside of the folder `{self._root}`", "name a file below the `root` of the connection")
        return parent

    def _entry(self, path: str, found: os.stat_result) -> Entry:
        mode = found.st_mode
        kind: Literal["file", "folder", "link", "other"] = (
            "file" if stat.S_ISREG(mode) else "folder" if stat.S_ISDIR(mode) else "link" if stat.S_ISLNK(mode) else "other"
        )
        modified = datetime.fromtimestamp(found.st_mtime_ns / 1e9, UTC)
        return Entry(path, kind, found.st_size, modified, f"{found.st_dev}:{found.st_ino}:{found.st_mtime_ns}")


class _Stream:
    """An open file whose failures are told; those of whoever uses it are not taken for its own."""

    def __init__(self, path: str, file: BinaryIO) -> None:
        self._path, self._file = path, file

    def read(self, size: int, /) -> bytes:
        with _told(self._path):
            return self._file.read(size)

    def write(self, data: bytes, /) -> None:
        with _told(self._path):
            self._file.write(data)


@contextmanager
def _told(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        _raise(problem, path)


@contextmanager
def _gone_is_fine() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        return


def _raise(problem: OSError, path: str) -> NoReturn:
    reason = problem.strerror or str(problem)
    match problem.errno:
        case errno.ENOENT | errno.ENOTDIR:
            raise Missing(f"there is no `{path}`") from None
        case errno.EEXIST | errno.ENOTEMPTY:
            raise Taken(f"`{path}` exists") from None
        case errno.ELOOP:
            raise TerminalError(f"`{path}` is a link, and links are not followed") from None
        case errno.ENOSPC | errno.EDQUOT:
            raise NoRoom(f"`{path}`: {reason}", "make room there, or write to another place") from None
        case errno.EAGAIN | errno.EBUSY | errno.EIO | errno.ESTALE | errno.ETIMEDOUT:
            raise TransientError(f"`{path}`: {reason}") from None
        case _:
            raise TerminalError(f"`{path}`: {reason}") from None
