"""What must be on the disk before anything is built on it."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from datahub.faults import reach


def to_disk(path: Path) -> None:
    """Wait until the bytes of the file at `path`, or the names in the folder, are on the disk.

    A file that was given its name is found after a power cut only once the folder of that name is on the disk too.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def named(draft: Path, path: Path) -> None:
    """Give the whole file at `draft` its name, in one step and for good: nobody ever finds half of it at `path`."""
    to_disk(draft)
    draft.replace(path)
    to_disk(path.parent)


def write_whole(path: Path, data: bytes, rights: int = 0o666) -> None:
    """Put `data` at `path` in place of what is there, in one step and for good.

    Whoever is stopped in the middle of it, or has no room left, leaves what was there. A file that is there keeps its rights,
    and a link stays a link; `rights` are those of a new file, less what the process withholds.
    """
    place = path.resolve()
    draft = place.with_name(f".{place.name}.{secrets.token_hex(6)}.part")
    before = place.stat().st_mode & 0o7777 if place.exists() else None
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, rights if before is None else before), "wb") as file:
            file.write(data)
        if before is not None:
            draft.chmod(before)
        reach("half_kept")
        named(draft, place)
    except BaseException as problem:
        if isinstance(problem, OSError) and problem.filename in (None, str(draft)):
            # Whoever has no room is told what it was for.
            problem.filename = str(path)
        # Where nothing can be written, nothing can be removed, and nothing was left.
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
