"""Rejected rows of a run that delivered nothing are part of an input that is read again as a whole: replayed as well they come twice, and
what a replay did not deliver is still to be replayed."""

from __future__ import annotations

import json
import shutil

import pytest

from tests import commands
from tests.unit.test_durable import no_room

TOML = """\
[project]
name = "shop"
[connections.here]
kind = "local"
[jobs.offers]
mapping = "offers.dhm"
tolerance.share = "20%"
sources.feed = {connection = "here", folder = "in", ready.stable = 0}
targets.kept = {connection = "here", folder = "out", create_folders = true, name = "{{RUN}}.jsonl"}
"""
SCRIPT = """\
source feed: csv { columns { sku: text, price: decimal } }
entity Offer {
  key sku
  sku: text(1..5)
  price: decimal(8,2)
}
map Offer from f in feed { include f }
target kept: jsonl {}
flow main {
  write Offer to kept
  abort when rejected_share(Offer) > 40% or rejected(Offer) > 50
  abort when rejected(Offer) > 3
}
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dhm.toml").write_text(TOML)
    (tmp_path / "offers.dhm").write_text(SCRIPT)
    (tmp_path / "in").mkdir()
    return tmp_path


def dhm(*given, code=0):
    ended = commands.dhm(*given)
    assert code == ended.code, ended
    return ended.out, ended.err


def last():
    return json.loads(dhm("runs", "ls", "--output", "json")[0])[0]["run"]


def skus(here):
    return sorted(json.loads(line)["sku"] for path in (here / "out").glob("*.jsonl") for line in path.read_text().splitlines())


def test_what_a_replay_did_not_deliver_is_still_to_be_replayed(here):
    rows = "".join(f"A{number},1\n" for number in range(1, 9))
    (here / "in" / "a.csv").write_text(f"sku,price\n{rows}B,x1\nC,x2\n")
    dhm("run", "offers")
    first = last()
    # A run that rejects nothing is none that `last` could mean.
    (here / "in" / "b.csv").write_text("sku,price\nD,1\n")
    dhm("run", "offers")
    assert "`dhm rejects ls` lists the runs that rejected some" in dhm("rejects", "show", last(), code=2)[1]
    shown = dhm("rejects", "show", "last")[0]
    assert "B,x1" in shown
    (here / "partly.csv").write_text(shown.replace("x1", "11") + "G,x\nH,x\nI,x\n")
    said = dhm("rejects", "replay", "last", "--file", "partly.csv", code=1)[1]
    assert f"nothing of it was delivered, and all of it is still to be replayed: `dhm rejects replay {first} --file …`" in said
    assert "to correct and send again" not in said
    replay = last()
    assert f"again as {replay} (nothing delivered: failed)" in (listed := dhm("rejects", "ls")[0])
    assert 1 == listed.count("again as")
    told = {one["run"]: (one["again_as"], one["again_status"]) for one in json.loads(dhm("rejects", "ls", "--output", "json")[0])}
    assert (replay, "failed") == told[first]
    assert shown == dhm("rejects", "show", "last")[0]
    # One that has rejects of its own, and fails at its target: they are not what to go on with, for the others would be lost.
    (here / "offers.dhm").write_text(SCRIPT.replace("> 3", "> 9"))
    (here / "out").rename(here / "away")
    (here / "out").write_text("no folder")
    dhm("rejects", "replay", first, "--file", "partly.csv", code=1)
    replay = last()
    assert f"again as {replay} (nothing delivered: failed)" in dhm("rejects", "ls")[0]
    (here / "out").unlink()
    (here / "away").rename(here / "out")
    assert ("C,x2" in (found := dhm("rejects", "show", "last"))[0], "not to be replayed" in found[1]) == (True, True), found
    said = dhm("rejects", "replay", "last", code=2)[1]
    assert "delivered nothing of the rows that it replayed" in said
    assert f"`dhm rejects replay {first} --file …`" in said
    (here / "right.csv").write_text(shown.replace("x1", "11").replace("x2", "12"))
    dhm("rejects", "replay", first, "--file", "right.csv")
    assert [*(f"A{number}" for number in range(1, 9)), "B", "C", "D"] == skus(here)
    done = f"again as {last()}\n"
    assert done in dhm("rejects", "ls")[0]
    # What is done stays done, whatever becomes of another try.
    (here / "offers.dhm").write_text(SCRIPT)
    assert f"2 rows of these went again as run {last()}" in dhm("rejects", "replay", first, code=2)[1]
    (here / "wrong.csv").write_text(shown + "G,x\nH,x\n")
    dhm("rejects", "replay", first, "--file", "wrong.csv", "--approve", code=1)
    assert done in dhm("rejects", "ls")[0]


def test_rows_of_an_input_that_is_read_again_are_not_replayed_beside_it(here):
    (here / "in" / "a.csv").write_text("sku,price\nA,1\nB,2\nC,x\n")
    said = dhm("run", "offers", code=1)[1]
    assert ("to correct and send again" in said, "rejected rows: " in said) == (False, True), said
    shown, said = dhm("rejects", "show", "last")
    assert "not to be replayed: run " in said
    (here / "right.csv").write_text(shown.replace("x", "3"))
    said = dhm("rejects", "replay", "last", "--file", "right.csv", code=2)[1]
    assert "what it had read was given back, and these rows would come again with it" in said
    assert "correct `a.csv` at the source, and `dhm run offers` reads it; `--approve` sends them all the same" in said
    assert not (here / "out").exists()
    (here / "in" / "a.csv").write_text("sku,price\nA,1\nB,2\nC,3\n")
    dhm("run", "offers")
    assert ["A", "B", "C"] == skus(here)
    dhm("rejects", "replay", "last", "--file", "right.csv", "--approve")
    assert ["A", "B", "C", "C"] == skus(here)


def test_rows_that_a_corrected_file_leaves_out_stay_to_be_replayed(here):
    rows = "".join(f"A{number},1\n" for number in range(1, 30))
    (here / "in" / "a.csv").write_text(f"sku,price\n{rows}D,x1\nE,x2\nF,x3\n")
    dhm("run", "offers")
    first, shown = last(), dhm("rejects", "show", "last")[0].splitlines()
    header, d, e, f = shown
    (here / "one.csv").write_text("\n".join([header, d.replace("x1", "11", 1)]) + "\n")
    said = dhm("rejects", "replay", first, "--file", "one.csv")[1]
    one = last()
    assert f"1 of 3 rejected rows of run {first}, 2 still to be replayed" in said
    assert f"1 of 3 rejected rows of run {first}, 2 still to be replayed" in dhm("runs", "show", one)[0]
    assert f"again as {one}, 1 of 3 rows; 2 still to be replayed" in dhm("rejects", "ls")[0]
    assert f"(again as {one}, 1 of 3 rows; 2 still to be replayed)" in dhm("runs", "show", first)[0]
    (told,) = json.loads(dhm("rejects", "ls", "--output", "json")[0])
    assert (one, 2, [{"run": one, "status": "success", "rows": 1}]) == (told["again_as"], told["left"], told["again"])
    # What has gone does not go again beside the rest, in a file or as it was.
    (here / "two.csv").write_text("\n".join([header, d.replace("x1", "11", 1), e.replace("x2", "12", 1)]) + "\n")
    for more in (["--file", "two.csv"], []):
        assert f"nothing was replayed: 1 row of these went again as run {one}" in dhm("rejects", "replay", first, *more, code=2)[1]
    (here / "two.csv").write_text("\n".join([header, f.replace("x3", "13", 1), e.replace("x2", "12", 1)]) + "\n")
    said = dhm("rejects", "replay", first, "--file", "two.csv")[1]
    assert "still to be replayed" not in said
    (line,) = [line for line in dhm("rejects", "ls")[0].splitlines() if first in line]
    assert line.endswith(f"again as {one}, 1 of 3 rows, {last()}, 2 of 3 rows")
    assert ["D", "E", "F"] == [sku for sku in skus(here) if not sku.startswith("A")]


def test_a_file_that_says_not_which_rows_it_has_is_told_so(here):
    rows = "".join(f"A{number},1\n" for number in range(1, 30))
    (here / "in" / "a.csv").write_text(f"sku,price\n{rows}D,x1\nE,x2\n")
    dhm("run", "offers")
    (here / "one.csv").write_text("sku,price\nD,11\n")
    said = dhm("rejects", "replay", "last", "--file", "one.csv")[1]
    assert "1 of 2 rejected rows of run " in said
    assert "1 of 2 rows; which of the rows is not known, as the file did not say it" in dhm("rejects", "ls")[0]
    assert json.loads(dhm("rejects", "ls", "--output", "json")[0])[0]["left"] is None


def test_a_replay_that_failed_and_is_gone_on_with_is_the_one_that_is_named(here):
    rows = "".join(f"A{number},1\n" for number in range(1, 30))
    (here / "in" / "a.csv").write_text(f"sku,price\n{rows}D,x1\n")
    dhm("run", "offers")
    first = last()
    (here / "right.csv").write_text("sku,price\nD,11\n")
    (here / "out").rename(here / "away")
    (here / "out").write_text("no folder")
    dhm("rejects", "replay", first, "--file", "right.csv", code=1)
    failed = last()
    assert f"next either `dhm rejects replay {first} --file …` replays the rows anew" in " ".join(dhm("runs", "show", failed)[0].split())
    dhm("rejects", "replay", first, "--file", "right.csv", code=1)
    assert f"again as {last()} (nothing delivered: failed)" in dhm("rejects", "ls")[0]
    (here / "out").unlink()
    (here / "away").rename(here / "out")
    second = last()
    dhm("runs", "resume", failed)
    assert f"again as {failed}\n" in dhm("rejects", "ls")[0]
    assert f"run {failed} has read `right.csv` since run {second} failed" in dhm("runs", "resume", second, code=2)[1]
    assert f"1 row of these went again as run {failed}" in dhm("rejects", "replay", first, "--file", "right.csv", code=2)[1]
    assert 1 == skus(here).count("D")


def test_what_share_of_a_replay_falls_again_stops_none_that_is_right(here):
    """Two of three are wrong still, which says nothing of the feed."""
    rows = "".join(f"A{number},1\n" for number in range(1, 30))
    (here / "in" / "a.csv").write_text(f"sku,price\n{rows}D,x1\nE,x2\n")
    dhm("run", "offers")
    (here / "one.csv").write_text("sku,price\nD,11\nE,x2\n")
    said = dhm("rejects", "replay", "last", "--file", "one.csv")[1]
    assert "`abort when` on line 11 of offers.dhm is about what share of all rows falls, and is not asked of rows that fell" in said
    assert (True, False) == ("D" in skus(here), "E" in skus(here))


def replaced(here):
    told = (here / "dhm.toml").read_text()
    (here / "dhm.toml").write_text(told.replace('"{{RUN}}.jsonl"', '"stock.jsonl", exists = "replace"').replace("20%", "60%"))


def test_a_replay_takes_the_place_of_nothing_that_was_delivered(here):
    replaced(here)
    (here / "in" / "a.csv").write_text("sku,price\nA,1\nB,2\nC,3\nD,4\nE,bad\n")
    dhm("run", "offers")
    (here / "c.csv").write_text(dhm("rejects", "show", "last")[0].replace("bad", "5"))
    for more in ([], ["--approve"], ["--file", "c.csv"], ["--file", "c.csv", "--approve"], ["--code", "R1*"]):
        told = dhm("rejects", "replay", "last", *more, code=2)[1]
        assert '`exists = "replace"`' in told
        assert "`dhm run offers` delivers all of it" in told
    assert ["A", "B", "C", "D"] == skus(here)
    assert "rejected rows are not replayed to it" in "".join(dhm("check"))


def test_a_replay_of_which_no_row_is_right_delivers_no_file(here):
    (here / "in" / "a.csv").write_text("sku,price\nA,1\nB,2\nC,3\nD,4\nE,bad\n")
    dhm("run", "offers")
    files = sorted((here / "out").iterdir())
    dhm("rejects", "replay", "last")
    assert files == sorted((here / "out").iterdir())
    (here / "none.csv").write_text(dhm("rejects", "show", "last")[0].splitlines()[0] + "\n")
    dhm("rejects", "replay", "last", "--file", "none.csv")
    assert files == sorted((here / "out").iterdir())


def test_the_very_rows_that_were_delivered_are_refused_though_no_column_says_which_they_are(here):
    (here / "in" / "a.csv").write_text("sku,price\nA,1\nB,2\nC,3\nD,4\nE,bad\nF,bad\n")
    (here / "dhm.toml").write_text(TOML.replace("20%", "60%"))
    dhm("run", "offers")
    first = last()
    for name in ("c.csv", "d.csv"):
        (here / name).write_text("sku,price\nE,5\n")
    dhm("rejects", "replay", first, "--file", "c.csv")
    for name in ("c.csv", "d.csv"):
        assert "nothing was replayed" in dhm("rejects", "replay", first, "--file", name, code=2)[1]
    assert ["A", "B", "C", "D", "E"] == skus(here)
    dhm("rejects", "replay", first, "--file", "d.csv", "--approve")
    assert ["A", "B", "C", "D", "E", "E"] == skus(here)


def test_a_replay_for_which_there_is_no_room_says_what_to_do_and_leaves_nothing(here):
    (here / "in" / "a.csv").write_text("sku,price\nA,1\nB,2\nC,3\nD,4\nE,bad\n")
    dhm("run", "offers")
    first = last()
    (here / "c.csv").write_text(f"sku,price,note\nE,5,{'x' * 900_000}\n")
    with no_room(600_000):
        said = dhm("rejects", "replay", first, "--file", "c.csv", code=75)[1]
    assert "there is no room for" in said
    assert "df -h" in said
    assert "mistake of DataHub" not in said
    assert [first] == [one["run"] for one in json.loads(dhm("runs", "ls", "--output", "json")[0])]
    dhm("rejects", "replay", first, "--file", "c.csv")
    assert ["A", "B", "C", "D", "E"] == skus(here)


def test_a_file_of_rejects_that_is_not_there_is_named_whatever_took_it(here):
    (here / "in" / "a.csv").write_text("sku,price\nA,1\nB,2\nC,3\nD,4\nE,bad\n")
    dhm("run", "offers")
    path = next((here / ".dhm").rglob("rejects/feed*"))
    path.rename(here / "aside.csv")
    for command in ("show", "replay"):
        said = dhm("rejects", command, "last", code=2)[1]
        assert f"there is no file `{path}`" in said
        assert "of a younger run, somebody has moved it" in said


def test_a_file_for_which_there_is_no_room_says_how_much_there_is_and_what_to_do(here):
    with (here / "in" / "a.csv").open("wb") as file:
        # Far more than others may free meanwhile.
        file.truncate(2 * shutil.disk_usage(here).free)
    said = dhm("run", "offers", code=75)[1]
    assert "that stay free" in said
    assert "make room (`df -h " in said
