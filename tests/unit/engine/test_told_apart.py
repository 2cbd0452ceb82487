"""Short keys are told apart by the bits that a table of seen keys keeps of them; long ones say that they are not."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from datahub.engine.keys import PIECE, ROW, SeenKeys, hashes
from datahub.engine.told_apart import SHORT, is_long, keyed


def kept(column: pa.Array) -> list[tuple[int, int]]:
    found = keyed(column)
    return list(zip(found[0].tolist(), (found[1] & ~ROW).tolist(), strict=True))


def texts(dice: random.Random, count: int, most: int) -> list[str]:
    letters = ["\0", "a", "b", "é", "€", "0", "1", " "]
    return ["".join(dice.choices(letters, k=dice.randrange(most + 1))) for _ in range(count)]


@pytest.mark.parametrize("most", [1, 3, 8, 10, 30])
def test_texts_have_the_same_bits_where_they_are_the_same_and_there_alone(most: int) -> None:
    values = texts(random.Random(most), 20_000, most)
    bits: dict[tuple[int, int], str] = {}
    for value, found in zip(values, kept(pa.array(values)), strict=True):
        assert bits.setdefault(found, value) == value
    assert len(bits) == len(set(values))


def test_all_texts_of_two_bytes_and_their_ends_differ() -> None:
    values = [f"{chr(first)}{chr(second)}" for first in range(128) for second in range(128)]
    values += (
        [f"12345678{value}" for value in values] + ["", *(chr(one) for one in range(128))] + [f"1234567{chr(one)}" for one in range(128)]
    )
    assert len(set(kept(pa.array(values)))) == len(set(values))


def test_a_text_has_the_same_bits_whatever_stands_beside_it() -> None:
    values = texts(random.Random(9), 3_000, 14)
    whole = kept(pa.array(["before", *values, "behind it"]).slice(1, len(values)))
    assert whole == [kept(pa.array([value]))[0] for value in values]
    short = [value for value in values if len(value.encode()) <= SHORT]
    assert kept(pa.array(short)) == [found for value, found in zip(values, whole, strict=True) if len(value.encode()) <= SHORT]


def test_only_texts_that_do_not_fit_say_so() -> None:
    values = ["", "a", "x" * SHORT, "x" * (SHORT + 1), "éééééé", "ééééé", "y" * 90]
    assert is_long(keyed(pa.array(values))).tolist() == [len(value.encode()) > SHORT for value in values]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([0, 1, -1, 2**63 - 1, -(2**63), 1 << 40, 1 << 32]),
        pa.array([0, 1, 2, 300], pa.int16()),
        pa.array([date(2020, 1, 1), date(1960, 1, 1)]),
        pa.array([datetime(2020, 1, 1, tzinfo=UTC) + timedelta(microseconds=one) for one in (0, 1, 2)]),
    ],
    ids=["int64", "int16", "date", "instant"],
)
def test_numbers_days_and_instants_differ(column: pa.Array) -> None:
    assert len(set(kept(column))) == len(column)
    assert not is_long(keyed(column)).any()


def test_keys_spread_over_a_table() -> None:
    for column in (pa.array(np.arange(1 << 16)), pa.array([f"K-{number * 7919}" for number in range(1 << 16)])):
        slots = keyed(column)[0] & np.uint64((1 << 17) - 1)
        # As many different places as chance would give: 1 - e^-½ of the slots.
        assert 0.37 < len(np.unique(slots)) / (1 << 17) < 0.42


def test_many_keys_are_found_where_they_were_put() -> None:
    values = [f"K{number}" if number % 3 else f"a longer key {number}" for number in range(3 * PIECE)]
    seen = SeenKeys(len(values))
    column = pa.array(values)
    rows = np.arange(len(values), dtype=np.int64)
    assert (seen.first_rows(keyed(column), rows) == rows).all()
    assert (seen.rows_of(keyed(column.take(pa.array(rows[::-1])))) == rows[::-1]).all()
    assert (seen.rows_of(keyed(pa.array([f"L{number}" for number in range(1000)]))) == -1).all()
    assert hashes([column]).shape == keyed(column).shape
