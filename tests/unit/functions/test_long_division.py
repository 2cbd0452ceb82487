"""Numbers of 256 bits divided: against Python's whole numbers, most of all near powers of ten and of two, where Arrow's division is off."""

from __future__ import annotations

import decimal
import random
from decimal import Decimal, localcontext

import numpy as np
import pyarrow as pa
import pytest

from datahub.functions import wide

MODES = {
    "half_up": decimal.ROUND_HALF_UP, "half_even": decimal.ROUND_HALF_EVEN, "half_down": decimal.ROUND_HALF_DOWN, "down": decimal.ROUND_DOWN,
    "up": decimal.ROUND_UP, "floor": decimal.ROUND_FLOOR, "ceil": decimal.ROUND_CEILING,
}  # fmt: skip
KIND = pa.decimal256(76, 0)


def numbers(rng: random.Random, count: int, most: int = 76) -> list[int]:
    found = []
    for _ in range(count):
        power = min(rng.choice((10 ** rng.randint(1, most), 2 ** rng.randint(1, 252))), 10**most)
        near = (
            power - 1,
            power - rng.randint(1, 9),
            power // 10,
            power // 10 + 1,
            power // 2,
            power // 2 - 1,
            rng.randint(0, power - 1),
            0,
        )
        found.append(rng.choice(near) * rng.choice((1, -1)))
    return found


def column(values: list[int]) -> pa.Array:
    return pa.array([*map(Decimal, values), None], KIND)


@pytest.mark.parametrize("mode", MODES)
def test_digits_are_rounded_away_as_python_does(mode):
    rng = random.Random(mode)
    for digits in range(1, 155):
        values = numbers(rng, 40)
        with localcontext(prec=200):
            expected = [Decimal(one).scaleb(-digits).quantize(Decimal(1), MODES[mode]) for one in values]
        assert [*expected, None] == wide.rounded(column(values), digits, mode).to_pylist()


@pytest.mark.parametrize("mode", MODES)
def test_a_quotient_is_that_of_python_wherever_it_is_within_reach(mode):
    rng = random.Random(mode)
    held = 0
    for digits in range(-6, 50):
        left, right = numbers(rng, 60, rng.choice((20, 40, 76))), [one or 7 for one in numbers(rng, 60)]
        found, lost = wide.quotient(column(left), wide.one_where(np.zeros(61, np.bool_), column(right)), digits, mode)
        for a, b, given, beyond in zip(left, right, found.to_pylist(), np.broadcast_to(lost, 61), strict=False):
            if not beyond:
                held += 1
                with localcontext(prec=400):
                    assert (Decimal(a).scaleb(digits) / b).quantize(Decimal(1), MODES[mode]) == given
    assert held > 800


def test_a_quotient_by_floor_and_what_is_left_over_are_those_of_python():
    rng = random.Random(3)
    left, right = numbers(rng, 3000), [one or 7 for one in numbers(rng, 3000)]
    wholes, overs, lost = wide.floor_quotient(column(left), wide.one_where(np.zeros(3001, np.bool_), column(right)))
    for a, b, whole, over, beyond in zip(left, right, wholes.to_pylist(), overs.to_pylist(), lost, strict=False):
        assert beyond or divmod(a, b) == (whole, over)
    assert not np.any(lost)
