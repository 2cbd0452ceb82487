"""What tests read of a file system under test."""

from __future__ import annotations

from typing import Any

PIECE = 70_000
"""No power of two: the pieces of what is read end elsewhere than those of the library that reads."""


def content(files: Any, path: str, start: int = 0) -> bytes:
    """All of a file from `start` on, in pieces."""
    with files.read(path, start) as stream:
        return b"".join(iter(lambda: stream.read(PIECE), b""))
