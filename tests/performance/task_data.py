"""Data for the smaller races, the same for all who take part: facts with keys, entries of a lookup, rows for a decision table."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

COUNTRIES = ("FR", "BE", "DE", "ES", "IT", "NL", "PT", "AT", "CH", "LU", "PL", "CZ", "SE", "DK", "FI", "IE", "GR", "HU", "RO", "SK")
KINDS = ("letter", "parcel", "pallet", "bulk", "cold")
BANDS = (("< 5", "weight < 5", 0), (">= 5", "weight >= 5", 5))


def write(folder: Path, rows: int) -> None:
    """`facts.csv`, `entries.csv` and `parcels.csv` of so many rows each, and `decide.dhm`, whose table has 200 rows."""
    dice = np.random.default_rng(11)
    codes = pc.binary_join_element_wise("K-", pa.array(np.arange(rows) * 7919 % 10_000_019).cast(pa.string()), "")
    picked = pa.array(dice.integers(0, rows, rows))
    numbers = pa.array(np.arange(rows))
    facts = {"id": numbers, "code": codes.take(picked), "qty": pa.array(dice.integers(1, 100, rows))}
    _csv(folder / "facts.csv", facts)
    cents = dice.integers(100, 100_000, rows)
    fractions = pc.utf8_lpad(pa.array(cents % 100).cast(pa.string()), 2, "0")
    prices = pc.binary_join_element_wise(pa.array(cents // 100).cast(pa.string()), fractions, ".")
    _csv(folder / "entries.csv", {"code": codes, "label": pc.binary_join_element_wise("Entry ", codes, ""), "price": prices})
    few = pa.array(dice.integers(0, rows // 5, rows))
    places = pa.array(dice.integers(0, 1_000_000, rows))
    _csv(folder / "orders.csv", {"id": numbers, "code": codes.take(few), "place": places, "qty": facts["qty"]})
    parcels = {
        "id": numbers,
        "country": pa.array(COUNTRIES).take(pa.array(dice.integers(0, len(COUNTRIES), rows))),
        "kind": pa.array(KINDS).take(pa.array(dice.integers(0, len(KINDS), rows))),
        "weight": pa.array(np.round(dice.random(rows) * 10, 2)),
    }
    _csv(folder / "parcels.csv", parcels)
    (folder / "decide.dhm").write_text(DECIDE.replace("ROWS", "\n".join(table())), encoding="utf-8")


def break_column(feed: Path, out: Path, name: str) -> None:
    """The same feed, in which every value of one column is wrong."""
    with feed.open(encoding="utf-8", newline="") as held, out.open("w", encoding="utf-8", newline="") as made:
        rows = csv.reader(held, delimiter=";")
        writer = csv.writer(made, delimiter=";", lineterminator="\n")
        header = next(rows)
        writer.writerow(header)
        at = header.index(name)
        writer.writerows([*row[:at], f"x{row[at]}", *row[at + 1 :]] for row in rows)


def small_files(folder: Path, count: int, rows: int) -> tuple[Path, Path]:
    """A folder with so many files of so many rows each, and one with a single file of them all."""
    whole = folder / "whole"
    whole.mkdir(parents=True)
    write(whole, count * rows)
    header, *lines = (whole / "parcels.csv").read_text(encoding="utf-8").splitlines()
    many, one = folder / "many", folder / "one"
    many.mkdir()
    one.mkdir()
    for number in range(count):
        some = [header, *lines[number * rows : (number + 1) * rows]]
        (many / f"parcels-{number:05}.csv").write_text("\n".join(some) + "\n", encoding="utf-8")
    (whole / "parcels.csv").rename(one / "parcels.csv")
    return many, one


def _csv(path: Path, columns: dict[str, pa.Array]) -> None:
    pa.csv.write_csv(pa.table(columns), path, pa.csv.WriteOptions(quoting_style="none"))


def table() -> list[str]:
    """The 200 rows of the decision table, as the language has them."""
    return [
        f"  | {country} | {kind} | {band} || {country}-{kind}-{floor} | {number} |"
        for number, (country, kind, band, floor) in enumerate(_rules())
    ]


def cases() -> str:
    """The same as SQL: the number of the first row that fits."""
    whens = (
        f"WHEN country = '{country}' AND kind = '{kind}' AND {condition} THEN {number}"
        for number, (country, kind, condition, _) in enumerate(
            (country, kind, condition, floor) for country in COUNTRIES for kind in KINDS for _, condition, floor in BANDS
        )
    )
    return f"CASE {' '.join(whens)} END"


def _rules() -> list[tuple[str, str, str, int]]:
    return [(country, kind, band, floor) for country in COUNTRIES for kind in KINDS for band, _, floor in BANDS]


DECIDE = """# Every row through a table of 200 rows: "decision table of 200 rows over 1 M rows".

source parcels: csv {
  columns {
    id      : int
    country : text
    kind    : text
    weight  : decimal(6,2)
  }
}

decide tariff (country: text, kind: text, weight: decimal(6,2)) -> {class: text, zone: int} {
  | country | kind | weight || class | zone |
ROWS
  otherwise {class: "none", zone: 0}
}

entity Priced {
  id    : int
  class : text
  zone  : int
}

map Priced from p in parcels {
  let found : tariff(p.country, p.kind, p.weight)

  id    : p.id
  class : found.class
  zone  : found.zone
}

flow priced {
  write Priced to priced
}

target priced: parquet { }
"""
