"""Any file system of fsspec as one of ours: never cached, never copied where it can be renamed, its errors told by what they mean.

Stores of objects have no folders: what is called one is the beginning of names, which is there as long as a name begins so.
Libraries of fsspec have no deadlines of their own; each request is made in a thread that is waited for only so long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

import fsspec
from fsspec.spec import AbstractBufferedFile, AbstractFileSystem

from datahub.connectors import webdav_names
from datahub.connectors.declare import DataHubError, Entry, Missing, Taken, TerminalError, TransientError
from datahub.connectors.file_names import checked
from datahub.connectors.kinds.store import Store
from datahub.connectors.store_told import SEE, unfit, unknown
from datahub.connectors.waited_for import WaitedFor
from datahub.project.in_words import in_words, said

_T = TypeVar("_T")
_TIMES = ("mtime", "LastModified", "last_modified", "updated", "modified", "created")
_IDENTITIES = ("ETag", "etag", "md5Hash", "content_md5", "ino")
_OBJECTS = frozenset({"s3", "s3a", "gcs", "gs", "abfs", "abfss", "az", "oss", "oci", "obs", "cos", "cosn", "tos"})
"""Words of fsspec for stores of objects, whose folders are beginnings of names."""
_WEBDAV = ("webdav", "dav")
_OURS_TO_MEND = frozenset(
    {
        *("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "InvalidRegionError", "NoRegionError"),
        *("ParamValidationError", "ProfileNotFound", "DefaultCredentialsError", "RefreshError", "ClientAuthenticationError"),
    }
)
"""Errors of the libraries of Amazon, Google and Microsoft that trying again does not help."""
_PIECE = 4 << 20


class StoreFiles:
    """The files of one store."""

    def __init__(self, connection: Store) -> None:
        self._connection = connection
        self._root = connection.root.rstrip("/")
        self._objects = connection.protocol in _OBJECTS
        self._deadline = connection.deadline.total_seconds()
        self._thread = WaitedFor("dhm-store")
        self._opened: Any = None

    # ------------------------------------------------------------ what a file system does

    def list(self, folder: str) -> Iterator[Entry]:
        place = self._path(folder)
        try:
            found = self.asked(folder, lambda fs: fs.ls(place, detail=True))
        except Missing:
            self._only_empty(folder)
            return
        itself = [one for one in found if str(one["name"]).strip("/") == place.strip("/")]
        if len(itself) == len(found) == 1 and itself[0]["type"] != "directory" and place and not str(itself[0]["name"]).endswith("/"):
            raise TerminalError(f"`{folder}` is a file, and no folder")
        # What has the folder's own name is an empty object that some programs put there for it.
        for one in sorted((one for one in found if one not in itself), key=lambda one: str(one["name"])):
            name = checked(str(one["name"]).rstrip("/").rpartition("/")[2], folder)
            yield _entry(f"{folder.rstrip('/')}/{name}" if folder else name, one)

    def _only_empty(self, folder: str) -> None:
        """`Missing`, unless the store has no folders: then one that has nothing in it is not there, and is no mistake."""
        top = self._root.partition("/")[0]
        if not self._objects or not top:
            raise Missing(f"there is no `{self._named(folder)}`")
        try:
            self.asked(folder, lambda fs: fs.info(top))
        except Missing:
            raise Missing(f"there is no `{top}`", "the `root` of the connection begins with the name of the bucket") from None

    def look(self, path: str) -> Entry:
        place = self._path(path)
        return _entry(path, self.asked(path, lambda fs: fs.info(place)))

    @contextmanager
    def read(self, path: str, start: int = 0, size: int | None = None) -> Iterator[_Stream]:
        place = self._path(path)

        def open_it(fs: Any) -> Any:
            # Read ahead, as each request of a store takes its time; nothing is kept beyond the file.
            file = fs.open(place, "rb", block_size=_PIECE, cache_type="readahead")
            if start:
                file.seek(start)
            return file

        file = self.asked(path, open_it)
        try:
            yield _Stream(self, path, file)
        finally:
            with suppress(DataHubError):
                self.asked(path, lambda _: file.close())

    @contextmanager
    def write(self, path: str) -> Iterator[_Stream]:
        place = self._path(path)
        file = self.asked(path, lambda fs: fs.open(place, "wb"))
        try:
            yield _Stream(self, path, file)
        except BaseException:
            self._given_up(file, path)
            raise
        try:
            self.asked(path, lambda _: file.close())
        except BaseException:
            self._given_up(file, path)
            raise

    def _given_up(self, file: Any, path: str) -> None:
        """Leave nothing of a file whose writing failed: a store shows an object once it is closed, were it by the garbage collector."""
        discard = getattr(file, "discard", file.close)
        with suppress(DataHubError):
            self.asked(path, lambda _: discard())
        if isinstance(file, AbstractBufferedFile):
            file.closed = True

    def rename(self, old: str, new: str, *, replace: bool) -> None:
        source, target = self._path(old), self._path(new)
        if not replace and self._there(new):
            raise Taken(f"`{new}` exists")
        self.look(old)
        self.asked(new, lambda fs: _moved(fs, source, target, replace))

    def unnameable(self, name: str) -> str:
        """Why no file can be called so; nothing where one can."""
        return webdav_names.unnameable(name) if self._connection.protocol in _WEBDAV else ""

    def _there(self, path: str) -> bool:
        with suppress(Missing):
            self.look(path)
            return True
        return False

    def remove(self, path: str) -> None:
        place = self._path(path)
        self.look(path)
        self.asked(path, lambda fs: fs.rm_file(place))

    def make_folder(self, path: str) -> None:
        place = self._path(path)
        if not self._objects:
            # Where there are no folders, libraries would make a bucket that is missing instead.
            self.asked(path, lambda fs: fs.makedirs(place, exist_ok=True))

    def close(self) -> None:
        if callable(end := getattr(self._opened, "close", None)):
            end()
        self._opened = None
        self._thread.leave()

    # ------------------------------------------------------------ requests

    def asked(self, path: str, work: Callable[[Any], _T]) -> _T:
        """What the library gives, within the deadline; what it raises, by what it means."""
        try:
            return self._thread.result(lambda: work(self._fs()), self._deadline)
        except DataHubError:
            raise
        except FileNotFoundError:
            raise Missing(f"there is no `{self._named(path)}`") from None
        except FileExistsError:
            raise Taken(f"`{path}` exists") from None
        except (PermissionError, NotADirectoryError, IsADirectoryError, NotImplementedError) as problem:
            raise TerminalError(f"`{self._named(path)}`: {said(problem)}") from None
        except TimeoutError:
            self.close()
            raise TransientError(f"`{self._named(path)}`: the store did not answer within {self._deadline:g} s") from None
        except Exception as problem:  # noqa: BLE001 - each library of fsspec raises what its own libraries raise
            # Some look at what they are told once they are asked for something.
            if wrong := unfit(self._connection.protocol, self._connection.options, problem):
                raise wrong from None
            if type(problem).__name__ in _OURS_TO_MEND or getattr(problem, "status_code", None) in (401, 403):
                raise TerminalError(f"`{self._named(path)}`: {said(problem)}", SEE) from None
            raise TransientError(f"`{self._named(path)}`: {said(problem)}", in_words(problem).help) from None

    def _fs(self) -> Any:
        if self._opened is None:
            wanted = self._connection
            try:
                self._opened = _opened(wanted)
            except ImportError as problem:
                raise TerminalError(
                    f"`{wanted.protocol}` needs a library that is not installed: {problem}", "install it beside DataHub"
                ) from None
            except (TypeError, ValueError) as problem:
                if wrong := unfit(wanted.protocol, wanted.options, problem):
                    raise wrong from None
                raise unknown(wanted.protocol) or TerminalError(f"the library of `{wanted.protocol}`: {said(problem)}", SEE) from None
        return self._opened

    def _named(self, path: str) -> str:
        return path or self._root or self._connection.protocol

    def _path(self, path: str) -> str:
        if "\0" in path or ".." in path.split("/"):
            raise TerminalError(f"`{path!r}` is no path below the root of the connection")
        return f"{self._root}/{path.lstrip('/')}".rstrip("/") if self._root else path


def _opened(connection: Store) -> Any:
    """The library's file system, with no connections that others have lost and no listings that others have seen."""
    told = {**connection.options, **{name: secret.reveal() for name, secret in connection.secrets.items()}}
    if connection.protocol in _WEBDAV:
        from datahub.connectors.store_webdav import WebdavFiles

        return WebdavFiles(told)
    return fsspec.filesystem(connection.protocol, **told, skip_instance_cache=True, use_listings_cache=False)


