"""The bytes of one file over SFTP, in and out, with many requests on their way at once."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar, cast

import asyncssh
from asyncssh.sftp import SFTPClient, SFTPClientFile

_T = TypeVar("_T")
_PIECE = 32 << 10
"""What one request asks for where the server does not say how much it may be."""
_UNDERWAY = 4 << 20
"""How much is asked for before the first of it has arrived."""
_WINDOW = 1 << 20
"""How much is gathered before it is sent."""


class Steps(Protocol):
    """What makes the steps of a transfer, each within the deadline."""

    def limits(self) -> Any:
        """How much one request may ask for, or bring."""
        ...

    def next_of(self, work: Callable[[SFTPClient], Coroutine[Any, Any, _T]], path: str) -> _T: ...


class Download:
    """The bytes of a remote file in order, with many requests on their way at once."""

    def __init__(self, files: Steps, path: str, file: SFTPClientFile, start: int, size: int) -> None:
        self._files, self._path, self.file = files, path, file
        self._at, self._asked, self._size = start, start, size
        self._piece = files.limits().max_read_len or _PIECE
        self._pending: deque[asyncio.Task[bytes]] = deque()
        self._ready: deque[bytes] = deque()

    @property
    def left(self) -> bool:
        """Whether there is more to come."""
        return self._at < self._size

    def read(self, size: int, /) -> bytes:
        if not self._ready and self.left:
            self._files.next_of(self.fill, self._path)
        if not self._ready:
            return b""
        piece = self._ready.popleft()
        if len(piece) > size:
            self._ready.appendleft(piece[size:])
            return piece[:size]
        return piece

    async def fill(self, _: SFTPClient) -> None:
        """Wait for the next piece, and take those behind it that are here already: each is handed on as it came."""
        try:
            while self.left:
                while len(self._pending) * self._piece < _UNDERWAY and self._asked < self._size:
                    self._pending.append(asyncio.ensure_future(self._fetch(self._asked, min(self._piece, self._size - self._asked))))
                    self._asked += self._piece
                if self._ready and not self._pending[0].done():
                    return
                piece = await self._pending[0]
                self._pending.popleft()
                self._ready.append(piece)
                self._at += len(piece)
        except BaseException:
            await self.stop()
            raise

    async def _fetch(self, offset: int, size: int) -> bytes:
        data = cast(bytes, await self.file.read(size, offset))
        while len(data) < size:
            more = cast(bytes, await self.file.read(size - len(data), offset + len(data)))
            if not more:
                raise asyncssh.SFTPConnectionLost(f"the file ends after {offset + len(data)} of {self._size} bytes")
            data += more
        return data

    async def stop(self) -> None:
        """Take back what is still asked for."""
        for one in self._pending:
            one.cancel()
        await asyncio.gather(*self._pending, return_exceptions=True)
        self._pending.clear()


class Upload:
    """A remote file that is being written, with many requests on their way at once."""

    def __init__(self, files: Steps, path: str, file: SFTPClientFile) -> None:
        self._files, self._path, self._file = files, path, file
        self._piece = files.limits().max_write_len or _PIECE
        self._pending: deque[asyncio.Task[int]] = deque()
        self._waiting = bytearray()
        self._at = 0

    def write(self, data: bytes, /) -> None:
        self._waiting += data
        if len(self._waiting) >= _WINDOW:
            self._files.next_of(self._send, self._path)

    def flush(self) -> None:
        """Send the rest, and wait until all has arrived."""
        self._files.next_of(self._send, self._path)
        while self._pending:
            self._files.next_of(self._arrived, self._path)

    async def _send(self, _: SFTPClient) -> None:
        try:
            for start in range(0, len(self._waiting), self._piece):
                part = bytes(self._waiting[start : start + self._piece])
                self._pending.append(asyncio.ensure_future(self._file.write(part, self._at)))
                self._at += len(part)
            self._waiting.clear()
            while len(self._pending) * self._piece > _UNDERWAY:
                await self._pending[0]
                self._pending.popleft()
        except BaseException:
            await self.stop()
            raise

    async def _arrived(self, _: SFTPClient) -> None:
        try:
            await self._pending[0]
            self._pending.popleft()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Take back what is on its way."""
        for one in self._pending:
            one.cancel()
        await asyncio.gather(*self._pending, return_exceptions=True)
        self._pending.clear()
