"""Truth values as bits and as bytes: the same ones, wherever a column begins in its memory."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from datahub.types.bits import there, truth_array, truths

LENGTHS = [0, 1, 7, 8, 9, 64, 1000]


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("start", [0, 1, 7, 8, 13])
@pytest.mark.parametrize("nulls", [False, True])
def test_a_slice_of_truths_is_what_arrow_says(length: int, start: int, nulls: bool) -> None:
    chance = np.random.default_rng(length + start)
    gone = chance.random(start + length) < 0.3
    values = pa.array(chance.random(start + length) < 0.5, mask=gone if nulls else None).slice(start)
    assert truths(values).tolist() == pc.fill_null(values, False).to_pylist()
    assert there(values).tolist() == values.is_valid().to_pylist()


def test_columns_of_every_kind_know_which_values_are_there() -> None:
    for values in (
        pa.nulls(3),
        pa.array(["a", None, "b"]),
        pa.array([[1], None, []]),
        pa.array([{"a": 1}, None, {"a": None}]),
        pa.array(["x", None, "x"]).dictionary_encode(),
    ):
        assert there(values).tolist() == values.is_valid().to_pylist()
        assert there(values.slice(1)).tolist() == values.slice(1).is_valid().to_pylist()


@pytest.mark.parametrize("length", LENGTHS)
def test_a_mask_as_a_column_holds_what_the_mask_held(length: int) -> None:
    mask = np.random.default_rng(length).random(length) < 0.5
    column = truth_array(mask)
    column.validate(full=True)
    assert column.to_pylist() == mask.tolist()
    assert truths(column).tolist() == mask.tolist()
