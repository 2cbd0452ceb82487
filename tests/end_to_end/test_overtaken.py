"""Runs that failed and are gone on with after others have delivered: what they bring is older, and nothing goes back for it."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from tests.commands import dhm
from tests.servers.api import api

OFFERS = """\
source feed: KIND {
  columns {
    sku: text
    price: decimal
  }
}
entity Offer {
  key sku
  sku: text
  price: decimal(8,2)
}
target shop: jsonl {}
map Offer from i in feed {
  sku: i.sku
  price: i.price
}
flow main {
  write Offer to shop
}
"""
FILES = """\
[project]
name = "shop"

[connections.here]
kind = "local"

[jobs.o]
mapping = "o.dhm"
retry.attempts = 1
remember = ["Offer"]
sources.feed = {connection = "here", folder = "in", pattern = "*.csv", ready = {stable = 0}}
targets.shop = {connection = "here", folder = "out", name = "{{RUN}}.jsonl"}
"""
API = """\
[project]
name = "shop"

[connections.here]
kind = "local"

[connections.src]
kind = "rest"
url = "${env:SRC}"
insecure = true

[jobs.o]
mapping = "o.dhm"
retry.attempts = 1
targets.shop = {connection = "here", folder = "out", name = "{{RUN}}.jsonl"}

[jobs.o.sources.feed]
connection = "src"
rows = "$.r"
cursor = {value = "$.u"}

[[jobs.o.sources.feed.calls]]
path = "x"
parameters = {since = "{{CURSOR}}"}
"""


def made(folder, toml, kind):
    (folder / "dhm.toml").write_text(toml)
    (folder / "o.dhm").write_text(OFFERS.replace("KIND", kind))
    (folder / "in").mkdir()


def delivered(folder):
    """The rows of each file, in the order in which they came."""
    paths = sorted((folder / "out").iterdir(), key=os.path.getmtime)
    return [[(row["sku"], row["price"]) for row in map(json.loads, path.read_text().splitlines())] for path in paths]


def said(*given, code=0):
    ended = dhm(*given)
    assert code == ended.code, ended
    return " ".join((ended.out + ended.err).split())


def last():
    return json.loads(dhm("runs", "ls", "--output", "json").out)[0]["run"]


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A file that a run has read and could not deliver, was corrected, and delivered by the next run."""
    monkeypatch.chdir(tmp_path)
    made(tmp_path, FILES, "csv")
    (tmp_path / "in" / "4.csv").write_text("sku,price\nn,1\n")
    said("run", "o", code=1)
    failed = last()
    (tmp_path / "out").mkdir()
    (tmp_path / "in" / "4.csv").write_text("sku,price\nn,2\n")
    said("run", "o")
    return tmp_path, failed, last()


def test_a_run_that_was_overtaken_is_shown_so_and_goes_on_where_it_is_approved_alone(files):
    folder, failed, newer = files
    shown = said("runs", "show", failed)
    assert f"next `dhm run o` reads what is there now; run {newer} of the same job has delivered since run {failed} failed:" in shown
    assert "behind that, and asks for `--approve`" in shown
    assert f"run {newer} of the same job has delivered since" in said("runs", "resume", failed, code=2)
    told = said("runs", "resume", failed, "--approve")
    assert f"run {newer} has delivered since this run read its input" in told
    assert f"run {newer} has delivered since this run read its input" in said("runs", "show", failed)
    assert [[("n", 2)], [("n", 1)]] == delivered(folder)


def test_a_file_that_was_corrected_is_not_read_again_when_what_it_was_before_arrives_late(files):
    folder, failed, _ = files
    said("runs", "resume", failed, "--approve")
    assert "nothing new" in said("run", "o")
    assert [[("n", 2)], [("n", 1)]] == delivered(folder)
    # What it is from now on is news all the same, also where that is what arrived late.
    (folder / "in" / "4.csv").write_text("sku,price\nn,1\n")
    os.utime(folder / "in" / "4.csv", (1e9, 1e9))
    said("run", "o")
    assert [[("n", 2)], [("n", 1)], [("n", 1)]] == delivered(folder)


def test_two_runs_that_failed_over_one_file_do_not_both_deliver_it_without_a_word(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made(tmp_path, FILES, "csv")
    (tmp_path / "in" / "4.csv").write_text("sku,price\nn,1\n")
    said("run", "o", code=1)
    first = last()
    assert f"next either `dhm run o` reads what is there now, or `dhm runs resume {first}` goes on with what it has made" in said(
        "runs", "show", "last"
    )
    said("run", "o", code=1)
    second = last()
    (tmp_path / "out").mkdir()
    said("runs", "resume", first)
    assert f"run {first} has read `4.csv` since run {second} failed" in said("runs", "resume", second, code=2)
    assert [[("n", 1)]] == delivered(tmp_path)


def test_no_run_moves_a_cursor_backwards(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made(tmp_path, API, "jsonl")
    rows: list[dict[str, Any]] = [{"sku": "o1", "price": 1, "u": "2026-01-01"}]
    with api() as server:
        server.routes["GET /x"] = lambda asked: {"r": [row for row in rows if row["u"] > asked.query.get("since", "")]}
        monkeypatch.setenv("SRC", server.url)
        said("run", "o", code=1)
        failed = last()
        (tmp_path / "out").mkdir()
        rows += [{"sku": f"o{day}", "price": day, "u": f"2026-01-0{day}"} for day in (2, 3)]
        said("run", "o")
        assert f"run {last()} of the same job has delivered since" in said("runs", "resume", failed, code=2)
        said("runs", "resume", failed, "--approve")
        assert "nothing new" in said("run", "o")
        assert "2026-01-03" == server.seen[-1].query["since"]
    assert [[("o1", 1), ("o2", 2), ("o3", 3)], [("o1", 1)]] == delivered(tmp_path)


def test_a_file_that_was_read_and_touched_is_not_read_again_after_a_run_that_failed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made(tmp_path, FILES, "csv")
    (tmp_path / "out").mkdir()
    (tmp_path / "in" / "a.csv").write_text("sku,price\na,1\n")
    said("run", "o")
    (tmp_path / "out").rename(tmp_path / "away")
    os.utime(tmp_path / "in" / "a.csv", (1e9, 1e9))
    (tmp_path / "in" / "b.csv").write_text("sku,price\nb,1\n")
    said("run", "o", code=1)
    (tmp_path / "away").rename(tmp_path / "out")
    said("run", "o")
    assert [[("a", 1)], [("b", 1)]] == delivered(tmp_path)


def test_rows_that_did_not_arrive_are_not_listed_as_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made(tmp_path, FILES, "csv")
    (tmp_path / "in" / "4.csv").write_text("sku,price\nn,1\nm,1\no,x\n")
    said("run", "o", code=1)
    assert "failed 3 0 of 2 1" in said("runs", "ls")
    assert "nothing" == json.loads(dhm("runs", "ls", "--output", "json").out)[0]["arrived"]
    shown = said("runs", "show", "last")
    assert "rows 3 read = 2 fit to be written + 1 rejected arrived nothing" in shown
    (tmp_path / "out").mkdir()
    said("runs", "resume", "last")
    assert "success 3 2 1" in said("runs", "ls")
    assert ("3 read = 2 written + 1 rejected" in (shown := said("runs", "show", "last")), "arrived " in shown) == (True, False), shown
