"""Jobs as they are typed: run, looked at, held, let go on, cancelled, replayed; and served, killed and served again."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from datahub.state.records import Admission, Fire, FireKind, Message, Overlap
from datahub.state.sqlite.ledger import SqliteLedger
from tests import commands
from tests.jobs_world import SCRIPT

PROJECT = """\
[project]
name = "shop"
timezone = "Europe/Paris"

[connections.here]
kind = "local"

# What the supplier sends at night.
[jobs.offers]
mapping = "offers.dhm"
description = "the supplier's offers"
schedule = "every day at 02:30"
rejects = {connection = "here", folder = "rejects", create_folders = true}
guards.shrink = "30%"

[jobs.offers.sources.feed]
connection = "here"
folder = "in"
ready.stable = 0
after = {action = "move", folder = "done"}

[jobs.offers.targets.list]
connection = "here"
folder = "out"
create_folders = true
name = "offers-{{RUN}}.csv"
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A project with one job."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dhm.toml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "offers.dhm").write_text(
        SCRIPT.replace("target shop: api {}\n", "").replace("  write Offer to shop\n", ""), encoding="utf-8"
    )
    (tmp_path / "in").mkdir()
    return tmp_path


def dhm(*given, **more):
    ended = commands.dhm(*given, **more)
    return ended.code, ended.out, ended.err


