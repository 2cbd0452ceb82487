"""Frames as batches and as tables, in parts where they are too much at once, and frames of no rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from datahub.engine.values import carried
from datahub.frames.frame import Column, Frame, Rows, take_column
from datahub.plan import operators as op
from datahub.plan.columns import columns_of
from datahub.records import record
from datahub.semantic import ir
from datahub.types.sizes import PART_BYTES, cuts, row_bytes


@record(frozen=True, slots=True)
class Parts:
    """The rows of one frame that is not to be in memory at once: `length` rows, part by part, each made when it is its turn."""

    length: int
    stretches: Sequence[tuple[int, int]]
    make: Callable[[int, int], Frame]

    def frames(self) -> Iterator[Frame]:
        """The parts in order."""
        for start, stop in self.stretches:
            yield self.make(start, stop)


def taken_along(weights: Rows, length: int, make: Callable[[int, int], Frame]) -> Frame | Parts:
    """`length` rows that take along so many bytes of others each: whole, or in parts."""
    stretches = cuts(weights, PART_BYTES)
    return make(0, length) if len(stretches) == 1 else Parts(length, stretches, make)


def bytes_by_row(frame: Frame) -> Rows:
    """How many bytes of texts and lists each row has; a column that stands under several names is there once."""
    found = np.zeros(frame.length, np.int64)
    for values in {id(column.values): column.values for column in frame.columns.values()}.values():
        if isinstance(values, pa.Array):
            found += row_bytes(values)
    return found


def some_rows(columns: Mapping[str, Column], start: int, stop: int, length: int) -> dict[str, Column]:
    """The rows from `start` to `stop` of columns of `length` rows."""
    if start == 0 and stop == length:
        return dict(columns)
    at = np.arange(start, stop, dtype=np.int64)
    picked = pa.array(at)
    return {name: take_column(column, at, picked, length) for name, column in columns.items()}


def part_of(frame: Frame, start: int, rows: int) -> Frame:
    """At most `rows` rows of a frame."""
    if start == 0 and frame.length <= rows:
        return frame
    part = frame.take(np.arange(start, min(start + rows, frame.length), dtype=np.int64))
    return part if start else replace(part, fallen=frame.fallen)


def table_of(frame: Frame) -> pa.Table:
    """The columns of a frame as a table."""
    return pa.table({name: column.array(frame.length) for name, column in frame.columns.items()})


def no_rows(operator: op.Operator, sources: Mapping[str, ir.SourceShape]) -> Frame:
    """What an operator gives where it gives no row: its columns."""
    columns = {name: Column(pa.array([], carried(kind))) for name, kind in columns_of(operator, sources).items()}
    return Frame(columns, 0, np.empty(0, np.int64))


def renamed(frame: Frame, columns: tuple[tuple[str, str], ...]) -> Frame:
    """Columns under their new names; of the others only evidence (`#`) and findings (`!`) stay."""
    kept: dict[str, Column] = {name: column for name, column in frame.columns.items() if name[:1] in "#!"}
    kept.update((new, frame.columns[old]) for old, new in columns if old in frame.columns)
    return Frame(kept, frame.length, frame.rows, frame.paths, frame.members)
