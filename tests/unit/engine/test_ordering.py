"""The order of rows by their keys: the same whether the keys fit into one number or not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from datahub.engine import ordering
from datahub.engine.ledger import Fate, Ledger, row_ids
from datahub.types import model as t

INT, TEXT = t.Int(nullable=True), t.Text(nullable=True)


def columns(seed: int, length: int, reach: int) -> list[tuple[pa.Array, t.Type, bool]]:
    chance = np.random.default_rng(seed)
    numbers = chance.integers(-reach, reach, length)
    return [
        (pa.array(numbers, mask=chance.random(length) < 0.1 * (seed % 3)), INT, bool(seed % 2)),
        (pa.array([f"t{number}" for number in chance.integers(0, 20, length)], mask=chance.random(length) < 0.1), TEXT, bool(seed & 2)),
    ]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("length", [0, 1, 2, 700])
@pytest.mark.parametrize("reach", [5, 1 << 30, 1 << 62])
def test_packed_keys_give_the_order_that_sorting_by_each_gives(seed: int, length: int, reach: int) -> None:
    keys = columns(seed, length, reach)
    segments = np.random.default_rng(seed).integers(0, 9, length)
    numbers = [ordering.ranked(*key) for key in keys]
    assert (ordering.ordered(keys, segments) == np.lexsort([*numbers[::-1], segments])).all()
    assert (ordering.ordered(keys[:1], length=length) == np.argsort(numbers[0], kind="stable")).all()


@pytest.mark.parametrize("extreme", [ordering.LAST, -ordering.LAST - 1])
def test_the_ends_of_64_bits_have_their_place_in_the_order(extreme: int) -> None:
    values = pa.array([3, extreme, None, 0, extreme, -7], pa.int64())
    numbers = ordering.ranked(values, INT, False)
    assert (ordering.ordered([(values, INT, False)]) == np.argsort(numbers, kind="stable")).all()


def test_rows_of_several_blocks_are_marked_in_any_order_and_however_often() -> None:
    ledger = Ledger()
    for block in range(3):
        ledger.open(1, block, 4)
    rows = np.concatenate([row_ids(1, block, np.array([3, 0, 3])) for block in (2, 0, 2)])
    ledger.mark(rows, Fate.WRITTEN)
    ledger.mark(row_ids(1, 1, np.array([2])), Fate.MERGED)
    assert [ledger.blocks[(1 << 24) | block].tolist() for block in range(3)] == [[1, 0, 0, 1], [0, 0, 4, 0], [1, 0, 0, 1]]
