"""Frames cut into batches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from datahub.frames.frame import Frame


def part_of(frame: Frame, start: int, rows: int) -> Frame:
    """At most `rows` rows of a frame."""
    if start == 0 and frame.length <= rows:
        return frame
    part = frame.take(np.arange(start, min(start + rows, frame.length), dtype=np.int64))
    return part if start else replace(part, fallen=frame.fallen)
