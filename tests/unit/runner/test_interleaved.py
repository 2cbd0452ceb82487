"""Header, detail and trailer lines of one file."""

from __future__ import annotations

from pathlib import Path

import pytest

from datahub.engine.start import UnusableRun
from datahub.runner.embed import compile
from datahub.runner.run import run

SCRIPT = """
source rows: csv {
  columns {
    order : text
    sku   : text
    qty   : int
  }
}
entity Count {
  kind  : text = "Z"
  lines : int
}
entity Order {
  key number
  kind   : text = "H"
  number : text
  owns Line on order
}
entity Line {
  key order, sku
  kind  : text = "L"
  order : text
  sku   : text
  qty   : int
  owns Serial on order, sku
}
entity Serial {
  key order, sku, no
  kind  : text = "S"
  order : text
  sku   : text
  no    : int
}
map Count from r in rows
  group by all: "x"
{
  lines: count()
}
map Order from r in rows
  group by number: r.order
{
  number: number
}
map Line from r in rows {
  order : r.order
  sku   : r.sku
  qty   : r.qty
}
map Serial from r in rows
  each n in 1..r.qty
{
  order : r.order
  sku   : r.sku
  no    : n
}
flow out {
  write first Count, Order, Line, Serial interleaved to erp
}
target erp: KIND
"""
FEED = "order,sku,qty\nO2,a,1\nO1,b,2\nO2,c,0\nO1,a,1\n"


def test_what_is_owned_follows_its_owner_at_every_depth(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(FEED, encoding="utf-8")
    plan = compile(SCRIPT.replace("KIND", 'csv { delimiter ";" header false }'))
    report = run(plan, {"rows": [str(tmp_path / "rows.csv")]}, tmp_path / "out")
    lines = (tmp_path / "out" / "erp.csv").read_text(encoding="utf-8").splitlines()
    assert lines == [
        "Z;4",
        "H;O2",
        "L;O2;a;1",
        "S;O2;a;1",
        "L;O2;c;0",
        "H;O1",
        "L;O1;b;2",
        "S;O1;b;1",
        "S;O1;b;2",
        "L;O1;a;1",
        "S;O1;a;1",
    ]
    assert report.adds_up


def test_a_format_without_lines_cannot_be_interleaved(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(FEED, encoding="utf-8")
    plan = compile(SCRIPT.replace("KIND", "parquet {}"))
    with pytest.raises(UnusableRun, match="which has no lines"):
        run(plan, {"rows": [str(tmp_path / "rows.csv")]}, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
