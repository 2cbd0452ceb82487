"""What a connector is to the rest of the house: a kind of connection, and how files or rows come from it and go to it.

Whatever comes in is landed first: a source lists what there is as splits, and each is fetched into a file of ours whose
content no longer changes. Whatever goes out is staged first: a sink takes it so that nobody sees it, and shows it when
all is there. Failures of the world are `TransientError` and `TerminalError`, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

from datahub.connectors.sending import DOUBTFUL, UNSAID, Answer, Refusal, Sender, Uncertain
from datahub.project.connection import Connection
from datahub.project.failures import DataHubError, TerminalError, TransientError
from datahub.records import record

if TYPE_CHECKING:
    from datahub.connectors.given_names import GivenNames

__all__ = [
    "CONNECTORS",
    "DOUBTFUL",
    "UNSAID",
    "Answer",
    "Connector",
    "DataHubError",
    "Entry",
    "FileSystem",
    "Incremental",
    "Landed",
    "Output",
    "Parallel",
    "Place",
    "Poster",
    "PosterConnection",
    "Ranged",
    "ReadsTogether",
    "Receipt",
    "Refusal",
    "Sender",
    "Sink",
    "Source",
    "Split",
    "TerminalError",
    "TransientError",
    "Uncertain",
    "declare_connector",
]


# ------------------------------------------------------------------------------------------------------ file systems


@record(frozen=True, slots=True)
class Entry:
    """What a listing says of one name. `identity` changes where the content does (an ETag, an inode), or is empty."""

    path: str
    kind: Literal["file", "folder", "link", "other"]
    size: int | None = None
    modified: datetime | None = None
    identity: str = ""

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]


class Reading(Protocol):
    """The bytes of a remote file, in order; `read` gives nothing at its end alone, and raises where it was cut short."""

    def read(self, size: int, /) -> bytes: ...


class Writing(Protocol):
    """A remote file that is being written."""

    def write(self, data: bytes, /) -> Any: ...


class FileSystem(Protocol):
    """The files of one connection. It belongs to one worker; nothing is remembered between two calls.

    Paths have `/` between their parts. What is not there is `Missing`; a lost connection is made again by the next call.
    """

    def list(self, folder: str) -> Iterator[Entry]:
        """What lies in a folder, not in those below; a listing that cannot be read is an error, never empty."""
        ...

    def look(self, path: str) -> Entry:
        """What is at `path` now."""
        ...

    def read(self, path: str, start: int = 0, size: int | None = None) -> AbstractContextManager[Reading]:
        """The bytes of a file from `start` on. Whoever tells its `size` looks afterwards whether it was so; else it is asked for."""
        ...

    def write(self, path: str) -> AbstractContextManager[Writing]:
        """A file that does not exist yet, or is emptied; it is whole when the context ends without an error."""
        ...

    def rename(self, old: str, new: str, *, replace: bool) -> None:
        """Give a file another name in one step. Nothing is ever copied; a name that is taken is `Taken` unless `replace`."""
        ...

    def remove(self, path: str) -> None:
        """Remove a file."""
        ...

    def make_folder(self, path: str) -> None:
        """Make a folder and those above it; one that exists is fine."""
        ...

    def close(self) -> None:
        """Give the connection back."""
        ...


@runtime_checkable
class Choosy(Protocol):
    """What gives names to files, and not every name."""

    def unnameable(self, name: str) -> str:
        """Why no file can be called so; nothing where one can."""
        ...


@runtime_checkable
class Discreet(Protocol):
    """What has more in a path than people are told of it."""

    def told(self, path: str) -> str:
        """The path without what may be a secret in it."""
        ...


@runtime_checkable
class ReadsTogether(Protocol):
    """A file system that reads many small files at once, so that they do not wait for one another."""

    def read_together(self, paths: Sequence[str], most: int) -> Sequence[tuple[Entry, bytes] | None]:
        """Of each file what a look at it tells once it was read, and its bytes where it has not more than `most`.

        None for what could not be read; why, it tells who is asked for it alone.
        """
        ...


class Missing(TerminalError):
    """There is no such file or folder."""


class Taken(TerminalError):
    """The name is taken."""


class NoRoom(TransientError):
    """What is written does not fit there, or may not: not every host says why it took no more. Who wrote half of it lets that go."""


class Gone(TransientError):
    """What was listed is not there when it is asked for."""


# ------------------------------------------------------------------------------------------------------ in and out


@record(frozen=True, slots=True)
class Split:
    """One thing that a source has to give: a file, or a series of pages.

    `locator` finds it again; `fingerprint` is what is known of its content before it is read (size, time, ETag), or empty.
    `note` is what a person should hear of how it came about, `aside` what is as it always is and worth a word.
    """

    source: str
    locator: str
    name: str
    fingerprint: str = ""
    size: int | None = None
    modified: datetime | None = None
    note: str = ""
    aside: str = ""


@record(frozen=True, slots=True)
class Landed:
    """A split as a file of ours, whole, on disk, and never changed again. `name` is what people know it by."""

    split: Split
    path: Path
    name: str
    size: int
    sha256: str


class Source(Protocol):
    """Where one source of a job comes from."""

    def splits(self) -> Iterable[Split]:
        """What is there and ready, in the order in which it is to be read."""
        ...

    def land(self, split: Split, folder: Path) -> Landed:
        """Fetch `split` into `folder`, under a name of ours."""
        ...

    def settle(self, landed: Landed, *, succeeded: bool) -> None:
        """Do at the source what is to be done once a run is through: move, delete, mark. Doing it again does nothing."""
        ...

    def close(self) -> None:
        """Give back what is held; whoever uses it again gets it anew."""
        ...


@runtime_checkable
class Parallel(Protocol):
    """A source that lands several splits at once."""

    def land_all(self, splits: Sequence[Split], folder: Path) -> Iterator[Sequence[Landed]]:
        """Each of `splits` as `land` does, in their order, with what came to the disk together; after an error nothing more is begun."""
        ...


@runtime_checkable
class Incremental(Protocol):
    """A source that goes on from where it was read to. The ledger keeps the position, and moves it once all has arrived."""

    def start(self, position: str | None) -> None:
        """Where the last run that succeeded has come to; None at first. Called before `splits`."""
        ...

    def position(self) -> str | None:
        """Where this run has come to, once all its splits are landed; None where nothing moves."""
        ...


@runtime_checkable
class Recalling(Protocol):
    """An incremental source that is given some rows again and leaves them out. The ledger keeps which, as it keeps the position."""

    def recall(self, rows: str | None, *, apart: bool) -> None:
        """What `remembered` gave in the last run that succeeded; None at first. Called before `splits`.

        `apart`: each row goes its own way; else all that come are given together, or none where none is new.
        """
        ...

    def remembered(self) -> str | None:
        """What it has read that could come again, once all its splits are landed; None where nothing changes."""
        ...


@runtime_checkable
class Ranged(Protocol):
    """A source that can be asked for what belongs to a range of time, whatever was read before."""

    def within(self, window: tuple[datetime, datetime] | None) -> None:
        """From now on give what is of the first instant or later, and before the second; None: what is there, as ever.

        `TerminalError` where it cannot tell. Called before `splits`.
        """
        ...


@record(frozen=True, slots=True)
class Output:
    """A finished file of a run that is to be delivered. `values` fill patterns; `key` is the same each time it is sent."""

    target: str
    path: Path
    rows: int
    key: str
    values: Mapping[str, str]


@record(frozen=True, slots=True)
class Receipt:
    """What a sink took and does not show yet: where it will be, what it is called until then, and how much of it there is."""

    output: Output
    locator: str
    temporary: str
    size: int
    sha256: str
    done: str = ""
    """Where what announces it will be; empty where nothing does."""


class Sink(Protocol):
    """Where one target of a job goes: staged first so that nobody sees it, then shown."""

    def stage(self, output: Output, given: GivenNames | None = None) -> Receipt:
        """Set a file down. A name that is `given` in the run already is not given again: another, or a `TerminalError`."""
        ...

    def commit(self, receipts: Sequence[Receipt]) -> None:
        """Show what was staged. After an interruption it is called again with the same receipts, and does what is left."""
        ...

    def abort(self, receipts: Sequence[Receipt]) -> None:
        """Leave nothing of what was staged."""
        ...

    def give_up(self, output: Output) -> None:
        """Leave nothing of a file that `stage` was interrupted over, or has refused."""
        ...

    def close(self) -> None:
        """Give back what is held; whoever uses it again gets it anew."""
        ...


class Poster(Protocol):
    """A receiver of messages; each is sent until it is taken, under one id."""

    def post(self, id: str, body: bytes, now: datetime) -> None:
        """Send a message once; a failure of the world where it was not taken."""
        ...

    def close(self) -> None: ...


class PosterConnection(Protocol):
    """What a connection to a receiver tells of sending to it."""

    @property
    def attempts(self) -> int: ...
    @property
    def after_dead(self) -> Literal["go on", "wait"]: ...
    def keys(self) -> tuple[str, ...]:
        """The secrets that messages are signed with; `TerminalError` where one is missing."""
        ...


# ------------------------------------------------------------------------------------------------------ the registry


@record(frozen=True, slots=True)
class Place:
    """Where a connector works: the folder of the project, which relative paths start from, and a folder for what it keeps."""

    project: Path
    state: Path


OpenFiles: TypeAlias = Callable[[Any, Place], FileSystem]
OpenSource: TypeAlias = Callable[[Any, Any, Place], Source]
OpenSink: TypeAlias = Callable[[Any, Any, Place], Sink]
OpenSender: TypeAlias = Callable[[Any, Any, Place], Sender]
OpenPoster: TypeAlias = Callable[[Any, Place], Poster]
Test: TypeAlias = Callable[[Any, Place], str]


@record(frozen=True, slots=True)
class Connector:
    """A kind of connection by its word; what it cannot do is None.

    All are called with the connection, all but `files` and `poster` with what the job tells of it (its
    `Connection.reads` or `writes`) too. Where `files` is given, a job reads and writes files by `files_in` and `files_out`.
    `test` is what `dhm connections test` does, and says what answered; without it the files are listed.
    """

    kind: str
    connection: type[Connection]
    doc: str
    files: OpenFiles | None = None
    source: OpenSource | None = None
    sink: OpenSink | None = None
    sender: OpenSender | None = None
    poster: OpenPoster | None = None
    test: Test | None = None


CONNECTORS: dict[str, Connector] = {}
"""Every connector by its kind; filled when `datahub.connectors.load()` imports the modules beside this one."""


def declare_connector(connector: Connector) -> Connector:
    """Make `connector` known under its kind."""
    CONNECTORS[connector.kind] = connector
    return connector
