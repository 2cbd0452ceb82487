"""A range of time once more: what belongs to it is delivered again, and everything else of the job stays as it is."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta

import pytest

from datahub.cli.job_run import Asked, run_job
from datahub.cli.output import Exit, Stop
from datahub.cli.spans import span
from datahub.runner.jobs.backfill import Window, submitted, window_of, windows
from datahub.state.records import FireKind, RunStatus
from tests.jobs_project import Projected
from tests.servers.api import api

TOML = """\
[project]
name = "shop"
timezone = "Europe/Paris"
[connections.here]
kind = "local"
[jobs.offers]
mapping = "offers.dhm"
remember = ["Offer"]
guards.shrink = "10%"
sources.feed = {connection = "here", folder = "in", ready = {stable = 0}, after = {action = "move", folder = "done"}}
sources.rates = {connection = "here", path = "rates.csv", ready = {stable = 0}}
targets.kept = {connection = "here", folder = "out", create_folders = true, name = "kept-{{RUN}}.jsonl"}
[jobs.behind]
mapping = "offers.dhm"
triggers = {kind = "after-job", job = "offers"}
sources.feed = {connection = "here", folder = "none"}
sources.rates = {connection = "here", path = "rates.csv"}
targets.kept = {connection = "here", folder = "none"}
"""
SCRIPT = """\
source feed: csv { columns { sku: text, day: date } }
source rates: csv { columns { sku: text, rate: int } }
entity Offer {
  key sku
  sku   : text
  stock : int
  day   : date
  made  : date
}
map Offer from f in feed
  join r in rates on r.sku = f.sku
{
  sku: f.sku
  stock: r.rate default 0
  day: f.day
  made: today()
}
target kept: jsonl {}
flow main { write Offer to kept }
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = Projected(tmp_path, {"dhm.toml": TOML, "offers.dhm": SCRIPT, "rates.csv": "sku,rate\nS1,7\n"})
    for day in range(1, 6):
        made.put(f"in/{day}.csv", f"sku,day\nS{day},2026-03-0{day}\nA{day},2026-03-0{day}\n")
        at = datetime(2026, 3, day, 8, tzinfo=UTC).timestamp()
        os.utime(tmp_path / "in" / f"{day}.csv", (at, at))
    yield made
    made.close()


def asked(begin, end="", each="", **more):
    return run_job(Asked("offers", span=span(begin, end, each), quiet=True, **more))


def current(shop):
    found = shop.store.snapshots.current("Offer")
    return None if found is None else (found.sha256, found.last_count, found.run)


def days(shop):
    return [sorted({row["day"][-2:] for row in rows}) for rows in shop.rows("out")]


def test_a_range_is_delivered_again_in_parts_and_nothing_else_is_touched(shop):
    shop.fired()
    assert 0 == run_job(Asked("offers", quiet=True))
    before, good = current(shop), shop.store.runs.last_good("offers")
    assert [] == list((shop.folder / "in").iterdir())
    assert ["behind"] == shop.fired()
    # What was moved away is read from the copies that were landed.
    assert 0 == asked("2026-03-02", "2026-03-05", "1 d")
    assert [["01", "02", "03", "04", "05"], ["02"], ["03"], ["04"]] == days(shop)
    runs = shop.store.runs.list("offers")[:3]
    assert {(FireKind.BACKFILL, RunStatus.SUCCESS, 3)} == {(run.kind, run.status, run.counts.read) for run in runs}
    # Each means by now the end of its part.
    assert ["2026-03-02", "2026-03-03", "2026-03-04"] == [rows[0]["made"] for rows in shop.rows("out")[1:]]
    assert (before, good) == (current(shop), shop.store.runs.last_good("offers"))
    assert [] == shop.fired()
    assert 0 == run_job(Asked("offers", quiet=True))
    assert "nothing new" == shop.store.runs.list("offers")[0].reason
    assert 5 == len(list((shop.folder / "done").iterdir()))


