"""A refresh token that its server has replaced: kept on disk, for the one that the project refers to is worth nothing from then on."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from datahub.durable import write_whole
from datahub.project.redaction import redacted


class KeptToken:
    """The newest refresh token of one client of one server, over all runs and processes.

    It is kept beside a digest of the token that the project gave: once that is another one, a person has signed in anew, and it counts.
    """

    def __init__(self, folder: Path, about: str, given: str) -> None:
        self._path = folder / "tokens" / f"{hashlib.sha256(about.encode()).hexdigest()[:24]}.json"
        self._given, self._from = given, hashlib.sha256(given.encode()).hexdigest()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes from asking with a token that is being replaced."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def read(self) -> str:
        """The token to ask with."""
        try:
            told = json.loads(self._path.read_text(encoding="utf-8"))
            found = str(told["token"]) if told["from"] == self._from else self._given
        except (OSError, ValueError, KeyError, TypeError):
            return self._given
        redacted.remember(found)
        return found

    def write(self, token: str) -> None:
        """Keep the token that came in place of the last; it is on the disk before it is needed."""
        redacted.remember(token)
        write_whole(self._path, json.dumps({"from": self._from, "token": token}).encode(), 0o600)
