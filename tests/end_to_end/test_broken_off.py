"""A run broke off after some of its batches had arrived, and there is more to read by the next: nothing is sent twice."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from tests.servers.api import api

PROJECT = """\
[project]
name = "shop"

[connections.here]
kind = "local"

[connections.shop]
kind = "rest"
url = "${env:SHOP}"
insecure = true

[jobs.orders]
mapping = "orders.dhm"
overlap = "OVERLAP"
retry.attempts = 1

[jobs.orders.sources.feed]
SOURCE

[jobs.orders.targets.erp]
connection = "shop"
path = "orders"
batch = 4
"""
FOLDER = """\
connection = "here"
folder = "in"
pattern = "*.jsonl"
ready.stable = 0
"""
ASKED = """\
connection = "shop"
rows = "$.elements"
cursor = {value = "$.at"}

[[jobs.orders.sources.feed.calls]]
path = "feed"
parameters = {since = "{{CURSOR}}"}
"""
SCRIPT = """\
source feed: jsonl {
  columns {
    id: text
    at: text
  }
}
entity Order {
  key id
  id: text
}
target erp: api {}
map Order from f in feed {
  id: f.id
}
flow main {
  write Order to erp
}
"""


class World:
    """An ERP that takes each key once, and refuses all from its `until`th request on while it is shut."""

    def __init__(self, folder, server):
        self.folder, self.server, self.until = folder, server, 10_000
        self.taken, self.keys, self.asked = [], set(), 0
        self.rows: list[dict[str, str]] = []
        server.routes["POST /orders"] = self.orders
        server.routes["GET /feed"] = lambda asked: {"elements": [row for row in self.rows if row["at"] >= asked.query.get("since", "")]}

    def orders(self, asked):
        self.asked += 1
        if self.asked > self.until:
            return 403, {"error": "the token has expired"}
        if (key := asked.headers["idempotency-key"]) not in self.keys:
            self.keys.add(key)
            self.taken += [row["id"] for row in asked.json()]
        return {}

    def project(self, source, overlap="queue_one"):
        told = PROJECT.replace("SOURCE", source).replace("OVERLAP", overlap)
        (self.folder / "dhm.toml").write_text(told, encoding="utf-8")

    def put(self, name, first, last):
        (self.folder / "in").mkdir(exist_ok=True)
        lines = "".join(f'{{"id": "O-{number:02}", "at": "{number:02}"}}\n' for number in range(first, last))
        (self.folder / "in" / f"{name}.jsonl").write_text(lines, encoding="utf-8")

    def begun(self):
        command, env = [sys.executable, "-m", "datahub", "run", "orders"], {**os.environ, "SHOP": self.server.url}
        return subprocess.Popen(command, cwd=self.folder, env=env, stderr=subprocess.PIPE, text=True)

    def run(self):
        running = self.begun()
        _, told = running.communicate(timeout=120)
        return running.returncode, told

    def breaks_off(self, after):
        self.asked, self.until = 0, after
        code, told = self.run()
        assert (1, True) == (code, "403" in told), told
        self.until = 10_000


@pytest.fixture
def world(tmp_path):
    (tmp_path / "orders.dhm").write_text(SCRIPT, encoding="utf-8")
    with api() as server:
        yield World(tmp_path, server)


def ids(last):
    return [f"O-{number:02}" for number in range(last)]


@pytest.mark.parametrize("more", ["b", "a0"], ids=["behind it", "before it"])
def test_with_one_more_file_what_broke_off_is_finished_first(world, more):
    world.project(FOLDER)
    world.put("a1", 0, 10)
    world.breaks_off(after=2)
    world.put(more, 10, 13)
    code, told = world.run()
    assert 0 == code, told
    assert ids(13) == world.taken


def test_the_last_batch_of_a_file_is_not_filled_up_with_rows_of_the_next(world):
    """All batches of one target have arrived when another breaks the run off; or it was cancelled at its end."""
    world.project(FOLDER)
    world.put("a", 0, 10)
    world.asked, world.until = 0, 3
    (world.folder / "orders.dhm").write_text(
        SCRIPT.replace("target erp", "target zoo: api {}\ntarget erp").replace("to erp", "to erp\n  write Order to zoo")
    )
    world.project(FOLDER + '[jobs.orders.targets.zoo]\nconnection = "shop"\npath = "zoo"\n')
    assert 1 == world.run()[0]
    assert ids(10) == world.taken
    world.until = 10_000
    world.server.routes["POST /zoo"] = lambda asked: {}
    world.put("b", 10, 13)
    code, told = world.run()
    assert (0, ids(13)) == (code, world.taken), told


def test_it_is_finished_first_however_often_it_breaks_off(world):
    world.project(FOLDER)
    world.put("a", 0, 10)
    for after in (1, 2, 0):
        world.breaks_off(after)
        world.put(f"b{after}", 10 + after, 11 + after)
    assert 0 == world.run()[0]
    assert ids(10) == world.taken[:10]
    assert ids(13) == sorted(world.taken)


def test_a_run_that_is_cancelled_for_a_later_one_leaves_it_nothing_that_has_arrived(world):
    world.project(FOLDER, overlap="cancel_previous")
    world.put("a", 0, 10)
    taking = world.orders
    later: list[subprocess.Popen[str]] = []

    def orders(asked):
        if world.asked == 1 and not later:
            world.put("b", 10, 13)
            later.append(world.begun())
            time.sleep(4)
        return taking(asked)

    world.server.routes["POST /orders"] = orders
    _, told = world.run()
    assert "cancelled" in told, told
    _, told = later[0].communicate(timeout=120)
    assert 0 == later[0].returncode, told
    assert ids(13) == world.taken


def test_an_api_that_has_more_by_then_is_read_anew_and_no_batch_is_sent_twice(world):
    world.project(ASKED)
    world.rows = [{"id": one, "at": one} for one in ids(10)]
    world.breaks_off(after=2)
    world.rows = [{"id": one, "at": one} for one in ids(14)]
    assert 0 == world.run()[0]
    assert ids(14) == world.taken


def test_what_broke_off_is_no_news_and_what_comes_back_after_a_success_is(world):
    """A state that was sent in vain, then became another that arrived, and is as it was before: that is to be sent."""
    world.project(ASKED.replace('cursor = {value = "$.at"}\n', "").replace('parameters = {since = "{{CURSOR}}"}\n', ""))
    world.rows = [{"id": one, "at": one} for one in ids(4)]
    world.server.routes["POST /orders"], first = (lambda asked: (world.orders(asked), (403, {}))[1]), world.orders
    assert 1 == world.run()[0]
    world.server.routes["POST /orders"] = first
    world.rows = [{"id": "O-99", "at": "99"}]
    assert 0 == world.run()[0]
    world.rows = [{"id": one, "at": one} for one in ids(4)]
    assert 0 == world.run()[0]
    assert [*ids(4), "O-99", *ids(4)] == world.taken
