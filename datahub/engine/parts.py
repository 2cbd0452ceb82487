"""Frames as batches and as tables, and frames of no rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa

from datahub.engine.values import carried
from datahub.frames.frame import Column, Frame
from datahub.plan import operators as op
from datahub.plan.columns import columns_of
from datahub.semantic import ir


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
