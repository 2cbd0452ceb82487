"""The issues of a run: counted, written as Parquet while it goes on, and laid out by the row they concern."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.engine.ledger import block_of, position_of
from datahub.formats.files import AtomicFile
from datahub.formats.parquet_out import parquet_writer
from datahub.frames.chunks import whole
from datahub.frames.frame import Rows
from datahub.frames.taking import rows_at
from datahub.functions.columns import fixed
from datahub.records import record
from datahub.reports.report import Cause
from datahub.semantic.issue_names import ALL_COLUMNS

SEPARATOR = "; "
TOLD = ["code", "field", "value", "message"]
"""What a reject file says of each issue of a row."""
_NEEDED = [*TOLD, "column"]
ROW_GROUP = 60_000


_KIND = ("severity", "code")
_CAUSE = ("entity", "field", "caused_by")
_MOST_CAUSES = 100
_MOST_TOLD = 6
_MOST_SAMPLES = 3


@record(slots=True)
class Told:
    """How often a code was told for one cause, and the first of those rows."""

    count: int = 0
    samples: list[dict[str, object]] = field(default_factory=list)


@record(slots=True)
class Findings:
    """Issues and notes as they come, counted and written; those of rows that are told at the end are kept until then."""

    folder: Path
    flow: str = ""
    codes: Counter[tuple[str, str]] = field(default_factory=Counter)
    samples: dict[tuple[str, str], list[dict[str, object]]] = field(default_factory=dict)
    """The first few of each severity and code: one code may stand at a warning and an error."""
    causes: dict[tuple[str, str], dict[tuple[str, str, str], Told]] = field(default_factory=dict)
    fatal: Counter[str] = field(default_factory=Counter)
    keep: bool = False
    """Whether what comes is to be found again by row."""
    _file: AtomicFile | None = None
    _writer: Any = None
    _waiting: list[pa.Table] = field(default_factory=list)
    _kept: Any = None
    _mapped: Any = None
    _found: Any = None
    _batches: dict[int, list[int]] = field(default_factory=dict)
    _count: int = 0

    def add(self, table: pa.Table, listed: bool) -> None:
        """Take some issues, or (`listed`) findings of severity warn and info."""
        self._tally(table)
        self._waiting.append(table.select(list(ALL_COLUMNS)).append_column("flow", pa.repeat(fixed(self.flow), table.num_rows)))
        if sum(one.num_rows for one in self._waiting) >= ROW_GROUP:
            self._write()
        if self.keep and not listed:
            self._put(table)

    def _tally(self, table: pa.Table) -> None:
        kinds: Counter[tuple[str, str]] = Counter()
        places = _places(table)
        for (severity, code, *cause), count, first in _counted(table, places):
            kinds[(severity, code)] += count
            entity, name, by = cause
            why = self._caused((severity, code), (entity, name, by))
            if why is not None:
                why.count += count
                if len(why.samples) < _MOST_SAMPLES:
                    same = np.flatnonzero(places == places[first])
                    why.samples += _rows(table, same[: _MOST_SAMPLES - len(why.samples)])
        for (severity, code), count in kinds.items():
            self.codes[(severity, code)] += count
            if severity == "fatal":
                self.fatal[code] += count
            known = self.samples.setdefault((severity, code), [])
            if len(known) < _MOST_SAMPLES:
                is_it = pc.and_(pc.equal(table.column("code"), fixed(code)), pc.equal(table.column("severity"), fixed(severity)))
                known.extend(_rows(table, np.flatnonzero(is_it.to_numpy())[: _MOST_SAMPLES - len(known)]))

    def _caused(self, kind: tuple[str, str], cause: tuple[str, str, str]) -> Told | None:
        """What is known of a cause of a code; None where there are too many others."""
        causes = self.causes.setdefault(kind, {})
        if cause not in causes and len(causes) == _MOST_CAUSES:
            # Where the field is another for each element of a list, there is no end of them.
            return None
        return causes.setdefault(cause, Told())

    def told(self, kind: tuple[str, str]) -> tuple[Cause, ...]:
        """The causes of a code, the most frequent first."""
        causes = sorted(self.causes.get(kind, {}).items(), key=lambda one: -one[1].count)[:_MOST_TOLD]
        return tuple(Cause(entity, name, code, known.count, tuple(known.samples)) for (entity, name, code), known in causes)

    # ------------------------------------------------------------ all of them, as Parquet

    def _write(self) -> None:
        table = pa.concat_tables(self._waiting)
        self._waiting = []
        if self._writer is None:
            self._file = AtomicFile(str(self.folder / "issues.parquet"))
            self._writer = parquet_writer(self._file.native(), table.schema, "zstd")
        self._writer.write_table(table, row_group_size=table.num_rows)

    def commit(self) -> None:
        """Every issue is in; their file gets its name."""
        if self._waiting:
            self._write()
        if self._file is not None:
            self._writer.close()
            self._file.commit()
        self._file = None

    # ------------------------------------------------------------ some of them, by row

    @property
    def _path(self) -> Path:
        return self.folder / "issues.arrow.part"

    def _put(self, table: pa.Table) -> None:
        """Keep what concerns each block apart, so that finding it again costs what it is and not what there is in all."""
        told = table.select(_NEEDED)
        for rows, at in _concerned(table):
            blocks = block_of(rows)
            if (blocks[1:] < blocks[:-1]).any():
                order = np.argsort(blocks, kind="stable")
                blocks, rows, at = blocks[order], rows[order], at[order]
            for start, stop in pairwise([0, *(np.flatnonzero(blocks[1:] != blocks[:-1]) + 1).tolist(), len(blocks)]):  # one for each block
                mine = rows_at(told, at[start:stop]).add_column(0, "_row", pa.array(rows[start:stop]))
                self._keep_batch(int(blocks[start]), mine.to_batches()[0])

    def _keep_batch(self, block: int, batch: pa.RecordBatch) -> None:
        if self._kept is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._kept = pa.ipc.new_file(str(self._path), batch.schema, options=pa.ipc.IpcWriteOptions(compression="lz4"))
        self._kept.write_batch(batch)
        self._batches.setdefault(block, []).append(self._count)
        self._count += 1

    def settle(self) -> None:
        """No more will come; what was kept can be read."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None
            self._mapped = pa.memory_map(str(self._path))
            self._found = pa.ipc.open_file(self._mapped)

    def of_block(self, block: int) -> list[pa.Table]:
        """What was kept about rows of a block."""
        return [pa.Table.from_batches([self._found.get_batch(number)]) for number in self._batches.get(block, [])]

    def discard(self) -> None:
        """Remove what was kept on disk, and a file of issues that was not committed."""
        self.settle()
        if self._mapped is not None:
            self._found = None
            self._mapped.close()
        self._path.unlink(missing_ok=True)
        if self._file is not None:
            # A disk that took none of it takes no end of it either, and may have refused its beginning.
            with suppress(OSError):
                if self._writer is not None:
                    self._writer.close()
            self._file.abort()
            self._file = None


