"""Files as the formats see them: opened whole-heartedly (compression looked through, checked to the end), written all or not at all."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import pyarrow as pa

from datahub.durable import to_disk
from datahub.formats.archives import MARK, MemberStream
from datahub.formats.bad_input import ReaderLost
from datahub.formats.bounds import RATIO, RATIO_FROM
from datahub.formats.declare import BadInput, InputFile

MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
FOREIGN = {
    rb"BZh[1-9]1AY&SY": "compressed with bzip2",
    rb"\xfd7zXZ\0": "compressed with xz",
    MARK: "a ZIP archive, as `.xlsx` files are",
}
LARGEST = 64 << 30
"""No file is read beyond this many bytes after decompression."""


class InputStream:
    """The bytes of one file, decompressed; what is cut short, damaged or trailed by foreign bytes raises `BadInput`."""

    def __init__(self, path: str, member: str = "", name: str = "") -> None:
        self.path, self.member, self.position = path, member, 0
        # Where a landed file lies says nothing of what it is called.
        self.name = name or path
        self._raw: Any
        self._stream: Any
        if member:
            packed = MemberStream(path, member, self.name.removesuffix(f"/{member}"))
            self._raw = self._stream = packed
            self.size, self.compression = packed.size, "zip"
            return
        try:
            self._raw = pa.OSFile(path, "rb")
        except OSError as problem:
            raise BadInput("R005", f"`{self.name}` cannot be read", _reason(problem), path=self.name) from None
        self.size = self._raw.size()
        head = self._raw.read(10)
        self._raw.seek(0)
        self.compression = next((name for magic, name in MAGIC.items() if head.startswith(magic)), "")
        foreign = next((what for magic, what in FOREIGN.items() if re.match(magic, head)), "")
        if foreign:
            self._raw.close()
            raise BadInput("R005", f"`{self.name}` is {foreign}", "unpack it first", path=self.name)
        self._stream = pa.CompressedInputStream(self._raw, self.compression) if self.compression else self._raw

    def read(self, count: int) -> bytes:
        """The next `count` bytes; fewer only at the end."""
        parts, missing = [], count
        while missing:
            part = self._some(missing)
            if not part:
                break
            parts.append(part)
            missing -= len(part)
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        if self.member and not self.position:
            self._packed_once(data)
        self.position += count - missing
        if self.compression:
            self._guard()
        return data

    def _packed_once(self, head: bytes) -> None:
        """Refuse what is compressed within its archive: what it would grow to nobody has bounded."""
        kinds = {re.escape(magic): f"compressed with {name}" for magic, name in MAGIC.items()} | FOREIGN | {MARK: "a ZIP archive"}
        again = next((what for magic, what in kinds.items() if re.match(magic, head)), "")
        if again:
            message = f"`{self.name}` is {again}, and lies in an archive"
            raise BadInput("R005", message, "pack the file itself into the archive", path=self.name)

    def _some(self, count: int) -> bytes:
        try:
            part: bytes = self._stream.read(count)
        except ReaderLost:
            raise
        except OSError as problem:
            message = f"`{self.name}` is damaged or was cut short"
            raise BadInput("R005", message, f"{self.compression or 'the file system'} says: {_reason(problem)}", path=self.name) from None
        return part

    def _guard(self) -> None:
        grown = self.position > RATIO_FROM and self.position > RATIO * max(self.size, 1)
        if grown or self.position > LARGEST:
            message = f"`{self.name}` grows to more than {self.position >> 20} MB out of {self.size >> 10} kB when it is decompressed"
            raise BadInput("R005", message, "if this is no attack, decompress it before the run", path=self.name)

    def skip_to(self, position: int) -> None:
        """Pass over what lies before `position`, which must not be behind."""
        if not self.compression:
            self._raw.seek(position)
            self.position = position
        while self.position < position:
            if not self.read(min(1 << 20, position - self.position)):
                break

    def close(self) -> None:
        self._stream.close()
        self._raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _reason(problem: OSError) -> str:
    return problem.strerror or str(problem).partition(". Detail:")[0]


class Rereader:
    """Bytes of files again; what is asked for in order is read in one go, which matters where files are compressed."""

    def __init__(self) -> None:
        self._open: InputStream | None = None

    def read(self, file: InputFile, offset: int, length: int) -> bytes:
        """`length` bytes from `offset` of the decompressed file."""
        held = self._open
        if held is None or (held.path, held.member) != (file.path, file.member) or held.position > offset:
            self.close()
            self._open = InputStream(file.path, file.member, file.name)
        assert self._open is not None
        self._open.skip_to(offset)
        return self._open.read(length)

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


class AtomicFile:
    """A file under a temporary name in its own folder; `commit` makes it durable and gives it its name, `abort` leaves nothing.

    What a process that was killed leaves of it, `sweep` removes.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.temporary, self.stream = self._begun()
        self._native: Any = None

    def _begun(self) -> tuple[Path, BinaryIO]:
        """A new file that is locked, so that nobody takes it for one that was left."""
        while True:
            path = self.path.with_name(f".{self.path.name[:100]}.{secrets.token_hex(8)}.part")
            stream = path.open("xb", buffering=1 << 20)
            with suppress(OSError):
                # There are file systems without locks: nothing is swept there.
                fcntl.flock(stream, fcntl.LOCK_EX)
            if path.exists():
                return path, stream
            # Swept between its first moment and its lock.
            stream.close()

    def native(self) -> Any:
        """The file as Arrow writes it: without asking Python, which every other thread would have to make room for at each write."""
        self._native = pa.OSFile(str(self.temporary), "wb")
        return self._native

    def write(self, data: Any) -> None:
        """Append `data`, bytes or a buffer."""
        self.stream.write(data)

    def settle(self) -> None:
        """Bring to the disk what was written so far: by a thread that has time for it, so that a commit has little left to wait for."""
        self.stream.flush()
        os.fsync(self.stream.fileno())

    def commit(self) -> None:
        """Bring the file to the disk, then to its name, then the folder that names it."""
        try:
            if self._native is not None:
                self._native.close()
            self.stream.flush()
            os.fsync(self.stream.fileno())
            self.temporary.replace(self.path)
            # With its lock goes what kept it from being swept, while it had its temporary name.
            self.stream.close()
            to_disk(self.path.parent)
        except BaseException:
            self.abort()
            raise

    def abort(self) -> None:
        """Remove what was written so far; nothing happens after a commit."""
        try:
            if self._native is not None:
                self._native.close()
            self.stream.close()
        finally:
            self.temporary.unlink(missing_ok=True)


_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{16}\.part")


def sweep(folder: Path) -> None:
    """Remove from a folder the temporary files that nobody writes any more: whoever did was killed."""
    for path in folder.glob(".*.part"):
        if _TEMPORARY.fullmatch(path.name):
            with suppress(OSError), path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
