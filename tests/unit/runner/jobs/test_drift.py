"""A column that the last good run had and a file has no more is told of, also where its rows may be without it."""

from __future__ import annotations

import pytest

from tests.jobs_project import Projected

TOML = """\
[project]
name = "shop"
[connections.here]
kind = "local"
[jobs.offers]
mapping = "offers.dhm"
sources.feed = {connection = "here", folder = "in", ready.stable = 0, after = {action = "move", folder = "done"}}
targets.kept = {connection = "here", folder = "out", create_folders = true, name = "{{RUN}}.jsonl"}
"""
SCRIPT = """\
source feed: csv { columns { sku: text, brand: text?, colour: text? } }
entity Offer {
  key sku
  sku    : text
  brand  : text?
  colour : text?
}
map Offer from f in feed { include f }
target kept: jsonl {}
flow main { write Offer to kept }
"""


@pytest.fixture
def shop(tmp_path):
    made = Projected(tmp_path, {"dhm.toml": TOML, "offers.dhm": SCRIPT})
    yield made
    made.close()


def ran(shop, name, text):
    shop.put(f"in/{name}.csv", text)
    ending = shop.by_hand("offers")
    assert "success" == ending.run.status.value
    return ending


def test_a_column_that_was_there_is_missed_once(shop):
    first = ran(shop, "mon", "sku,brand\na,Acme\n")
    assert () == first.told
    ending = ran(shop, "tue", "sku\na\n")
    told = f"feed: `tue.csv` lacks the column `brand`, which run {first.run.id} had: null in all of its rows"
    assert ((told,), told) == (ending.told, ending.run.reason)
    assert told in ending.report.warnings
    # What is so since then is no news.
    assert () == ran(shop, "wed", "sku\nb\n").told
    assert () == ran(shop, "thu", "sku,brand,colour\nb,Acme,red\n").told
    (told,) = ran(shop, "fri", "sku\nb\n").told
    assert "lacks the columns `brand`, `colour`" in told


def test_a_table_misses_its_columns_too(shop, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    shop.put("offers.dhm", SCRIPT.replace("feed: csv", "feed: parquet"))
    (tmp_path / "in").mkdir()
    for name, table, told in (
        ("a", {"sku": ["a"], "brand": ["x"]}, 0),
        ("b", {"sku": ["a"]}, 1),
    ):
        pq.write_table(pa.table(table), tmp_path / "in" / f"{name}.parquet")
        assert told == len(shop.by_hand("offers").told)


@pytest.mark.parametrize(
    "kind, had, lacks",
    [
        ("jsonl", '{"sku":"a","brand":"x"}\n{"sku":"b"}\n', '{"sku":"a"}\n{"sku":"b","brand":null}\n'),
        ("json", '[{"sku":"a","brand":"x","colour":"red"}]', '[{"sku":"a","colour":"red"}]'),
        ("xml", "<r><o><sku>a</sku><brand>x</brand></o></r>", "<r><o><sku>a</sku></o></r>"),
    ],
)
def test_records_miss_their_members_too(shop, kind, had, lacks):
    shop.put("offers.dhm", SCRIPT.replace("feed: csv {", 'feed: xml { rows "/r/o"' if kind == "xml" else f"feed: {kind} {{"))
    for name, text, told in (("a", had, 0), ("b", lacks, 1), ("c", had.replace("x", "y"), 0)):
        shop.put(f"in/{name}.{kind}", text if kind != "xml" or told or name == "a" else had.replace(">x<", ">y<"))
        assert told == len(shop.by_hand("offers").told), name


def test_a_run_that_found_nothing_and_a_first_run_miss_nothing(shop):
    assert () == ran(shop, "mon", "sku\na\n").told
    assert () == shop.by_hand("offers").told
