"""When schedules fire, against a clock that is asked minute by minute."""

from __future__ import annotations

import calendar
import os
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import islice
from zoneinfo import ZoneInfo, available_timezones

import pytest

from datahub.events.fires import moments
from datahub.project.frequency import cron

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def local(text, zone, after, count):
    return [one.at.astimezone(ZoneInfo(zone)).strftime("%m-%dT%H:%M%z") for one in islice(moments(cron(text), zone, after), count)]


@pytest.mark.parametrize(
    "text, zone, after, expected",
    [
        ("30 2 * * *", "Europe/Paris", "2026-03-28T12:00Z", ["03-29T03:00+0200", "03-30T02:30+0200"]),
        ("30 2 * * *", "Europe/Paris", "2026-10-24T12:00Z", ["10-25T02:30+0200", "10-26T02:30+0100"]),
        ("0 2-3 * * *", "Europe/Paris", "2026-03-28T12:00Z", ["03-29T03:00+0200", "03-30T02:00+0200"]),
        ("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00Z", ["04-05T01:45+1100", "04-06T01:45+1030"]),
        ("0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00Z", ["11-04T01:00-0200", "11-05T00:00-0200"]),
        ("0 9 * * *", "Pacific/Apia", "2011-12-29T22:00Z", ["12-31T09:00+1400", "01-01T09:00+1400"]),
        ("0 0 13 * 5", "UTC", "2026-02-06T00:00Z", ["02-13T00:00+0000", "02-20T00:00+0000"]),
        ("0 0 * * 7", "UTC", "2026-02-06T00:00Z", ["02-08T00:00+0000"]),
        ("0 0 L * *", "UTC", "2028-02-06T00:00Z", ["02-29T00:00+0000", "03-31T00:00+0000"]),
        ("0 0 LW * *", "UTC", "2026-05-06T00:00Z", ["05-29T00:00+0000", "06-30T00:00+0000"]),
        ("*/30 * * * *", "Europe/Paris", "2026-03-29T00:15Z", ["03-29T01:30+0100", "03-29T03:00+0200", "03-29T03:30+0200"]),
        (
            "0 * * * *",
            "Europe/Paris",
            "2026-10-24T23:30Z",
            ["10-25T02:00+0200", "10-25T02:00+0100", "10-25T03:00+0100"],
        ),
        ("@daily", "Asia/Kolkata", "2026-02-06T00:00Z", ["02-07T00:00+0530"]),
    ],
)
def test_a_schedule_fires_once_whatever_the_clock_does(text, zone, after, expected):
    assert expected == local(text, zone, datetime.fromisoformat(after), len(expected))


def test_what_the_clock_did_is_told():
    after = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert ["the clock skips 02:30", ""] == [one.note for one in islice(moments("30 2 * * *", "Europe/Paris", after), 2)]
    after = datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert ["the clock is put back: the first of two", ""] == [one.note for one in islice(moments("30 2 * * *", "Europe/Paris", after), 2)]


def test_a_fire_at_the_instant_asked_about_is_not_after_it():
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert noon + DAY == next(moments("0 12 * * *", "UTC", noon)).at
    assert noon == next(moments("0 12 * * *", "UTC", noon - timedelta(microseconds=1))).at


# ---------------------------------------------------------------- every shape of change, against the oracle

EXPRESSIONS = (
    "30 2 * * *",
    "0 0 * * *",
    "15 1,2,3 * * *",
    "0 2-3 * * *",
    "59 23 * * *",
    "*/15 * * * *",
    "0 * * * *",
    "5 */2 * * *",
    "*/20 2 * * *",
    "0 12 L * *",
    "30 1 * * 0",
    "45 3 LW * *",
)


def field(text, low, high):
    """The numbers of a field, read anew: the oracle shares nothing with the product."""
    found: set[int] = set()
    for part in text.split(","):
        body, _, step = part.partition("/")
        first, last = (low, high) if body == "*" else (int(body.partition("-")[0]), int(body.rpartition("-")[2]))
        found.update(range(first, last + 1, int(step or 1)))
    return found


class Oracle:
    """Asks of every minute whether it is one of the schedule's."""

    def __init__(self, expression, zone):
        minute, hour, day, _, weekday = expression.split()
        self.fixed = minute[0] != "*" and hour[0] != "*"
        self.minutes, self.hours, self.day, self.weekday = field(minute, 0, 59), field(hour, 0, 23), day, weekday
        self.zone = ZoneInfo(zone)

    def on(self, wall):
        if self.day in ("L", "LW"):
            last = calendar.monthrange(wall.year, wall.month)[1]
            while self.day == "LW" and date(wall.year, wall.month, last).weekday() > 4:
                last -= 1
            if wall.day != last:
                return False
        return self.weekday == "*" or (wall.weekday() + 1) % 7 == int(self.weekday)

    def matches(self, wall):
        return wall.minute in self.minutes and wall.hour in self.hours and self.on(wall)

    def between(self, first, last):
        """The instants of [first, last) at which it fires."""
        found, seen = [], set()
        at, before = first, (first - MINUTE).astimezone(self.zone).replace(tzinfo=None)
        while at < last:
            here = at.astimezone(self.zone)
            wall = here.replace(tzinfo=None)
            jump = wall - before - MINUTE
            if not self.fixed:
                if self.matches(wall):
                    found.append(at)
            else:
                skipped = []
                if timedelta(0) < jump < timedelta(hours=3):
                    skipped = [before + MINUTE * step for step in range(1, jump // MINUTE + 1)]
                for one in [*skipped, wall]:
                    if self.matches(one) and one not in seen:
                        seen.add(one)
                        if not found or found[-1] != at:
                            found.append(at)
            before = wall
            at += MINUTE
        return found


def offset_of(at, place):
    """How far the clock of a place is ahead of UTC."""
    return at.astimezone(place).replace(tzinfo=UTC) - at


@cache
def shapes(told_apart_by_offset=False):
    """One zone and instant for each distinct change: by how much, at which local time, and if asked from which offset."""
    found: dict[tuple, tuple] = {}
    first, last = datetime(2000, 1, 1, tzinfo=UTC), datetime(2041, 1, 1, tzinfo=UTC)
    for zone in sorted(available_timezones()):
        place = ZoneInfo(zone)
        at, offset = first, offset_of(first, place)
        while at < last:
            later = at + timedelta(days=7)
            if offset_of(later, place) != offset:
                low, high = at, later
                while high - low > timedelta(seconds=1):
                    middle = (low + (high - low) / 2).replace(microsecond=0)
                    low, high = (middle, high) if offset_of(middle, place) == offset else (low, middle)
                wall = high + offset
                key = (offset_of(high, place) - offset, wall.hour, wall.minute, wall.second, told_apart_by_offset and offset)
                found.setdefault(key, (zone, high))
                later = high
            at, offset = later, offset_of(later, place)
    return tuple(found.values())


def agree(zone, change, expressions=EXPRESSIONS):
    # The oracle forgets what it saw before it begins; it begins a day early, so that a repeated hour is known.
    start, end = change.replace(second=0) - 2 * DAY, change.replace(second=0) + 2 * DAY
    for expression in expressions:
        expected = Oracle(expression, zone).between(start, end)
        given = []
        for one in moments(expression, zone, start - timedelta(seconds=1)):
            if one.at >= end:
                break
            given.append(one.at)
        assert expected == given, (zone, change, expression)


@pytest.mark.slow
def test_every_shape_of_change_agrees_with_the_clock():
    found = shapes(bool(os.environ.get("DHM_TORTURE")))
    assert len(found) > 40
    for zone, change in found:
        agree(zone, change)
