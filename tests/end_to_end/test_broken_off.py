"""A run broke off after some of its batches had arrived, and there is more to read by the next: nothing is sent twice."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from datahub.cli.project import project
from datahub.runner.jobs.bind import folders_of
from datahub.runner.jobs.prune import prune
from datahub.state.records import Admission, Fire, FireKind
from datahub.state.sqlite.ledger import SqliteLedger
from tests.commands import dhm
from tests.servers.api import api

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)

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
    stock: int?
  }
}
entity Order {
  key id
  id: text
  stock: int?
}
target erp: api {}
map Order from f in feed {
  id: f.id
  stock: f.stock
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

    def put(self, name, first, last, stock=1):
        (self.folder / "in").mkdir(exist_ok=True)
        lines = "".join(f'{{"id": "O-{number:02}", "at": "{number:02}", "stock": {stock}}}\n' for number in range(first, last))
        (self.folder / "in" / f"{name}.jsonl").write_text(lines, encoding="utf-8")

    def begun(self):
        command, env = [sys.executable, "-m", "datahub", "run", "orders"], {**os.environ, "SHOP": self.server.url}
        return subprocess.Popen(command, cwd=self.folder, env=env, stderr=subprocess.PIPE, text=True)

    def run(self):
        ended = dhm("run", "orders", home=self.folder, SHOP=self.server.url)
        return ended.code, ended.err

    def wait_for(self, fact):
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with closing(sqlite3.connect(next((self.folder / ".dhm").rglob("*.sqlite")))) as ledger:
                if ledger.execute(fact).fetchone():
                    return
            time.sleep(0.05)
        raise AssertionError(fact)

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
def test_with_one_more_file_what_has_arrived_is_not_sent_again(world, more):
    world.project(FOLDER)
    world.put("a1", 0, 10)
    world.breaks_off(after=2)
    world.put(more, 10, 13)
    code, told = world.run()
    assert 0 == code, told
    assert ids(13) == sorted(world.taken)


def test_where_a_file_was_taken_away_or_corrected_only_what_is_new_is_sent(world):
    world.project(FOLDER)
    for name, first in (("a", 10), ("b", 20), ("c", 30)):
        world.put(name, first, first + 10)
    world.breaks_off(after=6)
    (world.folder / "in" / "c.jsonl").unlink()
    world.put("b", 21, 31)
    world.put("0", 0, 3)
    assert 0 == world.run()[0]
    assert ["O-00", "O-01", "O-02", *(f"O-{number}" for number in range(10, 34))] == sorted(world.taken)


def test_a_row_that_was_refused_is_told_by_the_run_that_goes_on(world):
    world.project(FOLDER)
    told = (world.folder / "dhm.toml").read_text()
    (world.folder / "dhm.toml").write_text(told + 'results = {items = "$.errors", key = "$.id", column = "id"}\n')
    taking = world.orders

    def orders(asked):
        answer = taking(asked)
        errors = [{"id": "O-02", "code": "E1", "message": "no such customer"}] if b"O-02" in asked.body else []
        return answer if isinstance(answer, tuple) else {"errors": errors}

    world.server.routes["POST /orders"] = orders
    world.put("a", 0, 10)
    world.breaks_off(after=2)
    code, told = world.run()
    assert (0, True) == (code, "1 row refused" in told), told
    assert ids(10) == sorted(set(world.taken))


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
    for number, after in enumerate((1, 1, 0)):
        world.breaks_off(after)
        world.put(f"b{number}", 10 + number, 11 + number)
    assert 0 == world.run()[0]
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
            world.wait_for("SELECT 1 FROM run WHERE cancel <> ''")
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


def test_a_batch_that_was_not_full_is_not_filled_up_with_what_is_new(world):
    world.project(ASKED)
    world.rows = [{"id": one, "at": one} for one in ids(10)]
    (world.folder / "orders.dhm").write_text(
        SCRIPT.replace("target erp", "target zoo: api {}\ntarget erp").replace("to erp", "to erp\n  write Order to zoo")
    )
    with (world.folder / "dhm.toml").open("a") as told:
        told.write('\n[jobs.orders.targets.zoo]\nconnection = "shop"\npath = "zoo"\n')
    world.server.routes["POST /zoo"] = lambda asked: (403, {})
    assert 1 == world.run()[0]
    assert ids(10) == world.taken
    world.server.routes["POST /zoo"] = lambda asked: {}
    world.rows = [{"id": one, "at": one} for one in ids(13)]
    code, told = world.run()
    assert (0, ids(13)) == (code, world.taken), told


@pytest.mark.parametrize("arrives", [True, False], ids=["arrived", "was sent in vain too"])
def test_a_state_that_is_as_it_was_when_a_run_broke_off_is_news(world, arrives):
    """Stock of 5, of 4, and of 5 again: whatever became of the first two, the shop has 5 at the end."""
    world.project(FOLDER)
    world.put("a", 0, 8, stock=5)
    world.breaks_off(after=1)
    world.put("a", 0, 8, stock=4)
    if arrives:
        assert 0 == world.run()[0]
    else:
        world.breaks_off(after=1)
    world.taken.clear()
    world.put("a", 0, 8, stock=5)
    assert 0 == world.run()[0]
    assert ids(8) == world.taken


def test_what_a_person_corrects_and_puts_back_after_others_have_arrived_is_sent_as_far_as_it_is_new(world):
    world.project(FOLDER + 'on_failure = {action = "move", folder = "failed"}\n')
    world.put("a", 0, 10)
    world.breaks_off(after=2)
    world.put("b", 20, 22)
    assert 0 == world.run()[0]
    world.put("a", 0, 11)
    code, told = world.run()
    assert (0, sorted([*ids(11), "O-20", "O-21"])) == (code, sorted(world.taken)), told


def test_movements_that_say_the_same_are_sent_though_a_run_broke_off_with_others(world):
    """What has no key is no repetition, but in the same file."""
    world.project(FOLDER + 'on_failure = {action = "move", folder = "failed"}\n')
    (world.folder / "orders.dhm").write_text(SCRIPT.replace("  key id\n", ""))
    world.put("a", 0, 10)
    world.breaks_off(after=2)
    world.put("b", 0, 6)
    assert 0 == world.run()[0]
    assert [*ids(8), *ids(6)] == world.taken
    (world.folder / "failed" / "a.jsonl").rename(world.folder / "in" / "a.jsonl")
    assert 0 == world.run()[0]
    assert [*ids(8), *ids(6), *ids(10)[8:]] == world.taken


@pytest.mark.parametrize("beside", [True, False], ids=["beside another", "alone"])
def test_what_a_person_puts_back_after_others_have_arrived_is_not_sent_again(world, beside):
    """The token had expired, the file lay in `failed` over night, and the next one went well."""
    world.project(FOLDER + 'on_failure = {action = "move", folder = "failed"}\n')
    world.put("a", 0, 10)
    world.breaks_off(after=2)
    world.put("b", 10, 14)
    assert 0 == world.run()[0]
    (world.folder / "failed" / "a.jsonl").rename(world.folder / "in" / "a.jsonl")
    if beside:
        world.put("0", 14, 20)
    code, told = world.run()
    assert (0, ids(20 if beside else 14)) == (code, sorted(world.taken)), told


def test_what_broke_off_is_known_however_often_nothing_came_of_a_run_since(world):
    world.project(FOLDER)
    world.put("a", 0, 10)
    world.breaks_off(after=2)
    (world.folder / "in").rename(world.folder / "away")
    (world.folder / "in").mkdir()
    with closing(SqliteLedger(next((world.folder / ".dhm").rglob("*.sqlite")))) as store:
        for minute in range(60):
            store.runs.submit(Fire("orders", FireKind.CRON, NOON + timedelta(minutes=minute)), Admission(misfired="too late"), NOON)
    (world.folder / "in").rmdir()
    (world.folder / "away").rename(world.folder / "in")
    world.put("0", 10, 13)
    assert 0 == world.run()[0]
    assert ids(13) == sorted(world.taken)


def test_what_was_taken_and_answered_with_a_refusal_is_sent_under_its_key_though_others_came_in_between(world):
    world.project(ASKED.replace('cursor = {value = "$.at"}\n', "").replace('parameters = {since = "{{CURSOR}}"}\n', ""))
    world.rows = [{"id": one, "at": one} for one in ids(4)]
    world.server.routes["POST /orders"], first = (lambda asked: (world.orders(asked), (409, {}))[1]), world.orders
    assert 1 == world.run()[0]
    world.server.routes["POST /orders"] = first
    world.rows = [{"id": "O-99", "at": "99"}]
    assert 0 == world.run()[0]
    world.rows = [{"id": one, "at": one} for one in ids(4)]
    assert 0 == world.run()[0]
    assert [*ids(4), "O-99"] == world.taken
    assert 3 == world.asked


def test_what_a_run_that_broke_off_has_sent_is_known_as_long_as_the_run(world, tmp_path):
    world.project(FOLDER)
    world.put("a", 1, 11)
    world.until = 2
    assert 1 == world.run()[0]
    assert 8 == len(world.taken)
    loaded = project(start=tmp_path)
    with closing(SqliteLedger(folders_of(loaded).ledger)) as store:
        prune(store, folders_of(loaded), loaded.project.jobs, datetime.now(UTC) + timedelta(days=60))
    world.until = 10_000
    assert 0 == world.run()[0]
    assert [f"O-{number:02}" for number in range(1, 11)] == world.taken
