"""A file that others are looked up in is there when they are read, or nothing is delivered."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from datahub.project.binding import After
from datahub.state.records import RunStatus
from tests.jobs_project import Projected

PROJECT = """\
[project]
name = "shop"
[connections.here]
kind = "local"
[jobs.offers]
mapping = "offers.dhm"
sources.feed = {connection = "here", folder = "in", ready.stable = 0, after.action = "delete"}
sources.cats = {connection = "here", %s, ready.stable = 0}
targets.kept = {connection = "here", folder = "out", create_folders = true, name = "{{RUN}}.jsonl"}
"""
SCRIPT = """\
source feed: csv { columns { sku: text, cat: text } }
source cats: csv { columns { code: text, name: text } }
entity Offer { sku: text, cat: text }
map Offer from f in feed join c in cats on c.code = f.cat { sku: f.sku, cat: c.name default "none" }
target kept: jsonl {}
flow main { write Offer to kept }
"""
FEED = "sku,cat\nA,1\n"


@pytest.fixture
def shop(tmp_path, request):
    made = Projected(tmp_path, {"dhm.toml": PROJECT % request.param, "offers.dhm": SCRIPT, "in/1.csv": FEED})
    (tmp_path / "ref").mkdir()
    yield made
    made.close()


@pytest.mark.parametrize("shop", ['path = "ref/cats.csv"'], indirect=True)
def test_without_its_file_a_run_waits_and_goes_on_when_it_is_there(shop):
    ending = shop.by_hand("offers")
    assert (RunStatus.RETRYABLE, "UNREACHED") == (ending.run.status, ending.run.code)
    assert "`ref/cats.csv` is not there, and the source `cats` is bound to it" in ending.run.reason
    assert "`folder` and a `pattern`" in ending.help
    assert FEED == (shop.folder / "in" / "1.csv").read_text()
    shop.put("ref/cats.csv", "code,name\n1,tools\n")
    assert shop.store.runs.reopen(ending.run.id, datetime.now(UTC))
    (again,) = shop.work("offers")
    assert (RunStatus.SUCCESS, ending.run.id) == (again.run.status, again.run.id)
    assert [[{"sku": "A", "cat": "tools"}]] == shop.rows("out")


@pytest.mark.parametrize("shop", ['path = "ref/cats.csv"'], indirect=True)
def test_nothing_is_missed_where_nothing_is_new(shop):
    (shop.folder / "in" / "1.csv").unlink()
    assert (RunStatus.SUCCESS, "nothing new") == ((run := shop.by_hand("offers").run).status, run.reason)


@pytest.mark.parametrize("shop", ['folder = "ref"'], indirect=True)
def test_a_folder_may_be_empty(shop):
    assert RunStatus.SUCCESS is shop.by_hand("offers").run.status
    assert [[{"sku": "A", "cat": "none"}]] == shop.rows("out")


@pytest.mark.parametrize("shop", ['path = "ref/cats.csv"'], indirect=True)
def test_where_it_cannot_be_read_no_other_file_is_put_aside_for_it_or_tried_at_once(shop):
    job = shop.loaded.project.jobs["offers"]
    aside = After(action="move", folder="failed")
    feed = job.sources["feed"].model_copy(update={"limit": 1, "on_failure": aside})
    shop.loaded.project.jobs["offers"] = job.model_copy(update={"sources": {**job.sources, "feed": feed}})
    shop.put("in/2.csv", FEED)
    shop.put("ref/cats.csv", "code\n1\n")
    ending = shop.by_hand("offers")
    assert RunStatus.FAILED is ending.run.status
    assert "cats.csv:1: `cats.csv` lacks the declared column `name`; 1 more file waits" == ending.run.reason
    assert ["1.csv", "2.csv"] == sorted(one.name for one in (shop.folder / "in").iterdir())
    assert [] == shop.work("offers")
