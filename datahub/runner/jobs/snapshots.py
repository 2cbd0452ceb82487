"""What a job remembers of the entities it delivers: one file of Parquet for each, by the digest of its content.

A row stays until one of the same key is delivered. The file is made before anything is sent, and counts once everything
has arrived.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, field
from pathlib import Path
from threading import Lock

import pyarrow as pa
import pyarrow.parquet as pq

from datahub.durable import named, write_whole
from datahub.faults import reach
from datahub.frames.frame import Frame
from datahub.plan.asked import delivered
from datahub.records import record
from datahub.runner.jobs.files_of_run import digest_of
from datahub.runner.jobs.job_context import JobContext
from datahub.runner.jobs.previous_rows import as_of_now, keyless, previous_rows, remembered, same_fields, schema_of
from datahub.runner.jobs.watching import KEY, STATUS, entering, entries
from datahub.runner.outlet import table_of
from datahub.semantic.ir import EntityShape
from datahub.state.records import Claim, Snapshot

_LIST = "snapshots.json"


@record(frozen=True, slots=True)
class Entered:
    """A file of the rows that entered a status for which a job waits."""

    job: str
    entity: str
    field: str
    sha256: str


@record(frozen=True, slots=True)
class Kept:
    """What is going to be remembered once a run has arrived; `bases` are the digests of what it was made from, by entity."""

    snapshots: tuple[Snapshot, ...] = ()
    entered: tuple[Entered, ...] = ()
    bases: Mapping[str, str] = field(default_factory=dict)


class Remembered:
    """What one run adds to what is remembered."""

    def __init__(self, context: JobContext, *, nothing: bool = False) -> None:
        self._context = context
        names = frozenset[str]() if nothing else remembered(context)
        wanted = {shape.name: shape for shape in context.plan.entities if shape.name in names}
        self._shapes: dict[str, EntityShape] = {name: wanted[name] for name in delivered(context.plan) if name in wanted}
        self._spools: dict[str, pq.ParquetWriter] = {}
        self._counts: dict[str, int] = {}
        self._lock = Lock()

    def begin(self, run: str) -> None:
        """Rows are going to come; the folder of the run takes them until they are joined with those of before."""
        if not self._shapes:
            return
        self._folder(run).mkdir(parents=True, exist_ok=True)
        for spool in self._spools.values():
            # Of an attempt that took too much at once.
            spool.close()
        for name, shape in self._shapes.items():
            self._spools[name] = pq.ParquetWriter(str(self._spool(run, name)), schema_of(shape), compression="zstd")
            self._counts[name] = 0

    def watch(self, entity: str, frame: Frame) -> None:
        """Rows of an entity that are handed over to be written."""
        shape = self._shapes.get(entity)
        if shape is None:
            return
        table = table_of(frame, [(one.name, one.type) for one in shape.fields]).select([one.name for one in shape.fields])
        with self._lock:
            self._spools[entity].write_table(table.cast(schema_of(shape)))
            self._counts[entity] += table.num_rows

    def prepare(self, run: str, refused: Mapping[str, pa.Table] | None = None) -> Kept:
        """Join what came with what was there, and keep the result beside the ledger; it is not meant yet.

        `refused` are rows that arrived and were not taken: what was remembered of their keys stays.
        """
        if not self._shapes:
            return Kept()
        for spool in self._spools.values():
            spool.close()
        snapshots, entered, bases = [], [], {}
        # A few rows that are run again say nothing of how many there are of an entity, nor does what is older than what is known.
        told = self._context.store.runs.get(run)
        apart = told is not None and (told.apart or self._context.store.runs.overtaken(run) is not None)
        for name, shape in self._shapes.items():
            current, path = self._context.store.snapshots.current(name), self._spool(run, name)
            unknown = keyless(self._context, shape, current)
            made = same_fields(pq.read_schema(path), schema_of(shape)) if path.exists() else None
            if made is None or (unknown and apart) or any(one not in made for one in shape.key):
                # Its rows were made under other names, or are too few to begin anew with.
                continue
            bases[name] = current.sha256 if current is not None else ""
            new = _taken(as_of_now(pq.read_table(path), schema_of(shape)), shape, (refused or {}).get(name))
            old = previous_rows(self._context, shape, current) if shape.key else None
            # Nothing but how many there were is asked of what has no key.
            merged = merge(old, new, list(shape.key)) if shape.key else schema_of(shape).empty_table()
            count = current.last_count if apart and current is not None else new.num_rows
            snapshots.append(Snapshot(name, self._keep(merged), merged.num_rows, count, run))
            entered += list(self._entered(new, old, shape))
        reach("remembered")
        kept = Kept(tuple(snapshots), tuple(entered), bases)
        write_whole(self._folder(run) / _LIST, json.dumps(asdict(kept)).encode())
        return kept

    def concerns(self, refused: Mapping[str, pa.Table]) -> bool:
        """Whether rows that were refused are of an entity that is remembered."""
        return any(name in refused for name in self._shapes)

    def again(self, run: str, earlier: str, tables: Mapping[str, pa.Table]) -> None:
        """Rows are sent again that an earlier run has sent: what is not theirs to say is taken from what that run made."""
        self.begin(run)
        for name, shape in self._shapes.items():
            spool = self._spool(earlier, name)
            if name in tables and spool.exists() and shape.key:
                rows = _completed(tables[name], pq.read_table(spool), shape)
                self._spools[name].write_table(rows)
                self._counts[name] += rows.num_rows
        self.prepare(run)

    def kept(self, run: str) -> Kept:
        """What `prepare` made, also in an earlier attempt."""
        path = self._folder(run) / _LIST
        if not path.exists():
            return Kept()
        told = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(told, list):
            # As an earlier version of DataHub wrote it down.
            return Kept(tuple(Snapshot(**one) for one in told), bases={one["entity"]: "?" for one in told})
        return Kept(tuple(Snapshot(**one) for one in told["snapshots"]), tuple(Entered(**one) for one in told["entered"]), told["bases"])

    def stands(self, kept: Kept) -> bool:
        """Whether nothing was remembered by others since; else what they brought would be lost."""
        current = {name: self._context.store.snapshots.current(name) for name in kept.bases}
        return all(kept.bases[name] == (one.sha256 if one is not None else "") for name, one in current.items())

    def commit(self, claim: Claim, kept: Kept) -> None:
        """What was kept is meant from now on; part of the transaction in which the run has arrived."""
        self._context.store.snapshots.commit(claim, kept.snapshots)
        watches = {(one.job, one.entity, one.field): one for one in self._context.watches}
        for one in kept.entered:
            watch = watches.get((one.job, one.entity, one.field))
            if watch is not None:
                found = pq.read_table(self._path(one.sha256), columns=[KEY, STATUS])
                self._context.store.entries.put(claim, entries(found, watch, one.sha256, claim.run), self._context.clock())
                reach("entered")

    def _entered(self, new: pa.Table, old: pa.Table | None, shape: EntityShape) -> Iterator[Entered]:
        for watch in self._context.watches:
            if watch.entity == shape.name and shape.key and watch.field in new.column_names:
                found = entering(new, old, list(shape.key), watch)
                if found.num_rows:
                    yield Entered(watch.job, watch.entity, watch.field, self._keep(found))

    def _folder(self, run: str) -> Path:
        return self._context.folders.run(run) / "remembered"

    def _spool(self, run: str, name: str) -> Path:
        return self._folder(run) / f"{name}.parquet"

    def _path(self, digest: str) -> Path:
        return self._context.folders.snapshots / f"{digest}.parquet"

    def _keep(self, table: pa.Table) -> str:
        folder = self._context.folders.snapshots
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = folder / f".{os.getpid()}.part"
        pq.write_table(table, part, compression="zstd")
        digest = digest_of(part)
        named(part, self._path(digest))
        return digest


def _taken(new: pa.Table, shape: EntityShape, refused: pa.Table | None) -> pa.Table:
    """The rows that nobody refused; where the target was sent no key, which those are cannot be told, and all count as taken."""
    keys = list(shape.key)
    if refused is None or not keys or any(name not in refused.column_names for name in keys):
        return new
    types = schema_of(shape)
    gone = refused.select(keys).cast(pa.schema([types.field(name) for name in keys]))
    return _without(new, gone, keys)


def _completed(rows: pa.Table, before: pa.Table, shape: EntityShape) -> pa.Table:
    """Rows as they were sent, with the fields that the target does not get from the row of the same key of `before`."""
    types, keys = schema_of(shape), list(shape.key)
    if any(name not in rows.column_names for name in keys):
        return types.empty_table()
    said = [name for name in types.names if name in rows.column_names]
    place = pa.array(range(rows.num_rows), pa.int64())
    asked = rows.select(said).cast(pa.schema([types.field(name) for name in said])).append_column("_row", place)
    if len(said) == len(types.names):
        return asked.drop_columns(["_row"])
    rest = before.select([*keys, *(name for name in types.names if name not in said)]).combine_chunks()
    # Lists and structs are no columns of a join: what a row takes over is found by its place.
    known = rest.select(keys).append_column("_before", pa.array(range(rest.num_rows), pa.int64()))
    found = asked.select([*keys, "_row"]).join(known, keys, join_type="left outer").sort_by("_row").column("_before")
    for name in rest.column_names[len(keys) :]:
        asked = asked.append_column(types.field(name), rest.column(name).take(found.combine_chunks()))
    return asked.select(types.names).cast(types)


def merge(old: pa.Table | None, new: pa.Table, keys: list[str]) -> pa.Table:
    """The rows of before with those that came in their place, in the order of their keys."""
    if old is not None and old.num_rows:
        new = pa.concat_tables([_without(old, new, keys), new])
    return new.sort_by([(name, "ascending") for name in keys]).combine_chunks()


def _without(old: pa.Table, new: pa.Table, keys: list[str]) -> pa.Table:
    """The rows of `old` whose key is not among those of `new`."""
    marked = old.select(keys).append_column("_row", pa.array(range(old.num_rows), pa.int64()))
    stay = marked.join(new.select(keys).combine_chunks(), keys, join_type="left anti").column("_row")
    return old.take(stay.combine_chunks().sort())
