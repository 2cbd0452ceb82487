"""A project goes on where it was, wherever its folder is now."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from datahub.state.sqlite.ledger import SqliteLedger
from datahub.state.sqlite.schema import VERSIONS
from tests.end_to_end.test_sent_before import Place
from tests.servers.api import api

WHOLE = 16
"""The version that kept paths as they are."""
FILES = """\
source rows: csv {
  columns {
    id: int
    name: text
  }
}
entity Thing {
  key id
  id: int
  name: text
}
map Thing from r in rows {
  include r
}
target dst: csv {}
flow main {
  write Thing to dst
}
"""


@pytest.fixture
def place(tmp_path, dhm, monkeypatch):
    (tmp_path / "shop").mkdir()
    monkeypatch.chdir(tmp_path / "shop")
    with api() as server:
        monkeypatch.setenv("SHOP", server.url)
        place = Place(tmp_path / "shop", dhm, server)
        place.job(more="batch = 2\n")
        yield place


def killed(place, point):
    ended = subprocess.run([sys.executable, "-m", "datahub", "run", "ff"], env={**os.environ, "DHM_FAIL": point}, capture_output=True)
    assert -9 == ended.returncode, ended.stderr


def moved(place, monkeypatch, how):
    to = place.folder.with_name("elsewhere")
    if how == "copied":
        shutil.copytree(place.folder, to)
        shutil.rmtree(place.folder)
    else:
        place.folder.rename(to)
    if how == "of an earlier version":
        kept_whole(next((to / ".dhm").rglob("ledger.sqlite")), place.folder / ".dhm" / "default")
    place.folder = to
    monkeypatch.chdir(to)


def kept_whole(ledger, folder):
    """Make a ledger one of the version that kept paths as they are."""
    with closing(sqlite3.connect(ledger)) as sql:
        sql.execute("UPDATE item SET staged = ? || staged", (f"{folder}/",))
        sql.execute("UPDATE out_file SET rendered = ? || rendered", (f"{folder}/",))
        sql.execute("UPDATE rejects SET path = ? || path", (f"{folder}/",))
        sql.execute(f"PRAGMA user_version = {WHOLE}")
        sql.commit()


@pytest.mark.parametrize(
    "how, point",
    [
        ("moved", "staged"),
        ("moved", "planned"),
        ("moved", "send:2"),
        ("copied", "sent:2"),
        ("moved", "delivered"),
        ("of an earlier version", "staged"),
        ("of an earlier version", "marked:3"),
    ],
)
def test_a_run_that_was_killed_goes_on_under_its_keys_where_its_project_is_now(place, monkeypatch, how, point):
    place.put("a", 0, 10)
    killed(place, point)
    keys = set(place.keys)
    moved(place, monkeypatch, how)
    told = place.run()
    assert [*range(10)] == place.ids(), told
    assert keys <= place.keys
    assert 5 == len(place.keys)


def test_what_a_run_that_failed_had_sent_is_known_where_its_project_is_now(place, monkeypatch):
    place.put("a", 0, 6)
    place.breaks_off(after=2)
    moved(place, monkeypatch, "moved")
    place.back("a")
    assert "4 rows had arrived by run" in place.run()
    assert [*range(6)] == place.ids()


def test_a_run_whose_file_was_set_down_shows_it_where_its_project_is_now(place, monkeypatch):
    place.job("gg", FILES, 'name = "things.csv"\nfolder = "out"\ncreate_folders = true\n')
    told = place.folder / "dhm.toml"
    before, job = told.read_text(encoding="utf-8").split("[jobs.gg]")
    told.write_text(f"{before}[jobs.gg]{job}".replace('dst]\nconnection = "shop"\npath = "put"\nname', 'dst]\nconnection = "here"\nname'))
    place.put("a", 0, 10)
    environment = {**os.environ, "DHM_FAIL": "staged_out"}
    assert -9 == subprocess.run([sys.executable, "-m", "datahub", "run", "gg"], env=environment).returncode
    moved(place, monkeypatch, "moved")
    place.run("gg")
    assert ["things.csv"] == [path.name for path in (place.folder / "out").iterdir()]
    assert 11 == len((place.folder / "out" / "things.csv").read_text().splitlines())


def test_rejects_are_shown_and_replayed_where_the_project_is_now(place, monkeypatch):
    (place.folder / "in" / "a.csv").write_text("id,name\n1,a\nx,b\n", encoding="utf-8")
    place.run()
    moved(place, monkeypatch, "moved")
    shown = place.dhm("rejects", "show", "last")
    assert "x,b" in shown.out, shown.err
    (place.folder / "c.csv").write_text(shown.out.replace("x,b", "2,b"), encoding="utf-8")
    ended = place.dhm("rejects", "replay", "last", "--file", "c.csv")
    assert 0 == ended.code, ended.err
    assert [1, 2] == place.ids()


def test_what_was_made_and_is_gone_while_some_of_it_was_sent_holds_the_run(place):
    place.put("a", 0, 10)
    killed(place, "sent:2")
    (state,) = (place.folder / ".dhm" / "default" / "runs").glob("*")
    (state / "out").rename(place.folder / "aside")
    ended = place.dhm("run", "ff")
    assert (1, True) == (ended.code, "some of it was sent" in ended.err), ended.err
    assert 4 == len(place.ids())
    shutil.copytree(place.folder / "aside", state / "out", dirs_exist_ok=True)
    ended = place.dhm("runs", "resume", state.name, "--approve")
    assert 0 == ended.code, ended.err
    assert [*range(10)] == place.ids()


def test_a_ledger_keeps_no_path_of_its_project(place):
    (place.folder / "in" / "a.csv").write_text("id,name\n1,a\nx,b\n", encoding="utf-8")
    place.run()
    with closing(SqliteLedger(next((place.folder / ".dhm").rglob("ledger.sqlite")))) as ledger:
        told = "\n".join(ledger._connection.iterdump())
    assert str(place.folder) not in told
    assert WHOLE < len(VERSIONS)
