"""Frames set aside while memory is short, and taken back: what is needed of the world for it, and how a frame is laid out.

The engine asks a `Space` for room; where that room is (a folder on disk) is the matter of whoever runs it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from datahub.frames.chunks import whole
from datahub.frames.frame import Column, Failure, Frame
from datahub.frames.issue_schema import BESIDE

ROWS, PATHS, MEMBERS = "$rows", "$paths", "$members"


class Shelf(Protocol):
    """Tables in the order in which they were put, to be read again."""

    def put(self, table: pa.Table) -> None: ...
    def take(self) -> Iterator[pa.Table]: ...
    def close(self) -> None: ...


class Space(Protocol):
    """Room for what does not fit into memory."""

    def shelf(self) -> Shelf: ...


class FrameShelf:
    """Frames on a shelf, in order; each as two tables, its values and its failures."""

    def __init__(self, space: Space) -> None:
        self._shelf = space.shelf()
        self.frames = 0

    def put(self, frame: Frame) -> None:
        values, failures = laid_out(frame)
        self._shelf.put(values)
        self._shelf.put(failures)
        self.frames += 1

    def take(self) -> Iterator[Frame]:
        """The frames, in the order in which they were put."""
        tables = self._shelf.take()
        for values in tables:
            yield picked_up(values, next(tables))

    def close(self) -> None:
        self._shelf.close()


def size_of(frame: Frame) -> int:
    """About how many bytes of memory a frame takes."""
    arrays = (column.values for column in frame.columns.values() if isinstance(column.values, pa.Array))
    return int(frame.rows.nbytes) + sum(int(array.nbytes) for array in arrays)


def laid_out(frame: Frame) -> tuple[pa.Table, pa.Table]:
    """A frame as tables: its columns with row ids, paths and members beside, and one row for each failure."""
    columns: dict[str, Any] = {name: column.array(frame.length) for name, column in frame.columns.items()}
    columns[ROWS] = pa.array(frame.rows)
    if frame.paths is not None:
        columns[PATHS] = frame.paths
    if frame.members is not None:
        columns[MEMBERS] = frame.members
    failures = [_failure(name, failure) for name, column in frame.columns.items() for failure in column.failures]
    return pa.table(columns), pa.concat_tables(failures) if failures else _SCHEMA.empty_table()


_SCHEMA = pa.schema(
    [
        ("said", pa.string()),
        ("rows", pa.int64()),
        ("values", pa.string()),
        ("paths", pa.string()),
        ("texts", pa.string()),
        ("deeper", pa.string()),
        ("elements", pa.int64()),
        ("members", pa.int64()),
        ("at", pa.int64()),
        ("beside", BESIDE),
    ]
)
_CONSTANT = ("code", "column", "cause", "message", "origin", "severity", "wanted", "inside", "read")
_TEXTS = ("values", "paths", "texts", "deeper")
_NUMBERS = ("elements", "members", "at")


def _failure(name: str, failure: Failure) -> pa.Table:
    """A failure as rows; what is the same for all of them is said in a text."""
    there = [part for part in (*_TEXTS, *_NUMBERS, "beside") if getattr(failure, part) is not None]
    said = json.dumps([name, [getattr(failure, part) for part in _CONSTANT], there])
    count = len(failure.rows)
    columns: list[Any] = [pa.repeat(said, count), pa.array(failure.rows)]
    columns.extend(pa.nulls(count, pa.string()) if (part := getattr(failure, one)) is None else part for one in _TEXTS)
    columns.extend(pa.nulls(count, pa.int64()) if (part := getattr(failure, one)) is None else pa.array(part) for one in _NUMBERS)
    columns.append(pa.nulls(count, BESIDE) if failure.beside is None else failure.beside)
    return pa.table(columns, schema=_SCHEMA)


def picked_up(values: pa.Table, failures: pa.Table) -> Frame:
    """The frame that `laid_out` gave as these tables."""
    held = {name: whole(values.column(name)) for name in values.column_names}
    rows = held.pop(ROWS).to_numpy()
    paths, members = held.pop(PATHS, None), held.pop(MEMBERS, None)
    columns = {name: Column(array) for name, array in held.items()}
    for name, failure in _failures(failures):
        columns[name] = replace(columns[name], failures=(*columns[name].failures, failure))
    return Frame(columns, len(rows), rows, paths, members)


def _failures(table: pa.Table) -> Iterator[tuple[str, Failure]]:
    """The failures of a table: rows that follow each other and say the same are one."""
    if not table.num_rows:
        return
    said = whole(table.column("said"))
    codes = said.dictionary_encode().indices.to_numpy()
    # Two failures of one kind may follow each other: rows ascend within one.
    begins = (np.diff(codes) != 0) | (np.diff(whole(table.column("rows")).to_numpy()) < 0)
    starts = np.concatenate(([0], np.flatnonzero(begins) + 1, [len(codes)]))
    for start, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        part = table.slice(start, end - start)
        name, constants, there = json.loads(said[start].as_py())
        given: dict[str, Any] = dict(zip(_CONSTANT, constants, strict=True))
        given["read"] = tuple(given["read"])
        given |= {one: whole(part.column(one)) for one in (*_TEXTS, "beside") if one in there}
        given |= {one: whole(part.column(one)).to_numpy().astype(np.int64) for one in _NUMBERS if one in there}
        if "beside" in there:
            given["beside"] = whole(part.column("beside"))
        yield name, Failure(whole(part.column("rows")).to_numpy().astype(np.int64), **given)
