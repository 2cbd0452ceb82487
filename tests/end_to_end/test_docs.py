"""`dhm docs`: the mapping sheet, as it is printed and as it is kept in a README."""

from __future__ import annotations

import csv
import io
import json

import pytest

PACK = """\
pack acme.orders 2.0.0
source orders: csv { columns { id: text at "No.", total: decimal, ship: text? } }
## What the shop sold.
entity Order {
  key id
  ## The shop's own number.
  id      : text(10)
  total   : decimal(8,2)  where total < 1000
  channel : text = "web"
  carrier : text?
}
lookup carriers (code: text) -> text {
  | code | carrier |
  | DPD  | dpd     |
  otherwise null
}
map Order from o in orders where o.total > 0 {
  let half : o.total / 2
  include o
  total   : half
  carrier : carriers(o.ship)
}
checks Order { O001 warn on total: total > 1  "only {total}" }
"""
SCRIPT = 'use "orders/pack.dhm" as m\noverride map m.Order { carrier: upper(o.ship) }\n'


@pytest.fixture
def pack(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "orders"
    folder.mkdir()
    (folder / "pack.dhm").write_text(PACK, encoding="utf-8")
    return folder


def test_every_target_field_has_its_rule_and_its_source(pack, dhm):
    told = dhm("docs", "orders").out
    assert "Rows `from o in orders where o.total > 0`" in told
    assert "| `id` | `o.id` | `orders.No.` | R201 R202 |" in told
    assert "| `let half` | `o.total / 2` | `orders.total` |" in told
    assert '| `channel` | `default "web"` |' in told
    assert "| `id` | `text(10)` | key | The shop's own number. |" in told
    assert "| `O001` | warn | `total` | `total > 1` | only {total} |" in told
    assert "| `carriers` | `code: text` | `text` | 1 rows | null |" in told


def test_overrides_are_laid_on(pack, tmp_path, dhm):
    (tmp_path / "mine.dhm").write_text(SCRIPT, encoding="utf-8")
    rows = {row["field"]: row for row in csv.DictReader(io.StringIO(dhm("docs", "mine.dhm", "--output", "csv").out))}
    assert ("upper(o.ship)", "m.orders.ship") == (rows["carrier"]["rule"], rows["carrier"]["source"])
    assert "half" == rows["total"]["rule"]


def test_the_sheet_is_data_too(pack, dhm):
    told = json.loads(dhm("docs", "orders", "--output", "json").out)
    assert ["id", "total", "channel", "carrier"] == [line["field"] for line in told["maps"][0]["lines"]]


def test_a_readme_is_kept_up_to_date(pack, dhm):
    readme = pack / "README.md"
    readme.write_text("# Orders\n\nWhat it is.\n", encoding="utf-8")
    assert 1 == dhm("docs", "orders", "--into", "orders/README.md", "--check").code
    assert 0 == dhm("docs", "orders", "--into", "orders/README.md").code
    written = readme.read_text(encoding="utf-8")
    assert written.startswith("# Orders\n\nWhat it is.\n\n<!--")
    readme.write_text(written + "\nMore by hand.\n", encoding="utf-8")
    assert 0 == dhm("docs", "orders", "--into", "orders/README.md", "--check").code
    (pack / "pack.dhm").write_text(PACK.replace("half\n  carrier", "half * 2\n  carrier"), encoding="utf-8")
    assert 1 == dhm("docs", "orders", "--into", "orders/README.md", "--check").code
    assert 0 == dhm("docs", "orders", "--into", "orders/README.md").code
    again = readme.read_text(encoding="utf-8")
    assert "half * 2" in again
    assert again.endswith("\nMore by hand.\n")


def test_a_script_with_mistakes_has_no_sheet(pack, dhm):
    (pack / "pack.dhm").write_text(PACK.replace("o.total / 2", "o.totl"), encoding="utf-8")
    ended = dhm("docs", "orders")
    assert 1 == ended.code
    assert "DHM101" in ended.err
