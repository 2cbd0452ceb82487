"""Any file system of fsspec as one of ours: never cached, never copied where it can be renamed, its errors told by what they mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Literal

import fsspec

from datahub.connectors.declare import DataHubError, Entry, Missing, Taken, TerminalError, TransientError
from datahub.connectors.file_names import checked
from datahub.connectors.kinds.store import Store

_TIMES = ("mtime", "LastModified", "last_modified", "updated", "modified", "created")


class StoreFiles:
    """The files of one store."""

    def __init__(self, connection: Store) -> None:
        self._connection = connection
        self._root = connection.root.rstrip("/")
        self._opened: Any = None

    @property
    def _fs(self) -> Any:
        if self._opened is None:
            wanted = self._connection
            try:
                self._opened = fsspec.filesystem(
                    wanted.protocol,
                    **wanted.options,
                    **{name: secret.reveal() for name, secret in wanted.secrets.items()},
                    # Neither connections that others have lost nor listings that others have seen.
                    skip_instance_cache=True,
                    use_listings_cache=False,
                )
            except ImportError as problem:
                raise TerminalError(
                    f"`{wanted.protocol}` needs a library that is not installed: {problem}", "install it beside DataHub"
                ) from None
            except ValueError as problem:
                raise TerminalError(f"fsspec knows no `{wanted.protocol}`: {problem}") from None
        return self._opened

    def list(self, folder: str) -> Iterator[Entry]:
        place = self._path(folder)
        with self._told(folder):
            found = self._fs.ls(place, detail=True)
            if len(found) == 1 and found[0]["type"] != "directory" and found[0]["name"].rstrip("/").endswith(place.rstrip("/")):
                raise NotADirectoryError(folder)
        for one in sorted(found, key=lambda one: str(one["name"])):
            name = one["name"].rstrip("/").rpartition("/")[2]
            yield _entry(f"{folder.rstrip('/')}/{checked(name, folder)}" if folder else checked(name, folder), one)

    def look(self, path: str) -> Entry:
        with self._told(path):
            return _entry(path, self._fs.info(self._path(path)))

    @contextmanager
    def read(self, path: str, start: int = 0) -> Iterator[_Stream]:
        with self._told(path):
            file = self._fs.open(self._path(path), "rb", cache_type="none")
            if start:
                file.seek(start)
        stream = _Stream(self, path, file)
        try:
            yield stream
        finally:
            file.close()

    @contextmanager
    def write(self, path: str) -> Iterator[_Stream]:
        with self._told(path):
            file = self._fs.open(self._path(path), "wb")
        stream = _Stream(self, path, file)
        try:
            yield stream
        except BaseException:
            # A store shows an object once it is closed: what is half is thrown away where the library can.
            if hasattr(file, "discard") and not hasattr(file, "fileno"):
                file.discard()
            else:
                file.close()
            raise
        with self._told(path):
            file.close()

    def rename(self, old: str, new: str, *, replace: bool) -> None:
        with self._told(old):
            if not replace and self._fs.exists(self._path(new)):
                raise Taken(f"`{new}` exists")
            self._fs.info(self._path(old))
        with self._told(new):
            # Stores of objects have no rename: theirs is a copy that is whole at once, then a removal.
            self._fs.mv_file(self._path(old), self._path(new)) if hasattr(self._fs, "mv_file") else self._fs.mv(
                self._path(old), self._path(new)
            )

    def remove(self, path: str) -> None:
        with self._told(path):
            self._fs.info(self._path(path))
            self._fs.rm_file(self._path(path))

    def make_folder(self, path: str) -> None:
        with self._told(path):
            self._fs.makedirs(self._path(path), exist_ok=True)

    def close(self) -> None:
        self._opened = None

    def _path(self, path: str) -> str:
        if "\0" in path or ".." in path.split("/"):
            raise TerminalError(f"`{path!r}` is no path below the root of the connection")
        return f"{self._root}/{path.lstrip('/')}".rstrip("/") if self._root else path

    def told(self, path: str) -> Any:
        return self._told(path)

    @contextmanager
    def _told(self, path: str) -> Iterator[None]:
        try:
            yield
        except DataHubError:
            raise
        except FileNotFoundError:
            raise Missing(f"there is no `{path}`") from None
        except FileExistsError:
            raise Taken(f"`{path}` exists") from None
        except (PermissionError, NotADirectoryError, IsADirectoryError, NotImplementedError) as problem:
            raise TerminalError(f"`{path}`: {_words(problem)}") from None
        except Exception as problem:  # noqa: BLE001 - each library of fsspec raises what its own libraries raise
            raise TransientError(f"`{path}`: {_words(problem)}") from None


class _Stream:
    """An open file of the store."""

    def __init__(self, files: StoreFiles, path: str, file: Any) -> None:
        self._files, self._path, self._file = files, path, file

    def read(self, size: int, /) -> bytes:
        with self._files.told(self._path):
            data: bytes = self._file.read(size)
        return data

    def write(self, data: bytes, /) -> None:
        with self._files.told(self._path):
            self._file.write(data)


def _entry(path: str, found: Any) -> Entry:
    kind: Literal["file", "folder", "link", "other"] = (
        "link" if found.get("islink") else "folder" if found["type"] == "directory" else "file" if found["type"] == "file" else "other"
    )
    told = next((found[name] for name in _TIMES if found.get(name) is not None), None)
    modified = datetime.fromtimestamp(told, UTC) if isinstance(told, int | float) else told if isinstance(told, datetime) else None
    return Entry(path, kind, found.get("size"), modified, str(found.get("ETag") or found.get("etag") or found.get("ino") or ""))


def _words(problem: BaseException) -> str:
    return str(problem) or type(problem).__name__
