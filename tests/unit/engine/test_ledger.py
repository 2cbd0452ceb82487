"""Fates of rows are counted as if each row were looked at."""

from __future__ import annotations

import numpy as np
import pytest

from datahub.engine.ledger import ORDER, Fate, Ledger, row_ids

SIZES = (5, 1, 70)


def model(marks: list[tuple[int, list[int], Fate]]) -> dict[Fate | None, int]:
    fates = {(block, position): 0 for block, size in enumerate(SIZES) for position in range(size)}
    for block, positions, fate in marks:
        for position in positions:
            fates[block, position] |= fate
    found: dict[Fate | None, int] = dict.fromkeys((*ORDER, None), 0)
    for value in fates.values():
        found[next((one for one in ORDER if value & one), None)] += 1
    return found


@pytest.mark.parametrize(
    "marks",
    [
        [],
        [(2, list(range(70)), Fate.WRITTEN)],
        [(2, list(range(10, 30)), Fate.REJECTED), (2, list(range(20, 50)), Fate.WRITTEN), (0, [0, 2, 4], Fate.FILTERED)],
        [(2, [5, 4, 3], Fate.MERGED), (2, [7, 9, 8, 6], Fate.EMPTY), (1, [0], Fate.LOOKED_UP)],
        [(2, [1, 3, 2, 4], Fate.REJECTED), (2, [3], Fate.WRITTEN), (2, [3], Fate.MERGED), (0, list(range(5)), Fate.LOOKED_UP)],
    ],
)
def test_each_row_counts_once(marks):
    ledger = Ledger()
    for block, size in enumerate(SIZES):
        ledger.open(1, block, size)
    ledger.open(0, 0, 3)
    for block, positions, fate in marks:
        ledger.mark(row_ids(1, block, np.array(positions, np.int64)), fate)
    assert model(marks) == ledger.counts(1)
    rejected = [
        position for position in range(70) if any(block == 2 and position in some and fate == Fate.REJECTED for block, some, fate in marks)
    ]
    assert rejected == ledger.rejected(1, 2).tolist()


def test_rows_of_several_blocks_are_marked_at_once():
    ledger = Ledger()
    for block, size in enumerate(SIZES):
        ledger.open(0, block, size)
    ledger.mark(np.concatenate([row_ids(0, block, np.arange(size)) for block, size in enumerate(SIZES)]), Fate.WRITTEN)
    assert sum(SIZES) == ledger.counts(0)[Fate.WRITTEN]
