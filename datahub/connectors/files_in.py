"""The way in for files: list, wait until they are whole, land them, and do at the source what is to be done afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from datahub.connectors.declare import DataHubError, Discreet, Entry, FileSystem, Landed, Missing, Split, Taken, TerminalError
from datahub.connectors.file_names import about, filled, fits, shown, temporary
from datahub.connectors.landing import Landing, batches, fingerprint
from datahub.project.binding import After, FilesFrom
from datahub.project.slots import slots_of


class Waiting(Protocol):
    """A source beside this one that may wait for the same done-file."""

    def waits(self, done: str) -> bool:
        """Whether a file of it that is not read yet is announced by what is at this path."""
        ...

    def forget(self) -> None:
        """Look again the next time."""
        ...


MARK = ".done"
"""What is put behind a file's name to mark it as read."""
_LOOK_AGAIN = 1.0


class FilesIn:
    """One source of a job that is bound to files."""

    def __init__(self, source: str, files: FileSystem, told: FilesFrom, sleep: Callable[[float], None] = time.sleep) -> None:
        self._source, self._files, self._told, self._sleep = source, files, told, sleep
        self.landing = Landing(files, told.largest, sleep)
        self._window: tuple[datetime, datetime] | None = None
        self._left: list[str] = []
        self._none: list[str] = []
        self._announced: dict[str, set[str]] | None = None
        self._made = set[str]()
        self._beside: Sequence[Waiting] = ()

    def beside(self, others: Sequence[Waiting]) -> None:
        """From now on what announces files is left as long as one of the other sources waits for it."""
        self._beside = others

    def within(self, window: tuple[datetime, datetime] | None) -> None:
        """Give the files that were changed within a window, however many."""
        self._window = window

    def splits(self) -> Iterator[Split]:
        """The files that are there and whole, in order."""
        there = self._ordered(self._ready())
        for entry in there if self._window is None else _within(there, *self._window):
            yield self._split(entry)

    def announced(self) -> Iterator[tuple[str, Split]]:
        """What announces each file that is for this source now, whether it is whole or not, with the file."""
        if self._told.ready.done_file:
            for entry in self._takeable(self._there()):
                for done in self._done_file_of(entry.path):
                    yield done, self._split(entry)

    def land(self, split: Split, folder: Path) -> Landed:
        """Fetch a file whole."""
        (landed,) = self.landing.several([split], folder).landed
        return landed

    def land_all(self, splits: Sequence[Split], folder: Path) -> Iterator[Sequence[Landed]]:
        """Each of `splits` as `land` does, in their order; small files are brought to the disk together."""
        for some in batches(splits):
            yield from self.landing.several(some, folder).given()

    def settle(self, landed: Landed, *, succeeded: bool) -> None:
        """Move, delete or mark the file; one that was replaced since is left alone, for it was not read. What could not be fetched,
        and so has no digest, is not deleted: there is no copy of it.
        """
        after = self._told.after if succeeded else self._told.on_failure
        if after.action == "keep" or (after.action == "delete" and not landed.sha256):
            return
        path = landed.split.locator
        try:
            here = self._files.look(path)
        except Missing:
            return
        if landed.split.fingerprint == fingerprint(here):
            # What announces several files is needed until the last of them is gone.
            last = [done for done in self._done_file_of(path) if self._last_of(done, path)]
            for one in (path, *last):
                self._dispose(one, after, landed.sha256)

    def told(self, path: str) -> str:
        """A path as people are told it."""
        return self._files.told(path) if isinstance(self._files, Discreet) else path

    def left(self) -> Sequence[str]:
        """The files that are not whole yet, each with the reason; or why none is for this source."""
        return (*self._none, *self._left)

    def unready(self) -> Sequence[str]:
        """The files that are not whole yet, each with the reason."""
        return tuple(self._left)

    def close(self) -> None:
        self._announced = None
        self._made.clear()
        for other in self._beside:
            other.forget()
        self._files.close()

    # ------------------------------------------------------------ which files

    def _ready(self) -> Sequence[Entry]:
        """The files that are whole now, after waiting for the others as long as the job does."""
        patience = time.monotonic() + self._told.ready.wait.total_seconds()
        while True:
            there = self._there()
            found = self._takeable(there)
            self._left, self._none = [], [] if found else self._for_none(there)
            whole = self._whole(found, {entry.path for entry in there})
            if len(whole) == len(found) or time.monotonic() >= patience:
                return whole
            self._sleep(_LOOK_AGAIN)

    def _for_none(self, there: Sequence[Entry]) -> list[str]:
        """Why no file is for this source; nothing where none is there."""
        told = self._told
        if told.path:
            return [f"there is no `{self.told(told.path)}`"]
        others = [entry for entry in there if not temporary(entry.name)]
        if not others or any(fits(entry.name, told.pattern) for entry in others):
            return []
        return [f"{_files(len(others))} in `{told.folder or '.'}`, and none fits `{told.pattern}`"]

    def _there(self) -> list[Entry]:
        """All files that the source looks at, with those beside them."""
        told = self._told
        if not told.path:
            # Some hosts list a name twice; its rows must not come twice.
            try:
                return list({entry.path: entry for entry in self._below(told.folder)}.values())
            except Missing as problem:
                raise self._no_folder(problem) from problem
        try:
            entry = self._files.look(told.path)
        except Missing:
            return []
        if entry.kind != "file":
            raise TerminalError(f"`{self.told(told.path)}` is a {entry.kind}, and no file", "name a `folder` to read all of its files")
        beside = []
        for path in self._done_file_of(entry.path):
            with suppress(Missing):
                beside.append(self._files.look(path))
        return [entry, *beside]

    def _no_folder(self, problem: Missing) -> DataHubError:
        """What is wrong with a folder that cannot be listed: it may be a file."""
        with suppress(DataHubError):
            if self._files.look(self._told.folder).kind == "file":
                return TerminalError(f"`{self._told.folder}` is a file, and no folder", "a file alone is a `path`")
        return problem

    def _takeable(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Those of the files that are for this source."""
        told = self._told
        if told.path:
            return entries[:1]
        names = {entry.path for entry in entries}
        beside = {path for entry in entries for path in self._done_file_of(entry.path) if path in names}
        if "mark" in (told.after.action, told.on_failure.action):
            marks = {path + MARK for path in names} & names
            beside |= marks | {path.removesuffix(MARK) for path in marks}
        taken = (entry for entry in entries if entry.path not in beside and not temporary(entry.name) and fits(entry.name, told.pattern))
        return [whole for entry in taken if (whole := self._known(entry)) is not None]

    def _known(self, entry: Entry) -> Entry | None:
        """The entry with its size and time: some listings tell neither."""
        if entry.size is not None and entry.modified is not None:
            return entry
        try:
            return self._files.look(entry.path)
        except Missing:
            return None

    def _below(self, folder: str) -> Iterator[Entry]:
        for entry in self._files.list(folder):
            if entry.kind == "file":
                yield entry
            elif entry.kind == "folder" and self._told.recursive and not entry.name.startswith("."):
                yield from self._below(entry.path)

    def _whole(self, found: Sequence[Entry], there: set[str]) -> list[Entry]:
        ready = self._told.ready
        whole = [entry for entry in found if not self._waits(self._lacks(entry, there))]
        if whole and ready.stable:
            self._sleep(ready.stable.total_seconds())
            # One listing more, and not a question for each file: there may be thousands.
            now = {entry.path: entry for entry in self._takeable(self._there())}
            still = [entry for entry in whole if now.get(entry.path) != entry]
            self._left += [f"`{self._name(entry)}` is still being written" for entry in still]
            whole = [entry for entry in whole if now.get(entry.path) == entry]
        return whole

    def _waits(self, reason: str) -> bool:
        self._left += [reason] if reason else []
        return bool(reason)

    def _lacks(self, entry: Entry, there: set[str]) -> str:
        """What keeps a file from being taken; nothing where it is whole."""
        least = self._told.ready.min_age
        if least and entry.modified is not None and datetime.now(UTC) - entry.modified < least:
            return f"`{self._name(entry)}` is younger than {least.total_seconds():g} s"
        missing = next((path for path in self._done_file_of(entry.path) if path not in there), "")
        return f"`{self._name(entry)}` waits for `{shown(missing.rpartition('/')[2])}`" if missing else ""

    def _done_file_of(self, path: str) -> Sequence[str]:
        template = self._told.ready.done_file
        if not template:
            return ()
        folder, slash, name = path.rpartition("/")
        return (f"{folder}{slash}{filled(template, about(name))}",)

    def _split(self, entry: Entry) -> Split:
        return Split(self._source, entry.path, self._name(entry), fingerprint(entry), entry.size, entry.modified)

    def _ordered(self, entries: Sequence[Entry]) -> list[Entry]:
        if self._told.order == "modified":
            return sorted(entries, key=lambda one: (one.modified or datetime.min.replace(tzinfo=UTC), one.path))
        return sorted(entries, key=lambda one: one.path)

    def _name(self, entry: Entry) -> str:
        """The name of a file within its folder, as text that can be shown and kept whatever its bytes are."""
        folder = self._told.folder.strip("/")
        path = entry.path.lstrip("/")
        return shown(self.told(path).rpartition("/")[2] if self._told.path else path.removeprefix(f"{folder}/") if folder else path)

    # ------------------------------------------------------------ settling

    def _last_of(self, done: str, path: str) -> bool:
        """Whether no other file waits for what announces this one. One listing serves all files that a run settles."""
        return self._last_here(done, path) and not any(other.waits(done) for other in self._beside)

    def _last_here(self, done: str, path: str) -> bool:
        if "NAME" in slots_of(self._told.ready.done_file):
            return True
        if self._announced is None:
            self._announced = {}
            for one, split in self.announced():
                self._announced.setdefault(one, set()).add(split.locator)
        waiting = self._announced.setdefault(done, set())
        waiting.discard(path)
        return not waiting

    def _dispose(self, path: str, after: After, sha256: str) -> None:
        folder, slash, name = path.rpartition("/")
        try:
            match after.action:
                case "delete":
                    self._files.remove(path)
                case "mark":
                    with self._files.write(f"{folder}{slash}{name}{MARK}"):
                        pass
                case "move":
                    self._move(path, after.folder.rstrip("/"), sha256)
                case "keep":
                    return
        except DataHubError:
            # Whatever the host says of it: what is not there any more, another has moved away, and nothing is left to do.
            with suppress(Missing):
                self._files.look(path)
                raise

    def _move(self, path: str, folder: str, sha256: str) -> None:
        """Into the folder, under its own name, or that with the content's digest behind it where the name is taken."""
        name, digest = path.rpartition("/")[2], sha256[:8] or "unread"
        if folder not in self._made:
            # Thousands of files may go there, and each question takes its way to the host and back.
            self._files.make_folder(folder)
            self._made.add(folder)
        names = [name, f"{name}.{digest}", *(f"{name}.{digest}-{number}" for number in range(1, 100))]
        for free in names:
            try:
                self._files.rename(path, f"{folder}/{free}", replace=False)
            except Taken:
                continue
            return
        raise TerminalError(f"`{folder}` is full of files called `{name}`", "clear it")


def _files(count: int) -> str:
    return "there is 1 file" if count == 1 else f"there are {count:,} files"


def _within(entries: Sequence[Entry], begin: datetime, end: datetime) -> Iterator[Entry]:
    for entry in entries:
        if entry.modified is None:
            raise TerminalError(f"the listing does not say when `{entry.path}` was changed", "such files belong to no range of time")
        if begin <= entry.modified < end:
            yield entry
