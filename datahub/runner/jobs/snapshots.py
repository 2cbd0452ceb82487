"""What a job remembers of the entities it delivers: one file of Parquet for each, by the digest of its content.

A row stays until one of the same key is delivered. The file is made before anything is sent, and counts once everything
has arrived.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from threading import Lock

import pyarrow as pa
import pyarrow.parquet as pq

from datahub.frames.frame import Frame
from datahub.runner.jobs.deliver import digest_of
from datahub.runner.jobs.job_context import JobContext
from datahub.runner.jobs.previous_rows import previous_rows, schema_of
from datahub.runner.outlet import table_of
from datahub.semantic.ir import EntityShape
from datahub.state.records import Snapshot

_LIST = "snapshots.json"


class Remembered:
    """What one run adds to what is remembered."""

    def __init__(self, context: JobContext) -> None:
        self._context = context
        wanted = {shape.name: shape for shape in context.plan.entities if shape.name in remembered(context)}
        self._shapes: dict[str, EntityShape] = {one.entity: wanted[one.entity] for one in context.plan.outputs if one.entity in wanted}
        self._spools: dict[str, pq.ParquetWriter] = {}
        self._counts: dict[str, int] = {}
        self._lock = Lock()
        self._folder = Path()

    def begin(self, folder: Path) -> None:
        """Rows are going to come; `folder` takes them until they are joined with those of before."""
        self._folder = folder / "remembered"
        if not self._shapes:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        for name, shape in self._shapes.items():
            self._spools[name] = pq.ParquetWriter(str(self._spool(name)), schema_of(shape), compression="zstd")
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

    def prepare(self, run: str) -> None:
        """Join what came with what was there, and keep the result beside the ledger; it is not meant yet."""
        if not self._shapes:
            return
        made = []
        for name, shape in self._shapes.items():
            self._spools[name].close()
            merged = self._merged(shape, pq.read_table(self._spool(name)))
            digest = self._keep(merged)
            made.append(Snapshot(name, digest, merged.num_rows, self._counts[name], run))
        path = self._folder / _LIST
        path.write_text(json.dumps([asdict(one) for one in made]), encoding="utf-8")
        _to_disk(path)

    def kept(self, folder: Path) -> Sequence[Snapshot]:
        """What `prepare` made, also in an earlier attempt."""
        path = folder / "remembered" / _LIST
        return [Snapshot(**one) for one in json.loads(path.read_text(encoding="utf-8"))] if path.exists() else []

    def _spool(self, name: str) -> Path:
        return self._folder / f"{name}.parquet"

    def _merged(self, shape: EntityShape, new: pa.Table) -> pa.Table:
        keys = list(shape.key)
        if not keys:
            # Nothing but how many there were is asked of what has no key.
            return schema_of(shape).empty_table()
        old = previous_rows(self._context, shape)
        if old is not None and old.num_rows:
            new = pa.concat_tables([_without(old, new, keys), new])
        return new.sort_by([(name, "ascending") for name in keys]).combine_chunks()

    def _keep(self, table: pa.Table) -> str:
        folder = self._context.folders.snapshots
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = folder / f".{os.getpid()}.part"
        pq.write_table(table, part, compression="zstd")
        _to_disk(part)
        digest = digest_of(part)
        part.replace(folder / f"{digest}.parquet")
        _to_disk(folder)
        return digest


def remembered(context: JobContext) -> frozenset[str]:
    """The entities of which a job keeps what it delivered."""
    return frozenset(context.job.remember) | frozenset(context.plan.remembers)


def _without(old: pa.Table, new: pa.Table, keys: list[str]) -> pa.Table:
    """The rows of `old` whose key is not among those of `new`."""
    marked = old.select(keys).append_column("_row", pa.array(range(old.num_rows), pa.int64()))
    stay = marked.join(new.select(keys).combine_chunks(), keys, join_type="left anti").column("_row")
    return old.take(stay.combine_chunks().sort())


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
