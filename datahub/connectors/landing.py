"""Landing: files fetched whole into a folder of ours, each under the digest of its content, and brought to the disk several together."""

from __future__ import annotations

import hashlib
import os
import secrets
import shlex
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from datahub.connectors.anew import Anew
from datahub.connectors.declare import (
    DataHubError,
    Discreet,
    Entry,
    FileSystem,
    Gone,
    Landed,
    Missing,
    ReadsTogether,
    Split,
    TerminalError,
    TransientError,
)
from datahub.connectors.running_digest import RunningDigest
from datahub.durable import to_disk
from datahub.records import record

PIECE = 1 << 20
MOST = 32
"""How many files are brought to the disk together at most."""
SMALL, _TOGETHER = 32 << 10, 1 << 20
"""Files up to the one size are read in one go, as many as make the other."""
_TRIES = 3
"""How often a transfer that broke off is taken up where it stopped, before the run has to begin it again."""
_SYNCS = 8
_STALE = 24 * 3600.0


@record(frozen=True, slots=True)
class Batch:
    """What of some splits landed, in their order, and what the one behind them failed of."""

    landed: tuple[Landed, ...]
    problem: DataHubError | None = None

    def given(self) -> Iterator[tuple[Landed, ...]]:
        """What landed, and then what the rest failed of, raised."""
        yield self.landed
        if self.problem is not None:
            raise self.problem


@dataclass(slots=True)
class _Part:
    """A file that is here and has no name yet."""

    split: Split
    path: Path
    file: BinaryIO
    size: int = 0
    sha256: str = ""


class Landing:
    """Fetches files of one connection; `largest` is how many bytes one may have."""

    def __init__(self, files: FileSystem, largest: int, sleep: Callable[[float], None]) -> None:
        self._files, self._largest, self._sleep = files, largest, sleep
        self._cleared = False

    def several(self, splits: Sequence[Split], folder: Path) -> Batch:
        """Fetch files whole: what changed since it was listed is not taken, and nothing has its name before it is on the disk."""
        self._room(splits, folder)
        parts: list[_Part] = []
        problem: DataHubError | None = None
        try:
            here = self._read_together(splits)
            for split in splits:
                try:
                    parts.append(self._part(split, folder, here.get(split.locator)))
                except DataHubError as found:
                    problem = found
                    break
            if problem is not None and not parts:
                raise problem
            return Batch(tuple(replace(one, split=self._kept(one.split)) for one in _named(parts, folder)), problem)
        finally:
            for part in parts:
                part.file.close()
                part.path.unlink(missing_ok=True)

    def _told(self, path: str) -> str:
        return self._files.told(path) if isinstance(self._files, Discreet) else path

    def _kept(self, split: Split) -> Split:
        """A split as the ledger keeps it: what is here is not fetched again, so nobody needs the key that fetched it."""
        told = self._told(split.locator)
        return split if told == split.locator else replace(split, locator=told)

    def _room(self, splits: Sequence[Split], folder: Path) -> None:
        if not self._cleared:
            self._cleared = True
            _clear(folder)
        wanted = sum(split.size or 0 for split in splits)
        free = shutil.disk_usage(folder).free
        if free < wanted + PIECE:
            names = f"`{splits[0].name}`" if len(splits) == 1 else f"{len(splits)} files"
            raise TransientError(
                f"there is no room for {names} ({wanted:,} bytes, and {PIECE:,} that stay free) in `{folder}`, which has {free:,}",
                f"make room (`df -h {shlex.quote(str(folder))}`; `dhm runs prune` removes what old runs left)",
            )

    def _read_together(self, splits: Sequence[Split]) -> Mapping[str, bytes]:
        """The small ones that came whole and as they were listed; what did not is fetched alone, which tells why."""
        found: dict[str, bytes] = {}
        if not isinstance(self._files, ReadsTogether) or len(splits) < 2:
            return found
        for some in _handfuls([split for split in splits if split.size is not None and split.size <= SMALL and split.fingerprint]):
            try:
                came = self._files.read_together([split.locator for split in some], SMALL)
            except DataHubError:
                return found
            for split, one in zip(some, came, strict=True):
                if one is not None and fingerprint(one[0]) == split.fingerprint and len(one[1]) == split.size:
                    found[split.locator] = one[1]
        return found

    def _part(self, split: Split, folder: Path, content: bytes | None) -> _Part:
        if split.size is not None and split.size > self._largest:
            raise TerminalError(
                f"`{self._told(split.locator)}` has {split.size:,} bytes, and the job takes {self._largest:,}", "raise `largest`"
            )
        path = folder / f".{secrets.token_hex(12)}.part"
        part = _Part(split, path, path.open("xb"))
        try:
            if content is not None:
                part.file.write(content)
                part.file.flush()
                part.size, part.sha256 = len(content), hashlib.sha256(content).hexdigest()
            else:
                self._fetched(part)
        except BaseException:
            part.file.close()
            path.unlink(missing_ok=True)
            raise
        return part

    def _fetched(self, part: _Part) -> None:
        split = part.split
        if split.size is None or split.size > PIECE:
            # A look costs as much as a small file; that it is the one that was listed shows afterwards in any case.
            self._unchanged(split)
        part.size, part.sha256 = self._copied(split, part.file)
        self._unchanged(split)
        if split.size is not None and part.size != split.size:
            raise TransientError(f"`{split.name}` was cut short: {part.size:,} of {split.size:,} bytes came")

    def _unchanged(self, split: Split) -> None:
        try:
            entry = self._files.look(split.locator)
        except Missing as problem:
            raise _gone(split) from problem
        if fingerprint(entry) != split.fingerprint:
            raise TransientError(f"`{split.name}` is still being written")

    def _copied(self, split: Split, file: BinaryIO) -> tuple[int, str]:
        """Copy the file, from its start as often as it came damaged."""
        for attempt in range(1, _TRIES):
            try:
                return self._copied_on(split, file)
            except Anew:
                self._sleep(float(attempt))
                self._unchanged(split)
                file.seek(0)
                file.truncate()
        return self._copied_on(split, file)

    def _copied_on(self, split: Split, file: BinaryIO) -> tuple[int, str]:
        """Copy the file, taking it up again where it broke off as long as it is still the same one."""
        size = 0
        with RunningDigest() as digest:
            for attempt in range(1, _TRIES + 1):
                try:
                    # The size that was listed spares a question; whether it still holds is asked behind it.
                    with self._files.read(split.locator, size, split.size) as remote:
                        while data := remote.read(PIECE):
                            self._guard(split, data, size)
                            size += len(data)
                            digest.add(data)
                            file.write(data)
                    break
                except Missing as problem:
                    raise _gone(split) from problem
                except Anew:
                    raise
                except TransientError:
                    if attempt == _TRIES or not split.fingerprint:
                        raise
                    self._sleep(float(attempt))
                    self._unchanged(split)
            file.flush()
            return size, digest.hexdigest()

    def _guard(self, split: Split, data: bytes, before: int) -> None:
        if before + len(data) > self._largest:
            raise TerminalError(f"`{split.name}` has more than {self._largest:,} bytes", "raise `largest`")


