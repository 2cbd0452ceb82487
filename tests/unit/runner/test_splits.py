"""A plan in pieces: the same rows as in one run, and no key twice."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from datahub.engine.start import UnusableRun
from datahub.plan.serde import to_json
from datahub.runner.embed import compile
from datahub.runner.run import run
from datahub.runner.splits import KeysMeet, commit, run_split, splits

SCRIPT = """
source items: csv {
  columns {
    sku   : text
    brand : text
    price : decimal
  }
}
source brands: csv {
  columns {
    code : text
    name : text
  }
}
entity Item {
  key sku
  sku   : text
  brand : text?
  price : decimal(12,2)
}
map Item from r in items
  join b in brands on b.code = r.brand
{
  sku   : r.sku
  brand : b.name
  price : r.price
}
"""


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, list[str]]:
    (tmp_path / "items").mkdir()
    for part in range(3):
        rows = "".join(f"s{part * 100 + n},b{n % 3},{'x' if n % 10 == 7 else n}\n" for n in range(50))
        (tmp_path / "items" / f"{part}.csv").write_text("sku,brand,price\n" + rows, encoding="utf-8")
    (tmp_path / "brands.csv").write_text("code,name\nb0,Nord\nb1,Sud\n", encoding="utf-8")
    return {"items": [str(tmp_path / "items")], "brands": [str(tmp_path / "brands.csv")]}


def lines(folder: Path) -> list[str]:
    return [line for path in sorted(folder.glob("**/Item.jsonl")) for line in path.read_text(encoding="utf-8").splitlines()]


def test_workers_with_the_plan_and_a_split_write_what_one_run_writes(sources: dict[str, list[str]], tmp_path: Path) -> None:
    plan = compile(SCRIPT)
    whole = run(plan, sources, tmp_path / "whole")
    pieces = splits(plan, sources)
    assert len(pieces) == 3
    with ProcessPoolExecutor(2) as workers:
        receipts = list(workers.map(run_split, [to_json(plan)] * 3, pieces, [tmp_path / "parts"] * 3))
    assert commit(receipts) == whole.entities["Item"]
    assert lines(tmp_path / "parts") == lines(tmp_path / "whole")
    assert sum(receipt.report.rows_rejected for receipt in receipts) == whole.rows_rejected


def test_a_key_in_two_splits_is_found_before_the_parts_are_used(sources: dict[str, list[str]], tmp_path: Path) -> None:
    with (tmp_path / "items" / "2.csv").open("a", encoding="utf-8") as file:
        file.write("s1,b0,1\n")
    plan = compile(SCRIPT)
    receipts = [run_split(to_json(plan), piece, tmp_path / "parts") for piece in splits(plan, sources)]
    with pytest.raises(KeysMeet, match="1 keys of `Item`"):
        commit(receipts)


def test_a_plan_whose_rows_must_meet_is_not_run_in_pieces(sources: dict[str, list[str]]) -> None:
    plan = compile(SCRIPT.replace("{\n  sku   : r.sku", "  order by r.sku\n{\n  sku   : r.sku"))
    with pytest.raises(UnusableRun, match="rows must meet for `sort`"):
        splits(plan, sources)
