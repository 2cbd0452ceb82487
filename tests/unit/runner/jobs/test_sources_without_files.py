"""What a run is told of a source that has no file for it: nothing where that is as ever, and why where its rows are missed."""

from __future__ import annotations

import pytest

from datahub.project.binding import FilesFrom
from datahub.runner.jobs.bind import place_of
from datahub.state.records import RunStatus
from tests.jobs_project import Projected

TOML = """\
[project]
name = "shop"

[connections.here]
kind = "local"

[jobs.offers]
mapping = "offers.dhm"
sources.feed = { connection = "here", folder = "in", pattern = "feed*.csv", ready = { stable = 0 } }
sources.prices = { connection = "here", folder = "in", pattern = "prices*.csv", ready = { stable = 0 } }
targets.list = { connection = "here", folder = "out", name = "{{TARGET}}-{{RUN}}.{{FORMAT}}", create_folders = true }
"""
TWO_LISTS = """\
source feed: csv { columns { sku: text } }
source prices: csv { columns { sku: text } }
entity Offer { key sku
 sku: text }
map Offer from f in feed { sku: f.sku }
map Offer from p in prices { sku: p.sku }
target list: csv {}
flow main { write Offer to list }
"""
LOOKED_UP = """\
source feed: csv { columns { sku: text } }
source prices: csv { columns { sku: text, price: decimal? } }
entity Offer { key sku
 sku: text, price: decimal(10,2)? }
map Offer from f in feed join p in prices on p.sku = f.sku { sku: f.sku, price: p.price }
target list: csv {}
flow main { write Offer to list }
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = []

    def make(script):
        made.append(Projected(tmp_path, {"dhm.toml": TOML, "offers.dhm": script}))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_a_source_whose_files_were_all_read_before_is_no_news(shop):
    one = shop(TWO_LISTS)
    one.put("in/prices-1.csv", "sku\nP1\n")
    one.put("in/feed-1.csv", "sku\nF1\n")
    one.by_hand("offers")
    one.put("in/feed-2.csv", "sku\nF2\n")
    ending = one.by_hand("offers")
    assert (RunStatus.SUCCESS, 1, (), ()) == (ending.run.status, ending.run.counts.read, ending.report.warnings, ending.report.notes)


def test_a_source_that_is_looked_up_in_and_has_no_file_is_told_with_the_reason(shop):
    one = shop(LOOKED_UP)
    one.put("in/feed-1.csv", "sku\nF1\n")
    ending = one.by_hand("offers")
    assert ("prices: there is no file to read",) == ending.report.warnings
    assert ("prices: not taken: there is 1 file in `in`, and none fits `prices*.csv`",) == ending.report.notes


def test_where_a_file_of_a_web_server_is_says_nothing_of_its_key():
    first, second = (
        place_of("offers", "feed", FilesFrom(connection="web", path=f"in/a.csv?key={key}")) for key in ("c4nary-1", "c4nary-2")
    )
    assert first.startswith("offers:feed:web/in/a.csv (")
    assert ("c4nary" not in first + second, True) == (True, first != second)
    assert "offers:feed:web/in/a.csv" == place_of("offers", "feed", FilesFrom(connection="web", path="in/a.csv"))
