"""ZIP archives as the files in them: which are read, and the bytes of one, checked to their end and never unpacked to disk.

A process of its own opens them, and says what it finds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from datahub.diagnostics.suggest import listed
from datahub.formats.declare import BadInput, InputFile

if TYPE_CHECKING:
    from datahub.formats.apart.process import Answer

MARK, _EMPTY = b"PK\x03\x04", b"PK\x05\x06"
MEMORY = 1 << 29
"""How many bytes of addresses the process may have that opens archives; what is in one streams."""
_OWN = ("xlsx", "parquet", "arrow")
"""Kinds whose files are archives themselves, or are read by other means than as a stream of bytes."""


def members(file: InputFile, kind: str, pattern: str) -> list[InputFile]:
    """The files that `file` stands for: those of an archive whose names match `pattern`, by name; else `file` itself."""
    if file.member or kind in _OWN or not is_archive(file.path):
        return [file]
    names = _names(file)
    matching = sorted(name for name in names if not pattern or fnmatchcase(name, pattern) or fnmatchcase(name.rpartition("/")[2], pattern))
    twice = next((name for name, other in pairwise(matching) if name == other), "")
    if twice:
        raise BadInput("R005", f"`{file.name}` holds `{twice}` twice", "it is not clear which is meant; pack it again", path=file.name)
    if not matching:
        help = f"it holds {listed(names, 8)}" if names else "it is empty"
        what = f"no file like `{pattern}`" if pattern else "no files"
        raise BadInput("R005", f"`{file.name}` holds {what}", help, path=file.name)
    return [replace(file, name=f"{file.name}/{_shown(name)}", member=name) for name in matching]


def _shown(name: str) -> str:
    """A name as people may be shown it: whoever packed the archive does not write to their terminal."""
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in name)


def is_archive(path: str) -> bool:
    """Whether the file at `path` begins as ZIP archives and workbooks do."""
    try:
        with Path(path).open("rb") as stream:
            return stream.read(4) in (MARK, _EMPTY)
    except OSError:
        # Whoever reads it says why it cannot be read.
        return False


def _names(file: InputFile) -> list[str]:
    # What starts processes is loaded where there is an archive.
    from datahub.formats.apart.process import Work, answer

    with Path(file.path).open("rb") as packed:
        told, _ = answer(Work("datahub.formats.zip_members:names", file.name, MEMORY), {"name": file.name}, file=packed.fileno())
    names: list[str] = told["names"]
    return names


class MemberStream:
    """The bytes of one file of an archive; `OSError` where it is damaged, as other streams of compressed bytes do."""

    def __init__(self, path: str, member: str, name: str = "") -> None:
        from datahub.formats.apart.process import Work, lent

        self._path, self._held = path, memoryview(b"")
        with ExitStack() as opened, Path(path).open("rb") as packed:
            child = opened.enter_context(lent())
            work = Work("datahub.formats.zip_members:read", f"{path}/{member}", MEMORY)
            self._answers: Iterator[Answer] = child.answers(work, {"name": name or path, "member": member}, file=packed.fileno())
            told, _ = next(self._answers)
            self._opened = opened.pop_all()
        self.size: int = told["size"]

    def read(self, count: int) -> bytes:
        """At most `count` bytes, and none at the end."""
        while not self._held:
            told, parts = next(self._answers, ({}, [memoryview(b"")]))
            if "damaged" in told:
                raise OSError(told["damaged"])
            self._held = parts[0]
            if not self._held:
                return b""
        part, self._held = bytes(self._held[:count]), self._held[count:]
        return part

    def close(self) -> None:
        self._opened.close()