def put(here, name, *rows):
    part = here / "in" / f".{name}"
    part.write_text("sku,price,stock\n" + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    part.rename(here / "in" / name)


def listed(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def last(here):
    return re.findall(r"^  (\d{8}-\d{6}-\w+)", dhm("runs", "ls", "-n", "1")[1], re.MULTILINE)[0]


def test_a_job_runs_once_over_what_is_new(here):
    put(here, "a.csv", "A,1.50,3", "B,free,2", "C,2.00,0")
    code, _, said = dhm("run", "offers", "--fail-on-rejects")
    assert code == 3
    assert "3 read  =  1 written  + 1 rejected  + 1 filtered" in said
    assert "3 rows read, 1 row rejected, 2 files delivered" in said
    assert ["a.csv"] == listed(here / "done")
    assert 1 == len(listed(here / "out")) == len(listed(here / "rejects"))
    code, _, said = dhm("run", "offers", "--fail-on-empty")
    assert (4, True) == (code, "nothing new" in said)
    code, shown, _ = dhm("runs", "show", "last")
    assert "nothing new" in shown


def test_a_folder_may_have_the_name_of_the_job_that_fills_it(here):
    (here / "offers").mkdir()
    put(here, "a.csv", "A,1.50,3")
    code, _, said = dhm("run", "offers")
    assert (0, True) == (code, "1 row read" in said)


def test_what_waits_of_a_job_is_done_by_the_process_that_is_there(here):
    put(here, "a.csv", "A,1.50,3")
    with closing(SqliteLedger(here / ".dhm" / "default" / "ledger.sqlite")) as store:
        now = datetime.now(UTC)
        fires = [Fire("offers", FireKind.EVENT, now, f"m{number}") for number in range(3)]
        for fire in fires:
            store.runs.submit(fire, Admission(Overlap.QUEUE_ALL), now)
        first = store.runs.list()[-1].id
        code, _, said = dhm("run", "offers", "--claimed", first, "--served", "--quiet")
        assert code == 0
        assert [3, 2] == [said.count("success"), said.count("nothing new")]
        assert {"success"} == {run.status.value for run in store.runs.list()}
        assert [1, 1, 1] == [run.attempt for run in store.runs.list()]


@pytest.mark.slow
@pytest.mark.parametrize("overlap", ["queue_one", "cancel_previous"])
def test_what_came_while_a_job_was_busy_starts_when_that_ends_whoever_told_it_has_gone(here, overlap):
    project = (here / "dhm.toml").read_text(encoding="utf-8")
    (here / "dhm.toml").write_text(project.replace("[jobs.offers]\n", f'[jobs.offers]\noverlap = "{overlap}"\n'), encoding="utf-8")
    put(here, "a.csv", "A,1.50,3")
    command = [sys.executable, "-m", "datahub", "run", "offers"]
    busy = subprocess.Popen(command, env={**os.environ, "DHM_FAIL": "staged:1:stop"}, stderr=subprocess.PIPE, text=True)
    os.waitid(os.P_PID, busy.pid, os.WSTOPPED | os.WNOWAIT)
    first = last(here)
    put(here, "b.csv", "B,2.50,3")
    code, _, said = dhm("run", "offers")
    assert (0, True) == (code, f"starts when run {first} ends" in said), said
    waiting = last(here)
    os.kill(busy.pid, signal.SIGCONT)
    _, said = busy.communicate(timeout=50)
    assert f"run {waiting}, which waited, starts" in said
    # It tells how its own ended.
    assert (1 if overlap == "cancel_previous" else 0) == busy.returncode
    rows = "".join(path.read_text(encoding="utf-8") for path in (here / "out").iterdir())
    assert (1, 1) == (rows.count("A,1.50"), rows.count("B,2.50"))
    assert 4 == dhm("run", "offers", "--fail-on-empty")[0]


def test_a_dry_run_tells_what_would_be_and_leaves_everything_as_it_is(here):
    put(here, "a.csv", "A,1.50,3", "B,free,2")
    before = sorted(path.relative_to(here).as_posix() for path in here.rglob("*"))
    code, _, said = dhm("run", "offers", "--dry-run")
    assert code == 0
    assert "would go to `list`: 1 row" in said
    assert "would go to `rejects`: 1 row" in said
    assert before == sorted(path.relative_to(here).as_posix() for path in here.rglob("*"))


def test_a_dry_run_takes_the_parameters_that_are_given(here):
    script = here / "offers.dhm"
    text = script.read_text(encoding="utf-8")
    at = text.index("{", text.index("flow ")) + 1
    script.write_text(f"param most: int = 9\n{text[:at]}\n  abort when $most < 1\n{text[at:]}", encoding="utf-8")
    put(here, "a.csv", "A,1.50,3")
    assert dhm("run", "offers", "--dry-run")[0] == 0
    code, _, said = dhm("run", "offers", "--dry-run", "--param", "most=0")
    assert code == 1
    assert "would not be delivered: `abort when`" in said


def test_a_held_run_is_let_through_and_another_gives_its_files_back(here):
    put(here, "a.csv", "A,1.50,3", "B,2.50,2", "C,2.00,1")
    assert 0 == dhm("run", "offers")[0]
    put(here, "b.csv", "A,1.60,3")
    code, _, said = dhm("run", "offers")
    assert code == 1
    assert "1 row was read, and 3 by run" in said
    held = last(here)
    assert f"dhm runs resume {held} --approve" in said
    code, _, said = dhm("run", "offers", "--fail-on-skip")
    assert code == 5
    assert f"waits behind run {held}, which is held" in said
    # What cron calls says nothing when all is well; a job that a person has to look at is not well, however often it is called.
    for _ in range(2):
        code, _, said = dhm("run", "offers", "--quiet")
        assert code == 1
        assert f"run {held}" in said
        assert f"dhm runs resume {held} --approve" in said
    code, _, said = dhm("runs", "resume", held)
    assert (2, True) == (code, "is held" in said)
    assert 0 == dhm("runs", "resume", held, "--approve")[0]
    assert 2 == len(listed(here / "out"))
    # What was queued behind it is done by whoever comes next.
    assert "nothing new" in dhm("run", "offers")[2]
    (here / "dhm.toml").write_text(PROJECT.replace('guards.shrink = "30%"', "guards.rows = 5"), encoding="utf-8")
    put(here, "c.csv", "Z,1.60,3")
    assert 1 == dhm("run", "offers")[0]
    assert 0 == dhm("runs", "cancel", "last", "--reason", "not yet")[0]
    code, shown, _ = dhm("runs", "ls", "--status", "cancelled")
    assert "not yet" in shown
    # Its input is another run's now: to take it up again would deliver it twice.
    code, _, said = dhm("runs", "resume", "last", "--approve")
    assert (2, True) == (code, "was cancelled, and its input was given back" in said)
    (here / "dhm.toml").write_text(PROJECT.replace('guards.shrink = "30%"', ""), encoding="utf-8")
    assert 0 == dhm("run", "offers")[0]
    assert 3 == len(listed(here / "out"))


def test_a_failed_run_does_not_deliver_again_what_a_later_one_has_read_without_a_word(here):
    (here / "dhm.toml").write_text(PROJECT.replace('guards.shrink = "30%"', "tolerance.rows = 0"), encoding="utf-8")
    put(here, "a.csv", "A,1.50,3", "B,free,2")
    assert 1 == dhm("run", "offers")[0]
    failed = last(here)
    (here / "dhm.toml").write_text(PROJECT, encoding="utf-8")
    assert 0 == dhm("run", "offers")[0]
    code, _, said = dhm("runs", "resume", failed)
    assert (2, True) == (code, f"run {last(here)} has read `a.csv` since run {failed} failed" in said)
    assert 1 == len(listed(here / "out"))
    assert 0 == dhm("runs", "resume", failed, "--approve")[0]
    assert 2 == len(listed(here / "out"))


def test_a_failed_run_does_not_deliver_what_was_corrected_since_without_a_word(here):
    (here / "dhm.toml").write_text(PROJECT.replace('guards.shrink = "30%"', "tolerance.rows = 0"), encoding="utf-8")
    put(here, "a.csv", "A,1.50,3", "B,free,2")
    assert 1 == dhm("run", "offers")[0]
    failed = last(here)
    put(here, "a.csv", "A,1.70,3", "B,2.50,2")
    assert 0 == dhm("run", "offers")[0]
    code, _, said = dhm("runs", "resume", failed)
    assert (2, True) == (code, f"run {last(here)} of the same job has delivered since run {failed} failed" in said), said
    assert 1 == len(listed(here / "out"))


def queued(store, fire):
    run = store.runs.submit(fire, Admission(Overlap.QUEUE_ALL), datetime.now(UTC))
    assert run is not None
    return run.id


def test_a_run_whose_files_were_removed_with_time_does_not_go_on_and_says_who_reads_them(here):
    script, rule = here / "offers.dhm", "flow main {\n  abort when rejected_share(Offer) > 10%\n"
    script.write_text(script.read_text(encoding="utf-8").replace("flow main {\n", rule), encoding="utf-8")
    put(here, "a.csv", "A,1.50,3", "B,free,3")
    assert 1 == dhm("run", "offers")[0]
    failed = last(here)
    for path in (here / ".dhm" / "default" / "landed").iterdir():
        os.utime(path, (0, 0))
    assert "1 file" in dhm("runs", "prune")[2]
    code, _, said = dhm("runs", "resume", failed)
    assert (2, True, True) == (
        code,
        "`a.csv` that was landed is not there" in said,
        "`dhm run offers` reads what is there now" in said,
    ), said
    assert ["failed"] == status(here)


def test_files_that_piled_up_are_delivered_one_after_the_other_by_one_command(here):
    put(here, "a.csv", "A,1.50,3", "B,2.50,3", "C,2.50,3")
    put(here, "b.csv", "A,1.60,3", "B,2.50,3", "C,2.50,3")
    code, _, said = dhm("run", "offers", "--fail-on-rejects")
    second, first = re.findall(r"^  (\d{8}-\d{6}-\w+)", dhm("runs", "ls")[1], re.MULTILINE)
    assert (0, True, True) == (code, f"1 file left to run {second}" in said, f"run {second}, which waited, starts" in said), said
    assert ["a.csv", "b.csv"] == listed(here / "done")
    assert f"run {first}, which left it some files" in dhm("runs", "show", second)[1]
    # What the rest comes to is what became of the command.
    put(here, "c.csv", "A,1.70,3", "B,2.50,3", "C,2.50,3")
    put(here, "d.csv", "A,1.70,3")
    code, _, said = dhm("run", "offers", "--quiet")
    assert (1, True) == (code, "held: run " in said), said
    assert ["d.csv"] == listed(here / "in")


def test_where_files_that_piled_up_replace_one_another_the_one_whose_rows_are_taken_is_told_without_being_asked(here):
    (here / "dhm.toml").write_text(PROJECT.replace('name = "offers-{{RUN}}.csv"', 'exists = "replace"'), encoding="utf-8")
    put(here, "a.csv", "A,1.50,3")
    put(here, "b.csv", "A,1.60,3")
    code, _, said = dhm("run", "offers", "--quiet")
    assert (0, True) == (code, "`b.csv` was read behind `a.csv` and holds keys that are there already (`A`)" in said), said
    assert ["success"] == status(here)


def test_a_run_that_waits_has_nothing_to_approve(here):
    with closing(SqliteLedger(here / ".dhm" / "default" / "ledger.sqlite")) as store:
        fires = [Fire("offers", FireKind.EVENT, datetime.now(UTC), f"m{number}") for number in range(2)]
        first, second = [queued(store, fire) for fire in fires]
        code, _, said = dhm("runs", "resume", "last", "--approve")
        assert (2, True) == (code, f"run {second} waits and is not held" in said), said
        assert f"before it is run {first}, which waits for somebody" in said
        code, _, said = dhm("runs", "resume", first, "--approve")
        assert (2, True) == (code, "without `--approve` it is worked on" in said), said
        assert {"pending"} == {run.status.value for run in store.runs.list()}


def test_what_is_not_replayed_behind_another_run_is_told_with_what_to_do(here):
    put(here, "a.csv", "A,1.50,3", "B,free,2", "C,2.00,1", "D,2.00,1")
    dhm("run", "offers")
    rejecting = last(here)
    put(here, "b.csv", "A,1.60,3")
    assert 1 == dhm("run", "offers")[0]
    first = last(here)
    code, _, said = dhm("rejects", "replay", rejecting)
    assert (75, True) == (code, f"nothing was replayed: run {first} is held: " in said), said
    assert f"`dhm runs cancel {first}`; once it has ended, `dhm rejects replay {rejecting}` again" in said
    assert 0 == dhm("runs", "resume", first, "--approve")[0]
    # One that only waits is not in the way.
    with closing(SqliteLedger(here / ".dhm" / "default" / "ledger.sqlite")) as store:
        waiting = queued(store, Fire("offers", FireKind.EVENT, datetime.now(UTC), "m"))
    assert 0 == dhm("rejects", "replay", rejecting)[0]
    with closing(SqliteLedger(here / ".dhm" / "default" / "ledger.sqlite")) as store:
        assert [("success", "nothing new")] == [(run.status.value, run.reason) for run in store.runs.find(waiting)]


def test_rejected_rows_are_corrected_and_run_again(here):
    put(here, "a.csv", "A,1.50,3", "B,free,2")
    dhm("run", "offers")
    run = last(here)
    code, shown, said = dhm("rejects", "show", run)
    assert "B,free,2" in shown
    assert '"free"" is not a number' in shown
    path = re.search(r": (/.*\.csv)", said)
    assert path is not None
    (here / "fixed.csv").write_text(Path(path[1]).read_text(encoding="utf-8").replace("B,free,2", "B,7.50,2"))
    code, _, said = dhm("rejects", "replay", run, "--file", "fixed.csv")
    assert (0, True) == (code, "1 row read" in said)
    assert "B,7.50,2" in "".join(path.read_text() for path in (here / "out").iterdir())
    assert f"again as {last(here)}" in dhm("rejects", "ls")[1]


def test_rejected_rows_are_replayed_by_code_and_key(here):
    put(here, "a.csv", "A,1.50,3", "B,free,2", "C,free,2", "D,,1")
    dhm("run", "offers")
    run = last(here)
    code, _, said = dhm("rejects", "replay", run, "--code", "R104", "--key", "B")
    assert (0, True) == (code, "1 row read, 1 row rejected" in said), said
    assert (0, True) == ((found := dhm("rejects", "replay", run, "--code", "R104"))[0], "2 rows read, 2 rows rejected" in found[2]), found[
        2
    ]
    code, _, said = dhm("rejects", "replay", run, "--code", "R999")
    assert (2, True) == (code, "none of the rejected rows is so" in said), said
    code, _, said = dhm("rejects", "replay", run, "--code", "R104", "--file", "in")
    assert (2, True) == (code, "choose among the rows as they were rejected" in said), said
    # What was not among them is told to be still there.
    (line,) = [one for one in dhm("rejects", "ls")[1].splitlines() if run in one.split()[:1]]
    assert ("1 of 3 rows" in line, "2 of 3 rows" in line, line.endswith("; 1 still to be replayed")) == (True, True, True), line


def test_a_job_is_listed_shown_switched_and_copied(here):
    _, shown, _ = dhm("jobs", "list")
    assert re.search(r"offers  on  \d{4}-\d\d-\d\d 02:30:00", shown)
    _, shown, _ = dhm("jobs", "show", "offers")
    assert "list: effect once (a file is set down under a hidden name and shown in one step)" in shown
    assert "every day at 02:30 (Europe/Paris)" in shown
    assert "guards shrink 30 %" in " ".join(shown.split())
    (here / "dhm.bad.toml").write_text("[jobs.offers]\nretention.rejects = 3\n", encoding="utf-8")
    assert "`dhm.bad.toml` has 1 mistake" in dhm("jobs", "show", "offers", "--env", "bad")[2]
    dhm("jobs", "disable", "offers")
    assert re.search(r"offers  off ", dhm("jobs", "list")[1])
    assert 0 == dhm("jobs", "copy", "offers", "offers-test")[0]
    text = (here / "dhm.toml").read_text(encoding="utf-8")
    assert "# What the supplier sends at night." in text
    assert re.search(r"offers-test  off", dhm("jobs", "list")[1])
    assert 2 == dhm("jobs", "copy", "offers", "offers-test")[0]


def test_what_is_listed_is_given_to_programs_as_json(here):
    put(here, "a.csv", "A,1.50,3", "B,free,1")
    dhm("run", "offers")

    def given(*asked):
        code, out, _ = dhm(*asked, "--output", "json")
        assert 0 == code
        return json.loads(out)

    (run,) = given("runs", "ls")
    assert ("offers", "manual", "success", {"n": 1}) == (run["job"], run["by"], run["status"], {"n": run["rows"]["rejected"]})
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", run["ended"])
    (reject,) = given("rejects", "ls")
    assert (run["run"], {"R104": 1}) == (reject["run"], reject["codes"])
    jobs = {one["job"]: one for one in given("jobs", "list")}
    assert run["run"] == jobs["offers"]["last_run"]["run"]
    assert jobs["offers"]["next"] == given("schedule", "next", "offers", "-n", "1")[0]["at"]
    assert [] == given("messages", "ls")
    (status,) = given("schedule", "status", "offers")
    assert ("on time", jobs["offers"]["next"]) == (status["status"], status["next"])


def test_what_two_runs_differ_in_is_told(here):
    put(here, "a.csv", "A,1.50,3", "B,2,1")
    dhm("run", "offers")
    assert (2, "") == (refused := dhm("runs", "diff"))[:2]
    assert "no run of `offers` delivered something before run" in refused[2]
    put(here, "b.csv", "C,1.50,3", "D,free,1", "E,1,1")
    dhm("run", "offers")
    # One that has nothing to do lies between.
    dhm("run", "offers")
    put(here, "c.csv", "F,1,3", "G,2,1", "H,2,1")
    dhm("run", "offers")
    code, shown, _ = dhm("runs", "diff", "--output", "json")
    told = json.loads(shown)
    assert (0, {"rows written": (2, 3), "rows rejected": (1, 0), "code R104": (1, "")}) == (
        code,
        {one["what"]: (one["before"], one["after"]) for one in told["differ"]},
    )
    assert "is as run" in dhm("runs", "diff", "last", told["after"])[2]


def test_figures_of_jobs_are_printed_for_collectors_of_text(here):
    put(here, "a.csv", "A,1.50,3", "B,free,1")
    dhm("run", "offers")
    _, printed, _ = dhm("jobs", "metrics")
    assert '\ndhm_job_last_run_rows{job="offers",fate="rejected"} 1\n' in printed
    assert '\ndhm_job_late{job="offers"} 0\n' in printed


def test_a_scheduler_that_never_came_is_found_out(here):
    assert (0, "") == dhm("schedule", "status", "--fail-if-late")[::2]
    put(here, "a.csv", "A,1.50,3")
    dhm("run", "offers")
    assert 0 == dhm("schedule", "status", "--fail-if-late")[0]
    with closing(sqlite3.connect(here / ".dhm" / "default" / "ledger.sqlite")) as ledger, ledger:
        ledger.execute("UPDATE run SET ended = replace(ended, substr(ended, 1, 4), '2001')")
    code, shown, said = dhm("schedule", "status", "--fail-if-late")
    assert (1, "error: 1 job is late: offers\n") == (code, said)
    assert re.search(r"offers  late  ", shown)


def test_other_schedulers_are_given_what_is_on_and_what_is_off_does_nothing(here):
    put(here, "a.csv", "A,1.50,3")
    assert "run offers --scheduled --quiet" in dhm("schedule", "export", "--crontab")[1]
    dhm("jobs", "disable", "offers")
    assert ("# `offers` is off", False) == ((text := dhm("schedule", "export", "--crontab")[1]).splitlines()[-1], "dhm run" in text)
    assert "ExecStart" not in dhm("schedule", "export", "--systemd")[1]
    assert "`offers` is off: nothing of this happens until" in dhm("schedule", "next", "offers", "-n", "1")[2]
    assert ("", True) == ((found := dhm("schedule", "next"))[1], "no job that is on has a schedule" in found[2])
    assert (5, ["a.csv"]) == (dhm("run", "offers", "--scheduled", "--quiet", "--fail-on-skip")[0], listed(here / "in"))
    # By hand it runs all the same.
    assert (0, []) == (dhm("run", "offers")[0], listed(here / "in"))


def test_a_start_that_jitter_makes_later_is_told_beside_its_time(here):
    text = PROJECT.replace('schedule = "every day at 02:30"', 'schedule = {every = "0,1 * * * *", jitter = "10 min"}')
    assert text != PROJECT
    (here / "dhm.toml").write_text(text, encoding="utf-8")
    shown = dhm("schedule", "next", "offers", "-n", "4", "--after", "2026-07-01T12:00Z")[1].splitlines()[1:]
    times = json.loads(dhm("schedule", "next", "offers", "-n", "4", "--after", "2026-07-01T12:00Z", "--output", "json")[1])
    for line, one, most in zip(shown, times, (10, 1, 10, 1), strict=True):
        at, begin = (datetime.fromisoformat(one[key]) for key in ("at", "starts"))
        assert timedelta() <= begin - at < timedelta(minutes=most)
        assert line.rstrip().endswith(f"starts at {begin + timedelta(hours=2):%H:%M:%S} (jitter)")


def test_the_next_times_are_told_on_both_clocks_with_what_the_clock_does(here):
    _, shown, _ = dhm("schedule", "next", "offers", "-n", "2", "--after", "2026-03-28T12:00Z")
    lines = [line.split() for line in shown.splitlines()[1:]]
    assert ["03:00", "+0200", "Europe/Paris", "2026-03-29", "01:00", "UTC", "the", "clock", "skips", "02:30"] == lines[0][3:]
    assert ["02:30", "+0200", "Europe/Paris", "2026-03-30", "00:30", "UTC"] == lines[1][3:]
    other = PROJECT[PROJECT.index("[jobs.offers]") :].replace("jobs.offers", "jobs.another").replace("02:30", "04:00")
    (here / "dhm.toml").write_text(PROJECT + "\n" + other, encoding="utf-8")
    _, shown, _ = dhm("schedule", "next", "-n", "4", "--after", "2026-07-01T12:00Z")
    named = [(line.split()[0], line.split()[3]) for line in shown.splitlines()[1:]]
    assert [("offers", "02:30"), ("another", "04:00")] * 2 == named
    assert "30 2 * * *  cd " in dhm("schedule", "export", "--crontab")[1]
    assert "OnCalendar=*-*-* 02:30:00 Europe/Paris" in dhm("schedule", "export", "--systemd")[1]


@pytest.mark.parametrize(
    "given, said",
    [
        (("run", "ofers"), "did you mean `offers`?"),
        (("run", "offers", "--source", "a=b"), "a job says itself"),
        (("runs", "show", "last"), "there is no run `last`"),
        (("runs", "cancel", "2020"), "there is no run `2020`"),
        (("jobs", "show", "nothing"), "the project has no job `nothing`"),
        (("schedule", "next", "nothing"), "the project has no job `nothing`"),
        (("schedule", "export"), "one form is wanted"),
        (("rejects", "show", "last"), "there is no run `last`"),
    ],
)
def test_what_is_typed_wrongly_touches_nothing_and_says_what_to_do(here, given, said):
    code, _, told = dhm(*given)
    assert (2, True) == (code, said in told), told


def test_a_job_that_is_bound_to_nothing_says_what_to_write(here):
    (here / "dhm.toml").write_text(PROJECT.replace("[jobs.offers.targets.list]", "[jobs.offers.targets.lists]"), encoding="utf-8")
    code, _, told = dhm("run", "offers")
    assert code == 2
    assert "[jobs.offers.targets.list]" in told


def test_checking_a_script_tells_what_its_jobs_can_promise(here):
    code, _, said = dhm("check", "offers.dhm")
    assert code == 0
    assert "job offers: list: effect once (a file is set down under a hidden name and shown in one step)" in said
    (here / "dhm.toml").write_text(PROJECT.replace("[jobs.offers.targets.list]", "[jobs.offers.targets.lists]"), encoding="utf-8")
    code, _, said = dhm("check", "offers.dhm")
    assert (1, True) == (code, "the job `offers` does not say where the target `list` goes" in said)


def test_checking_in_an_environment_goes_by_what_it_lays_on_the_project(here):
    (here / "dhm.prod.toml").write_text('[jobs.offers.targets.list]\nname = "offers.csv"\n', encoding="utf-8")
    (here / "dhm.test.toml").write_text('[jobs.offers.targets.lists]\nconnection = "here"\nfolder = "out"\n', encoding="utf-8")
    one_name = "`list` gets a file of the same name from every run"
    for given in ((), ("offers.dhm",)):
        said = {env: dhm("check", *given, *(("--env", env) if env else ())) for env in ("", "prod", "test", "nope")}
        assert [0, 0, 1, 2] == [code for code, _, _ in said.values()], said
        assert (False, True) == (one_name in said[""][2], one_name in said["prod"][2])
        assert "has no target `lists` that is used" in said["test"][1] + said["test"][2]
        assert "the project has no environment `nope`" in said["nope"][2]


def test_checking_a_script_tells_where_a_second_run_finds_the_file_of_the_first(here):
    named = 'name = "offers-{{RUN}}.csv"\n'
    told = "job offers: `list` gets a file of the same name from every run"
    assert told not in dhm("check", "offers.dhm")[2]
    for project, wanted in (
        (PROJECT.replace(named, ""), True),
        (PROJECT.replace(named, 'exists = "replace"\n'), False),
        (PROJECT.replace(named, "").replace('schedule = "every day at 02:30"\n', ""), False),
    ):
        (here / "dhm.toml").write_text(project, encoding="utf-8")
        code, _, said = dhm("check", "offers.dhm")
        assert (0, wanted) == (code, told in said), said


HALVES = """\
source lines: csv {{ columns {{ order: text, no: int }} }}
entity Order {{
  key id
  id : text
  owns Line on order
}}
entity Line {{
  key order, no
  order : text
  no    : int
}}
map Order from l in lines group by l.order {{ id: l.order }}
map Line from l in lines {{ order: l.order, no: l.no }}
target heads: {kind} {{}}
target bodies: api {{}}
flow send {{
  {writes}
}}
"""
HALVES_PROJECT = """\
[project]
name = "halves"
[connections.in]
kind = "local"
root = "in"
[connections.api]
kind = "rest"
url = "http://localhost:1"
insecure = true
[jobs.send]
mapping = "send.dhm"
[jobs.send.sources.lines]
connection = "in"
folder = "."
"""


@pytest.mark.parametrize(
    ("kind", "writes", "targets", "told"),
    [
        ("api", "write Order to heads\n  write Line to bodies", {"heads": 'path = "heads"', "bodies": 'path = "lines"'}, True),
        ("jsonl", "write Order to heads\n  write Line to bodies", {"heads": 'folder = "out"', "bodies": 'path = "lines"'}, True),
        ("api", "write Order, Line to heads", {"heads": 'path = "heads"\ndocument = "json"'}, False),
        ("api", "write Order to heads", {"heads": 'path = "heads"'}, False),
    ],
    ids=["both", "one and a file", "a document", "one alone"],
)
def test_checking_a_script_tells_where_an_api_may_take_half_of_an_order(tmp_path, monkeypatch, kind, writes, targets, told):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "send.dhm").write_text(HALVES.format(kind=kind, writes=writes), encoding="utf-8")
    bound = "".join(
        f'[jobs.send.targets.{name}]\nconnection = "{"api" if "path" in said else "in"}"\n{said}\n' for name, said in targets.items()
    )
    (tmp_path / "dhm.toml").write_text(HALVES_PROJECT + bound, encoding="utf-8")
    code, _, said = dhm("check", "send.dhm")
    assert (0, told) == (code, "and an API may take some of an `Order` with its `Line` and refuse others" in said), said


def test_a_damaged_ledger_is_told_with_the_way_out_which_works(here):
    put(here, "a.csv", "A,1.50,3")
    dhm("run", "offers")
    ledger = here / ".dhm" / "default" / "ledger.sqlite"
    ledger.write_bytes(b"no ledger" * 1000)
    code, _, told = dhm("runs", "ls")
    assert code == 1
    way = re.search(r"`(mv [^`]+)`", told)
    assert way is not None
    subprocess.run(way[1], shell=True, check=True)
    assert 0 == dhm("runs", "ls")[0]


def wait_for(true, seconds=40.0):
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it does not come"
        time.sleep(0.1)


@pytest.fixture
def start(here):
    """Starts `dhm` without waiting; what still runs at the end is ended."""
    started = []

    def begin(*given):
        command = [sys.executable, "-m", "datahub", *given]
        one = subprocess.Popen(command, cwd=here, stderr=subprocess.PIPE, text=True, start_new_session=True)
        started.append(one)
        return one

    yield begin
    for one in started:
        one.kill()
        one.communicate()


def status(here):
    """The status of each run, asked without a process that would take as long as what is watched."""
    path = here / ".dhm" / "default" / "ledger.sqlite"
    if not path.exists():
        return []
    ledger = sqlite3.connect(path)
    found = [row[0] for row in ledger.execute("SELECT status FROM run ORDER BY rowid")]
    ledger.close()
    return found


@pytest.mark.slow
def test_what_is_served_survives_being_killed_and_ends_gently_when_told(here, start):
    # The source waits for a file to become stable, so that there is time to kill everything in the middle of it.
    slow = PROJECT.replace("ready.stable = 0", "ready.stable = 2")
    (here / "dhm.toml").write_text(slow, encoding="utf-8")
    put(here, "a.csv", "A,1.50,3", "B,free,2")
    queued = start("run", "offers")
    wait_for(lambda: status(here) == ["fetching"])
    queued.kill()
    serving = start("serve")
    wait_for(lambda: status(here) == ["success"])
    os.killpg(serving.pid, signal.SIGKILL)
    put(here, "b.csv", "A,1.60,3", "D,2.50,2")
    again = start("run", "offers")
    serving = start("serve")
    wait_for(lambda: status(here) == ["success", "success"])
    assert 0 == again.wait(40)
    serving.send_signal(signal.SIGTERM)
    _, said = serving.communicate(timeout=40)
    assert 143 == serving.returncode
    assert "serving 1 job" in said
    rows = "".join(path.read_text() for path in (here / "out").iterdir())
    assert (1, 1, 1) == (rows.count("A,1.50"), rows.count("A,1.60"), rows.count("D,2.50"))


@pytest.mark.slow
@pytest.mark.parametrize("form", ["text", "json"])
def test_what_is_served_tells_a_failure_once_with_its_time_and_what_to_do(here, start, form):
    (here / "in" / "a.csv").write_text("<html>not found</html>\n", encoding="utf-8")
    with closing(SqliteLedger(here / ".dhm" / "default" / "ledger.sqlite")) as store:
        now = datetime.now(UTC)
        run = store.runs.submit(Fire("offers", FireKind.EVENT, now, "m"), Admission(), now)
        assert run is not None
    serving = start("serve", "--log", form)
    wait_for(lambda: status(here) == ["failed"])
    time.sleep(1.5)
    serving.send_signal(signal.SIGTERM)
    _, said = serving.communicate(timeout=40)
    (told,) = [line for line in said.splitlines() if "failed" in line]
    assert all(one in told for one in (run.id, "is an HTML page", "may have answered with an error page")), said
    assert re.match(r'\{"at": "20\d\d-' if form == "json" else r"20\d\d-\d\d-\d\dT[\d:]+\S+ offers: run ", told), told


READING = "-dac_override,-dac_read_search"
"""What root is without, so that it may not write where others may not."""


@pytest.mark.parametrize("given", [("serve",), ("serve", "--listen", "127.0.0.1:0"), ("jobs", "disable", "offers")])
@pytest.mark.parametrize("shut", ["ledger.sqlite", "."])
def test_nothing_is_served_or_switched_where_the_ledger_cannot_be_written(here, given, shut):
    dhm("jobs", "enable", "offers")
    place = here / ".dhm" / "default"
    (place / "ledger.sqlite-journal").unlink(missing_ok=True)
    (place / shut).chmod(0o500)
    alone = [] if os.getuid() else ["setpriv", f"--bounding-set={READING}", f"--inh-caps={READING}"]
    command = [*alone, sys.executable, "-m", "datahub", *given]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    (place / shut).chmod(0o700)
    assert (1, True) == (answer.returncode, "cannot be written" in answer.stderr), answer.stderr
    assert "serving" not in answer.stderr


@pytest.mark.slow
def test_a_run_that_is_told_to_end_says_so_and_the_next_goes_on_with_it(here, start):
    (here / "dhm.toml").write_text(PROJECT.replace("ready.stable = 0", "ready.stable = 3"), encoding="utf-8")
    put(here, "a.csv", "A,1.50,3")
    running = start("run", "offers")
    wait_for(lambda: status(here) == ["fetching"])
    running.send_signal(signal.SIGTERM)
    assert 143 == running.wait(20)
    assert f"stopped: run {last(here)} goes on where it is with the next `dhm run offers`" in running.stderr.read()
    assert 0 == dhm("run", "offers")[0]
    assert ["success", "success"] == status(here)
    assert 1 == len(listed(here / "out"))


@pytest.mark.slow
def test_a_run_that_is_told_to_end_again_and_again_delivers_in_the_end(here, start, monkeypatch):
    put(here, "a.csv", "A,1.50,3")
    monkeypatch.setenv("DHM_FAIL", "transform:1:stop")
    for number, ends in enumerate((signal.SIGTERM, signal.SIGINT, signal.SIGTERM, signal.SIGTERM), 1):
        running = start("run", "offers")
        wait_for(lambda: "staged" in status(here) and _stopped(running.pid))  # noqa: B023 - asked within the round
        running.send_signal(ends)
        running.send_signal(signal.SIGCONT)
        assert 128 + ends == running.wait(20), number
    monkeypatch.delenv("DHM_FAIL")
    assert 0 == dhm("run", "offers")[0]
    assert 1 == len(listed(here / "out"))


def _stopped(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@pytest.mark.slow
def test_an_input_that_is_set_aside_is_no_success_and_is_named_until_it_is_read(here):
    put(here, "a.csv", "A,1.50,3")
    assert [-9] * 3 == [dhm("run", "offers", DHM_FAIL="transform")[0] for _ in range(3)]
    code, _, said = dhm("run", "offers")
    (failed,) = re.findall(r"failed: run (\S+): the process has ended 3 times while `a.csv` was read; it is set aside", said)
    assert (1, True) == (code, f"help: no run takes it again by itself; `dhm runs resume {failed}` does" in said), said
    code, _, said = dhm("run", "offers")
    assert (0, True) == (code, f"`a.csv` was set aside, which ended the process 3 times: `dhm runs resume {failed}` reads it" in said)
    assert 0 == dhm("runs", "resume", failed)[0]
    assert 1 == len(listed(here / "out"))
    assert "set aside" not in dhm("run", "offers")[2]


@pytest.mark.slow
def test_a_run_whose_process_is_gone_is_resumed_and_one_whose_job_is_gone_is_told_until_it_is_cancelled(here, start):
    put(here, "a.csv", "A,1.50,3")
    assert -9 == dhm("run", "offers", DHM_FAIL="planned")[0]
    assert 0 == dhm("runs", "resume", "last")[0]
    assert 1 == len(listed(here / "out"))
    put(here, "b.csv", "B,1.50,3")
    assert -9 == dhm("run", "offers", DHM_FAIL="receipt")[0]
    broken = last(here)
    (hidden,) = [name for name in listed(here / "out") if name.endswith(".part")]
    (here / "dhm.toml").write_text(PROJECT.replace("jobs.offers", "jobs.prices"), encoding="utf-8")
    cancels = f"dhm.toml has no job `offers` any more: `dhm runs cancel {broken}` ends it"
    code, _, said = dhm("runs", "resume", "last")
    assert (2, True) == (code, cancels in said)
    assert all(cancels in dhm("runs", *given)[1] for given in (("ls",), ("show", broken)))
    serving = start("serve")
    assert any("offers: has runs that are not done, and dhm.toml has no such job any more" in line for line in serving.stderr)
    time.sleep(1.5)
    serving.send_signal(signal.SIGTERM)
    assert "has runs that are not done" not in serving.communicate(timeout=40)[1]
    for given in (("check",), ("run", "prices")):
        code, _, said = dhm(*given)
        assert (0, True) == (code, f"warning: run {broken} is not done: {cancels}" in said), said
    code, _, said = dhm("runs", "cancel", broken)
    assert (0, True) == (code, f"run {broken} is cancelled" in said), said
    assert f"`out/{hidden}` stays at its target `list`" in said
    assert "warning" not in dhm("run", "prices")[2]


@pytest.mark.slow
def test_a_job_that_is_typed_wrong_and_options_that_a_job_has_not_are_told(here):
    code, _, said = dhm("runs", "ls", "offer")
    assert (2, True) == (code, "did you mean `offers`?" in said)
    assert "there are no runs" in dhm("runs", "ls", "offers")[2]
    for given in (("--out", "x"), ("--format", "csv")):
        code, _, said = dhm("run", "offers", *given)
        assert (2, True) == (code, "a job says itself what it writes" in said)


@pytest.mark.slow
def test_a_dry_run_says_nothing_where_that_is_asked_for_and_one_line_to_a_machine(here):
    put(here, "a.csv", "A,1.50,3", "B,free,2")
    assert (0, "", "") == dhm("run", "offers", "--dry-run", "--quiet")
    code, _, said = dhm("run", "offers", "--dry-run", "--log", "json")
    (line,) = map(json.loads, said.splitlines())
    assert (0, "offers", 2, {"list": 1, "rejects": 1}) == (code, line["job"], line["rows"]["read"], line["would_go"])
    assert line["codes"]


def test_what_a_sender_wrote_steers_no_terminal_and_is_shortened_in_lists(here):
    with closing(SqliteLedger(here / ".dhm" / "default" / "ledger.sqlite")) as store:
        now = datetime.now(UTC)
        key = "\x1b[2J\x1b[31mRED\x07" + "k" * 5000
        store.inbox.put([Message("e1", "hook", key, b"{}", now)])
        run = store.runs.submit(Fire("offers", FireKind.EVENT, now, "e1"), Admission(parameters=json.dumps({"ord": key})), now)
        assert run is not None
    shown = [dhm("messages", "show", "e1")[1], dhm("runs", "show", run.id)[1], dhm("messages", "ls")[1]]
    assert all("\x1b" not in one and "\x07" not in one and r"\x1b[2J\x1b[31mRED" in one for one in shown)
    assert max(map(len, shown[2].splitlines())) < 250
