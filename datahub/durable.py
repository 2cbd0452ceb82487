"""What must be on the disk before anything is built on it."""

from __future__ import annotations

import os
from pathlib import Path


def to_disk(path: Path) -> None:
    """Wait until the bytes of the file at `path`, or the names in the folder, are on the disk.

    A file that was given its name is found after a power cut only once the folder of that name is on the disk too.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
