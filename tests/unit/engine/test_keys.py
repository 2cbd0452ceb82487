"""Keys by their hashes: the same in pieces as in one, found again, and told apart."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from datahub.engine import keys
from datahub.engine.lookup_index import FEW, keys_of, numbers_of


def test_hashes_are_the_same_in_pieces_as_row_by_row() -> None:
    texts = pa.array([None if number % 7 == 0 else "x" * (number % 40) + str(number) for number in range(3 * keys.PIECE)])
    numbers = pa.array(range(3 * keys.PIECE))
    whole = keys.hashes([texts, numbers])
    for at in (0, 1, keys.PIECE - 1, keys.PIECE, 2 * keys.PIECE + 5):
        assert (keys.hashes([texts.slice(at, 1), numbers.slice(at, 1)])[:, 0] == whole[:, at]).all()


def test_seen_keys_are_found_again_and_others_are_not() -> None:
    seen = keys.SeenKeys()
    values = pa.array([f"key {number % 90_000}" for number in range(120_000)])
    first = seen.first_rows(keys.hashes([values]), np.arange(len(values)))
    assert (first == np.arange(len(values)) % 90_000).all()
    asked = pa.array(["key 89999", "key 90000", "key 0", ""])
    assert seen.rows_of(keys.hashes([asked])).tolist() == [89_999, -1, 0, -1]


@pytest.mark.parametrize("stretch", [64, 1 << 15])
@pytest.mark.parametrize("crowded", [0, 0xFFFC, 0x8000])
def test_a_table_that_grew_knows_each_key_and_no_other(stretch: int, crowded: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "_STRETCH", stretch)
    count = 50_000
    hashed = np.random.default_rng(crowded).integers(0, 2**64, (2, count), np.uint64)
    # Many keys that want the same few slots: at the beginning, the end and the middle of the table.
    hashed[0, :300] = hashed[0, :300] & ~np.uint64(0x1FFFC) | np.uint64(crowded)
    seen = keys.SeenKeys()
    numbers = np.arange(count)
    assert (seen.first_rows(hashed[:, :40_000], numbers[:40_000]) == numbers[:40_000]).all()
    assert (seen.first_rows(hashed, numbers + 40_000)[:40_000] == numbers[:40_000]).all()
    assert (seen.rows_of(hashed[:, :40_000]) == numbers[:40_000]).all()
    assert (seen.rows_of(hashed[:, 40_000:]) == numbers[40_000:] + 40_000).all()
    assert (seen.rows_of(hashed ^ np.uint64(1 << 60)) == -1).all()


@pytest.mark.parametrize("repeated", [False, True])
@pytest.mark.parametrize("gaps", [False, True])
def test_many_keys_are_numbered_by_their_values(repeated: bool, gaps: bool) -> None:
    count = FEW + 10_000
    values = [None if gaps and number % 11 == 0 else f"k{number % (count - 100 if repeated else count)}" for number in range(count)]
    found, numbers = keys_of([pa.array(values)])
    assert (numbers is None) is not (repeated or gaps)
    key_of = numbers_of(numbers, count)
    known = found.parts[0].values.to_pylist()
    assert len(set(known)) == len(known) == len({value for value in values if value is not None})
    assert [None if number < 0 else known[number] for number in key_of.tolist()] == values
    asked = ["k5", None, "no such key", f"k{count - 101}", "k5"]
    assert [None if number < 0 else known[number] for number in found.find([pa.array(asked)])] == [
        "k5",
        None,
        None,
        f"k{count - 101}",
        "k5",
    ]
