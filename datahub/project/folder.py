"""Where a project lies: looked for without reading it, for commands that mostly run outside of any."""

from __future__ import annotations

from pathlib import Path

NAME = "dhm.toml"


def find(start: Path) -> Path | None:
    """The folder at or above `start` that holds `dhm.toml`."""
    start = start.resolve()
    return next((folder for folder in (start, *start.parents) if (folder / NAME).is_file()), None)
