"""Paths that lie below the folder of the ledger, kept so that the folder may be moved, mounted elsewhere, or brought back from a copy."""

from __future__ import annotations

from pathlib import Path


class Below:
    """The folder of a ledger, and paths from there on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def kept(self, path: str) -> str:
        """A path as the ledger keeps it: from its folder on where it lies below it."""
        inside = bool(path) and Path(path).is_relative_to(self._folder)
        return Path(path).relative_to(self._folder).as_posix() if inside else path

    def found(self, kept: str) -> str:
        """The path of what the ledger keeps, where its folder is now; what was kept whole stays so."""
        # Of nothing there is no place.
        return str(self._folder / kept) if kept not in ("", ".") else kept


def cut(path: str, within: str) -> str:
    """A path that an earlier version kept whole, from the folder `within` on, wherever the ledger was then."""
    _, inside, rest = Path(path).as_posix().rpartition(f"/{within}/")
    return f"{within}/{rest}" if inside else path
