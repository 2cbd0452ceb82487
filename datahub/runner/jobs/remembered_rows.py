"""Sources of a job that are bound to an entity: the rows that the project remembers of it, or those that entered a status."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from datahub.connectors.declare import Landed, Split, TerminalError
from datahub.durable import to_disk
from datahub.formats.declare import FORMATS
from datahub.records import record
from datahub.runner.jobs.files_of_run import digest_of
from datahub.runner.jobs.job_context import Folders
from datahub.runner.jobs.watching import KEY, STATUS, one_each
from datahub.semantic.ir import SourceShape, TargetShape
from datahub.semantic.kinds import TARGETS
from datahub.state.records import Entry
from datahub.state.store import StateStore
from datahub.types.arrow import language_type
from datahub.types.model import Type

FORMS = ("jsonl", "json", "parquet", "arrow")
"""The kinds of sources whose rows are as whole as those of an entity."""
MOST = 10_000
"""So many rows that entered a status are read by one run."""


@record(frozen=True, slots=True)
class Origin:
    """Where the rows of an entity come from, and which source of which job reads them."""

    job: str
    source: SourceShape
    entity: str
    ledger: StateStore | None
    folders: Folders

    @property
    def store(self) -> StateStore:
        """The ledger, which whoever only looks at the bindings of a job does without."""
        assert self.ledger is not None
        return self.ledger


class AllRows:
    """All rows that are remembered of an entity; a run has nothing new as long as none was delivered."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin

    def splits(self) -> Iterator[Split]:
        """The snapshot of now."""
        current = self._origin.store.snapshots.current(self._origin.entity)
        if current is not None:
            name = f"{self._origin.entity}.{self._origin.source.kind}"
            yield Split(self._origin.source.name, current.sha256, name, current.sha256)

    def land(self, split: Split, folder: Path) -> Landed:
        """Its rows, in the form that the script reads."""
        return _landed(split, self._origin, pq.read_table(_file(self._origin, split.locator)), folder)

    def settle(self, landed: Landed, *, succeeded: bool) -> None:
        """What is remembered stays."""

    def close(self) -> None:
        """Nothing is held."""


class EnteredRows:
    """Rows that entered a status since the job read them last, each once, and those of one key in the order of its statuses."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._from = 0
        self._entries: Sequence[Entry] = ()

    def start(self, position: str | None) -> None:
        """Go on behind what was read."""
        self._from = int(position or 0)

    def position(self) -> str | None:
        """The number of the last that this run reads."""
        return str(self._entries[-1].number) if self._entries else None

    def splits(self) -> Iterator[Split]:
        """What entered since, up to the second status of any row."""
        several = self._origin.store.entries.after(self._origin.job, self._origin.entity, self._from, MOST)
        self._entries = tuple(one_each(several))
        if self._entries:
            first, last = self._entries[0].number, self._entries[-1].number
            name = f"{self._origin.entity}-{first}-{last}.{self._origin.source.kind}"
            yield Split(self._origin.source.name, f"{first}-{last}", name)

    def land(self, split: Split, folder: Path) -> Landed:
        """Their rows, as they were when they entered."""
        return _landed(split, self._origin, pa.concat_tables(self._rows(), promote_options="permissive"), folder)

    def settle(self, landed: Landed, *, succeeded: bool) -> None:
        """How far was read is kept in the ledger."""

    def close(self) -> None:
        """Nothing is held."""

    def _rows(self) -> Iterator[pa.Table]:
        for sha256 in dict.fromkeys(one.sha256 for one in self._entries):
            here = pa.array([one.row for one in self._entries if one.sha256 == sha256], pa.int64())
            yield pq.read_table(_file(self._origin, sha256)).take(here).drop_columns([KEY, STATUS])


def _file(origin: Origin, sha256: str) -> Path:
    path = origin.folders.snapshots / f"{sha256}.parquet"
    if not path.is_file():
        raise TerminalError(f"`{path}` is gone, which holds rows of `{origin.entity}`", "put it back from the copy of the project's state")
    return path


def _landed(split: Split, origin: Origin, rows: pa.Table, folder: Path) -> Landed:
    kind = origin.source.kind
    make = FORMATS[kind].writer
    assert make is not None
    shape = TargetShape(split.name, kind, tuple((option.name, option.default) for option in TARGETS[kind].options))
    part = folder / f".{os.getpid()}.entity.part"
    writer = make(shape, str(part), _columns(rows))
    try:
        writer.write(rows)
        writer.close()
    except BaseException:
        writer.abort()
        raise
    size, sha256 = part.stat().st_size, digest_of(part)
    part.replace(folder / sha256)
    to_disk(folder)
    return Landed(split, folder / sha256, split.name, size, sha256)


def _columns(rows: pa.Table) -> Sequence[tuple[str, Type]]:
    return [(field.name, language_type(field.type)) for field in rows.schema]


def source_of(origin: Origin, *, entered: bool) -> AllRows | EnteredRows:
    """The source of a job that reads an entity; `entered`: a trigger of the job waits for a status of it."""
    if origin.source.kind not in FORMS:
        name, kinds = origin.source.name, ", ".join(f"`{one}`" for one in FORMS)
        raise TerminalError(
            f"the source `{name}` is {origin.source.kind}, and the rows of an entity come as one of {kinds}",
            f"write `source {name}: jsonl {{ … }}` in the script",
        )
    return EnteredRows(origin) if entered else AllRows(origin)
