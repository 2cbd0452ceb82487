"""The SHA-256 of inputs, worked out beside everything else, by a thread of its own."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue

CHUNK = 1 << 20
"""The lock that threads share is waited for twice a chunk; a larger one would not stay in the processor's cache."""


class Hashes:
    """Those of files that were asked for; asked early, before it is known what else is to be done, they are there when a run ends."""

    def __init__(self) -> None:
        self._found: dict[str, str] = {}
        self._asked: set[str] = set()
        self._waiting: SimpleQueue[str | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self.seconds = 0.0
        """How long the processor worked for it, known when there is a result."""

    def ask(self, paths: Iterable[str]) -> None:
        """Work them out, too; a path that is no file is passed over."""
        for path in paths:
            if path not in self._asked:
                self._asked.add(path)
                self._waiting.put(path)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="dhm-hash", daemon=True)
            self._thread.start()

    def result(self) -> Mapping[str, str]:
        """The hashes of all files that were asked for; nothing can be asked afterwards."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()
        return self._found

    def _work(self) -> None:
        held = memoryview(bytearray(CHUNK))
        while (path := self._waiting.get()) is not None:
            # What cannot be read its reader tells of; of a run that broke off, the files may be gone before they were all looked at.
            with suppress(OSError):
                if Path(path).is_file():
                    self._found[path] = _sha256(path, held)
        self.seconds = time.thread_time()


def _sha256(path: str, held: memoryview) -> str:
    digest = hashlib.sha256()
    with Path(path).open("rb", buffering=0) as file:
        while count := file.readinto(held):
            digest.update(held[:count])
    return digest.hexdigest()
