"""Amounts: tax in and out, rounding by currency, shares that add up, units."""

from __future__ import annotations

import csv
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from datahub.functions import commerce_codes, commerce_money, commerce_units
from datahub.functions.declare import Outcome

CENTS = st.decimals(-(10**6), 10**6, places=2)


def decimals(*values: str | None, scale: int = 2) -> pa.Array:
    return pa.array([value if value is None else Decimal(value) for value in values], pa.decimal128(28, scale))


def rows(result: Outcome) -> list[Any]:
    answers = result.values.to_pylist()
    for mask, code in result.failed:
        answers = [code if bad else one for one, bad in zip(answers, mask, strict=True)]
    return answers


@given(st.lists(st.tuples(CENTS, st.decimals(0, 1, places=3)), min_size=1, max_size=5))
def test_tax_is_rounded_half_away_from_zero(pairs: list[tuple[Decimal, Decimal]]) -> None:
    def cents(exact: Fraction) -> Decimal:
        return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal("0.01"), ROUND_HALF_UP)

    amounts = pa.array([one for one, _ in pairs], pa.decimal128(28, 2))
    rates = pa.array([rate for _, rate in pairs], pa.decimal128(5, 3))
    exact = [(Fraction(one), Fraction(rate)) for one, rate in pairs]
    assert [cents(one * rate) for one, rate in exact] == rows(commerce_money.vat_of(amounts, rates))
    assert [cents(one * (1 + rate)) for one, rate in exact] == rows(commerce_money.gross_of(amounts, rates))
    assert [cents(one / (1 + rate)) for one, rate in exact] == rows(commerce_money.net_of(amounts, rates))


def test_a_rate_in_percent_is_refused_rather_than_taken_for_a_share() -> None:
    for function in (commerce_money.vat_of, commerce_money.gross_of, commerce_money.net_of):
        assert ["R603", "R603", None] == rows(function(decimals("100", "100", "100"), decimals("20", "-1", None)))


def test_an_amount_is_rounded_to_the_unit_of_its_currency() -> None:
    amounts = decimals("12.345", "12.5", "1.23456", "-0.005", "1", None, scale=5)
    codes = pa.array(["EUR", "JPY", "KWD", "USD", "ABC", "EUR"])
    expected = [Decimal("12.35"), Decimal(13), Decimal("1.235"), Decimal("-0.01"), "R603", None]
    assert expected == rows(commerce_money.round_money(amounts, codes))


@given(CENTS, st.lists(st.integers(0, 10**12), min_size=1, max_size=6))
def test_shares_add_up_to_the_amount_and_are_less_than_a_cent_from_exact(amount: Decimal, weights: list[int]) -> None:
    (shares,) = rows(commerce_money.proration(pa.array([amount], pa.decimal128(28, 2)), pa.array([weights])))
    total = sum(weights)
    if total == 0:
        assert shares == ("R601" if amount else [Decimal(0)] * len(weights))
        return
    assert amount == sum(shares)
    assert all(
        abs(Fraction(share) - Fraction(amount) * weight / total) < Fraction(1, 100) for share, weight in zip(shares, weights, strict=True)
    )


def test_an_amount_that_nobody_takes_is_rejected() -> None:
    result = commerce_money.proration(decimals("1", "0", "1"), pa.array([[], [], [2, -1]], pa.list_(pa.int64())))
    assert ["R601", [], "R603"] == rows(result)


def test_currencies_have_the_digits_of_the_standard(shared: Path) -> None:
    table = shared / "realdata" / "currency" / "data" / "codes-all.csv"
    with table.open(encoding="utf-8", newline="") as lines:
        listed = [row for row in csv.DictReader(lines) if row["AlphabeticCode"] and not row["WithdrawalDate"]]
    known = commerce_codes.currencies()
    assert len(listed) > 200
    for row in listed:
        digits = None if row["MinorUnit"] == "-" else int(row["MinorUnit"])
        assert digits == known.get(row["AlphabeticCode"]), row


def test_units_are_converted_exactly() -> None:
    values = decimals("2", "850", "1", "1", "12", "1", "1", "1", "1", None, scale=0)
    old = pa.array(["lb", "g", "gal", "uk_gal", "in", "ft2", "FL OZ", "kg", "pcs", "kg"])
    new = pa.array(["kg", "KGM", "L", "L", "ft", "m2", "mL", "m", "kg", "g"])
    expected = ["0.90718474", "0.85", "3.785411784", "4.54609", "1", "0.09290304", "29.5735295625"]
    assert [*map(Decimal, expected), "R603", "R603", None] == rows(commerce_units.convert_unit(values, old, new))


def test_temperatures_are_what_thermometers_show() -> None:
    values = decimals("0", "100", "-40", "98.6", "0", "-459.67", "21", scale=2)
    old, new = pa.array(["C", "°C", "F", "F", "K", "F", "CEL"]), pa.array(["F", "F", "C", "C", "C", "K", "KEL"])
    expected = ["32", "212", "-40", "37", "-273.15", "0", "294.15"]
    assert [*map(Decimal, expected)] == rows(commerce_units.convert_unit(values, old, new))


@given(st.sampled_from(sorted(commerce_units.UNITS)), st.sampled_from(sorted(commerce_units.UNITS)))
def test_a_quantity_there_and_back_is_the_same(old: str, new: str) -> None:
    there, back = commerce_units.factor_of(old, new), commerce_units.factor_of(new, old)
    assert (there is None) == (commerce_units.UNITS[old][0] != commerce_units.UNITS[new][0])
    assert there is None or back is None or there * back == 1
    assert there is None or commerce_units.shift_of(old, new) * (back or 0) == -commerce_units.shift_of(new, old)


def test_every_unit_of_the_domain_is_known() -> None:
    for unit in ("kg", "g", "mg", "m3", "L", "cL", "mL", "m", "cm", "m2", "lb", "oz", "gal", "qt", "pt", "fl oz", "yd", "ft", "in", "ft2"):
        assert commerce_units.unit_kind(pa.array([unit]))[0].is_valid, unit