def fingerprint(entry: Entry) -> str:
    """What a listing says of the content; empty where it says too little to tell a file that was replaced."""
    if entry.size is None or not (entry.modified or entry.identity):
        return ""
    return f"{entry.size}|{entry.modified.isoformat() if entry.modified else ''}|{entry.identity}"


def batches(splits: Sequence[Split], workers: int = 1) -> Iterator[Sequence[Split]]:
    """The splits in their order, small ones together: enough of them for every worker to get some in turn, and each large one alone."""
    most = max(1, min(MOST, len(splits) // (4 * workers)))
    some: list[Split] = []
    for split in splits:
        large = split.size is None or split.size > PIECE
        if some and (large or len(some) >= most):
            yield some
            some = []
        if large:
            yield [split]
        else:
            some.append(split)
    if some:
        yield some


def _handfuls(splits: Sequence[Split]) -> Iterator[Sequence[Split]]:
    some: list[Split] = []
    for split in splits:
        if some and sum(one.size or 0 for one in some) + (split.size or 0) > _TOGETHER:
            yield some
            some = []
        some.append(split)
    if some:
        yield some


def _named(parts: Sequence[_Part], folder: Path) -> Iterator[Landed]:
    """Bring all to the disk, give each its name, and then bring the names there."""
    if len(parts) == 1:
        os.fsync(parts[0].file.fileno())
    else:
        # Asked for together, a disk writes them together.
        with ThreadPoolExecutor(_SYNCS, "dhm-sync") as pool:
            list(pool.map(lambda part: os.fsync(part.file.fileno()), parts))
    landed = []
    for part in parts:
        final = folder / part.sha256
        part.path.replace(final)
        landed.append(Landed(part.split, final, part.split.name, part.size, part.sha256))
    to_disk(folder)
    yield from landed


def _clear(folder: Path) -> None:
    """Remove what runs that were killed left behind."""
    for path in folder.glob(".*.part"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _STALE:
                path.unlink()


def _gone(split: Split) -> Gone:
    return Gone(f"`{split.name}` is gone since it was listed")
