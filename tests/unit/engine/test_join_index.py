"""The right side of a join by sorted hashes finds what the exact index finds."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datahub.connectors.spill import FolderSpace
from datahub.engine.gathering import Pieces
from datahub.engine.operators.join_index import HashedKeys, exact
from datahub.engine.waiting import Budget
from datahub.frames.frame import Column, Frame

CELLS = st.tuples(st.none() | st.sampled_from(["a", "b", "ab", ""]), st.none() | st.integers(0, 5))
ROWS = st.lists(CELLS, max_size=60)


def columns(rows: list[tuple[str | None, int | None]]) -> list[pa.Array]:
    return [pa.array([text for text, _ in rows], pa.string()), pa.array([number for _, number in rows], pa.int64())]


def frames(parts: list[list[tuple[str | None, int | None]]]) -> Pieces:
    return Pieces([Frame({"n": Column(pa.array(range(len(part))))}, len(part), np.arange(len(part))) for part in parts])


@settings(max_examples=80, deadline=None)
@given(parts=st.lists(ROWS, min_size=1, max_size=6), asked=ROWS, size=st.sampled_from([0, 500, 1 << 30]))
def test_pairs_are_the_same(
    parts: list[list[tuple[str | None, int | None]]], asked: list[tuple[str | None, int | None]], size: int
) -> None:
    keys = [columns(part) for part in parts]
    index = exact(frames(parts), keys)
    with FolderSpace() as space:
        hashed = HashedKeys(Budget(size, space))
        for one in keys:
            hashed.put(one)
        expected = [side.tolist() for side in index.pairs(columns(asked), len(asked))]
        assert expected == [side.tolist() for side in hashed.index(frames(parts)).pairs(columns(asked), len(asked))]


def test_a_part_of_nulls_alone_takes_the_type_of_the_others() -> None:
    parts = [pa.nulls(3), pa.array([7, None, 8]), pa.nulls(1)]
    with FolderSpace() as space:
        hashed = HashedKeys(Budget(0, space))
        for one in parts:
            hashed.put([one])
        left, right = hashed.index(frames([[(None, None)] * 7])).pairs([pa.array([8, 7, None, 9, 8])], 5)
    assert (left.tolist(), right.tolist()) == ([0, 1, 4], [5, 3, 5])


@pytest.mark.parametrize("count", [0, 3])
def test_nothing_matches_nothing(count: int) -> None:
    with FolderSpace() as space:
        hashed = HashedKeys(Budget(0, space))
        hashed.put(columns([(None, 1)] * count))
        left, right = hashed.index(frames([[(None, 1)] * count])).pairs(columns([("a", 1), (None, 1)]), 2)
    assert (len(left), len(right)) == (0, 0)
