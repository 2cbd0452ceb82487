"""Which cells of a file the elements of a list come from, where a column is gathered from several by a pattern."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.records import record

if TYPE_CHECKING:
    import numpy.typing as npt


@record(frozen=True, slots=True)
class Gathered:
    """A list gathered in the rows of one block.

    `keep` says for each row (first axis) which columns, or groups of columns, are in its list; `headers` names those of each
    part, `parts` the members of a struct ("" alone where elements are no structs).
    """

    pattern: str
    parts: tuple[str, ...]
    headers: tuple[tuple[str, ...], ...]
    keep: npt.NDArray[np.bool_]

    def headers_at(self, rows: npt.NDArray[np.int64], elements: npt.NDArray[np.int64], parts: pa.Array) -> pa.Array:
        """Under which headers parts of elements of the lists of rows stand; "" where that is not known."""
        kept = self.keep[rows]
        here = kept & (np.cumsum(kept, axis=1) == elements[:, np.newaxis] + 1)
        first = pa.array(here.argmax(axis=1) * len(self.parts), mask=~here.any(axis=1))
        place = pc.add(first, pc.index_in(parts, value_set=pa.array(self.parts, pa.string())))
        return pc.fill_null(pa.array([name for group in self.headers for name in group], pa.string()).take(place), "")
