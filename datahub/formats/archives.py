"""ZIP archives as the files in them: which are read, and the bytes of one, checked to their end and never unpacked to disk."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path

from datahub.diagnostics.suggest import listed
from datahub.formats.declare import BadInput, InputFile

MARK = b"PK\x03\x04"
MOST_MEMBERS, LARGEST = 10_000, 4 << 30
"""So many files may be in an archive, and so many bytes may they hold together."""
_LOCKED = 1
_OWN = ("xlsx", "parquet", "arrow")
"""Kinds whose files are archives themselves, or are read by other means than as a stream of bytes."""


def members(file: InputFile, kind: str, pattern: str) -> list[InputFile]:
    """The files that `file` stands for: those of an archive whose names match `pattern`, by name; else `file` itself."""
    if file.member or kind in _OWN or not is_archive(file.path):
        return [file]
    infos = list(_regular(file))
    matching = sorted(
        info.filename for info in infos if not pattern or fnmatchcase(info.filename, pattern) or fnmatchcase(_last(info), pattern)
    )
    twice = next((name for name, other in pairwise(matching) if name == other), "")
    if twice:
        raise BadInput("R005", f"`{file.name}` holds `{twice}` twice", "it is not clear which is meant; pack it again", path=file.name)
    if not matching:
        help = f"it holds {listed(tuple(info.filename for info in infos), 8)}" if infos else "it is empty"
        what = f"no file like `{pattern}`" if pattern else "no files"
        raise BadInput("R005", f"`{file.name}` holds {what}", help, path=file.name)
    return [replace(file, name=f"{file.name}/{name}", member=name) for name in matching]


def is_archive(path: str) -> bool:
    """Whether the file at `path` begins as ZIP archives and workbooks do."""
    try:
        with Path(path).open("rb") as stream:
            return stream.read(4) == MARK
    except OSError:
        # Whoever reads it says why it cannot be read.
        return False


def _regular(file: InputFile) -> Iterator[zipfile.ZipInfo]:
    """The files of an archive that a person put there: no folders, links, or what an operating system left."""
    try:
        with zipfile.ZipFile(file.path) as archive:
            found = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as problem:
        raise BadInput("R005", f"`{file.name}` is no whole ZIP archive: {problem}", "fetch it again", path=file.name) from None
    size = sum(info.file_size for info in found)
    if len(found) > MOST_MEMBERS or size > LARGEST:
        message = f"`{file.name}` holds {len(found):,} files of {size >> 20:,} MB"
        raise BadInput("R005", message, f"at most {MOST_MEMBERS:,} files of {LARGEST >> 20:,} MB are read", path=file.name)
    for info in found:
        plain = (info.external_attr >> 28) in (0, 8)
        # The library asks for the last letter of a name, and a damaged archive may have none.
        if plain and info.filename and not info.is_dir() and not _last(info).startswith(".") and not info.filename.startswith("__MACOSX/"):
            yield info


def _last(info: zipfile.ZipInfo) -> str:
    return info.filename.rpartition("/")[2]


_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)
"""What the library raises for an archive whose parts contradict each other."""


class MemberStream:
    """The bytes of one file of an archive; `OSError` where it is damaged, as other streams of compressed bytes do."""

    def __init__(self, path: str, member: str) -> None:
        self._archive = zipfile.ZipFile(path)
        info = self._archive.getinfo(member)
        if info.flag_bits & _LOCKED:
            self._archive.close()
            raise BadInput("R005", f"`{member}` in `{path}` is locked with a password", "have it packed without one", path=path)
        self.size = info.compress_size
        try:
            self._stream = self._archive.open(info)
        except _DAMAGED as problem:
            self._archive.close()
            raise BadInput("R005", f"`{member}` in `{path}` is damaged: {problem}", "fetch it again", path=path) from None

    def read(self, count: int) -> bytes:
        try:
            return self._stream.read(count)
        except _DAMAGED as problem:
            raise OSError(str(problem)) from None

    def close(self) -> None:
        self._stream.close()
        self._archive.close()
