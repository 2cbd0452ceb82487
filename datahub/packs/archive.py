"""A pack as one file: written the same each time, and read without trusting a byte of it."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from datahub.diagnostics.diagnostic import Diagnostic
from datahub.packs.contents import LARGEST, MOST_FILES, Contents, NotAPack, finding, too_large, whole, wrong_kind, wrong_name

ENDINGS = (".tar.gz", ".tgz", ".tar", ".zip")


def pack_up(contents: Contents) -> bytes:
    """The archive of a pack; the same files give the same bytes."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in sorted(contents.files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(data), 0o644, 0
            tar.addfile(entry, io.BytesIO(data))
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as file:
        file.write(raw.getvalue())
    return packed.getvalue()


def from_file(path: Path, shown: str = "") -> Contents:
    """The pack in the archive at `path`."""
    label = shown or path.as_posix()
    if path.stat().st_size > LARGEST:
        raise too_large(label)
    return from_bytes(path.read_bytes(), label)


def from_bytes(data: bytes, shown: str) -> Contents:
    """The pack in an archive; nothing is written anywhere, and no more is inflated than a pack may hold."""
    read = _zipped if zipfile.is_zipfile(io.BytesIO(data)) else _tarred
    files: dict[str, bytes] = {}
    wrong: list[Diagnostic] = []
    try:
        for name, found in read(data, shown):
            if isinstance(found, str):
                wrong.append(finding(shown, name, found))
            elif name in files:
                wrong.append(finding(shown, name, "it stands in the archive twice"))
            else:
                files[name] = found
    except (tarfile.TarError, zipfile.BadZipFile, OSError, EOFError, zlib.error, NotImplementedError, RuntimeError, ValueError) as problem:
        raise NotAPack(f"`{shown}` cannot be read as an archive: {problem}", help=f"a pack is one of {', '.join(ENDINGS)}") from None
    return whole(shown, files, wrong)


def _tarred(data: bytes, shown: str) -> Iterator[tuple[str, bytes | str]]:
    """Each file of a tar with its bytes, or why it is refused."""
    left, inflated = LARGEST, _Bounded(data, shown)
    with tarfile.open(fileobj=inflated, mode="r|") as tar:
        for count, entry in enumerate(tar):
            if entry.isdir():
                continue
            reason = _no_file(entry) or wrong_name(entry.name)
            if reason:
                yield entry.name, reason
                continue
            left -= entry.size
            if left < 0 or count >= MOST_FILES:
                raise too_large(shown)
            file = tar.extractfile(entry)
            assert file is not None
            yield entry.name, file.read()
    # A tar ends before its gzip does, whose sum and length are looked at only when its end is read.
    while inflated.read(1 << 16):
        pass


def _no_file(entry: tarfile.TarInfo) -> str:
    if entry.issym() or entry.islnk():
        return "it is a link, and links are not followed"
    # The holes of a sparse file take no room in the archive, and all of it in memory.
    return "" if entry.isreg() and not entry.issparse() else "it is no plain file"


class _Bounded(io.RawIOBase):
    """The bytes of a tar, inflated as they are asked for, and no more of them than a pack may hold."""

    def __init__(self, data: bytes, shown: str) -> None:
        super().__init__()
        packed = io.BytesIO(data)
        self._file = gzip.GzipFile(fileobj=packed) if data[:2] == b"\x1f\x8b" else packed
        # A tar has half a kilobyte of its own for each file, and fills up the last one.
        self._left, self._shown = LARGEST + MOST_FILES * 1024 + (1 << 20), shown

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        found = self._file.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(found)
        if self._left < 0:
            raise too_large(self._shown)
        return found


def _zipped(data: bytes, shown: str) -> Iterator[tuple[str, bytes | str]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        if len(entries) > MOST_FILES:
            raise too_large(shown)
        left = LARGEST
        for entry in entries:
            if not entry.filename or entry.is_dir():
                continue
            # Only archives made on Unix say what kind of file it is.
            mode = entry.external_attr >> 16
            reason = (wrong_kind(mode) if stat.S_IFMT(mode) else "") or wrong_name(entry.filename)
            if not reason and entry.flag_bits & 1:
                reason = "it is encrypted"
            if reason:
                yield entry.filename, reason
                continue
            with archive.open(entry) as file:
                # The size in the directory of the archive may be a lie, so what comes out is counted.
                found = file.read(left + 1)
            left -= len(found)
            if left < 0:
                raise too_large(shown)
            yield entry.filename, found
