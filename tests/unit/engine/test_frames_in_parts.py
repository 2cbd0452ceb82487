"""Rows are taken out of a frame with their failures, at the cost of what is taken."""

from __future__ import annotations

import time

import numpy as np
import pyarrow as pa
import pytest

from datahub.engine.parts import part_of
from datahub.frames.frame import Column, Failure, Frame


def frame(length, failed):
    rows = np.array(failed, np.int64)
    failure = Failure(rows, "R101", values=pa.array([f"{row} {at}" for at, row in enumerate(failed)]))
    return Frame({"x": Column(pa.nulls(length, pa.int64()), (failure,))}, length, np.arange(length, dtype=np.int64))


@pytest.mark.parametrize(
    "positions", [[], [0], [9], [4], [3, 4, 5], [5, 4, 3], [2, 2, 9, 2], [0, 9], [9, 0], list(range(10)), [8, 1, 8], [6, 7]]
)
@pytest.mark.parametrize("failed", [[0], [9], [2, 2, 4], [0, 3, 9], [5, 6, 7], list(range(10))])
def test_failures_go_where_their_rows_go(failed, positions):
    expected = [(to, f"{row} {at}") for to, row in enumerate(positions) for at, one in enumerate(failed) if one == row]
    failures = frame(10, failed).take(np.array(positions, np.int64)).columns["x"].failures
    assert expected == [(row, value) for one in failures for row, value in zip(one.rows.tolist(), one.values.to_pylist(), strict=True)]


def test_a_part_costs_as_much_as_it_has_rows_however_long_the_frame_is():
    def cost(length):
        whole = frame(length, list(range(0, length, 7)))
        begun = time.process_time()
        for start in range(0, 2800, 7):
            part_of(whole, start, 7)
        return time.process_time() - begun

    cost(2800)
    assert cost(560_000) < 20 * cost(2800) + 0.05


def test_a_part_costs_as_much_as_fails_in_it_however_many_failures_there_are():
    def cost(count):
        alone = tuple(Failure(np.array([at], np.int64), "R101") for at in range(0, 7 * count, 7))
        whole = Frame({"x": Column(pa.nulls(7 * count, pa.int64()), alone)}, 7 * count, np.arange(7 * count, dtype=np.int64))
        begun = time.process_time()
        for start in range(0, 350, 7):
            part_of(whole, start, 7)
        return time.process_time() - begun

    cost(50)
    # Each of the others is looked at, and is seen to lie elsewhere.
    assert cost(5000) < 40 * cost(50) + 0.3
