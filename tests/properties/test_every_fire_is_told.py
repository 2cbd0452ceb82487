"""Whatever the schedule, its jitter, and when somebody looks: each fire is run once, or told of with its reason."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import takewhile

from hypothesis import example, given, settings
from hypothesis import strategies as st

from datahub.events.due import Clock, due, following, starts
from datahub.events.fires import moments
from datahub.project.schedule import Schedule

START = datetime(2026, 10, 24, 9, 30, tzinfo=UTC)
"""A day before the clocks of Europe are put back."""

EVERY = st.sampled_from(
    [
        "* * * * *",
        "0,1 * * * *",
        "*/5 * * * *",
        "58,59 * * * *",
        "0 * * * *",
        "0,5,59 1-3 * * *",
        "*/20 2 * * *",
        "0 2 * * *",
        "59 23,0 * * *",
    ]
)
LENGTHS = st.sampled_from([timedelta(0), timedelta(seconds=30), timedelta(minutes=10), timedelta(hours=1), timedelta(days=2)])
LOOKS = st.lists(st.sampled_from([5, 20, 59, 61, 300, 3600, 20_000, 100_000]), min_size=1, max_size=30)
SELDOM = st.sampled_from(["0 0 1 1 *", "5 0 1 */3 *", "0 0 29 2 *", "0 0 L * *"])
LONG = st.lists(st.sampled_from([20, 60_000, 4_000_000, 40_000_000]), min_size=1, max_size=30)


@st.composite
def clocks(draw, every=EVERY):
    catch_up = draw(st.sampled_from(["latest", "none", "all"]))
    said = {"every": draw(every), "jitter": draw(LENGTHS), "catch_up": catch_up, "most": draw(st.integers(1, 30)), "grace": draw(LENGTHS)}
    return Clock("offers", said["every"], draw(st.sampled_from(["UTC", "Europe/Paris", "Australia/Lord_Howe"])), Schedule(**said))


OVERTAKEN = Clock("offers", "0,1 * * * *", "UTC", Schedule(every="0,1 * * * *", jitter=timedelta(minutes=10)))


@example(OVERTAKEN, [20] * 600)
@example(Clock("offers", "0 0 1 1 *", "UTC", Schedule(every="0 0 1 1 *", catch_up="all")), [10_000_000])
@given(clocks(), LOOKS)
@settings(max_examples=120, deadline=None)
def test_each_fire_is_run_once_or_told_of_with_its_reason(clock, pauses):
    assert_told(clock, pauses)


@given(clocks(SELDOM), LONG)
@settings(max_examples=120, deadline=None)
def test_so_is_one_that_comes_seldom(clock, pauses):
    assert_told(clock, pauses)


def assert_told(clock, pauses):
    now = since = START
    run, told = [], 0
    for pause in pauses:
        now += timedelta(seconds=pause)
        found = due(clock, since, now)
        for one in found:
            if one.misfired:
                several = re.match(r"([\d,]+) were missed", one.misfired)
                told += int(several[1].replace(",", "")) if several else 1
            else:
                run.append(one.at)
        if found:
            since = found[-1].at
    come = [at for at, _ in takewhile(lambda one: one[1] <= now, starts(clock, START))]
    assert len(set(run)) == len(run)
    assert set(run) <= set(come)
    assert len(come) == len(run) + told


@given(clocks(), st.integers(0, 200_000))
@settings(max_examples=150, deadline=None)
def test_a_fire_starts_no_earlier_than_said_no_later_than_its_jitter_and_before_the_next(clock, seconds):
    after = START + timedelta(seconds=seconds)
    some = [one for one, _ in zip(starts(clock, after), range(40))]
    fires = [moment.at for moment, _ in zip(moments(clock.cron, clock.zone, after), range(41))]
    assert fires[:40] == [at for at, _ in some]
    for (at, start), then in zip(some, fires[1:]):
        assert at <= start <= at + clock.catching.jitter
        assert start < then


@given(clocks(), st.integers(0, 200_000))
@settings(max_examples=150, deadline=None)
def test_the_next_start_is_the_first_of_all_that_have_not_come(clock, seconds):
    after = START + timedelta(seconds=seconds)
    wanted = next(start for _, start in starts(clock, START - timedelta(days=3)) if start > after)
    assert wanted == following(clock, after)
