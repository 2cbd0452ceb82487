"""Keys beyond the budget: which row had one first is the same as in memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datahub.connectors.spill import FolderSpace
from datahub.engine import key_runs, keys
from datahub.engine.seen import Seen
from datahub.engine.waiting import Budget


@pytest.fixture(scope="module")
def space() -> Iterator[FolderSpace]:
    with FolderSpace() as room:
        yield room


def first_of(hashed: keys.Hashes) -> list[int]:
    known: dict[tuple[int, int], int] = {}
    return [known.setdefault((low, high & ~int(keys.ROW)), row) for row, (low, high) in enumerate(hashed.T.tolist())]


def hashes(numbers: list[int], halves: int) -> keys.Hashes:
    """Hashes of which many have their first half in common where `halves` is small."""
    low = np.array([(number % halves) * 0x9E37_79B9_7F4A_7C15 % 2**64 for number in numbers], np.uint64)
    return np.stack([low, np.array([number << 40 for number in numbers], np.uint64)])


@settings(max_examples=60, deadline=None)
@given(
    batches=st.lists(st.lists(st.integers(0, 4000), max_size=900), max_size=12),
    halves=st.sampled_from([3, 50, 1 << 40]),
    size=st.sampled_from([0, 100_000, 1 << 30]),
)
def test_the_first_row_of_a_key_is_known_whatever_the_budget(space: FolderSpace, batches: list[list[int]], halves: int, size: int) -> None:
    hashed = hashes([number for batch in batches for number in batch], halves)
    seen, begun, found = Seen(Budget(size, space)), 0, []
    for batch in batches:
        rows = np.arange(begun, begun + len(batch))
        found += seen.first_rows(hashed[:, rows], rows).tolist()
        begun += len(batch)
    expected = first_of(hashed)
    assert expected == found
    half = begun // 2
    since = {tuple(pair) for pair in seen.since(half).T.tolist()}
    assert since == {tuple(pair) for pair, first in zip(hashed.T.tolist(), expected, strict=True) if first >= half}


def test_many_runs_become_few(space: FolderSpace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_runs, "PIECE", 1000)
    numbers = np.random.default_rng(7).permutation(60_000)
    hashed = np.stack([numbers.astype(np.uint64) * np.uint64(0x9E37_79B9_7F4A_7C15), numbers.astype(np.uint64) << np.uint64(40)])
    runs = key_runs.KeyRuns(space)
    for begin in range(0, 60_000, 2000):
        part = slice(begin, begin + 2000)
        runs.add(hashed[0, part], hashed[1, part] | np.arange(begin, begin + 2000, dtype=np.uint64))
    assert len(runs) < 8
    assert runs.rows_of(hashed).tolist() == list(range(60_000))
    assert runs.rows_of(hashed + np.uint64(1)).tolist() == [-1] * 60_000
