"""A done-file for files of several sources of a job is left until the last of them is read, and goes with it."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime

import pytest

from datahub.state.records import Admission, Fire, FireKind, Overlap, RunStatus
from tests.jobs_project import Projected

SCRIPT = """\
source heads: jsonl { columns { id: text } }
source lines: csv { columns { id: text } }
entity A { id: text }
map A from f in heads { id: f.id }
map A from f in lines { id: f.id }
target one: jsonl {}
flow main { write A to one }
"""
JOB = """\
[project]
name = "shop"
[connections.here]
kind = "local"
[connections.also]
kind = "local"
root = "in"
[jobs.both]
mapping = "both.dhm"
targets.one = {connection = "here", folder = "out", name = "{{RUN}}.jsonl"}
[jobs.both.sources.heads]
connection = "here"
folder = "in"
pattern = "*.jsonl"
ready = {stable = 0, done_file = "%s"}
after = {action = "move", folder = "done"}
[jobs.both.sources.lines]
connection = "also"
folder = "."
pattern = "*.csv"
ready = {stable = 0, done_file = "%s"%s}
after = %s
%s
"""
MOVE = '{action = "move", folder = "done"}'


def shop(tmp_path, done, ready="", after=MOVE, more=""):
    files = {"in/a.jsonl": '{"id": "a"}\n', "in/a.csv": "id\nb\n", "in/c.csv": "id\nc\n"}
    announced = {f"in/{done.replace('{{STEM}}', stem)}": "" for stem in ("a", "c")}
    made = Projected(tmp_path, {"dhm.toml": JOB % (done, done, ready, after, more), "both.dhm": SCRIPT, "out/kept": ""} | files | announced)
    for path in (tmp_path / "in").iterdir():
        os.utime(path, (time.time() - 1, time.time() - 1))
    return made


def names(folder):
    return {path.name for path in folder.iterdir() if path.is_file()}


def ids(world):
    return sorted(row["id"] for rows in world.rows("out") for row in rows)


@pytest.mark.parametrize("done", ["all.ok", "{{STEM}}.ok"])
def test_what_was_left_over_by_a_limit_is_taken_by_the_next_run(tmp_path, done):
    world = shop(tmp_path, done, more="limit = 1")
    now = datetime.now(UTC)
    world.store.runs.submit(Fire("both", FireKind.MANUAL, now), Admission(Overlap.QUEUE_ALL), now)
    assert [RunStatus.SUCCESS] * 2 == [one.run.status for one in world.work("both")]
    assert set() == names(tmp_path / "in")
    assert ["a", "b", "c"] == ids(world)
    world.close()


@pytest.mark.parametrize("done", ["all.ok", "{{STEM}}.ok"])
def test_what_was_too_young_is_taken_once_it_is_old_enough(tmp_path, done):
    world = shop(tmp_path, done, ready=', min_age = "1 h"')
    assert RunStatus.SUCCESS is world.by_hand("both").run.status
    assert {"a.csv", "c.csv"} < names(tmp_path / "in")
    for name in ("a.csv", "c.csv"):
        os.utime(tmp_path / "in" / name, (time.time() - 7200, time.time() - 7200))
    assert RunStatus.SUCCESS is world.by_hand("both").run.status
    assert set() == names(tmp_path / "in")
    assert ["a", "b", "c"] == ids(world)
    world.close()


@pytest.mark.parametrize("after", [MOVE, '{action = "keep"}', '{action = "delete"}'])
def test_what_all_have_read_is_carried_off(tmp_path, after):
    world = shop(tmp_path, "all.ok", after=after)
    assert RunStatus.SUCCESS is world.by_hand("both").run.status
    assert ({"a.csv", "c.csv"} if "keep" in after else set()) == names(tmp_path / "in")
    # Nor is it what one process has seen in an earlier run.
    for name, text in {"d.jsonl": '{"id": "d"}\n', "e.csv": "id\ne\n", "all.ok": ""}.items():
        (tmp_path / "in" / name).write_text(text)
    assert RunStatus.SUCCESS is world.by_hand("both").run.status
    assert ({"a.csv", "c.csv", "e.csv"} if "keep" in after else set()) == names(tmp_path / "in")
    assert ["a", "b", "c", "d", "e"] == ids(world)
    world.close()
