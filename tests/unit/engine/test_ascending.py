"""Keys that ascend need no table; whether they do, or begin to repeat, what is known of them is the same."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datahub.engine.ascending import ascending
from datahub.engine.seen import Seen
from datahub.engine.waiting import Budget

KEYS = {
    "text": lambda numbers: [pa.array([f"é{number:05}" for number in numbers], pa.string())],
    "long text": lambda numbers: [pa.array([f"{number:05}" * 10 for number in numbers], pa.string())],
    "number": lambda numbers: [pa.array(numbers, pa.int64())],
    "two": lambda numbers: [
        pa.array([str(number // 7) for number in numbers], pa.string()),
        pa.array([n % 7 for n in numbers], pa.int64()),
    ],
    "date": lambda numbers: [pa.array([date.fromordinal(number + 700_000) for number in numbers], pa.date32())],
}


@settings(max_examples=60, deadline=None)
@given(
    batches=st.lists(st.lists(st.integers(0, 400), max_size=40), max_size=8),
    in_order=st.booleans(),
    kind=st.sampled_from(sorted(KEYS)),
    size=st.sampled_from([600, 1 << 30]),
)
def test_the_first_row_of_a_key_is_known_whether_keys_ascend_or_not(batches: list[list[int]], in_order: bool, kind: str, size: int) -> None:
    if in_order:
        numbers = iter(sorted({number for batch in batches for number in batch}))
        batches = [[one for one in (next(numbers, None) for _ in batch) if one is not None] for batch in batches]
        # The last batch begins again.
        batches.append([number for batch in batches for number in batch][:3])
    known: dict[int, int] = {}
    seen, begun = Seen(Budget(size)), 0
    for batch in batches:
        rows = np.arange(begun, begun + len(batch))
        expected = [known.setdefault(number, row) for number, row in zip(batch, rows.tolist(), strict=True)]
        assert expected == seen.first_of(seen.prepared(KEYS[kind](batch)), rows).tolist()
        begun += len(batch)
    assert len(known) == seen.since(0).shape[1]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ([["a", "b", "ba"]], True),
        ([["a", "b", "b"]], False),
        ([["a", "b", "b"], ["x", "a", "b"]], True),
        ([["a", "b", "b"], ["x", "b", "a"]], False),
        ([["b", "a"], ["x", "y"]], False),
        ([["z", "é"]], True),
        ([["a"]], True),
        ([[]], False),
    ],
)
def test_keys_ascend_where_each_is_greater_than_the_one_before(columns: list[list[str]], expected: bool) -> None:
    assert expected == ascending([pa.array(column, pa.string()) for column in columns])


def test_values_without_an_order_do_not_ascend() -> None:
    assert not ascending([pa.array([[1], [2]])])
    assert not ascending([pa.array([1.0, 2.0])])


def test_keys_that_ascend_leave_the_table_empty_until_one_does_not() -> None:
    seen = Seen(Budget())
    seen.first_of(seen.prepared([pa.array(range(1000))]), np.arange(1000))
    assert 0 == len(seen._table)
    assert [3, 1001] == seen.first_of(seen.prepared([pa.array([3, 2000])]), np.arange(1000, 1002)).tolist()
    assert 1001 == len(seen._table)