def _rows(table: pa.Table, places: Rows) -> list[dict[str, object]]:
    found: list[dict[str, object]] = table.select(list(ALL_COLUMNS)).take(pa.array(places)).to_pylist()
    return found


def _places(table: pa.Table) -> Rows:
    """A number for each issue, the same for those of one severity, code and cause."""
    places, kinds = np.zeros(table.num_rows, np.int64), 1
    for name in (*_KIND, *_CAUSE):
        coded = pc.fill_null(whole(table.column(name)), fixed("")).dictionary_encode()
        if kinds * len(coded.dictionary) > 1 << 62:
            kept, places = np.unique(places, return_inverse=True)
            kinds = len(kept)
        kinds *= max(1, len(coded.dictionary))
        places = places * len(coded.dictionary) + coded.indices.to_numpy()
    return places


def _counted(table: pa.Table, places: Rows) -> Iterable[tuple[tuple[str, ...], int, int]]:
    """How often severity, code and cause stand together, and where first, in the order in which they come."""
    _, first, counts = np.unique(places, return_index=True, return_counts=True)
    for at in np.argsort(first).tolist():
        row = int(first[at])
        yield tuple(str(table.column(name)[row].as_py() or "") for name in (*_KIND, *_CAUSE)), int(counts[at]), row


def by_row(tables: Sequence[pa.Table], block: int, positions: Rows, numbers: pa.Array, lines: pa.Array) -> pa.Table:
    """For each of the rows at `positions` (ascending) of a block what is wrong with it, as the `_dhm_…` columns."""
    parts = [rows_at(table.select(_NEEDED), at).add_column(0, "_row", pa.array(rows)) for table in tables for rows, at in _concerned(table)]
    found = pa.concat_tables(parts)
    ids = found.column("_row").to_numpy()
    mine = block_of(ids) == block
    if not mine.all():
        found, ids = found.filter(pa.array(mine)), ids[mine]
    return _laid_out(found, position_of(ids), positions, numbers, lines)


def _concerned(table: pa.Table) -> Iterable[tuple[Rows, Rows]]:
    """The rows that issues concern, and which issue it is: an issue of a group concerns every member."""
    rows, every = table.column("_row").to_numpy(), np.arange(table.num_rows)
    grouped = table.column("_members") if "_members" in table.column_names else None
    if grouped is None or grouped.null_count == table.num_rows:
        yield rows, every
        return
    alone = pc.is_null(grouped).to_numpy()
    if alone.any():
        yield rows[alone], every[alone]
    members = whole(grouped)
    if len(members.flatten()):
        yield members.flatten().to_numpy(), pc.list_parent_indices(members).to_numpy()


def _laid_out(table: pa.Table, places: Rows, positions: Rows, numbers: pa.Array, lines: pa.Array) -> pa.Table:
    """One row for each position: codes, fields, values and messages of its issues, in the order they were found."""
    order = np.argsort(places, kind="stable")
    at = np.searchsorted(positions, places[order])
    known = at < len(positions)
    known[known] = positions[at[known]] == places[order[known]]
    order, at = order[known], at[known]
    offsets = np.searchsorted(at, np.arange(len(positions) + 1)).astype(np.int32)
    single = len(at) == len(positions) and bool((np.diff(offsets) == 1).all())
    taken = rows_at(table, order)

    def joined(name: str) -> pa.Array:
        values = pc.fill_null(whole(taken.column(name)), fixed(""))
        if name == "field":
            # What decides on a row's way is no field: the column that it reads is named.
            column = pc.fill_null(whole(taken.column("column")), fixed(""))
            values = pc.if_else(pc.equal(values, fixed("")), column, values)
        return values if single else pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), values), fixed(SEPARATOR))

    return pa.table({"_dhm_row": numbers, "_dhm_line": lines, **{f"_dhm_{name}s": joined(name) for name in TOLD}})
