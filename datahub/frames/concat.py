"""Several frames as one, rows in order; what some lack is null there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from datahub.frames.chunks import joined
from datahub.frames.frame import Column, Failure, Frame


def concat(frames: Sequence[Frame]) -> Frame:
    """The rows of `frames`, one frame after the other; their columns are those of any of them."""
    if len(frames) == 1:
        return frames[0]
    names = dict.fromkeys(name for frame in frames for name in frame.columns)
    starts = np.cumsum([0, *(frame.length for frame in frames)])
    columns = {name: _column([frame.columns.get(name) for frame in frames], frames, starts.tolist()) for name in names}
    return Frame(
        columns,
        int(starts[-1]),
        np.concatenate([frame.rows for frame in frames]),
        _arrays([frame.paths for frame in frames], frames, pa.string()),
        _arrays([frame.members for frame in frames], frames, pa.list_(pa.int64())),
    )


def _column(parts: Sequence[Column | None], frames: Sequence[Frame], starts: list[int]) -> Column:
    kind = next((part.values.type for part in parts if part is not None and not pa.types.is_null(part.values.type)), pa.null())
    arrays = []
    failures: list[Failure] = []
    for part, frame, start in zip(parts, frames, starts, strict=False):
        if part is None:
            arrays.append(pa.nulls(frame.length, kind))
            continue
        array = part.array(frame.length)
        arrays.append(array if array.type == kind else array.cast(kind))
        failures.extend(replace(failure, rows=failure.rows + start) for failure in part.failures)
    return Column(joined(arrays), tuple(failures))


def _arrays(parts: Sequence[pa.Array | None], frames: Sequence[Frame], kind: pa.DataType) -> pa.Array | None:
    if all(part is None for part in parts):
        return None
    return pa.concat_arrays([pa.nulls(frame.length, kind) if part is None else part for part, frame in zip(parts, frames, strict=True)])
