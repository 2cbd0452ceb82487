"""What there is to do about a failure is asked for in the morning, by somebody who saw nothing of it."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime

import pytest

from datahub.state.records import Admission, Fire, FireKind
from datahub.state.sqlite.ledger import SqliteLedger
from tests import commands

TOML = """\
[project]
name = "shop"
[connections.here]
kind = "local"
[jobs.stock]
mapping = "stock.dhm"
sources.feed = {connection = "here", folder = "in", recursive = true, ready.stable = 0}
targets.kept = {connection = "here", folder = "out", create_folders = true, name = "{{RUN}}.jsonl"}
"""
SCRIPT = """\
source feed: csv { columns { sku: text, price: decimal } }
entity Item {
  key sku
  sku: text(1..5)
  price: decimal(8,2)
}
map Item from f in feed { include f }
target kept: jsonl {}
flow main { write Item to kept }
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dhm.toml").write_text(TOML)
    (tmp_path / "stock.dhm").write_text(SCRIPT)
    (tmp_path / "in" / "b").mkdir(parents=True)
    (tmp_path / "in" / "b" / "4.csv").write_text("sku,prize\nA,1\n")
    return tmp_path


def dhm(*given, code=0):
    ended = commands.dhm(*given)
    assert code == ended.code, ended
    return ended.out, ended.err


def served(here):
    """A run as `dhm serve` has it worked on: what it says goes into a log that nobody reads in the morning."""
    now = datetime.now(UTC)
    with closing(SqliteLedger(here / ".dhm" / "default" / "ledger.sqlite")) as store:
        run = store.runs.submit(Fire("stock", FireKind.CRON, now), Admission(), now)
    assert run is not None
    commands.dhm("run", "stock", "--claimed", run.id, "--served", "--quiet")
    return run.id


@pytest.mark.parametrize("by", ["hand", "serve"])
def test_a_run_that_failed_is_shown_with_what_helps_and_which_command_reads_what(here, by):
    if by == "hand":
        assert "`prize` is there" in dhm("run", "stock", code=1)[1]
        run = json.loads(dhm("runs", "ls", "--output", "json")[0])[0]["run"]
    else:
        run = served(here)
    shown = " ".join(dhm("runs", "show", "last")[0].split())
    assert "help " in shown
    assert "`prize` is there; was it meant for `price`?" in shown
    assert "each run reads `b/4.csv` first, until corrected or taken away" in shown
    assert "read b/4.csv, in/b/4.csv (14 bytes, sha256 " in shown
    assert (
        f"next either `dhm run stock` reads what is there now, or `dhm runs resume {run}` goes on with the copy of `b/4.csv` (sha256 "
        in shown
    )
    (told,) = json.loads(dhm("runs", "ls", "--output", "json")[0])
    assert "`prize` is there" in told["help"]
    # Corrected where it lies: what goes on with the run reads the copy, and says so.
    (here / "in" / "b" / "4.csv").write_text("sku,price\nA,1\n")
    said = dhm("runs", "resume", run, code=1)[1]
    assert f"run {run} goes on with the copy of `b/4.csv` (sha256 " in said
    assert "that it had landed; `dhm run stock` reads what is there now" in said
    dhm("run", "stock")
    assert "next " not in dhm("runs", "show", "last")[0]


def test_a_run_that_is_done_at_last_has_no_help_any_more(here):
    dhm("run", "stock", code=1)
    (here / "stock.dhm").write_text(
        SCRIPT.replace("price: decimal }", "prize: decimal }").replace("include f", "sku: f.sku, price: f.prize")
    )
    dhm("runs", "resume", "last")
    shown = dhm("runs", "show", "last")[0]
    assert "success" in shown
    assert ("help " in shown, "next " in shown) == (False, False), shown


@pytest.mark.parametrize("by", ["hand", "serve"])
def test_a_run_that_read_no_row_has_a_page_and_a_later_try_one_of_its_rows(here, by):
    (here / "dhm.toml").write_text(TOML.replace('name = "shop"', 'name = "shop"\ntimezone = "Asia/Tokyo"') + "retry.attempts = 1\n")
    dhm("run", "stock", code=1) if by == "hand" else served(here)
    ((_, name),) = [one.split(maxsplit=1) for one in dhm("runs", "show", "last")[0].splitlines() if one.split()[:1] == ["report"]]
    page = (here / name).read_text(encoding="utf-8")
    for words in ("Asia/Tokyo", "failed", "lacks the declared column", "was it meant for", "b/4.csv", "None was read"):
        assert words in page
    (here / "in" / "b" / "4.csv").write_text("sku,price\nA,1\n")
    dhm("run", "stock")
    ((_, name),) = [one.split(maxsplit=1) for one in dhm("runs", "show", "last")[0].splitlines() if one.split()[:1] == ["report"]]
    assert "accounted for" in (here / name).read_text(encoding="utf-8")


def test_a_run_that_is_tried_again_has_the_page_of_its_last_try(here):
    (here / "in" / "b" / "4.csv").write_text("sku,price\nA,1\n")
    (here / "in").rename(here / "away")
    code = commands.dhm("run", "stock").code
    assert code in (1, 75)
    (here / "away").rename(here / "in")
    dhm("run", "stock")
    ((_, name),) = [one.split(maxsplit=1) for one in dhm("runs", "show", "last")[0].splitlines() if one.split()[:1] == ["report"]]
    assert "accounted for" in (here / name).read_text(encoding="utf-8")