def test_of_a_range_it_is_not_asked_how_many_rows_there_are(shop):
    shop.put(
        "offers.dhm",
        SCRIPT.replace("write Offer to kept", "write Offer to kept\n  abort when count(Offer) < previous_count(Offer) or count(Offer) < 9"),
    )
    assert 0 == run_job(Asked("offers", quiet=True))
    assert 0 == asked("2026-03-02", "2026-03-05", "1 d", dry=True)
    assert 0 == asked("2026-03-02", "2026-03-05", "1 d")
    assert [["01", "02", "03", "04", "05"], ["02"], ["03"], ["04"]] == days(shop)


def test_a_range_that_was_never_read_is_left_for_the_run_that_reads_what_is_new(shop):
    assert 0 == asked("2026-03-01T00:00Z", "2026-03-03T00:00Z")
    assert [["01", "02"]] == days(shop)
    assert (5, None) == (len(list((shop.folder / "in").iterdir())), current(shop))
    assert 0 == run_job(Asked("offers", quiet=True))
    assert [["01", "02"], ["01", "02", "03", "04", "05"]] == days(shop)


def test_a_range_again_is_another_run_and_one_that_failed_moves_nothing(shop):
    asked("2026-03-01", "2026-03-02")
    asked("2026-03-01", "2026-03-02")
    assert 2 == len(days(shop))
    shop.put("offers.dhm", SCRIPT.replace("write Offer", "abort when rejected(Offer) < 9\n  write Offer"))
    assert Exit.WRONG == asked("2026-03-03", "2026-03-04")
    # A run that failed leaves its files where they are.
    assert 5 == len(list((shop.folder / "in").iterdir()))
    shop.put("offers.dhm", SCRIPT)
    assert 0 == asked("2026-03-03", "2026-03-04")
    assert 3 == len(days(shop))


def test_a_range_that_waits_is_not_asked_for_twice(shop):
    context, parts = shop.context("offers"), windows(window_of("2026-03-01T00:00:00Z/2026-03-03T00:00:00Z"), timedelta(days=1), "UTC")
    first = list(submitted(context, parts, "{}"))
    again = list(submitted(context, parts, "{}"))
    assert ([True, True], [False, False]) == ([new for _, new in first], [new for _, new in again])
    assert [run.id for run, _ in first] == [run.id for run, _ in again]
    # Whoever comes next of the job does them.
    assert 0 == run_job(Asked("offers", quiet=True))
    assert [["01"], ["02"]] == days(shop)[:2]


def test_a_range_with_nothing_in_it_says_so(shop):
    assert Exit.EMPTY == asked("2025-01-01", "2025-02-01", fail_on_empty=True)
    assert "nothing of this range is there" == shop.store.runs.list("offers")[0].reason


def test_a_copy_that_is_gone_is_told(shop):
    run_job(Asked("offers", quiet=True))
    for path in (shop.folder / ".dhm" / "default" / "landed").iterdir():
        path.unlink()
    assert Exit.WRONG == asked("2026-03-02", "2026-03-03")
    assert "`2.csv` was read, is not there any more, and its copy is gone" == shop.store.runs.list("offers")[0].reason


def test_a_dry_run_of_a_range_tells_each_part(shop, capsys):
    assert 0 == run_job(Asked("offers", span=span("2026-03-01", "2026-03-03", "1 d"), dry=True))
    told = capsys.readouterr().err
    assert 2 == told.count("would go to `kept`: 2 rows")
    assert "2026-02-28T23:00:00Z/2026-03-01T23:00:00Z:" in told
    assert [] == list(shop.store.runs.list())


