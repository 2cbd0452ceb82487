"""The names of a run's files are compared before the first is shown, and before anything is sent: nothing of it is written over."""

from __future__ import annotations

import pytest

from datahub.project.failures import TerminalError
from datahub.state.records import RunStatus
from tests.jobs_project import Projected

SCRIPT = """\
source feed: csv { columns { id: text } }
entity A { id: int }
map A from f in feed { id: int(f.id) }
target one: csv {}
target two: csv {}
flow main {
  write A to one
  write A to two
}
"""
JOB = """\
[project]
name = "shop"
[connections.here]
kind = "local"
[connections.also]
kind = "store"
protocol = "file"
root = "%s"
[jobs.two]
mapping = "two.dhm"
sources.feed = {connection = "here", folder = "in", ready.stable = 0, on_failure = {action = "move", folder = "unread"}}
targets.one = {connection = "here", folder = "out"%s}
targets.two = {connection = "also"%s}
"""


def shop(tmp_path, root, one, two, more="", kind="store"):
    told = JOB % (tmp_path / root, one, two) + more
    told = told.replace('kind = "store"\nprotocol = "file"', 'kind = "local"') if kind == "local" else told
    return Projected(tmp_path, {"dhm.toml": told, "two.dhm": SCRIPT, "in/a.csv": "id\n1\nx\n", "out/kept": ""})


def listing(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("one", "two", "more", "says"),
    [
        ("", ', name = "two.csv", done_file = "one.csv"', "", "the `done_file` of the target `two` is `one.csv`"),
        (', name = "{{RUN}}-{{DATE}}.csv"', ', name = "{{RUN}}-{{DATE}}.csv"', "", "`one` and `two` both leave `{{RUN}}-{{DATE}}.csv`"),
        (', exists = "replace"', ', name = "one.csv", exists = "replace"', "", "the targets `one` and `two` both leave `one.csv`"),
        ("", "", 'rejects = {connection = "also", name = "one.csv", exists = "replace"}\n', "the target `one` and `rejects` both"),
        ("", "", 'rejects = {connection = "also", name = "r.csv", done_file = "two.csv"}\n', "the `done_file` of `rejects` is `two.csv`"),
    ],
)
def test_what_is_known_before_the_run_keeps_it_from_being_started(tmp_path, one, two, more, says):
    world = shop(tmp_path, "out", one, two, more, "local")
    with pytest.raises(TerminalError, match=says):
        world.by_hand("two")
    assert ["kept"] == listing(tmp_path / "out")
    world.close()


@pytest.mark.parametrize(
    ("two", "more", "says"),
    [
        (', name = "two.csv", done_file = "one.csv"', "", "`done_file` makes `one.csv`, the name of another file of this run, for `one`"),
        (', name = "one.csv", exists = "replace"', "", "two files of this run are called `one.csv`: one for `one`, one for `two`"),
        ("", 'rejects = {connection = "also", name = "one.csv", exists = "replace"}\n', "two files of this run are called `one.csv`"),
    ],
)
def test_two_hosts_that_have_one_folder_are_found_out_before_anything_is_shown(tmp_path, two, more, says):
    # The one connection is not told as the other is, and leads there all the same.
    world = shop(tmp_path, "out", "", two, more)
    ending = world.by_hand("two")
    assert (RunStatus.FAILED, True) == (ending.run.status, says in ending.run.reason)
    assert ["kept"] == listing(tmp_path / "out")
    # What was read is given back.
    assert ["a.csv"] == listing(tmp_path / "unread")
    world.close()


def test_of_two_that_are_numbered_each_has_its_own(tmp_path):
    world = shop(tmp_path, "out", ', exists = "number"', ', name = "one.csv", exists = "number"')
    assert RunStatus.SUCCESS is world.by_hand("two").run.status
    assert ["kept", "one-1.csv", "one.csv"] == listing(tmp_path / "out")
    world.close()
