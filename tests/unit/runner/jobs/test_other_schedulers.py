"""Schedules in the words of cron and systemd: each line means what the schedule means, by the programs that read it."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, datetime
from itertools import islice

import pytest

from datahub.cli.project import project
from datahub.events.due import Clock
from datahub.events.fires import moments
from datahub.project.schedule import Schedule
from datahub.runner.jobs import other_schedulers

SAID = ("30 18 LW * *", "0 23 L * *", "0 9 * * FRI#2", "0 9 * * 1#1", "0 9 * * 5L", "30 2 13 * 5", "*/15 8-10 * * 1-5", "0 0 1 1 *")
SEVERAL = ("0 9 * * FRI#2,MON#1", "0 9 1 * FRI#2", "0 9 L,15,20 * *", "0 9 L * 5", "0 9 1-5,L * 5L,MON", "0 9 15,LW * WED#3,TUE#1")
BEYOND = ("0 9 */2 * FRI#2", "0 9 L * */2")
START = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("cron", (*SAID, *SEVERAL))
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
def test_systemd_reads_the_same_times(cron):
    calendar = [line.partition("=")[2] for line in lines(cron) if line.startswith("OnCalendar=")]
    command = ["systemd-analyze", "calendar", "--base-time=2027-01-01 00:00:00 UTC", "--iterations=30", *calendar]
    told = subprocess.run(command, capture_output=True, text=True, check=True, env={"TZ": "UTC", "PATH": "/usr/bin:/bin"}).stdout
    found = {datetime.strptime(one, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) for one in re.findall(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC$", told, re.MULTILINE)}  # fmt: skip
    wanted = [moment.at for moment in islice(moments(cron, "UTC", START), 25)]
    assert wanted[:8] == sorted(found)[:8]


@pytest.mark.parametrize("cron", (*SAID, *SEVERAL))
def test_cron_is_given_days_among_which_each_time_is_and_a_test_that_holds_on_it_alone(cron, clock_of):
    assert_held(cron, "UTC", clock_of)


@pytest.mark.parametrize(
    "cron, zone",
    [
        *((cron, "Europe/Paris") for cron in ("30 0 LW * *", "30 0 L * *", "30 0 * * MON#2", "30 0 * * 5L")),
        *((cron, "America/Los_Angeles") for cron in ("30 20 LW * *", "30 20 L * *", "30 20 * * FRI#2", "30 20 * * 1L")),
    ],
)
def test_the_day_of_a_line_is_that_of_its_zone_whatever_the_machine_has(cron, zone, clock_of):
    assert_held(cron, zone, clock_of)


@pytest.fixture
def clock_of(tmp_path):
    """The folder of a `date` that counts from `NOW`."""
    script = '#!/bin/sh\nnow=$(/bin/date -d "@$NOW" "+%F %T")\nif [ "$1" = -d ]; then now="$2 $now"; shift 2; fi\nexec /bin/date -d "$now" "$@"\n'
    (tmp_path / "date").write_text(script, encoding="utf-8")
    (tmp_path / "date").chmod(0o700)
    return tmp_path


def assert_held(cron, zone, clock_of):
    """The lines of a schedule mean its times, on a machine whose zone is UTC."""
    wanted = {moment.at for moment in islice(moments(cron, zone, START), 12)}
    given = [one for one in other_schedulers._crontab_lines(clock(cron, zone), "true") if not one.startswith("#")]
    assert wanted == {at for line in given for at in held(line, max(wanted), zone, clock_of)}


def held(line, last, zone, clock_of):
    """The times up to `last` at which a line of a crontab begins its command and the test before it holds."""
    minute, hour, days, month, weekday, command = line.split(maxsplit=5)
    rough = f"{minute} {hour} {days} {month} {weekday}"
    tested = command.replace("\\%", "%").removesuffix("true").strip().removesuffix("&&").strip() or "true"
    for moment in moments(rough, zone, START):
        if moment.at > last:
            return
        env = {"TZ": "UTC", "PATH": f"{clock_of}:/usr/bin:/bin", "NOW": f"{moment.at.timestamp():.0f}"}
        holds = subprocess.run(["sh", "-c", tested], check=False, env=env).returncode == 0
        if holds:
            yield moment.at


@pytest.mark.parametrize("cron", BEYOND)
def test_what_others_cannot_say_is_told_where_it_would_stand(cron):
    assert all("only `dhm serve`" in line for line in (*lines(cron), *other_schedulers._crontab_lines(clock(cron), "true")))


def clock(cron, zone="UTC"):
    return Clock("offers", cron, zone, Schedule(every=cron))


def lines(cron):
    return other_schedulers._calendar(clock(cron))


TOML = """\
[project]
name = "shop"
[jobs.offers]
mapping = "offers.dhm"
schedule = %s
"""


@pytest.mark.parametrize(
    "schedule, wanted",
    [
        ('"every day at 02:30"', ["Persistent=true"]),
        ('{every = "@daily", catch_up = "none", jitter = "10 min"}', ["Persistent=false", "RandomizedDelaySec=600", "FixedRandomDelay=true"]),
        ('{every = "@daily", catch_up = "all"}', ["# of what is missed systemd makes up for one time; `catch_up` says otherwise", "Persistent=true"]),
        ('[{every = "@daily", catch_up = "none"}, "@hourly"]', ["# of what is missed systemd makes up for one time; `catch_up` says otherwise", "Persistent=true"]),
    ],
)  # fmt: skip
def test_systemd_makes_up_for_what_the_job_says_and_reads_any_folder(tmp_path, schedule, wanted):
    folder = tmp_path / "s p%c'q$H"
    folder.mkdir()
    (folder / "dhm.toml").write_text(TOML % schedule, encoding="utf-8")
    units = other_schedulers.systemd(project(start=folder), ["offers"])
    timer = units.partition("[Timer]\n")[2].partition("\n\n")[0]
    assert wanted == [line for line in timer.splitlines() if not line.startswith("OnCalendar=")]
    assert f"WorkingDirectory={tmp_path}/s p%%c'q$H\n" in units
    if shutil.which("systemd-analyze") is not None:
        for name, text in re.findall(r"^# (dhm-offers\.\w+)\n(.*?)(?=^# dhm-|\Z)", units, re.MULTILINE | re.DOTALL):
            (tmp_path / name).write_text(re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", text), encoding="utf-8")
        command = ["systemd-analyze", "verify", "--man=no", str(tmp_path / "dhm-offers.timer"), str(tmp_path / "dhm-offers.service")]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "dhm-offers" not in told.stderr, told.stderr


def test_a_crontab_tells_what_it_does_not_make_up_for(tmp_path):
    for schedule, told in (('"@daily"', True), ('{every = "@daily", catch_up = "none"}', False)):
        (tmp_path / "dhm.toml").write_text(TOML % schedule, encoding="utf-8")
        assert told == ("what is missed is not made up for" in other_schedulers.crontab(project(start=tmp_path), ["offers"]))
