"""Files that a command changes: never left half written."""

from __future__ import annotations

from pathlib import Path

from datahub.cli.output import Stop
from datahub.durable import write_whole


def replace_text(path: Path, text: str) -> None:
    """Put `text` in the place of the file at `path`, all at once, with its rights as they were."""
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise Stop(f"`{path}` cannot be written: {error.strerror}") from error
