"""Exact arithmetic on columns against Python's decimals, over types of every size and numbers at their edges."""

from __future__ import annotations

import decimal
import random
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from datahub.functions import decimals, precision
from datahub.functions.declare import Outcome
from datahub.types import model as t
from datahub.types.arrow import arrow_type

ROUNDS = 120
MODES = {
    "half_up": decimal.ROUND_HALF_UP, "half_even": decimal.ROUND_HALF_EVEN, "half_down": decimal.ROUND_HALF_DOWN, "down": decimal.ROUND_DOWN,
    "up": decimal.ROUND_UP, "floor": decimal.ROUND_FLOOR, "ceil": decimal.ROUND_CEILING,
}  # fmt: skip
Column = list[Decimal | None]


def a_type(rng: random.Random) -> t.Decimal:
    digits = rng.choice([1, 2, 5, 9, 12, 18, 19, 28, 38, 50, 76])
    return t.Decimal(False, digits, min(rng.choice([0, 2, 10, digits, digits // 2]), digits, 38))


def a_column(rng: random.Random, kind: t.Decimal) -> Column:
    most = 10**kind.precision - 1
    wide = rng.random() < 0.6
    # Near powers of ten long division goes wrong, where it does.
    nines = 10 ** rng.randint(1, kind.precision) - 1
    pick = [0, 1, -1, 5, -5, 15, 25, most, -most, 10 ** (kind.precision - 1), nines, -nines, nines // 2, nines + 1]
    numbers = [
        rng.choice([rng.randint(-most, most) if wide else rng.randint(-(10**6), 10**6), rng.choice(pick)])
        for _ in range(rng.choice([1, 6]))
    ]
    return [None if rng.random() < 0.1 else Decimal(max(-most, min(most, number))).scaleb(-kind.scale) for number in numbers]


def told(outcome: Outcome, kind: t.Decimal) -> list[Any]:
    assert arrow_type(kind) == outcome.values.type
    outcome.values.validate(full=True)
    values = outcome.values.to_pylist()
    for mask, code in outcome.failed:
        for row in np.flatnonzero(mask):
            values[row] = code
    return values


def fitted(number: Fraction, kind: t.Decimal, mode: str = ROUND_HALF_UP, code: str = "R602") -> Any:
    with localcontext(prec=600):
        exact = Decimal(number.numerator) / Decimal(number.denominator)
        rounded = exact.quantize(Decimal(1).scaleb(-kind.scale), mode)
    return rounded if abs(Fraction(rounded)) < Fraction(10**kind.precision, 10**kind.scale) else code


def paired(left: Column, right: Column, give: Callable[[Fraction, Fraction], Any]) -> list[Any]:
    return [None if a is None or b is None else give(Fraction(a), Fraction(b)) for a, b in zip(left, right, strict=True)]


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_arithmetic_is_exact(seed: int) -> None:
    rng = random.Random(seed)
    with localcontext(prec=200):
        a, b = a_type(rng), a_type(rng)
        left = a_column(rng, a)
        right = (a_column(rng, b) * len(left))[: len(left)]
        x, y = pa.array(left, arrow_type(a)), pa.array(right, arrow_type(b))
        kind = precision.planned_sum(a, b)
        assert paired(left, right, lambda p, q: fitted(p + q, kind)) == told(decimals.add(x, y), kind)
        assert paired(left, right, lambda p, q: fitted(p - q, kind)) == told(decimals.subtract(x, y), kind)
        product = precision.planned_product(a, b)
        assert paired(left, right, lambda p, q: fitted(p * q, product)) == told(decimals.multiply(x, y), product)
        ratio = precision.planned_quotient(a, b)
        assert paired(left, right, lambda p, q: fitted(p / q, ratio) if q else "R601") == told(decimals.divide(x, y), ratio)
        signs = [0 if p is None or q is None else int(p > q) - int(p < q) for p, q in zip(left, right, strict=True)]
        assert signs == [0 if p is None or q is None else int(sign) for p, q, sign in zip(left, right, decimals.order(x, y), strict=True)]


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_rounding_and_fitting_lose_what_is_said_and_no_more(seed: int) -> None:
    rng = random.Random(seed)
    with localcontext(prec=200):
        kind = a_type(rng)
        numbers = a_column(rng, kind)
        column = pa.array(numbers, arrow_type(kind))
        for mode, how in MODES.items():
            digits = rng.choice([0, 1, 2, kind.scale, kind.scale - 1, 5, -1, -2, -20, -80])
            planned = precision.planned_rounding(kind, digits)
            expected = [None if one is None else _rounded(one, min(digits, kind.scale), planned, how) for one in numbers]
            assert expected == told(decimals.rounded_to(column, digits, mode), planned)
        wanted = a_type(rng)
        for rounding in (None, "half_up", "down"):
            expected = [None if one is None else _fit(one, wanted, rounding) for one in numbers]
            assert expected == told(decimals.fit_decimal(column, wanted.precision, wanted.scale, rounding), wanted)


def _rounded(number: Decimal, digits: int, planned: t.Decimal, how: str) -> Any:
    value = number.quantize(Decimal(1).scaleb(-digits), how)
    return value if abs(value) < Decimal(10) ** (planned.precision - planned.scale) else "R602"


def _fit(number: Decimal, wanted: t.Decimal, rounding: str | None) -> Any:
    value = number.quantize(Decimal(1).scaleb(-wanted.scale), MODES[rounding or "down"])
    if abs(value) >= Decimal(10) ** (wanted.precision - wanted.scale):
        return "R102"
    return value if rounding or value == number else "R105"


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_whole_quotients_go_down_and_what_is_left_has_the_divisors_sign(seed: int) -> None:
    rng = random.Random(seed)
    with localcontext(prec=200):
        a, b = (t.Decimal(False, digits, 2) for digits in rng.choices([4, 18, 30], k=2))
        left = a_column(rng, a)
        right = (a_column(rng, b) * len(left))[: len(left)]
        wholes, rests = decimals.floor_divide(pa.array(left, arrow_type(a)), pa.array(right, arrow_type(b)))
        failed = {int(row): code for mask, code in wholes.failed for row in np.flatnonzero(mask)}
        for row, (p, q) in enumerate(zip(left, right, strict=True)):
            if p is None or q is None:
                assert wholes.values[row].as_py() is None
            elif q == 0:
                assert failed[row] == "R601"
            else:
                down = Fraction(p) // Fraction(q)
                assert (down if -(2**63) <= down < 2**63 else "R602") == failed.get(row, wholes.values[row].as_py())
                assert Fraction(p) - down * Fraction(q) == Fraction(rests.values[row].as_py())
