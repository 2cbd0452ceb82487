"""What became of every source row, so that a run can show that nothing was lost.

One byte a row: the bits say what happened to any of the row's descendants. A row counts once, under the first of
written, rejected, merged, looked up, filtered, empty that is true of it: a row that an output was joined with is no row
left out, whatever other parts of the script made of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from enum import IntFlag
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from datahub.frames.frame import Rows
from datahub.records import record

if TYPE_CHECKING:
    import numpy.typing as npt

POSITION_BITS = 32
BLOCK_BITS = 24


class Fate(IntFlag):
    """What may become of a row."""

    WRITTEN = 1
    REJECTED = 2
    MERGED = 4
    FILTERED = 8
    EMPTY = 16
    LOOKED_UP = 32


ORDER = (Fate.WRITTEN, Fate.REJECTED, Fate.MERGED, Fate.LOOKED_UP, Fate.FILTERED, Fate.EMPTY)


def row_ids(source: int, block: int, positions: Rows) -> Rows:
    """The ids of rows at `positions` of a block."""
    return positions + np.int64((source << (POSITION_BITS + BLOCK_BITS)) | (block << POSITION_BITS))


def source_of(rows: Rows) -> Rows:
    return rows >> np.int64(POSITION_BITS + BLOCK_BITS)


def block_of(rows: Rows) -> Rows:
    """Source and block together, as one number."""
    return rows >> np.int64(POSITION_BITS)


def position_of(rows: Rows) -> Rows:
    return rows & np.int64((1 << POSITION_BITS) - 1)


@record(slots=True)
class Ledger:
    """The fates of all rows, a byte array for each block."""

    blocks: dict[int, npt.NDArray[np.uint8]] = field(default_factory=dict)

    def open(self, source: int, block: int, records: int) -> None:
        """A block with that many records was read."""
        self.blocks[(source << BLOCK_BITS) | block] = np.zeros(records, np.uint8)

    def mark(self, rows: Rows, fate: Fate) -> None:
        """`fate` is true of descendants of `rows`."""
        if not len(rows):
            return
        start, stop = int(rows[0]), int(rows[-1]) + 1
        first = start >> POSITION_BITS
        if stop - start == len(rows) and (rows[1:] > rows[:-1]).all() and first == stop - 1 >> POSITION_BITS:
            # All rows of a stretch, as most are.
            at = start - (first << POSITION_BITS)
            self.blocks[first][at : at + len(rows)] |= np.uint8(fate)
            return
        owners = block_of(rows)
        if (owners == first).all():
            self.blocks[first][position_of(rows)] |= np.uint8(fate)
            return
        # In order, so that the rows of a block are one stretch however many blocks there are.
        rows = np.sort(rows)
        owners = block_of(rows)
        cuts = [0, *(np.flatnonzero(owners[1:] != owners[:-1]) + 1).tolist(), len(rows)]  # one for each block
        for start, stop in pairwise(cuts):
            self.blocks[int(owners[start])][position_of(rows[start:stop])] |= np.uint8(fate)

    def counts(self, source: int) -> dict[Fate | None, int]:
        """How many rows of a source came to each fate; None are those of which nothing is known."""
        found: dict[Fate | None, int] = dict.fromkeys((*ORDER, None), 0)
        for owner, fates in self.blocks.items():
            if owner >> BLOCK_BITS != source:
                continue
            for value, count in _histogram(fates):
                fate = next((one for one in ORDER if value & one), None)
                found[fate] += count
        return found

    def rejected(self, source: int, block: int) -> Rows:
        """Positions of the rejected rows of a block: those with an issue, also where another descendant was written."""
        fates = self.blocks[(source << BLOCK_BITS) | block]
        return np.flatnonzero(fates & np.uint8(Fate.REJECTED)).astype(np.int64)


def _histogram(fates: npt.NDArray[np.uint8]) -> Iterator[tuple[int, int]]:
    """How often each value stands there. Most rows came to one fate: looking for each of those takes a tenth of counting all values."""
    left = len(fates)
    for value in (*ORDER, 0):
        if not left:
            return
        count = int(np.count_nonzero(fates == np.uint8(value)))
        left -= count
        yield int(value), count
    if left:
        counts = np.bincount(fates)
        counts[[value for value in (*ORDER, 0) if value < len(counts)]] = 0
        yield from ((int(value), int(counts[value])) for value in np.flatnonzero(counts))
