"""Numbers of values within lists: the same by every way of finding them."""

from __future__ import annotations

import numpy as np
import pytest

from datahub.functions.equality import within


def plainly(numbers, offsets):
    """Numbers in order of appearance, list by list."""
    seen: dict[tuple[int, int], int] = {}
    found = []
    for at in range(len(offsets) - 1):
        found += [seen.setdefault((at, int(number)), len(seen)) for number in numbers[offsets[at] : offsets[at + 1]]]
    return found


@pytest.mark.parametrize(
    ("numbers", "offsets"),
    [
        ([], [0, 0]),
        ([0, 1, 2, 0, 2], [0, 3, 5]),  # in the order of the first list
        ([0, 0, 1, 1, 1], [0, 2, 2, 5]),  # what repeats stands together
        ([2, 0, 2, 1, 0, -1, -1, 2], [0, 3, 3, 8]),  # in any order, with nulls, in a small table
        ([5, 90_000, 5, 3, 90_000, 3], [0, 4, 6]),  # with numbers too far apart for a table
    ],
)
def test_values_are_numbered_in_order_of_appearance_in_their_list(numbers, offsets):
    assert plainly(numbers, offsets) == within(np.array(numbers, np.int64), np.array(offsets, np.int64)).tolist()


def test_lists_made_by_chance_are_numbered_alike():
    chance = np.random.default_rng(7)
    for _ in range(200):
        offsets = np.concatenate([[0], np.cumsum(chance.integers(0, 6, 8))])
        numbers = chance.integers(-1, chance.choice([2, 5, 500]), offsets[-1])
        assert plainly(numbers, offsets) == within(numbers, offsets).tolist()
