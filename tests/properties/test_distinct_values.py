"""What is worked out for each value of a column is what would be worked out for each row: values, failures, issues."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest

from datahub.runner.embed import Result, run

SCRIPT = """
source items: csv {
  decimal ","
  columns {
    sku   : text
    brand : text?
    price : decimal(12,2)?
    stock : text?
    day   : date? format "dd/MM/yyyy"
    kind  : text?
    tags  : text?
  }
}
lookup kinds (code: text) -> text {
  | code | result |
  |------|--------|
  | "a"  | "Ahorn" |
  | "b"  | "Buche" |
  otherwise error "{code} is no kind"
}
entity Item {
  key sku
  sku   : text
  brand : text(1..6)
  price : decimal(12,2)
  stock : int(16)
  share : decimal(12,4)?
  day   : date
  kind  : text?
  state : text
  tags  : [text]
}
map Item from r in items {
  let tidy  : upper(nullif(normalize_spaces(r.brand), ""))
  let state : case when int(r.stock) > 100 then "many" when int(r.stock) < 0 then "none" otherwise lower(r.stock) end
  sku   : r.sku
  brand : tidy
  price : r.price
  stock : int(r.stock) on error null default 7
  share : round(100 / int(r.stock), 4)
  day   : r.day
  kind  : kinds(lower(r.kind)) on error reject ODD_KIND
  state : state on error warn "?"
  tags  : [upper(t) for t in split(r.tags, "|") where t <> "x"]
}
checks Item {
  I1 error on brand: brand <> "ACME" or stock > 3   "{brand} has {stock}"
  I2 warn : day > date("2021-01-01")                      "old: {day}"
}
"""


def feed(rows: int, seed: int) -> pa.Table:
    """Columns that repeat themselves, with values that fail, are null, or come first in a later batch."""
    dice = random.Random(seed)
    brands = [" acme", "Bosch\u00a0 ", "", "  ", "too long a name", "Élan", None]
    stocks = ["1", "0", "-5", "130", "12000", "x", "", " 7 ", None]
    days = ["28/02/2020", "30/02/2021", "01/03/2022", "", "1/3/2022"]

    def some(values: list[str | None], at: int) -> str | None:
        return dice.choice(values) if at % 3 else f"{dice.choice(['v', '1'])}{at // 700}"

    numbers = range(rows)
    return pa.table(
        {
            "sku": [f"S{number}" for number in numbers],
            "brand": [some(brands, number) for number in numbers],
            "price": [some(["1,5", "2 000,00", "x", ""], number) for number in numbers],
            "stock": [some(stocks, number) for number in numbers],
            "day": [dice.choice(days) for _ in numbers],
            "kind": [dice.choice(["a", "B", "c", None]) for _ in numbers],
            "tags": [dice.choice(["a|b", "x", "", "b|x|b", None]) for _ in numbers],
        }
    )


def ran(rows: int, seed: int, threads: int, *, optimized: bool = True) -> Result:
    return run(SCRIPT, {"items": feed(rows, seed)}, threads=threads, optimized=optimized)


@pytest.mark.parametrize("seed", range(2))
def test_values_and_rows_give_the_same(seed: int) -> None:
    by_value = [ran(80_000, seed, threads) for threads in (1, 2)]
    by_row = ran(80_000, seed, 2, optimized=False)
    assert by_row.issues.num_rows > 10_000
    assert by_row.notes.num_rows > 200
    assert by_row.entities["Item"].num_rows > 200
    for one in by_value:
        assert one.entities == by_row.entities
        assert one.issues.equals(by_row.issues)
        assert one.notes.equals(by_row.notes)
        assert one.fates == by_row.fates


def test_more_values_than_are_kept_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ran(80_000, 9, 1)
    monkeypatch.setattr("datahub.engine.distinct.MOST", 12)
    assert ran(80_000, 9, 1).issues.equals(whole.issues)
