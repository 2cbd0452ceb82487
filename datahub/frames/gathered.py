"""Which cells of a file the elements of a list come from, where a column is gathered from several by a pattern."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

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

    def header(self, row: int, element: int, part: str) -> str:
        """Under which header the part of an element of a row's list stands; "" where that is not known."""
        columns = np.flatnonzero(self.keep[row])
        if element >= len(columns) or part not in self.parts:
            return ""
        return self.headers[int(columns[element])][self.parts.index(part)]
