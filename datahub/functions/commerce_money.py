"""Amounts of money: tax in and out, rounding by currency, shares that add up."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions import decimals, exact
from datahub.functions.columns import all_valid, as_array, broadcast, ints, length_of, outcome, valid
from datahub.functions.commerce_codes import currency_digits, digits_of
from datahub.functions.declare import Datum, Mask, Outcome, example, function
from datahub.functions.precision import (
    MOST_DIGITS,
    as_decimal,
    capped,
    decimal_of,
    planned_product,
    planned_quotient,
    planned_rounding,
    planned_sum,
)
from datahub.functions.results import item_of
from datahub.functions.segments import listed, owners, places, sorted_rows, unpacked
from datahub.types import model as t
from datahub.types.arrow import arrow_type

HALF_UP = "half_up"
ONE = pa.scalar(Decimal(1), pa.decimal128(1, 0))
Kinds = Sequence[t.Type]
Constants = Sequence[Any]


def _digits_of(constants: Constants) -> int:
    return constants[2] if len(constants) > 2 and isinstance(constants[2], int) else 2


def _product(kinds: Kinds, constants: Constants) -> t.Type:
    return planned_rounding(planned_product(as_decimal(kinds[0]), as_decimal(kinds[1])), _digits_of(constants))


def _grossed(kinds: Kinds, constants: Constants) -> t.Type:
    whole = planned_product(as_decimal(kinds[0]), planned_sum(as_decimal(kinds[1]), t.Decimal(False, 1, 0)))
    return planned_rounding(whole, _digits_of(constants))


def _netted(kinds: Kinds, constants: Constants) -> t.Type:
    return _netted_type(as_decimal(kinds[0]), as_decimal(kinds[1]), _digits_of(constants))


def _netted_type(gross: t.Decimal, rate: t.Decimal, digits: int) -> t.Decimal:
    planned = planned_quotient(gross, planned_sum(rate, t.Decimal(False, 1, 0)))
    # A net amount is no larger than its gross one, whatever a quotient of that many digits would leave room for.
    whole = max(planned.precision - planned.scale, gross.precision - gross.scale + 1)
    return capped(whole + digits, digits)


@function(
    "vat_of(net: decimal, rate: decimal, digits: int! = 2) -> decimal",
    rule=_product,
    rejects=("R603", "R602"),
    excel="=ROUND(net*rate, 2)",
    sql="ROUND(net * rate, 2)",
    examples=[
        example("vat_of(100, 20%)", Decimal(20)),
        example("vat_of(9.99, 0.055)", Decimal("0.55")),
        example("vat_of(100, max([20]))", rejected="R603"),
    ],
)
def vat_of(net: Datum, rate: Datum, digits: int = 2) -> Outcome:
    """The tax on a net amount, rounded to `digits` after the point, half away from zero.

    The rate is a share: `20%` or `0.2`, for a column of percentages `r.rate / 100`. A rate below 0 or above 1 is a
    reject (R603), so that 20 for 20 % is not taken for 2000 %.
    """
    return _rounded(_times(net, rate, digits), digits, _no_share(rate, length_of(net, rate)))


@function(
    "gross_of(net: decimal, rate: decimal, digits: int! = 2) -> decimal",
    rule=_grossed,
    rejects=("R603", "R602"),
    excel="=ROUND(net*(1+rate), 2)",
    sql="ROUND(net * (1 + rate), 2)",
    examples=[
        example("gross_of(100, 20%)", Decimal(120)),
        example("gross_of(9.99, 0.055)", Decimal("10.54")),
        example("gross_of(100, max([20]))", rejected="R603"),
    ],
)
def gross_of(net: Datum, rate: Datum, digits: int = 2) -> Outcome:
    """A net amount with tax, rounded to `digits` after the point, half away from zero; for the rate see `vat_of`."""
    return _rounded(_times(net, _plus_one(rate), digits), digits, _no_share(rate, length_of(net, rate)))


@function(
    "net_of(gross: decimal, rate: decimal, digits: int! = 2) -> decimal",
    rule=_netted,
    rejects=("R603", "R602"),
    excel="=ROUND(gross/(1+rate), 2)",
    sql="ROUND(gross / (1 + rate), 2)",
    examples=[
        example("net_of(120, 20%)", Decimal(100)),
        example("net_of(10, 0.055)", Decimal("9.48")),
        example("net_of(100, max([20]))", rejected="R603"),
    ],
)
def net_of(gross: Datum, rate: Datum, digits: int = 2) -> Outcome:
    """A gross amount without the tax in it, rounded to `digits` after the point, half away from zero; for the rate see `vat_of`."""
    wild = _no_share(rate, length_of(gross, rate))
    planned = _netted_type(decimal_of(gross), decimal_of(rate), digits)
    raw = decimals.quotient(gross, _plus_one(_zero_where(rate, wild)), planned)
    return outcome(raw.values, (wild, "R603"), *_beside(raw, wild))


def _times(net: Datum, factor: Datum, digits: int) -> Outcome:
    """The product, exact where 76 digits hold it, else rounded to `digits` at once: not twice."""
    planned = planned_product(decimal_of(net), decimal_of(factor))
    return decimals.multiply(net, factor, planned if planned.precision < MOST_DIGITS else planned_rounding(planned, digits))


def _plus_one(rate: Datum) -> Datum:
    more = decimals.add(as_array(rate, 1), ONE).values
    return more[0] if isinstance(rate, pa.Scalar) else more


def _zero_where(rate: Datum, wild: Mask) -> Datum:
    """The rate, but zero where it is none: nothing is divided by zero."""
    if not wild.any():
        return rate
    column = as_array(rate, len(wild))
    return pc.if_else(pa.array(wild), pa.scalar(0, column.type), column)


def _no_share(rate: Datum, length: int) -> Mask:
    """Where a rate is there and not between 0 and 1."""
    low, high = decimals.order(rate, pa.scalar(0)) < 0, decimals.order(rate, pa.scalar(1)) > 0
    return np.broadcast_to((low | high) & valid(rate), (length,))


def _rounded(raw: Outcome, digits: int, wild: Mask) -> Outcome:
    result = decimals.rounded_to(raw.values, digits, HALF_UP)
    return outcome(result.values, (wild, "R603"), *_beside(raw, wild), *_beside(result, wild))


def _beside(result: Outcome, told: Mask) -> list[tuple[Mask, str]]:
    """The failures of rows that are not told of already."""
    return [(mask & ~told, code) for mask, code in result.failed]


def _by_currency(kinds: Kinds, constants: Constants) -> t.Type:
    """As many digits as a currency that is written out has; those of the amount where it is a column."""
    return planned_rounding(as_decimal(kinds[0], constants[0]), _places_of(constants[1]))


def _places_of(currency: object) -> int | None:
    found = digits_of(currency) if isinstance(currency, str) else None
    return found if isinstance(found, int) else None


@function(
    "round_money(amount: decimal, currency: text) -> decimal",
    rule=_by_currency,
    rejects=("R603", "R602"),
    excel="ROUND",
    also=("Intl.NumberFormat", "babel format_currency"),
    examples=[
        example('round_money(12.345, "EUR")', Decimal("12.35")),
        example('round_money(12.5, "JPY")', Decimal(13)),
        example('round_money(12.5, "XXX")', rejected="R603"),
    ],
)
def round_money(amount: Datum, currency: Datum) -> Outcome:
    """An amount rounded to the smallest unit of its currency, half away from zero; what is no currency is a reject (R603)."""
    amounts, codes = broadcast(amount, currency)
    written = currency.as_py() if isinstance(currency, pa.Scalar) else None
    planned = planned_rounding(decimal_of(amount), _places_of(written))
    known = currency_digits(codes)
    digits = np.where(valid(known.values), ints(known.values), -1)
    result = decimals.at_scale(amounts, planned, HALF_UP)
    lost = list(result.failed)
    values = result.values
    # At most four numbers of digits there are in ISO 4217.
    for count in np.unique(digits[digits >= 0]):
        rows = digits == count
        some = decimals.rounded_to(amounts.filter(pa.array(rows)), int(count), HALF_UP)
        fitted = decimals.at_scale(some.values, planned, HALF_UP)
        values = pc.replace_with_mask(values, pa.array(rows), fitted.values)
        for mask, code in (*some.failed, *fitted.failed):
            spread = np.zeros(len(rows), np.bool_)
            spread[rows] = mask
            lost.append((spread, code))
    return outcome(values, *known.failed, *lost)


@function(
    "proration(amount: decimal, weights: [T], digits: int! = 2) -> [decimal]",
    rule=lambda kinds, constants: _shared(kinds, constants),
    rejects=("R601", "R603", "R602"),
    also=("Fowler's Money.allocate", "dinero.js allocate"),
    examples=[
        example("proration(10, [1, 1, 1])", [Decimal("3.34"), Decimal("3.33"), Decimal("3.33")]),
        example("proration(100, [50, 30, 20])", [Decimal(50), Decimal(30), Decimal(20)]),
        example("sum(proration(0.05, [1, 2, 3]))", Decimal("0.05")),
        example("proration(10, [0, 0])", rejected="R601"),
        example("proration(10, [1, -1])", rejected="R603"),
    ],
)
def proration(amount: Datum, weights: Datum, digits: int = 2) -> Outcome:
    """An amount divided in proportion to weights, in units of `digits` after the point, so that the shares add up to it.

    What rounding down leaves goes, a unit each, to the shares that lost most, the first of equals first; what the amount
    has beyond `digits` is rounded away before. An amount for weights that add up to 0 is a reject (R601), as is a weight
    below 0 (R603).
    """
    amounts, lists = broadcast(amount, weights)
    planned = _share_type(decimal_of(amount), digits)
    whole = decimals.at_scale(amounts, planned, HALF_UP)
    items, offsets = unpacked(lists)
    units = _numbers(whole.values)
    parts = np.where(valid(items), _numbers(items), 0)
    rows = owners(offsets)
    negative = np.bincount(rows[parts < 0], minlength=len(lists)) > 0
    total = _sums(np.where(parts < 0, 0, parts), offsets)
    nothing = np.asarray((total == 0) & (units != 0), np.bool_) & ~negative
    shares = _shares(np.abs(units), np.where(parts < 0, 0, parts), np.where(total == 0, 1, total), offsets)
    signed = np.where((units < 0)[rows], -shares, shares)
    column = exact.as_decimals(signed, np.ones(len(signed), np.bool_), arrow_type(planned))
    present = all_valid(amounts, lists)
    large = [(mask & ~negative & ~nothing, code) for mask, code in whole.failed]
    return outcome(listed(column, offsets), (negative & present, "R603"), (nothing & present, "R601"), *large)


def _shared(kinds: Kinds, constants: Constants) -> t.Type | None:
    if not isinstance(t.base_of(item_of(kinds[1]) or t.Text()), (t.Int, t.Decimal, t.Nothing, t.Unknown)):
        return None
    return t.ListOf(_share_type(as_decimal(kinds[0], constants[0]), _digits_of(constants)))


def _share_type(amount: t.Decimal, digits: int) -> t.Decimal:
    return capped(amount.precision - amount.scale + digits + 1, digits)


def _numbers(values: pa.Array) -> exact.Exact:
    """The scaled whole numbers of a column, 0 for null."""
    if pa.types.is_null(values.type):
        return np.zeros(len(values), np.int64)
    filled = pc.fill_null(values, pa.scalar(0, values.type)) if values.null_count else values
    return exact.scaled(filled)


def _sums(parts: exact.Exact, offsets: Any) -> exact.Exact:
    small = parts.dtype != object and exact.peak(parts) * max(len(parts), 1) < exact.SMALL
    running = np.zeros(len(parts) + 1, np.int64 if small else object)
    np.cumsum(parts.astype(running.dtype), out=running[1:])
    return np.diff(running[offsets])


def _shares(units: exact.Exact, parts: exact.Exact, total: exact.Exact, offsets: Any) -> exact.Exact:
    rows = owners(offsets)
    portions, whole = exact.product(units[rows], parts), total[rows]
    shares = portions // whole
    left = units - _sums(shares, offsets)
    # Within each list from the largest rest to the smallest; of equals the first comes first.
    rest = exact.as_decimals(portions - shares * whole, np.ones(len(rows), np.bool_), pa.decimal256(76, 0))
    rank = np.empty(len(rows), np.int64)
    rank[sorted_rows(rest, offsets, descending=True)] = places(offsets)
    extra = np.asarray(rank < left[rows], np.int64)
    total_shares: exact.Exact = shares + extra
    return total_shares
