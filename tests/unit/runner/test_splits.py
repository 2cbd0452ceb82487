"""A plan in pieces: the same rows as in one run, and no key twice."""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from datahub.plan.serde import to_json
from datahub.runner.embed import compile
from datahub.runner.run import run
from datahub.runner.splits import KeysMeet, commit, run_split, splits, taken

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


def test_a_key_in_two_splits_is_rejected_where_one_run_rejects_it(sources: dict[str, list[str]], tmp_path: Path) -> None:
    with (tmp_path / "items" / "2.csv").open("a", encoding="utf-8") as file:
        file.write("s1,b0,1\ns7,b0,1\n")
    plan = compile(SCRIPT)
    whole = run(plan, sources, tmp_path / "whole")
    pieces = splits(plan, sources)
    receipts = [run_split(to_json(plan), piece, tmp_path / "parts") for piece in pieces]
    with pytest.raises(KeysMeet, match="2 keys of `Item`"):
        commit(receipts)
    again = taken(receipts)
    assert [2] == list(again)
    for number, known in again.items():
        receipts[number] = run_split(to_json(plan), pieces[number], tmp_path / "parts", known)
    assert {} == taken(receipts)
    assert commit(receipts) == whole.entities["Item"]
    assert lines(tmp_path / "parts") == lines(tmp_path / "whole")
    assert issues(tmp_path / "parts") == issues(tmp_path / "whole")
    assert "R303" in {code for code, *_ in issues(tmp_path / "parts")}


def issues(folder: Path) -> list[tuple[str, ...]]:
    found = [row for path in sorted(folder.glob("**/issues.parquet")) for row in pq.read_table(path).to_pylist()]
    return [(row["code"], row["file"], row["line"], row["row"], row["value"]) for row in found]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_parts_of_one_file_are_read_alone_with_their_lines_and_rows(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # A part is of whole blocks, of which a small file has one for each core.
    monkeypatch.setattr("datahub.formats.csv_read.CORES", 8)
    path = tmp_path / f"items.{kind}"
    with path.open("w", encoding="utf-8") as file:
        file.write("sku,brand,price\n" if kind == "csv" else "")
        for n in range(40_000):
            price = "x" if n % 5_003 == 7 else n
            # A line end inside of quotes moves the lines, not the rows.
            name = "b\n1" if n % 5 == 3 else "b0"
            csv, json_ = f's{n % 39_500},"{name}",{price}', json.dumps({"sku": f"s{n % 39_500}", "brand": name, "price": str(price)})
            file.write((csv if kind == "csv" else json_) + "\n")
    (tmp_path / "brands.csv").write_text("code,name\nb0,Nord\n", encoding="utf-8")
    script = SCRIPT.replace("items: csv", f"items: {kind}")
    sources = {"items": [str(path)], "brands": [str(tmp_path / "brands.csv")]}
    plan = compile(script)
    whole = run(plan, sources, tmp_path / "whole")
    pieces = splits(plan, sources, size=1 << 18)
    assert len(pieces) > 1
    receipts = [run_split(to_json(plan), piece, tmp_path / "parts") for piece in pieces]
    for number, known in taken(receipts).items():
        receipts[number] = run_split(to_json(plan), pieces[number], tmp_path / "parts", known)
    assert commit(receipts) == whole.entities["Item"]
    assert lines(tmp_path / "parts") == lines(tmp_path / "whole")
    assert issues(tmp_path / "parts") == issues(tmp_path / "whole")
    assert sum(receipt.report.rows_rejected for receipt in receipts) == whole.rows_rejected > 500


def test_a_plan_whose_rows_must_meet_is_one_split(sources: dict[str, list[str]], tmp_path: Path) -> None:
    plan = compile(SCRIPT.replace("{\n  sku   : r.sku", "  order by r.price\n{\n  sku   : r.sku"))
    (piece,) = splits(plan, sources)
    run(plan, sources, tmp_path / "whole")
    commit([run_split(to_json(plan), piece, tmp_path / "parts")])
    assert lines(tmp_path / "parts") == lines(tmp_path / "whole")
