"""The SHA-256 of bytes that pass by, worked out beside the transfer and not between its pieces."""

from __future__ import annotations

import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self


class RunningDigest:
    """Takes pieces in order; from the second on a thread hashes one while the next is fetched."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._pool: ThreadPoolExecutor | None = None
        self._working: Future[None] | None = None
        self._begun = False

    def add(self, data: bytes) -> None:
        if not self._begun:
            # Most files are small, and over before a thread is there.
            self._begun = True
            self._hash.update(data)
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, "dhm-digest")
        self._wait()
        self._working = self._pool.submit(self._hash.update, data)

    def hexdigest(self) -> str:
        """The digest of all that was added."""
        self._wait()
        return self._hash.hexdigest()

    def _wait(self) -> None:
        if self._working is not None:
            self._working.result()
            self._working = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        if self._pool is not None:
            self._pool.shutdown()
