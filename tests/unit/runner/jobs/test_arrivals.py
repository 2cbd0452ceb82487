"""A file that is ready starts the job that waits for it: once for each content, whoever looks."""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from datahub.runner.jobs.arrivals import Arrivals, arrived
from datahub.state.records import RunStatus
from tests.jobs_project import Projected

PROJECT = """\
[project]
name = "shop"

[connections.here]
kind = "local"

[jobs.offers]
mapping = "offers.dhm"
triggers = {kind = "file", every = "30 s"}

[jobs.offers.sources.feed]
connection = "here"
folder = "in"
ready = {stable = 0, done_file = "{{NAME}}.ok"}
after = {action = "keep"}

[jobs.offers.targets.shop]
connection = "here"
folder = "out"
create_folders = true
name = "{{RUN}}.jsonl"
"""
SCRIPT = """\
source feed: csv { columns { sku: text } }
entity Offer { key sku, sku: text }
map Offer from f in feed { include f }
target shop: jsonl {}
flow main { write Offer to shop }
""".replace("{ key sku, sku: text }", "{\n  key sku\n  sku: text\n}")


@pytest.fixture
def shop(tmp_path):
    made = Projected(tmp_path, {"dhm.toml": PROJECT, "offers.dhm": SCRIPT, "in/.keep": ""})
    yield made
    made.close()


def look(shop):
    job = shop.loaded.project.jobs["offers"]
    return arrived(shop.store, shop.loaded, "offers", job, job.triggers[0], datetime.now(UTC))


def put(shop, name, *rows):
    shop.put(f"in/{name}", "sku\n" + "".join(f"{row}\n" for row in rows))
    shop.put(f"in/{name}.ok", "")


def test_a_file_starts_the_job_when_it_is_ready_and_not_again(shop):
    assert look(shop) is None
    shop.put("in/a.csv", "sku\nA\n")
    assert look(shop) is None
    put(shop, "a.csv", "A")
    assert look(shop) is not None
    assert look(shop) is None
    assert [1] == [ending.run.counts.written for ending in shop.work("offers")]
    assert look(shop) is None
    put(shop, "b.csv", "B")
    assert look(shop) is not None
    shop.work("offers")
    assert [[{"sku": "A"}], [{"sku": "B"}]] == shop.rows("out")


def test_a_file_with_other_content_starts_the_job_again_and_one_that_was_only_touched_delivers_nothing(shop):
    put(shop, "a.csv", "A")
    look(shop)
    shop.work("offers")
    put(shop, "a.csv", "A", "B")
    assert look(shop) is not None
    shop.work("offers")
    later = time.time() + 60
    os.utime(shop.folder / "in" / "a.csv", (later, later))
    look(shop)
    shop.work("offers")
    assert look(shop) is None
    assert [[{"sku": "A"}], [{"sku": "A"}, {"sku": "B"}]] == shop.rows("out")


def test_a_file_that_is_put_back_with_its_old_time_starts_the_job_each_time(shop):
    def there(sku, at):
        put(shop, "a.csv", sku)
        os.utime(shop.folder / "in" / "a.csv", (at, at))

    for sku, at in (("A", 1e9), ("B", 2e9), ("A", 1e9), ("B", 2e9), ("A", 1e9)):
        there(sku, at)
        assert look(shop) is not None
        assert look(shop) is None
        shop.work("offers")
        assert look(shop) is None
    assert ["A", "B", "A", "B", "A"] == [rows[0]["sku"] for rows in shop.rows("out")]


def test_a_file_over_which_the_run_failed_is_not_tried_for_ever(shop):
    shop.put("offers.dhm", SCRIPT.replace("write Offer to shop", "write Offer to shop\n  abort when count(Offer) > 0"))
    put(shop, "a.csv", "A")
    assert look(shop) is not None
    assert [RunStatus.FAILED] == [ending.run.status for ending in shop.work("offers")]
    assert look(shop) is None
    shop.put("offers.dhm", SCRIPT)
    put(shop, "b.csv", "B")
    assert look(shop) is not None
    shop.work("offers")
    assert [[{"sku": "A"}, {"sku": "B"}]] == shop.rows("out")


def test_several_that_look_at_once_start_one_run(shop):
    put(shop, "a.csv", "A")
    several = [threading.Thread(target=look, args=(shop,)) for _ in range(8)]
    for one in several:
        one.start()
    for one in several:
        one.join()
    assert 1 == len(shop.store.runs.list())


def test_it_is_looked_as_often_as_the_job_says_and_a_trouble_is_told_once(shop):
    said, woken = [], threading.Event()
    arrivals = Arrivals(shop.store, lambda: shop.loaded, lambda job, what: said.append(f"{job}: {what}"), woken.set)
    job, now = shop.loaded.project.jobs["offers"], datetime.now(UTC)
    (shop.folder / "in").rename(shop.folder / "gone")
    for seconds in (0, 10, 30, 60):
        arrivals.look("offers", job, now + timedelta(seconds=seconds))
        arrivals._looking["offers"].join(10)
    assert 1 == len(said)
    assert "its files cannot be looked at" in said[0]
    (shop.folder / "gone").rename(shop.folder / "in")
    put(shop, "a.csv", "A")
    arrivals.look("offers", job, now + timedelta(seconds=90))
    assert woken.wait(10)
    assert "offers: its files can be looked at again" == said[1]
    assert 1 == len(shop.store.runs.list())
