"""Columns in several pieces are joined as Arrow joins them, however large they are."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from datahub.frames.chunks import joined, whole

COUNT = 300_000
COLUMNS = {
    "text": pa.array([f"é{number % 977}" * (number % 5) for number in range(COUNT)]),
    "empty": pa.array([""] * COUNT),
    "int": pa.array(range(COUNT)),
    "date": pa.array([date(2020, 1, 1 + number % 28) for number in range(COUNT)] * 4),
    "decimal": pa.array([Decimal(number - 7) / 100 for number in range(COUNT)], pa.decimal128(12, 2)),
    "truth": pa.array([number % 3 == 0 for number in range(COUNT)]),
    "null": pa.array([None if number % 7 == 0 else f"text {number}" for number in range(COUNT)]),
    "list": pa.array([[number, number + 1] for number in range(COUNT)]),
    "few": pa.array(["a", "b", "c", "d"]),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_what_is_joined_is_what_was_cut(kind):
    column = COLUMNS[kind]
    third = len(column) // 3
    # Pieces that begin within their buffers, and some that hold nothing.
    pieces = [column.slice(0, third), column.slice(0, 0), column.slice(third, 1), column.slice(third + 1), column.slice(len(column))]
    made = joined(pieces)
    made.validate(full=True)
    assert column.equals(made)
    assert column.equals(whole(pa.chunked_array(pieces)))


def test_one_piece_is_not_copied():
    piece = COLUMNS["text"].slice(5)
    assert piece is joined([piece])
