"""Done-files that several sources of a job wait for: each is left until the last of them has read what it announces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial

from datahub.connectors.declare import Missing, Split
from datahub.connectors.files_in import FilesIn
from datahub.records import record
from datahub.runner.jobs.fetch import was_read
from datahub.state.store import StateStore

At = Callable[[str], tuple[str, ...]]
"""Where a path of a source is, whatever its connection calls it."""


@record(frozen=True, slots=True)
class Announced:
    """A source whose files are announced: the place that the ledger knows it by, and where its paths are."""

    files: FilesIn
    place: str
    at: At


class _Beside:
    """Another source, as one asks it that settles its own files."""

    def __init__(self, other: Announced, at: At, read: Callable[[Split], bool]) -> None:
        self._other, self._at, self._read = other, at, read
        self._needed: set[tuple[str, ...]] | None = None

    def waits(self, done: str) -> bool:
        # One listing serves all files that a run settles.
        if self._needed is None:
            self._needed = set()
            with suppress(Missing):
                self._needed = {self._other.at(one) for one, split in self._other.files.announced() if not self._read(split)}
        return self._at(done) in self._needed

    def forget(self) -> None:
        self._needed = None


def wait_together(several: Mapping[str, Announced], store: StateStore) -> None:
    """Let each source leave the done-files that another waits for."""
    for name, one in several.items():
        others = [other for also, other in several.items() if also != name]
        one.files.beside([_Beside(other, one.at, partial(was_read, store, other.place)) for other in others])
