"""Schedules in the words of cron and systemd: what a file of them says besides the times."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from datahub.cli.project import project
from datahub.runner.jobs import other_schedulers

TOML = """\
[project]
name = "shop"
[jobs.offers]
mapping = "offers.dhm"
schedule = %s
"""
CHANGED = "systemd leaves out what the clock skips, and starts once for what it shows twice; cron and `dhm serve` leave nothing out"


@pytest.mark.parametrize(
    "schedule, wanted",
    [
        ('"every day at 02:30"', ["Persistent=true", "AccuracySec=1s"]),
        ('{every = "@daily", catch_up = "none", jitter = "10 min"}', ["Persistent=false", "AccuracySec=1s", "RandomizedDelaySec=600", "FixedRandomDelay=true"]),
        ('{every = "58,59 * * * *", jitter = "10 min"}', ["Persistent=true", "AccuracySec=1s", "RandomizedDelaySec=59", "FixedRandomDelay=true"]),
        ('{every = "30 2 * * *", timezone = "Europe/Paris"}', [f"# Europe/Paris: {CHANGED}", "Persistent=true", "AccuracySec=1s"]),
        ('{every = "30 3 * * *", timezone = "Europe/Paris"}', ["Persistent=true", "AccuracySec=1s"]),
        ('{every = "*/5 * * * *", timezone = "Europe/Paris"}', [f"# Europe/Paris: {CHANGED}", "Persistent=true", "AccuracySec=1s"]),
        ('["30 18 */3 * 5L", "@daily"]', ["# only `dhm serve` can say this: 30 18 */3 * 5L", "Persistent=true", "AccuracySec=1s"]),
        ('{every = "@daily", catch_up = "all"}', ["# of what is missed systemd makes up for one time; `catch_up` says otherwise", "Persistent=true", "AccuracySec=1s"]),
        ('[{every = "@daily", catch_up = "none"}, "@hourly"]', ["# of what is missed systemd makes up for one time; `catch_up` says otherwise", "Persistent=true", "AccuracySec=1s"]),
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


def test_a_job_that_systemd_cannot_time_has_no_units(tmp_path):
    (tmp_path / "dhm.toml").write_text(TOML % '"30 18 */3 * 5L"', encoding="utf-8")
    assert "# `offers` has no timer\n# only `dhm serve` can say this: 30 18 */3 * 5L\n" == other_schedulers.systemd(
        project(start=tmp_path), ["offers"]
    )


def test_the_variables_that_a_project_refers_to_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOP_TOKEN", "x9Qm2Lw8Zt4Vb6")
    rest = '[connections.shop]\nkind = "rest"\nurl = "https://shop.example/${env:STAGE:-test}"\nauth = {kind = "bearer", token = "${env:SHOP_TOKEN}"}\n'
    (tmp_path / "dhm.toml").write_text(TOML % '"@daily"' + rest, encoding="utf-8")
    loaded = project(start=tmp_path)
    assert "\n# dhm.toml refers to SHOP_TOKEN: `EnvironmentFile=`" in other_schedulers.systemd(loaded, ["offers"])
    assert "\n# dhm.toml refers to SHOP_TOKEN, which cron" in other_schedulers.crontab(loaded, ["offers"])