class _Stream:
    """An open file of the store."""

    def __init__(self, files: StoreFiles, path: str, file: Any) -> None:
        self._files, self._path, self._file = files, path, file

    def read(self, size: int, /) -> bytes:
        data: bytes = self._files.asked(self._path, lambda _: self._file.read(size))
        return data

    def write(self, data: bytes, /) -> None:
        self._files.asked(self._path, lambda _: self._file.write(data))


def _moved(fs: Any, source: str, target: str, replace: bool) -> None:
    """Give a file another name. Where the library can only copy, a copy in a store is whole at once, and the old name goes last.

    fsspec's own `mv`, which libraries of stores take over, reads `[1]` and `*` in names as patterns: it moves, and removes, what fits.
    """
    if callable(renamed := getattr(fs, "renamed", None)):
        renamed(source, target, replace)
    elif type(fs).mv is AbstractFileSystem.mv:
        fs.cp_file(source, target)
        fs.rm_file(source)
    else:
        fs.mv(source, target)


def _entry(path: str, found: Any) -> Entry:
    kind: Literal["file", "folder", "link", "other"] = (
        "link" if found.get("islink") else "folder" if found["type"] == "directory" else "file" if found["type"] == "file" else "other"
    )
    told = next((found[name] for name in _TIMES if found.get(name) is not None), None)
    identity = next((str(found[name]) for name in _IDENTITIES if found.get(name)), "")
    return Entry(path, kind, found.get("size"), _instant(told, whole=bool(identity)), identity)


def _instant(told: Any, *, whole: bool) -> datetime | None:
    """A time in UTC, as fingerprints have it; in `whole` seconds, since listings have more places than what is told of one object."""
    if isinstance(told, int | float):
        return datetime.fromtimestamp(told, UTC)
    if not isinstance(told, datetime):
        return None
    instant = told.replace(tzinfo=told.tzinfo or UTC).astimezone(UTC)
    return instant.replace(microsecond=0) if whole else instant
