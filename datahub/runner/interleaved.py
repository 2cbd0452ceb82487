"""Rows of several entities as lines of one file: what an owner owns follows it, headers stand first, trailers last.

Lines are made as rows come; their order is known when all are there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa

from datahub.engine import keys
from datahub.formats.declare import LineWriter
from datahub.records import record
from datahub.semantic.ir import EntityShape

if TYPE_CHECKING:
    import numpy.typing as npt

PIECE = 65_536
Path: TypeAlias = "npt.NDArray[np.int64]"
"""For each row the numbers that lead to it: of its root, then of the entity and row at every step down."""


@record(slots=True)
class _Kind:
    """One entity in the file: its lines so far, and the columns by which it is owned and owns."""

    shape: EntityShape
    place: str
    writer: LineWriter
    lines: list[pa.Array] = field(default_factory=list)
    rows: list[pa.Table] = field(default_factory=list)


class Interleaved:
    """A file of lines of several entities; `places` says of each whether it stands `first`, `last`, or with its owner."""

    def __init__(self, shapes: Sequence[EntityShape], places: Sequence[str], writers: Sequence[LineWriter]) -> None:
        self._kinds = {shape.name: _Kind(shape, place, writer) for shape, place, writer in zip(shapes, places, writers, strict=True)}

    def write(self, entity: str, rows: pa.Table) -> None:
        kind = self._kinds[entity]
        kind.lines.append(kind.writer.lines(rows))
        kind.rows.append(rows)

    def close(self) -> None:
        first, *others = self._kinds.values()
        lines, order = self._ordered()
        for start in range(0, len(order), PIECE):
            first.writer.put(lines.take(pa.array(order[start : start + PIECE])))
        first.writer.close()
        for kind in others:
            kind.writer.abort()

    def abort(self) -> None:
        for kind in self._kinds.values():
            kind.writer.abort()

    def _ordered(self) -> tuple[pa.Array, Path]:
        """All lines, entity by entity, and the order in which they stand in the file."""
        paths = {name: self._path(name) for name in self._kinds}
        width = max(path.shape[1] for path in paths.values())
        wide = [np.pad(path, ((0, 0), (0, width - path.shape[1])), constant_values=-1) for path in paths.values()]
        lines = pa.concat_arrays([pa.array([], pa.string()), *(part for kind in self._kinds.values() for part in kind.lines)])
        return lines, np.lexsort(np.concatenate(wide).T[::-1]).astype(np.int64)

    def _path(self, name: str) -> Path:
        kind = self._kinds[name]
        count = sum(table.num_rows for table in kind.rows)
        rows = np.arange(count, dtype=np.int64)
        rank = list(self._kinds).index(name)
        if kind.place:
            return np.stack([np.full(count, 0 if kind.place == "first" else 2), np.full(count, rank), rows], axis=1).astype(np.int64)
        owner = self._owner(name)
        if owner is None:
            return np.stack([np.ones(count), np.zeros(count), rows], axis=1).astype(np.int64)
        above, columns = owner
        at = self._owned_by(kind, self._kinds[above], columns)
        # What nobody owns stands behind all that is owned.
        lost = np.array([[1, 1, 0]], np.int64)
        parents = np.concatenate([self._path(above), np.pad(lost, ((0, 0), (0, self._path(above).shape[1] - 3)), constant_values=-1)])
        return np.concatenate([parents[at], np.stack([np.full(count, rank), rows], axis=1)], axis=1).astype(np.int64)

    def _owner(self, name: str) -> tuple[str, tuple[str, ...]] | None:
        for above, kind in self._kinds.items():
            for child, columns in kind.shape.owns:
                if child == name and above != name and not kind.place:
                    return above, columns
        return None

    def _owned_by(self, kind: _Kind, owner: _Kind, columns: Sequence[str]) -> Path:
        """For each row the number of its owner; the number behind the last where there is none."""
        mine = [_column(kind.rows, name) for name in columns]
        theirs = [_column(owner.rows, name) for name in owner.shape.key]
        length = len(theirs[0])
        both = [pa.concat_arrays([left.cast(right.type), right]) for left, right in zip(theirs, mine, strict=True)]
        codes = keys.codes(both)
        first = np.full(int(codes.max(initial=-1)) + 1, length, np.int64)
        first[codes[:length][::-1]] = np.arange(length)[::-1]
        found: Path = first[codes[length:]]
        return found


def _column(tables: Sequence[pa.Table], name: str) -> pa.Array:
    if not tables:
        return pa.array([], pa.string())
    return pa.concat_arrays([chunk for table in tables for chunk in table.column(name).chunks])
