"""What is made up for after a stop, and what is only recorded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from datahub.events.due import Clock, due, following

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def clock(cron="0 * * * *", **more):
    said = {"catch_up": "latest", "grace": timedelta(hours=1), "most": 3, "jitter": timedelta(0), **more}
    return Clock("offers", cron, "UTC", SimpleNamespace(**said))


def shown(fires):
    return [(one.at.strftime("%d %H:%M"), bool(one.misfired)) for one in fires]


def test_a_fire_on_time_is_run():
    assert [("05 12:00", False)] == shown(due(clock(), NOON - timedelta(minutes=30), NOON + timedelta(seconds=30)))
    assert [] == shown(due(clock(), NOON, NOON + timedelta(minutes=59)))


@pytest.mark.parametrize(
    "catch_up, minutes, expected",
    [
        ("latest", 30, [("05 11:00", True), ("05 12:00", False)]),
        ("none", 30, [("05 12:00", True)]),
        ("all", 30, [("05 09:00", True), ("05 10:00", False), ("05 11:00", False), ("05 12:00", False)]),
        ("latest", 0, [("05 11:00", True), ("05 12:00", False)]),
        ("none", 0, [("05 11:00", True), ("05 12:00", False)]),
        ("all", 0, [("05 08:00", True), ("05 09:00", False), ("05 10:00", False), ("05 11:00", False), ("05 12:00", False)]),
    ],
)
def test_after_three_days_the_policy_says_what_is_made_up_for(catch_up, minutes, expected):
    assert expected == shown(due(clock(catch_up=catch_up), NOON - timedelta(days=3), NOON + timedelta(minutes=minutes)))


def test_the_latest_is_not_run_when_it_is_too_late():
    found = due(clock("0 2 * * *"), NOON - timedelta(days=3), NOON)
    assert [("05 02:00", True)] == shown(found)
    assert "3 were missed from 2026-01-03 02:00 UTC on, the last 10 h ago" in found[0].misfired
    assert "in their place" not in found[0].misfired


def test_of_what_was_missed_it_is_said_that_a_later_one_is_run_in_its_place():
    found = due(clock("* * * * *"), NOON - timedelta(minutes=3), NOON)
    assert [("05 11:59", True), ("05 12:00", False)] == shown(found)
    assert found[0].misfired.endswith("`catch_up` is `latest`: a later one is run in their place")


def test_a_clock_that_is_put_back_fires_nothing_again():
    assert [] == shown(due(clock(), NOON, NOON - timedelta(hours=1)))


def test_jitter_is_the_same_each_time_and_within_its_bound():
    one = clock(jitter=timedelta(minutes=10))
    start = following(one, NOON - timedelta(minutes=1))
    assert start is not None
    assert start == following(one, NOON - timedelta(minutes=1))
    assert NOON <= start < NOON + timedelta(minutes=10)
    assert [] == shown(due(one, NOON - timedelta(minutes=1), start - timedelta(seconds=1)))
    assert [("05 12:00", False)] == shown(due(one, NOON - timedelta(minutes=1), start))


def test_years_of_missed_minutes_are_told_at_once():
    since = NOON - timedelta(days=3000)
    found = due(clock("* * * * *"), since, NOON + timedelta(hours=2, minutes=30))
    assert 2 == len(found)
    assert found[0].misfired.startswith(
        f"more than 50,400 were missed from {since + timedelta(minutes=1):%Y-%m-%d %H:%M} UTC on, the last 1 min ago"
    )


def test_of_more_than_are_counted_all_are_made_up_for_that_the_job_says():
    found = due(clock("* * 1-20 1 *", catch_up="all", most=1000), NOON - timedelta(days=1200), datetime(2026, 12, 5, 12, tzinfo=UTC))
    assert [True] + [False] * 1000 == [bool(one.misfired) for one in found]
    assert "20 23:59" == found[-1].at.strftime("%d %H:%M")
    assert found[0].misfired.startswith("more than 50,400 were missed from 2023-01-01 00:00 UTC on")


@pytest.mark.parametrize("cron, since", [("0 0 1 1 *", "2026-06-10"), ("0 0 1 */3 *", "2026-10-02"), ("0 0 29 2 *", "2020-06-10")])
@pytest.mark.parametrize("catch_up", ["latest", "none", "all"])
def test_what_came_long_ago_is_run_or_told(cron, since, catch_up):
    (one,) = due(clock(cron, catch_up=catch_up), datetime.fromisoformat(f"{since}T10:00Z"), datetime(2027, 2, 20, 10, 2, tzinfo=UTC))
    assert (catch_up != "all") == bool(one.misfired)


def test_half_a_year_of_quarters_of_an_hour_is_counted():
    found = due(clock("*/15 * * * *"), NOON - timedelta(days=200), NOON + timedelta(seconds=30))
    assert found[0].misfired.startswith(f"{200 * 96 - 1:,} were missed from 2025-06-19 12:15 UTC on")


@pytest.mark.parametrize(
    "said, told",
    [
        ({"grace": timedelta(minutes=5)}, "it was missed 12 min ago, and `catch_up` is `latest` with a `grace` of 5 min"),
        ({"grace": timedelta(seconds=30)}, "it was missed 12 min ago, and `catch_up` is `latest` with a `grace` of 30 s"),
        ({"catch_up": "none"}, "it was missed 12 min ago, and `catch_up` is `none`"),
    ],
)
def test_it_is_said_why_the_last_is_not_made_up_for(said, told):
    assert [told] == [one.misfired for one in due(clock(**said), NOON - timedelta(minutes=5), NOON + timedelta(minutes=12))]


def test_the_grace_counts_from_the_start_that_was_drawn():
    late = clock("0 12 * * *", jitter=timedelta(hours=2), grace=timedelta(minutes=5))
    start = following(late, NOON - timedelta(minutes=1))
    assert start is not None
    assert [False] == [bool(one.misfired) for one in due(late, NOON - timedelta(hours=1), start + timedelta(minutes=4))]
    assert [True] == [bool(one.misfired) for one in due(late, NOON - timedelta(hours=1), start + timedelta(minutes=6))]
