"""Time zones are the same on every machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pytest

from datahub.functions.zones import ahead_at
from datahub.zones import is_zone, zone_named

MICROSECONDS = 1_000_000


def test_what_the_machine_has_does_not_matter(tmp_path):
    (tmp_path / "Europe").mkdir()
    shutil.copy(str(files("tzdata") / "zoneinfo" / "Asia" / "Tokyo"), tmp_path / "Europe" / "Paris")
    expression = 'to_zone(datetime("2026-07-01T12:00:00Z"), "Europe/Paris")'
    command = [sys.executable, "-m", "datahub", "eval", expression]
    done = subprocess.run(command, env={"PYTHONTZPATH": str(tmp_path), "PATH": ""}, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "2026-07-01T14:00:00", done.stderr


@pytest.mark.parametrize("name", ["localtime", "Europe", "Europe/", "../Europe/Paris", "zone.tab", "europe/paris", ""])
def test_what_is_no_zone(name):
    assert not is_zone(name)
    with pytest.raises(KeyError, match="no time zone is called"):
        zone_named(name)


def test_every_zone_can_be_read():
    assert {zone_named(name).key for name in available_timezones()} == available_timezones()


@pytest.mark.parametrize(
    "name", ["Africa/Casablanca", "Africa/El_Aaiun", "Asia/Gaza", "Europe/Paris", "America/Vancouver", "Antarctica/Troll"]
)
def test_zones_of_far_years_are_those_of_python(name):
    moments = [
        datetime(year, month, 9, 12, tzinfo=UTC) for year in (2026, 2086, 2088, 2100, 2128, 2129, 2399, 2400, 9998) for month in (1, 7)
    ]
    ahead = ahead_at(np.array([int(one.timestamp()) * MICROSECONDS for one in moments]), name)
    expected = [one.astimezone(ZoneInfo(name)).utcoffset() for one in moments]
    assert [timedelta(microseconds=each) for each in ahead.tolist()] == expected
