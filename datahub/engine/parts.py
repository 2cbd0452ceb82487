"""Frames as batches and as tables."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from datahub.frames.frame import Frame


def part_of(frame: Frame, start: int, rows: int) -> Frame:
    """At most `rows` rows of a frame."""
    if start == 0 and frame.length <= rows:
        return frame
    part = frame.take(np.arange(start, min(start + rows, frame.length), dtype=np.int64))
    return part if start else replace(part, fallen=frame.fallen)


def table_of(frame: Frame) -> pa.Table:
    """The columns of a frame as a table."""
    return pa.table({name: column.array(frame.length) for name, column in frame.columns.items()})
