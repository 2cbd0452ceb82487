"""The issues of a run, kept on disk while it goes on: counted, found again by row, and left as Parquet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.engine.ledger import block_of, position_of
from datahub.reports.issue_columns import ALL_COLUMNS

SEPARATOR = "; "


@dataclass(slots=True)
class Findings:
    """Issues and notes as they come; each batch knows which blocks of which source it speaks of."""

    folder: Path
    codes: Counter[tuple[str, str]] = field(default_factory=Counter)
    entities: Counter[str] = field(default_factory=Counter)
    samples: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    issues: int = 0
    notes: int = 0
    fatal: Counter[str] = field(default_factory=Counter)
    _sink: pa.OSFile | None = None
    _writer: pa.ipc.RecordBatchFileWriter | None = None
    _batches: dict[int, list[int]] = field(default_factory=dict)
    _count: int = 0
    _rejects: set[int] = field(default_factory=set)

    def add(self, table: pa.Table, listed: bool) -> None:
        """Keep some issues, or (`listed`) findings of severity warn and info."""
        self._tally(table, listed)
        for batch in table.combine_chunks().to_batches():
            if self._writer is None:
                self.folder.mkdir(parents=True, exist_ok=True)
                self._sink = pa.OSFile(str(self.path), "wb")
                self._writer = pa.ipc.new_file(self._sink, batch.schema, options=pa.ipc.IpcWriteOptions(compression="lz4"))
            self._writer.write_batch(batch)
            if not listed:
                for block in np.unique(block_of(_all_rows(batch))):
                    self._batches.setdefault(int(block), []).append(self._count)
            self._count += 1

    @property
    def path(self) -> Path:
        return self.folder / "issues.arrow.part"

    def _tally(self, table: pa.Table, listed: bool) -> None:
        counted = table.group_by(["severity", "code"]).aggregate([([], "count_all")])
        for severity, code, count in zip(*(counted.column(name).to_pylist() for name in ("severity", "code", "count_all")), strict=True):
            self.codes[(severity, code)] += count
            if severity == "fatal":
                self.fatal[code] += count
            known = self.samples.setdefault(code, [])
            if len(known) < 3:
                some = table.filter(pc.equal(table.column("code"), code)).slice(0, 3 - len(known))
                known.extend(some.select(list(ALL_COLUMNS)).to_pylist())
        if listed:
            self.notes += table.num_rows
        else:
            self.issues += table.num_rows

    def close(self) -> None:
        """All issues are in; from now on they can be read."""
        if self._writer is not None:
            self._writer.close()
            assert self._sink is not None
            self._sink.close()
            self._writer = None

    def tables(self) -> Iterable[pa.Table]:
        """All that was kept, in order."""
        if self._count:
            with pa.memory_map(str(self.path)) as file:
                reader = pa.ipc.open_file(file)
                for number in range(reader.num_record_batches):
                    yield pa.Table.from_batches([reader.get_batch(number)])

    def by_row(self, block: int, positions: np.ndarray, rows: pa.Array, lines: pa.Array) -> pa.Table:
        """For each of the rows at `positions` (ascending) of a block what is wrong with it, as the `_dhm_…` columns."""
        with pa.memory_map(str(self.path)) as file:
            reader = pa.ipc.open_file(file)
            some = pa.Table.from_batches([reader.get_batch(number) for number in self._batches.get(block, [])])
        return _laid_out(_per_row(some, block), positions, rows, lines)

    def discard(self) -> None:
        """Remove what was kept on disk."""
        self.close()
        self.path.unlink(missing_ok=True)


def _all_rows(batch: pa.RecordBatch) -> np.ndarray:
    rows = batch.column("_row").to_numpy()
    members = batch.column("_members")
    return rows if members.null_count == len(members) else np.concatenate([rows, members.flatten().to_numpy()])


def _per_row(table: pa.Table, block: int) -> pa.Table:
    """Issues by the row they concern: an issue of a group concerns every member."""
    alone = pc.is_null(table.column("_members"))
    single = table.filter(alone)
    grouped = table.filter(pc.invert(alone)).combine_chunks()
    wanted = ["code", "field", "value", "message"]
    parts = [single.select(["_row", *wanted])]
    if grouped.num_rows:
        members = grouped.column("_members").combine_chunks()
        spread = grouped.select(wanted).take(pc.list_parent_indices(members))
        parts.append(spread.add_column(0, "_row", members.flatten()))
    joined = pa.concat_tables(parts)
    mine = block_of(joined.column("_row").to_numpy()) == block
    return joined.filter(pa.array(mine))


def _laid_out(table: pa.Table, positions: np.ndarray, rows: pa.Array, lines: pa.Array) -> pa.Table:
    """One row for each position: codes, fields, values and messages of its issues, in the order they were found."""
    numbered = table.append_column("_position", pa.array(position_of(table.column("_row").to_numpy())))
    names = ("code", "field", "value", "message")
    grouped = numbered.group_by("_position", use_threads=False).aggregate([(name, "list") for name in names])
    taken = grouped.take(pc.index_in(pa.array(positions), value_set=grouped.column("_position").combine_chunks()))

    def joined(name: str) -> pa.Array:
        lists = pa.concat_arrays(taken.column(f"{name}_list").chunks)
        filled = pa.ListArray.from_arrays(lists.offsets, pc.fill_null(lists.values, ""), mask=pc.is_null(lists))
        return pc.fill_null(pc.binary_join(filled, SEPARATOR), "")

    return pa.table({"_dhm_row": rows, "_dhm_line": lines, **{f"_dhm_{name}s": joined(name) for name in names}})
