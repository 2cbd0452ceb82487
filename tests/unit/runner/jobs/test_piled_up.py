"""Files that piled up give what they would have given one by one, in their order, however many runs that takes."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest

from datahub.formats.declare import BadInput
from datahub.runner.jobs import fetch, transform
from datahub.runner.jobs.dry import dry_run
from datahub.state.records import Admission, Fire, FireKind, Overlap, RunStatus
from tests.jobs_project import Projected

TOML = """\
[project]
name = "shop"
[connections.here]
kind = "local"
[jobs.stock]
mapping = "stock.dhm"
sources.feed = {connection = "here", folder = "in", ready.stable = 0, after = {action = "move", folder = "done"}}
targets.kept = {connection = "here", folder = "out", create_folders = true, name = "{{RUN}}.jsonl"}
"""
SCRIPT = """\
param factor: int = 1
source feed: csv { columns { sku: text, stock: int } }
entity Stock {
  key sku
  sku   : text
  stock : int
}
map Stock from f in feed { sku: f.sku, stock: f.stock * $factor }
target kept: jsonl {}
flow main { write Stock to kept }
"""
REPLACED = TOML.replace('name = "{{RUN}}.jsonl"', 'exists = "replace"')


@pytest.fixture
def shop(tmp_path):
    made = []

    def start(toml=TOML, script=SCRIPT):
        made.append(Projected(tmp_path, {"dhm.toml": toml, "stock.dhm": script}))
        return made[-1]

    yield start
    for one in made:
        one.close()


def put(shop, **files):
    for name, rows in files.items():
        shop.put(f"in/{name}.csv", "sku,stock\n" + "".join(f"{row}\n" for row in rows.split()))


def asked(shop, parameters="{}"):
    now = datetime.now(UTC)
    return shop.store.runs.submit(Fire("stock", FireKind.MANUAL, now), Admission(Overlap.QUEUE_ONE, parameters=parameters), now)


def ran(shop, parameters="{}"):
    """What each run read and how it ended."""
    asked(shop, parameters)
    ended = shop.work("stock")
    return [
        (sorted(one.item.name for one in shop.store.items.taken(ending.run.id) if one.source), ending.run.status.value) for ending in ended
    ]


def delivered(shop):
    return [{str(row["sku"]): row["stock"] for row in rows} for rows in shop.rows("out")]


def test_the_later_of_two_states_goes_out_last_and_nothing_is_rejected(shop):
    shop = shop()
    put(shop, mon="a,5 b,1", tue="a,3 c,2", wed="d,9")
    assert [(["mon.csv"], "success"), (["tue.csv", "wed.csv"], "success")] == ran(shop)
    assert [{"a": 5, "b": 1}, {"a": 3, "c": 2, "d": 9}] == delivered(shop)
    assert [0, 0] == [run.counts.rejected for run in shop.store.runs.list()]
    second, first = shop.store.runs.list()
    assert f"2 files left to run {second.id}" == first.reason
    assert ["mon.csv", "tue.csv", "wed.csv"] == sorted(path.name for path in (shop.folder / "done").iterdir())


def test_what_has_no_key_in_common_goes_in_one_run(shop):
    shop = shop()
    put(shop, mon="a,5 a,6", tue="b,3")
    assert [(["mon.csv", "tue.csv"], "success")] == ran(shop)
    assert [{"a": 5, "b": 3}] == delivered(shop)


def test_files_that_repeat_their_own_keys_alone_go_in_one_run(shop):
    shop = shop()
    put(shop, mon="a,5 a,6", tue="b,3 b,4", wed="c,1 c,2 c,3", thu="d,1")
    assert [(["mon.csv", "thu.csv", "tue.csv", "wed.csv"], "success")] == ran(shop)
    assert [{"a": 5, "d": 1, "b": 3, "c": 1}] == delivered(shop)
    # One that does both is told apart all the same.
    put(shop, one="x,1 x,2", two="y,1 y,2", zzz="y,3 y,4 z,1 z,2")
    assert [(["one.csv", "two.csv"], "success"), (["zzz.csv"], "success")] == ran(shop)
    assert {"y": 3, "z": 1} == delivered(shop)[-1]


def test_a_long_row_of_states_is_not_read_over_and_over(shop, monkeypatch):
    shop = shop()
    read: list[int] = []
    files = vars(transform)["input_files"]

    def counting(context, taken):
        read.append(len(taken))
        return files(context, taken)

    monkeypatch.setattr(transform, "input_files", counting)
    put(shop, **{f"f{number:02}": f"a,{number}" for number in range(12)})
    assert [([f"f{number:02}.csv"], "success") for number in range(12)] == ran(shop)
    assert [{"a": number} for number in range(12)] == delivered(shop)
    # All once, and then each with one that turns out to be too much.
    assert sum(read) <= 12 + 3 * 12


def test_the_runs_behind_it_have_its_parameters(shop):
    shop = shop()
    put(shop, mon="a,5", tue="a,3")
    asked(shop, json.dumps({"factor": 10}))
    # What waits with others does not come between.
    now = datetime.now(UTC)
    shop.store.runs.submit(Fire("stock", FireKind.EVENT, now, "m2"), Admission(Overlap.QUEUE_ALL, parameters='{"factor": 2}'), now)
    assert ["success", "success", "success"] == [ending.run.status.value for ending in shop.work("stock")]
    assert [{"a": 50}, {"a": 30}] == delivered(shop)


def test_a_run_that_ended_while_it_left_files_to_the_next_goes_on_so(shop, monkeypatch):
    shop = shop()
    put(shop, mon="a,5", tue="a,3")
    reach = vars(fetch)["reach"]
    met: list[str] = []

    def ending(point):
        if point == "narrowed" and not met:
            met.append(point)
            raise SystemExit
        reach(point)

    monkeypatch.setattr(fetch, "reach", ending)
    asked(shop)
    with pytest.raises(SystemExit):
        shop.work("stock")
    assert ["narrowed"] == met
    assert [RunStatus.SUCCESS, RunStatus.SUCCESS] == [ending.run.status for ending in shop.work("stock")]
    assert [{"a": 5}, {"a": 3}] == delivered(shop)


@pytest.mark.parametrize("action", ["keep", "move"])
def test_a_job_that_takes_so_many_files_a_run_goes_on_with_the_others(shop, action):
    after = "" if action == "keep" else ', after = {action = "move", folder = "done"}'
    shop = shop(TOML.replace(', after = {action = "move", folder = "done"}', f"{after}, limit = 2"))
    put(shop, mon="a,1", tue="b,2", wed="c,3", thu="d,4", fri="e,5")
    assert [["fri.csv", "mon.csv"], ["thu.csv", "tue.csv"], ["wed.csv"]] == [names for names, _ in ran(shop)]
    assert [([], "success")] == ran(shop)


@pytest.mark.parametrize(
    "toml, script",
    [
        (REPLACED, SCRIPT),
        (TOML, SCRIPT.replace("target kept: jsonl {}", "target kept: jsonl { whole true }")),
        (TOML.replace('mapping = "stock.dhm"', 'mapping = "stock.dhm"\noverlap = "allow"'), SCRIPT),
    ],
    ids=["replaced", "whole", "overlapping"],
)
def test_where_a_run_takes_the_place_of_the_one_before_all_is_read_at_once_and_loudly(shop, toml, script):
    shop = shop(toml, script)
    put(shop, mon="a,5 b,1", tue="a,3 c,2")
    (ending,) = [asked(shop), *shop.work("stock")][1:]
    if "whole" in script:
        # One row that falls, and nothing of a target that replaces everything goes out.
        assert RunStatus.FAILED is ending.run.status
    else:
        assert [{"a": 5, "b": 1, "c": 2}] == delivered(shop)
    (told,) = ending.told
    assert "`tue.csv` was read behind `mon.csv` and holds keys that are there already (`a`)" in told
    assert told in ending.report.warnings


def test_a_dry_run_tells_what_would_be_left(shop):
    shop = shop()
    put(shop, mon="a,5", tue="a,3", wed="b,3")
    would = dry_run(shop.context("stock"), shop.folder / "dry", (), known=True)
    assert would is not None
    assert (2, 1, 0) == (would.left, would.report.rows_read, would.report.rows_rejected)


def test_rows_that_the_script_itself_sends_away_are_its_own(shop):
    shop = shop(script=SCRIPT.replace("map Stock from f in feed {", "map Stock from f in feed unique by f.sku keep first reject X1 {"))
    put(shop, mon="a,5", tue="a,3")
    assert [(["mon.csv", "tue.csv"], "success")] == ran(shop)


ABORTS = SCRIPT.replace("flow main { ", "flow main { abort when rejected(Stock) > 0 ")
ASIDE = TOML.replace("ready.stable = 0,", 'ready.stable = 0, on_failure = {action = "move", folder = "failed"},')


def names_in(shop, folder):
    return sorted(one.name for one in (shop.folder / folder).glob("*.csv"))


@pytest.mark.parametrize("bad", ["x,?", "lacking", "tolerance"])
def test_one_bad_file_takes_no_other_with_it_and_is_put_aside_alone(shop, bad):
    toml = ASIDE.replace('mapping = "stock.dhm"', 'mapping = "stock.dhm"\ntolerance.rows = 0') if bad == "tolerance" else ASIDE
    shop = shop(toml, SCRIPT if bad == "tolerance" else ABORTS)
    put(shop, a="a,1", b="b,1", d="d,1", e="e,1", f="f,1")
    shop.put("in/c.csv", "sku\nx\n" if bad == "lacking" else "sku,stock\nx,?\n")
    ran(shop)
    assert (["c.csv"], ["a.csv", "b.csv", "d.csv", "e.csv", "f.csv"], []) == tuple(
        names_in(shop, folder) for folder in ("failed", "done", "in")
    )
    assert ["a", "b", "d", "e", "f"] == [key for rows in delivered(shop) for key in rows]
    (failed,) = [one for one in shop.store.runs.list() if one.status is not RunStatus.SUCCESS]
    assert failed.reason.startswith(("`c.csv`: ", "c.csv:1: ")), failed.reason
    assert "3 files left to run" in failed.reason


def test_a_bad_file_that_stays_where_it_is_is_named_with_what_waits_behind_it_and_the_way_out(shop):
    shop = shop(TOML, ABORTS)
    put(shop, a="a,1", b="b,?", c="c,1", d="d,1")
    asked(shop)
    good, bad = shop.work("stock")
    assert (RunStatus.SUCCESS, RunStatus.FAILED) == (good.run.status, bad.run.status)
    assert re.fullmatch(
        r"`b\.csv`: `abort when` on line 10 of \S*stock\.dhm is true \(rejected\(Stock\) is 1\); 2 more files wait", bad.run.reason
    )
    assert (
        "each run reads `b.csv` first, until corrected or taken away;"
        ' `on_failure = {action = "move", folder = "failed"}` below `[jobs.stock.sources.feed]` puts such files aside by itself'
    ) == bad.help
    # Nothing goes before it: what comes later may be about the same things.
    assert [(["b.csv"], "failed")] == ran(shop)
    put(shop, b="b,2")
    assert [(["b.csv", "c.csv", "d.csv"], "success")] == ran(shop)
    assert [{"a": 1}, {"b": 2, "c": 1, "d": 1}] == delivered(shop)


def test_where_all_files_are_read_at_once_the_unreadable_one_alone_is_put_aside(shop):
    shop = shop(ASIDE.replace('name = "{{RUN}}.jsonl"', 'exists = "replace"'), SCRIPT)
    put(shop, a="a,1", b="b,1")
    shop.put("in/c.csv", "sku\nx\n")
    assert [(["a.csv", "b.csv", "c.csv"], "failed")] == ran(shop)
    assert (["c.csv"], ["a.csv", "b.csv"]) == (names_in(shop, "failed"), names_in(shop, "in"))
    assert [(["a.csv", "b.csv"], "success")] == ran(shop)


SUMS = SCRIPT.replace("map Stock from f in feed {", "map Stock from f in feed group by f.sku {").replace(
    "f.stock * $factor", "sum(f.stock)"
)


def test_rows_of_several_files_that_a_script_gathers_are_not_parted_by_a_bad_one(shop):
    """An order whose lines lie in two files would go out with those of one."""
    shop = shop(ASIDE, SUMS)
    put(shop, a="x,1", c="x,2 y,5")
    shop.put("in/b.csv", "sku\nx\n")
    assert [(["a.csv", "b.csv", "c.csv"], "failed")] == ran(shop)
    assert (["b.csv"], ["a.csv", "c.csv"]) == (names_in(shop, "failed"), names_in(shop, "in"))
    assert [(["a.csv", "c.csv"], "success")] == ran(shop)
    assert [{"x": 3, "y": 5}] == delivered(shop)


@pytest.mark.parametrize("bad, status", [("tolerance", "rejected_over_limit"), ("abort when", "failed")])
def test_rows_that_a_script_gathers_fail_together_where_the_result_is_not_taken(shop, bad, status):
    script = SUMS.replace("flow main { ", "flow main { abort when rejected(Stock) > 0 ") if bad == "abort when" else SUMS
    shop = shop(ASIDE.replace('mapping = "stock.dhm"', 'mapping = "stock.dhm"\ntolerance.rows = 0'), script)
    put(shop, a="x,1", b="x,?", c="x,2")
    assert [(["a.csv", "b.csv", "c.csv"], status)] == ran(shop)
    assert [] == delivered(shop)
    assert ["a.csv", "b.csv", "c.csv"] == names_in(shop, "failed")


def test_what_does_not_lie_in_the_files_puts_nothing_more_aside(shop):
    """Where the target cannot be written, the next file would fail alike."""
    shop = shop(
        ASIDE.replace('folder = "out", create_folders = true', 'folder = "lacking"').replace(
            "ready.stable = 0,", "ready.stable = 0, limit = 1,"
        )
    )
    put(shop, a="a,1", b="b,1")
    assert [(["a.csv"], "failed")] == ran(shop)
    assert "b.csv" in names_in(shop, "in")
    assert 1 == len(shop.store.runs.list())


def test_a_dry_run_tells_what_a_bad_file_would_leave(shop):
    shop = shop(TOML, ABORTS)
    put(shop, a="a,1", b="b,?", c="c,1", d="d,1")
    would = dry_run(shop.context("stock"), shop.folder / "dry", (), known=True)
    assert would is not None
    assert ("", 3, 1) == (would.against, would.left, would.report.rows_read)
    shop.put("in/0.csv", "sku\nx\n")
    with pytest.raises(BadInput, match="lacks the declared column"):
        dry_run(shop.context("stock"), shop.folder / "dry-2", (), known=True)


def test_of_some_of_the_files_nobody_expects_what_all_of_them_had(shop):
    """A job that shrinks is held; its parts, where one of the files was bad, are not for that."""
    shop = shop(ASIDE.replace('mapping = "stock.dhm"', 'mapping = "stock.dhm"\nguards.shrink = "30%"'), ABORTS)
    put(shop, **{f"a{number}": f"a{number},1 b{number},1" for number in range(6)})
    assert [status for _, status in ran(shop)] == ["success"]
    put(shop, **{f"c{number}": f"c{number},1 d{number},1" for number in range(6)})
    shop.put("in/c3.csv", "sku,stock\nx,?\n")
    assert [["c0.csv", "c1.csv", "c2.csv"], ["c3.csv"], ["c4.csv", "c5.csv"]] == [names for names, _ in ran(shop)]
    assert ["success", "failed", "success", "success"] == [one.status.value for one in shop.store.runs.list()]
    put(shop, e0="e0,1", e1="e1,?")
    (names, status), *_ = ran(shop)
    assert (["e0.csv"], "held") == (names, status)
    assert "1 row was read of 1 file, and 4 of 2 files by run" in shop.store.runs.list(limit=1)[0].reason


def test_of_some_of_the_files_the_script_expects_their_share_of_what_all_of_them_had(shop):
    shrinking = SCRIPT.replace("write Stock to kept", "write Stock to kept\n  abort when count(Stock) < previous_count(Stock) * 80%\n")
    shop = shop(script=shrinking)
    put(shop, **{f"a{number}": f"a{number},1 b{number},1" for number in range(3)})
    assert [status for _, status in ran(shop)] == ["success"]
    # The second says another thing of a key of the first, so that each is a run of its own.
    put(shop, c0="a,1 b,1", c1="a,2 d,1", c2="e,1 f,1")
    would = dry_run(shop.context("stock"), shop.folder / "dry", (), known=True)
    assert would is not None
    assert ("", 2, 2) == (would.against, would.left, would.report.rows_read)
    assert [["c0.csv"], ["c1.csv", "c2.csv"]] == [names for names, _ in ran(shop)]
    assert ["success"] * 3 == [one.status.value for one in shop.store.runs.list()]
    # Half of the four rows of two files are two, and one is too few.
    put(shop, e0="a,1", e1="a,2 d,1", e2="e,1 f,1")
    assert (["e0.csv"], "failed") == ran(shop)[0]
    assert "previous_count(Stock) is 2" in shop.store.runs.list(limit=1)[0].reason


def test_of_some_of_the_files_nobody_expects_the_rows_that_all_of_them_must_have(shop):
    guarded = ASIDE.replace('mapping = "stock.dhm"', 'mapping = "stock.dhm"\nguards.rows = 10')
    shop = shop(guarded, ABORTS)
    put(shop, **{f"a{number}": f"a{number},1 b{number},1" for number in range(6)})
    shop.put("in/a4.csv", "sku\nx\n")
    assert ["success", "failed", "success"] == [status for _, status in ran(shop)]
    assert ["a4.csv"] == names_in(shop, "failed")
    put(shop, c0="c0,1", c1="c1,?")
    (names, status), *_ = ran(shop)
    assert (["c0.csv"], "held") == (names, status)
    assert "1 row was read of 1 of 2 files, and the job wants 10 at least of all of them" in shop.store.runs.list(limit=1)[0].reason


def test_what_waits_behind_a_limit_makes_no_run_a_part(shop):
    shop = shop(
        ASIDE.replace('mapping = "stock.dhm"', 'mapping = "stock.dhm"\nguards.rows = 10').replace(
            "ready.stable = 0,", "ready.stable = 0, limit = 1,"
        ),
        ABORTS,
    )
    put(shop, a="a,1 b,1 c,1 d,1 e,1", b="f,1 g,1 h,1 i,1 j,1")
    (names, status), *_ = ran(shop)
    assert (["a.csv"], "held") == (names, status)


def test_a_part_that_is_held_says_which_file_was_left_out_and_why(shop):
    shop = shop(ASIDE.replace('mapping = "stock.dhm"', 'mapping = "stock.dhm"\nguards.rows = 50'))
    put(shop, a="a,1", b="b,1", d="d,1")
    shop.put("in/c.csv", "sku\nx\n")
    assert [(["a.csv", "b.csv"], "held")] == ran(shop)
    (held,) = shop.store.runs.list()
    assert "2 rows were read of 2 of 4 files, and the job wants 50 at least of all of them; `c.csv` (" in held.reason
    assert re.search(r"lacks.*`stock`.*\) and 1 more wait$", held.reason), held.reason


def test_where_all_files_are_bad_not_all_of_them_are_put_aside_in_one_breath(shop):
    shop = shop(ASIDE, ABORTS)
    put(shop, **{f"a{number}": f"a{number},?" for number in range(9)})
    ended = ran(shop)
    assert [([f"a{number}.csv"], "failed") for number in range(4)] == ended
    assert shop.store.runs.list(limit=1)[0].reason.endswith("; 5 more files wait")
    # The next that is started goes on with them.
    assert ["a4.csv"] == ran(shop)[0][0]


def test_files_behind_some_whose_content_is_known_are_read_at_once(shop):
    shop = shop(TOML.replace("ready.stable = 0,", 'ready.stable = 0, same_content = "skip",'))
    put(shop, a="x,1", b="x,1", c="x,1")
    shop.put("in/d.csv", "sku,stock\ny,2\n")
    ended = ran(shop)
    assert ["a.csv"] == ended[0][0]
    assert ["d.csv"] in [names for names, _ in ended]
    assert {"success"} == {status for _, status in ended}
    assert [{"x": 1}, {"y": 2}] == delivered(shop)
