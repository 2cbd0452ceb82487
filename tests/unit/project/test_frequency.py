"""Frequencies in words, and what is wrong with those that are none."""

from __future__ import annotations

import pytest

from datahub.project.frequency import EXAMPLES, NoFrequency, cron


@pytest.mark.parametrize(
    "text, expected",
    [
        ("every minute", "* * * * *"),
        ("every 5 minutes", "*/5 * * * *"),
        ("every hour", "0 * * * *"),
        ("every hour at :15", "15 * * * *"),
        ("Every 2 hours at :15", "15 */2 * * *"),
        ("every day at 02:30", "30 2 * * *"),
        ("every 3 days at 2:30", "30 2 */3 * *"),
        ("every weekday at 07:00", "0 7 * * 1-5"),
        ("every monday, wednesday at 07:00", "0 7 * * 1,3"),
        ("every mon, wed and sun at 07:00", "0 7 * * 0,1,3"),
        ("every tuesdays at 07:00", "0 7 * * 2"),
        ("day 5 of the month at 03:00", "0 3 5 * *"),
        ("on day 31 of the month at 03:00", "0 3 31 * *"),
        ("last day of the month at 23:00", "0 23 L * *"),
        ("last weekday  of the month at 18:30", "30 18 LW * *"),
        ("@daily", "0 0 * * *"),
        ("@HOURLY", "0 * * * *"),
        ("30 2 * * mon-fri", "30 2 * * MON-FRI"),
        ("0 9 L * *", "0 9 L * *"),
    ],
)
def test_a_frequency_is_five_fields(text, expected):
    assert expected == cron(text)


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "no frequency"),
        ("often", "no frequency"),
        ("every 25 minutes", "no whole number of 25 minutes"),
        ("every 90 minutes", "more than an hour"),
        ("every 0 minutes", "after no minutes"),
        ("every 5 hours", "no whole number of 5 hours"),
        ("every day at 24:00", "no time of day"),
        ("every day", "no frequency"),
        ("every moonday at 07:00", "no day of the week"),
        ("61 * * * *", "minute"),
        ("0 9 15W * *", "day-of-month"),
        ("0 0 0 * * *", "six fields"),
        ("0 0 31 2 *", "never comes: its months have no such day"),
        ("0 0 31 13 *", "its month cannot be read"),
        ("*/5 * * *", "cron has five fields, and these are 4"),
        ("@reboot", "no time"),
        ("@nightly", "no alias"),
        ("0 0 * * FRI-MON", "day-of-week"),
        ("day 32 of the month at 03:00", "day-of-month"),
    ],
)
def test_what_is_no_frequency_says_why(text, said):
    with pytest.raises(NoFrequency) as caught:
        cron(text)
    assert said in caught.value.message
    assert caught.value.help


def test_every_example_is_one():
    assert len(EXAMPLES) == len({cron(one) for one in EXAMPLES})


@pytest.mark.parametrize(
    "text, helps",
    [
        ("every day", "say the time of day: `every day at 02:30`"),
        ("every weekday", "say the time of day: `every weekday at 02:30`"),
        ("last day of the month", "`last day of the month at 23:00`"),
        ("first day of the month at 03:00", "write `day 1 of the month at 03:00`"),
        ("every day at 24:00", "midnight is `00:00`, with which the next day begins"),
        ("every 60 minutes", "write `every hour at :00`"),
        ("every 120 minutes", "write `every 2 hours at :00`"),
        ("every 24 hours", "write `every day at 03:00`"),
        ("every 0 hours", "write `every hour`"),
        ("first weekday of the month at 08:00", "write `day 1 of the month at 08:00`; the first weekday has no word here"),
        ("every monday to friday at 07:00", "write `every weekday at 07:00`"),
        ("daily at 02:30", "write `every day at 02:30`"),
        ("daily", "say the time of day: `every day at 02:30`"),
        ("every 15 min", "write `every 15 minutes`"),
        ("every now and then", "write such as `every 5 minutes`"),
    ],
)
def test_what_is_no_frequency_is_told_what_to_write(text, helps):
    with pytest.raises(NoFrequency) as told:
        cron(text)
    assert helps in told.value.help