def test_days_are_those_of_the_clock_also_where_it_is_changed():
    whole = Window(datetime(2026, 3, 27, 23, tzinfo=UTC), datetime(2026, 3, 30, 22, tzinfo=UTC))
    hours = [(one.end - one.begin) / timedelta(hours=1) for one in windows(whole, timedelta(days=1), "Europe/Paris")]
    assert [24, 23, 24] == hours
    assert [71] == [(one.end - one.begin) / timedelta(hours=1) for one in windows(whole, None, "Europe/Paris")]
    parts = windows(whole, timedelta(hours=30), "UTC")
    assert ([30, 30, 11], whole.end) == ([(one.end - one.begin) / timedelta(hours=1) for one in parts], parts[-1].end)
    assert whole == window_of(whole.text)


@pytest.mark.parametrize(
    "given, said",
    [
        (("", "2026-01-01", ""), "go with `--from`"),
        (("yesterday", "", ""), "is no instant"),
        (("2026-02-01", "2026-01-01", ""), "ends before it begins"),
        (("2026-01-01", "2026-02-01", "soon"), "is no length of time"),
        (("2020-01-01", "2026-02-01", "1 min"), "more than 1,000 runs"),
    ],
)
def test_a_range_that_is_none_touches_nothing(shop, given, said):
    with pytest.raises(Stop, match=said):
        asked(*given)
    assert [] == list(shop.store.runs.list())


REST = """\
[project]
name = "shop"
[connections.here]
kind = "local"
[connections.shop]
kind = "rest"
url = "URL"
insecure = true
[jobs.offers]
mapping = "offers.dhm"
targets.kept = {connection = "here", folder = "out", create_folders = true, name = "kept-{{RUN}}.jsonl"}
[jobs.offers.sources.feed]
connection = "shop"
rows = "$"
cursor = {value = "$.at"}
[[jobs.offers.sources.feed.calls]]
path = "feed"
parameters = PARAMETERS
"""
PLAIN = """\
source feed: jsonl { columns { sku: text, at: text } }
entity Offer {
  key sku
  sku : text
}
map Offer from f in feed { sku: f.sku }
target kept: jsonl {}
flow main { write Offer to kept }
"""
BOTH = '{since = "{{CURSOR}}", until = "{{NOW}}"}'


@pytest.fixture
def served(tmp_path, monkeypatch):
    """Makes a project whose offers come from an API that is asked so."""
    monkeypatch.chdir(tmp_path)
    made = []
    with api() as server:
        server.routes["GET /feed"] = lambda one: [
            {"sku": f"S{day}", "at": f"2026-03-0{day}T08:00:00Z"}
            for day in range(1, 6)
            if one.query.get("since", "") < f"2026-03-0{day}T08:00:00Z" < one.query.get("until", "9")
        ]

        def make(parameters):
            shop = Projected(tmp_path, {"dhm.toml": REST.replace("URL", server.url).replace("PARAMETERS", parameters), "offers.dhm": PLAIN})
            made.append(shop)
            return shop

        yield make
        for one in made:
            one.close()


def test_an_api_is_asked_for_the_range_and_its_position_stays(served):
    shop = served(BOTH)
    assert 0 == run_job(Asked("offers", quiet=True))
    assert 0 == asked("2026-03-02T00:00Z", "2026-03-04T00:00Z")
    assert [["S1", "S2", "S3", "S4", "S5"], ["S2", "S3"]] == [[row["sku"] for row in rows] for rows in shop.rows("out")]
    assert 0 == run_job(Asked("offers", quiet=True))
    # From where the last run came to, and not from the range.
    assert "nothing new" == shop.store.runs.list("offers")[0].reason


@pytest.mark.parametrize("parameters, said", [("{}", "from when on"), ('{since = "{{CURSOR}}"}', "until when")])
def test_an_api_that_cannot_be_asked_for_a_range_is_told(served, parameters, said):
    shop = served(parameters)
    assert Exit.WRONG == asked("2026-03-02T00:00Z", "2026-03-04T00:00Z")
    (run,) = shop.store.runs.list()
    assert "the source `feed` cannot be asked for a range of time" in run.reason
    assert said in run.reason
    assert json.loads(run.parameters) == {}
