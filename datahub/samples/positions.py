"""Lines whose columns stand at fixed positions, told by the positions at which all lines have a space."""

from __future__ import annotations

import re
from collections.abc import Sequence

from datahub.records import record

_FEWEST_LINES, _FEWEST_COLUMNS = 3, 2
_MOST_LINES = 1000
_DIGITS = re.compile(r"\d")


@record(frozen=True, slots=True)
class Positions:
    """Columns by their first and last position, from 1, under the names of a first line where it has some; the rows' texts."""

    columns: tuple[tuple[int, int], ...]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    whole: bool

    @property
    def named(self) -> bool:
        """Whether the first line names the columns."""
        return any(self.header)


def positions(text: str, whole: bool) -> Positions | None:
    """The columns that stand below one another in `text`; None where none can be made out."""
    lines = [line.rstrip("\r") for line in text.split("\n")]
    lines = [line for line in (lines if whole else lines[:-1]) if line.strip()][:_MOST_LINES]
    if len(lines) < _FEWEST_LINES:
        return None
    width = max(map(len, lines))
    padded = [line.ljust(width) for line in lines]
    filled = [any(line[at] != " " for line in padded) for at in range(width)]
    begins = [at for at in range(width) if filled[at] and (at == 0 or not filled[at - 1])]
    # A line that is much shorter than the others belongs to no such file.
    if len(begins) < _FEWEST_COLUMNS or min(len(line.rstrip()) for line in lines) <= begins[len(begins) // 2]:
        return None
    spans = tuple(zip((begin + 1 for begin in (0, *begins[1:])), (*begins[1:], width), strict=True))
    cells = [tuple(line[first - 1 : last].strip() for first, last in spans) for line in padded]
    named = _names(cells[0], cells[1:])
    return Positions(spans, cells[0] if named else ("",) * len(spans), tuple(cells[named:]), whole)


def _names(first: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Whether a first line holds names: no digits, where the lines below have some in the same column."""
    digits = [any(_DIGITS.search(row[at]) for row in others) for at in range(len(first))]
    return all(first) and len(set(first)) == len(first) and any(digits) and not any(_DIGITS.search(cell) for cell in first)
