"""Rows that have one code for several reasons: each reason is told, with how often it was and a few of the rows."""

from __future__ import annotations

import io
import json
from pathlib import Path

from datahub.cli.output import Paint
from datahub.cli.summary import summary
from datahub.runner.embed import compile
from datahub.runner.run import run

SCRIPT = """
source items: csv { columns { sku: text, price: decimal, stock: decimal } }
entity Item {
  key sku
  sku   : text
  price : decimal(12,2)
  stock : decimal(12,2)
}
map Item from r in items { include r }
"""


def ran(folder: Path, *rows: str):
    (folder / "items.csv").write_text("\n".join(["sku,price,stock", *rows, ""]), encoding="utf-8")
    return run(compile(SCRIPT), {"items": [str(folder / "items.csv")]}, folder / "out")


def test_each_cause_of_a_code_is_told_with_its_rows(tmp_path):
    report = ran(tmp_path, "a,x,1", *(f"b{number},1,y{number}" for number in range(5)))
    (code,) = report.codes
    assert [("Item", "stock", "", 5), ("Item", "price", "", 1)] == [
        (one.entity, one.field, one.caused_by, one.count) for one in code.causes
    ]
    assert [["b0", "b1", "b2"], ["a"]] == [[row["key"] for row in one.samples] for one in code.causes]
    assert (6, 0) == (code.count, code.other)
    (told,) = json.loads((tmp_path / "out" / "run" / "report.json").read_text(encoding="utf-8"))["codes"]
    assert [5, 1] == [one["count"] for one in told["causes"]]
    lines = [line.split() for line in summary(report, Paint(io.StringIO())).splitlines()]
    assert ["R104", "6", "is", "not", "a", "number"] in lines
    assert ["5", "Item.stock:"] in [line[:2] for line in lines]
    assert ["1", "Item.price:"] in [line[:2] for line in lines]
    page = (tmp_path / "out" / "run" / "report.html").read_text(encoding="utf-8")
    assert ("5 × Item.stock" in page, "1 × Item.price" in page) == (True, True)


def test_a_code_that_has_one_cause_is_told_in_one_line(tmp_path):
    report = ran(tmp_path, "a,x,1", "b,y,1")
    assert () == report.codes[0].several
    assert '  R104  2  Item.price: "x" is not a number  items.csv:2' in summary(report, Paint(io.StringIO()))
    assert " × Item.price" not in (tmp_path / "out" / "run" / "report.html").read_text(encoding="utf-8")
