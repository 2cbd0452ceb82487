"""Files over SSH: sshfs makes the connection, asyncssh moves the bytes, and what either does by itself that loses files is kept from them.

Host keys are always checked. Every request has a deadline. A file is renamed by the server or not at all; nothing is
copied, no shell is used, no folder is made in passing. A connection that was lost is made again by the next request.
"""

from __future__ import annotations

import asyncio
import logging
import stat
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

import asyncssh
from asyncssh.sftp import SFTPClient, SFTPClientFile
from fsspec.asyn import FSTimeoutError, sync
from sshfs import SSHFileSystem

from datahub.connectors.declare import Entry, Missing, Taken, TerminalError, TransientError
from datahub.connectors.file_names import checked, room_for_one_more
from datahub.connectors.kinds.sftp import Sftp
from datahub.connectors.sftp_streams import Download, Upload
from datahub.connectors.ssh_keys import PinnedClient, trusted_keys
from datahub.connectors.ssh_told import lost, told
from datahub.project.in_words import ANOTHER, said

_T = TypeVar("_T")
_OPEN = 32
"""How many files are open at once where many are read together."""
# AES in the processor is several times faster than ChaCha20 in Python's reach, which would be asked for first.
_CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes256-ctr", "aes192-ctr", "aes128-ctr")


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a warning of asyncio says more than that a packet found its connection lost, which the request tells as its failure."""
    return "socket.send() raised exception" not in record.getMessage()


logging.getLogger("asyncio").addFilter(_is_news)


class SftpFiles:
    """The files of one host, over one connection."""

    def __init__(self, connection: Sftp, known_hosts: Path) -> None:
        self._connection, self._known_hosts = connection, known_hosts
        self._deadline = connection.deadline.total_seconds()
        self._fs: SSHFileSystem | None = None
        self._client: SFTPClient | None = None

    # ------------------------------------------------------------ what a file system does

    def list(self, folder: str) -> Iterator[Entry]:
        place = self._path(folder)

        async def names(client: SFTPClient) -> list[tuple[str, Any]]:
            found: list[tuple[str, Any]] = []
            async for one in client.scandir(place or "."):
                room_for_one_more(len(found), folder)
                # What a listing calls a file may be a link to one, and a name may be no text at all.
                found.append((_name(one.filename), one.attrs))
            return found

        for name, attributes in sorted(self._again(names, folder), key=lambda one: one[0]):
            if name not in (".", ".."):
                yield _entry(f"{folder.rstrip('/')}/{checked(name, folder)}" if folder else checked(name, folder), attributes)

    def look(self, path: str) -> Entry:
        place = self._path(path)
        return _entry(path, self._again(lambda client: client.lstat(place), path))

    @contextmanager
    def read(self, path: str, start: int = 0, size: int | None = None) -> Iterator[Download]:
        place = self._path(path)

        # Whole blocks are asked for one by one; asyncssh's own way of splitting them leaves requests behind when a connection is lost.
        async def open_it(client: SFTPClient) -> Download:
            file = await client.open(place, "rb", block_size=0)
            try:
                download = Download(self, path, file, start, (await file.stat()).size or 0)
                if download.left:
                    # The first of it in the same step: of a small file that is all.
                    await download.fill(client)
            except asyncssh.SFTPError:
                with suppress(OSError, asyncssh.Error):
                    await file.close()
                raise
            return download

        download = self._again(open_it, path)
        try:
            yield download
        finally:
            with suppress(TransientError):
                self._ended(download, path)

    def read_together(self, paths: Sequence[str], most: int) -> Sequence[tuple[Entry, bytes] | None]:
        places = [(path, self._path(path)) for path in paths]

        async def all_of_them(client: SFTPClient) -> Sequence[tuple[Entry, bytes] | None]:
            turn = asyncio.Semaphore(_OPEN)
            return await asyncio.gather(*(_whole(client, path, place, most, turn) for path, place in places))

        return self._again(all_of_them, paths[0])

    @contextmanager
    def write(self, path: str) -> Iterator[Upload]:
        place = self._path(path)

        async def open_it(client: SFTPClient) -> SFTPClientFile:
            return await client.open(place, "wb", block_size=0)

        file = self._again(open_it, path)
        upload = Upload(self, path, file)
        try:
            yield upload
            upload.flush()
        except BaseException:
            if self._client is not None:

                async def end(_: SFTPClient) -> None:
                    await upload.stop()
                    await file.close()

                with suppress(TransientError):
                    self._once(end, path)
            raise
        self._once(lambda _: file.close(), path)

    def rename(self, old: str, new: str, *, replace: bool) -> None:
        source, target = self._path(old), self._path(new)
        if not replace:
            # The protocol says that a rename does not replace; not every server keeps to it.
            with suppress(Missing):
                self.look(new)
                raise Taken(f"`{new}` exists")
            self._once(lambda client: client.rename(source, target), old)
            return
        try:
            self._once(lambda client: client.posix_rename(source, target), old)
        except asyncssh.SFTPOpUnsupported:
            self._rename_where_free(source, target, old, new)

    def _rename_where_free(self, source: str, target: str, old: str, new: str) -> None:
        """What is left on a server that cannot replace: the plain rename, which such servers refuse where the name is taken."""
        try:
            self._once(lambda client: client.rename(source, target), old)
        except TransientError:
            # The refusal has no code of its own; a look tells it from a fault.
            self.look(old)
            self.look(new)
            raise Taken(f"`{new}` exists, and the server does not replace files") from None

    def remove(self, path: str) -> None:
        place = self._path(path)
        self._once(lambda client: client.remove(place), path)

    def make_folder(self, path: str) -> None:
        place = self._path(path)
        self._again(lambda client: client.makedirs(place, exist_ok=True), path)

    def close(self) -> None:
        fs, self._fs, self._client = self._fs, None, None
        if fs is not None:
            with suppress(Exception):
                fs.client.abort()

    # ------------------------------------------------------------ requests and the connection

    def _again(self, work: Callable[[SFTPClient], Coroutine[Any, Any, _T]], path: str) -> _T:
        """A request that may be made twice: a connection that was lost while nobody looked is no failure."""
        fresh = self._client is None
        try:
            return self._once(work, path)
        except TransientError:
            if fresh or self._client is not None:
                raise
            return self._once(work, path)

    def _once(self, work: Callable[[SFTPClient], Coroutine[Any, Any, _T]], path: str) -> _T:
        client = self._connected()
        assert self._fs is not None
        try:
            done: _T = sync(self._fs.loop, work, client, timeout=self._deadline)
            return done
        except (FSTimeoutError, TimeoutError):
            self.close()
            raise TransientError(f"`{path}`: {self._connection.host} did not answer within {self._deadline:g} s") from None
        except asyncssh.SFTPOpUnsupported:
            raise
        except (OSError, asyncssh.Error) as problem:
            if lost(problem):
                self.close()
            raise told(problem, path, self._connection.host) from None

    def _connected(self) -> SFTPClient:
        if self._client is None:
            self._fs = self._connect()
            try:
                # One name that is no text must not hide a whole folder.
                begin = self._fs.client.start_sftp_client
                self._client = sync(self._fs.loop, begin, path_errors="surrogateescape", timeout=self._deadline)
            except (FSTimeoutError, OSError, asyncssh.Error) as problem:
                self.close()
                raise TransientError(f"{self._connection.host} lets us in, but offers no file transfer: {said(problem)}") from None
        return self._client

    def _connect(self) -> SSHFileSystem:
        wanted = self._connection
        keys = trusted_keys(wanted, self._known_hosts)
        limit = wanted.connect_timeout.total_seconds()
        client = PinnedClient(wanted.pins)
        try:
            return SSHFileSystem(
                wanted.host,
                port=wanted.port,
                username=wanted.user,
                password=wanted.password.reveal() if wanted.password else None,
                client_keys=_private_key(wanted),
                known_hosts=keys,
                client_factory=lambda: client,
                encryption_algs=list(_CIPHERS),
                keepalive_interval=wanted.keepalive.total_seconds(),
                keepalive_count_max=3,
                connect_timeout=limit,
                login_timeout=limit,
                timeout=2 * limit,
                # Nothing of the account that runs us: no agent, no configuration, no keys that lie about.
                agent_path=None,
                config=None,
                skip_instance_cache=True,
            )
        except (FSTimeoutError, TimeoutError):
            raise TransientError(f"{wanted.host}:{wanted.port} did not answer within {limit:g} s", _no_ssh(client)) from None
        except PermissionError:
            raise TerminalError(
                f"{wanted.host} refuses the login of `{wanted.user}`", "the password or key is wrong, or not allowed for this account"
            ) from None
        except asyncssh.HostKeyNotVerifiable:
            raise client.refused(f"{wanted.host}:{wanted.port}") from None
        except (OSError, asyncssh.Error) as problem:
            if isinstance(problem, asyncssh.ConnectionLost) and not client.answered:
                ended = f"{wanted.host}:{wanted.port} ended the connection before a word of SSH"
                raise TransientError(ended, _no_ssh(client)) from None
            raise told(problem, "", f"{wanted.host}:{wanted.port}") from None

    def _path(self, path: str) -> str:
        if "\0" in path:
            raise TerminalError(f"{path!r} is no path")
        root = self._connection.root.rstrip("/")
        return f"{root}/{path.lstrip('/')}" if root and path else root or path

    # ------------------------------------------------------------ for the streams

    def limits(self) -> Any:
        """How much one request may ask for, or bring."""
        return self._connected().limits

    def _ended(self, download: Download, path: str) -> None:
        """Close what was read, unless the connection is gone and the file with it."""
        if self._client is not None:

            async def end(_: SFTPClient) -> None:
                await download.stop()
                await download.file.close()

            self._once(end, path)

    def next_of(self, work: Callable[[SFTPClient], Coroutine[Any, Any, _T]], path: str) -> _T:
        """One step of a transfer."""
        return self._once(work, path)


async def _whole(client: SFTPClient, path: str, place: str, most: int, turn: asyncio.Semaphore) -> tuple[Entry, bytes] | None:
    """A small file, and what the open file says of itself behind that; None where it cannot be had."""
    async with turn:
        try:
            file = await client.open(place, "rb", block_size=0)
            try:
                data = cast(bytes, await file.read(most + 1, 0))
                entry = _entry(path, await file.stat())
            finally:
                await file.close()
        except (asyncssh.SFTPNoConnection, asyncssh.SFTPConnectionLost):
            raise
        except asyncssh.SFTPError:
            return None
    return (entry, data) if len(data) <= most else None


def _no_ssh(client: PinnedClient) -> str:
    """What to do where nobody has said that SSH is spoken there."""
    return "" if client.answered else ANOTHER


def _entry(path: str, found: Any) -> Entry:
    mode = found.permissions or 0
    kind = "folder" if stat.S_ISDIR(mode) else "link" if stat.S_ISLNK(mode) else "file" if stat.S_ISREG(mode) or not mode else "other"
    modified = None if found.mtime is None else datetime.fromtimestamp(found.mtime, UTC)
    return Entry(path, kind, found.size, modified, "")  # type: ignore[arg-type]


def _name(name: str | bytes) -> str:
    return name if isinstance(name, str) else name.decode("utf-8", "surrogateescape")


def _private_key(connection: Sftp) -> list[Any]:
    """The private key of the connection, or nothing: the keys that lie about are not tried."""
    if connection.key is None:
        return []
    phrase = connection.passphrase.reveal() if connection.passphrase else None
    try:
        return [asyncssh.import_private_key(connection.key.reveal() + "\n", phrase)]
    except asyncssh.KeyEncryptionError:
        raise TerminalError("the private key needs another `passphrase`") from None
    except asyncssh.KeyImportError as problem:
        if phrase is None and "assphrase" in str(problem):
            raise TerminalError("the private key has a passphrase", "set the `passphrase` of the connection") from None
        raise TerminalError(f"the `key` of the connection is no private key: {problem}", "OpenSSH's and PEM's forms are read") from None
