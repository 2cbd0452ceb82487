"""The currencies of the world as a table to look up in: many rows a code, some that contradict each other.

Worked out by hand from `codes-all.csv`: 449 rows; 169 have a `WithdrawalDate` and 3 of the others no code, which leaves 277 rows of
178 codes (EUR in 37 of them, USD in 19). Of all times, EUR has the digits 2, and none in the row of Serbia and Montenegro.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

CODES = "currency/data/codes-all.csv"
PRICES = "sku,currency,amount\na,EUR,12.345\nb,JPY,1000.5\nc,KWD,1.2345\nd,FRF,10\ne,QQQ,1\nf,,1\ng,USD,3\nh,ALL,3\ni,XAU,0.5\n"


@pytest.fixture(scope="module")
def world(mapped, realdata, tmp_path_factory):
    prices = tmp_path_factory.mktemp("prices") / "prices.csv"
    prices.write_text(PRICES, encoding="utf-8")
    return mapped("currency", codes=realdata / CODES, prices=prices)


def test_every_row_is_a_currency_of_today_or_only_looked_up(world):
    assert {"read": 449, "written": 277, "looked_up": 172} == world.fates("codes")
    assert {"read": 9, "written": 8, "rejected": 1} == world.fates("prices")
    assert {"Currency": 178, "Price": 7, "OldPrice": 7} == world.report.entities


def test_a_currency_is_the_same_in_all_its_countries(world):
    assert {"code": "EUR", "name": "Euro", "number": "978", "digits": 2, "countries": 37} == world.one("Currency", code="EUR")
    assert {"code": "USD", "name": "US Dollar", "number": "840", "digits": 2, "countries": 19} == world.one("Currency", code="USD")
    # Leading zeros are kept, the space behind `Comorian Franc ` is not, and the digits of gold are `-`.
    assert {"code": "ALL", "name": "Lek", "number": "008", "digits": 2, "countries": 1} == world.one("Currency", code="ALL")
    assert {"code": "KMF", "name": "Comorian Franc", "number": "174", "digits": 0, "countries": 1} == world.one("Currency", code="KMF")
    assert {"code": "XAU", "name": "Gold", "number": "959", "digits": None, "countries": 1} == world.one("Currency", code="XAU")
    digits = [row["digits"] for row in world.rows["Currency"]]
    assert {0: 17, 2: 139, 3: 7, 4: 2, None: 13} == {one: digits.count(one) for one in digits}
    assert 277 == sum(row["countries"] for row in world.rows["Currency"])


def test_a_price_finds_its_currency(world):
    assert [
        {"sku": "a", "amount": Decimal("12.345"), "number": "978"},
        {"sku": "b", "amount": 1001, "number": "392"},
        {"sku": "c", "amount": Decimal("1.2345"), "number": "414"},
        {"sku": "f", "amount": 1, "number": None},
        {"sku": "g", "amount": 3, "number": "840"},
        {"sku": "h", "amount": 3, "number": "008"},
        {"sku": "i", "amount": Decimal("0.5"), "number": "959"},
    ] == world.rows["Price"]


def test_rows_of_one_code_answer_where_they_agree(world):
    # FRF was withdrawn in 12 rows that all say 250; USD has 19 rows that say the same; those of EUR do not.
    numbers = {row["sku"]: row["number"] for row in world.rows["OldPrice"]}
    assert {"b": "392", "c": "414", "d": "250", "f": None, "g": "840", "h": "008", "i": "959"} == numbers
    told = {(one["code"], one["entity"], one["column"], one["value"], one["line"]) for one in world.issues}
    assert {
        ("R403", "OldPrice", "currency", "EUR", 2),
        ("R401", "Price", "currency", "FRF", 5),
        ("R401", "Price, OldPrice", "currency", "QQQ", 6),
    } == told
