"""Functions over dates against what Python's calendar says, day by day."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datahub.functions import load
from datahub.functions.declare import Context, Outcome

DAYS = st.lists(st.dates(date(1, 1, 1), date(9999, 12, 31)) | st.none(), min_size=1, max_size=9)
CONTEXT = Context(datetime(2024, 5, 1, 23, 30, tzinfo=UTC), "Europe/Paris")


def call(name: str, *given: Any, overload: int = 0, **more: Any) -> list[Any]:
    result = load()[name].overloads[overload].kernel(*given, **more)
    if not isinstance(result, Outcome):
        return list(result.to_pylist())
    values = list(result.values.to_pylist())
    for mask, code in result.failed:
        for row in mask.nonzero()[0]:
            values[row] = code
    return values


def each(days: list[date | None], give: Any) -> list[Any]:
    return [None if day is None else give(day) for day in days]


def month_later(day: date, months: int) -> Any:
    count = day.year * 12 + day.month - 1 + months
    year, month = count // 12, count % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1])) if 1 <= year <= 9999 else "R602"


def day_later(day: date, days: int) -> Any:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return "R602"


@given(DAYS)
def test_parts_of_dates(days: list[date | None]) -> None:
    column = pa.array(days, pa.date32())
    assert each(days, lambda day: day.year) == call("year", column)
    assert each(days, lambda day: day.month) == call("month", column)
    assert each(days, lambda day: day.day) == call("day", column)
    assert each(days, date.isoweekday) == call("weekday", column)
    assert each(days, lambda day: day.isocalendar().week) == call("week_iso", column)
    assert each(days, lambda day: day.isocalendar().year) == call("year_iso", column)
    assert each(days, lambda day: day.timetuple().tm_yday) == call("day_of_year", column)
    assert each(days, lambda day: (day.month + 2) // 3) == call("quarter", column)
    assert each(days, lambda day: calendar.isleap(day.year)) == call("is_leap_year", column)
    assert each(days, lambda day: day.replace(day=calendar.monthrange(day.year, day.month)[1])) == call(
        "end_of_month", column, pa.scalar(0)
    )
    assert each(days, lambda day: day.replace(day=1)) == call("start_of", "month", column)
    assert each(days, date.isoformat) == call("text", column, "yyyy-MM-dd", "", overload=load_text_of_date())


def load_text_of_date() -> int:
    return next(at for at, overload in enumerate(load()["text"].overloads) if overload.signature.startswith("text(value: date,"))


@given(DAYS, st.integers(-130_000, 130_000))
def test_steps_from_dates(days: list[date | None], count: int) -> None:
    column, steps = pa.array(days, pa.date32()), pa.scalar(count)
    assert each(days, lambda day: day_later(day, count)) == call("add_days", column, steps)
    assert each(days, lambda day: month_later(day, count)) == call("add_months", column, steps)
    assert each(days, lambda day: month_later(day, 12 * count)) == call("add_years", column, steps)


@given(st.dates(date(1, 2, 1), date(9998, 1, 1)), st.dates(date(1, 2, 1), date(9998, 1, 1)))
def test_whole_months_between_dates(start: date, end: date) -> None:
    (months,) = call("months_between", pa.array([start]), pa.array([end]))
    reached, beyond = (
        (month_later(start, months), month_later(start, months + 1))
        if end >= start
        else (month_later(start, months), month_later(start, months - 1))
    )
    assert reached <= end < beyond if end >= start else beyond < end <= reached
    assert [(end - start).days] == call("days_between", pa.array([start]), pa.array([end]))


@given(st.dates(date(1990, 1, 1), date(2030, 1, 1)), st.integers(-300, 300), st.sampled_from([[6, 7], [5, 6], [7]]))
def test_workdays_are_counted_as_they_are_added(start: date, count: int, weekend: list[int]) -> None:
    free = (date(2000, 5, 1), date(2010, 12, 24))
    (end,) = call("add_workdays", pa.array([start]), pa.scalar(count), free, weekend)
    there = [count] if count else [0]
    assert (
        there == call("workdays_between", pa.array([start]), pa.array([end]), free, weekend)
        or start.isoweekday() in weekend
        or start in free
    )
    step = timedelta(days=1 if count > 0 else -1)
    day, left = start, abs(count)
    while left:
        day += step
        left -= day.isoweekday() not in weekend and day not in free
    assert day == end


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York", "Asia/Kolkata", "UTC", "+05:30"])
@given(moments=st.lists(st.datetimes(datetime(1980, 1, 1), datetime(2400, 1, 1)), min_size=1, max_size=6))  # noqa: DTZ001 - made instants below
def test_instants_in_zones(zone: str, moments: list[datetime]) -> None:
    place = ZoneInfo(zone) if zone[0] != "+" else datetime.strptime(zone, "%z").tzinfo
    instants = [moment.replace(tzinfo=UTC) for moment in moments]
    column = pa.array(instants, pa.timestamp("us", "UTC"))
    local = [instant.astimezone(place) for instant in instants]
    assert [moment.replace(tzinfo=None) for moment in local] == call("to_zone", column, zone, context=CONTEXT)
    assert [moment.date() for moment in local] == call("local_date", column, zone, context=CONTEXT)
    hours = next(at for at, overload in enumerate(load()["hour"].overloads) if overload.context)
    assert [moment.hour for moment in local] == call("hour", column, zone, overload=hours, context=CONTEXT)


def test_the_clock_of_a_run_is_that_of_its_zone() -> None:
    registry = load()
    assert date(2024, 5, 2) == registry["today"].overloads[0].kernel(context=CONTEXT).as_py()
    assert CONTEXT.now == registry["now"].overloads[0].kernel(context=CONTEXT).as_py()


def test_a_day_later_is_the_same_time_on_the_clock() -> None:
    column = pa.array([datetime(2024, 3, 30, 9, tzinfo=UTC), datetime(2024, 3, 30, 1, 30, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    at = next(number for number, overload in enumerate(load()["add_days"].overloads) if overload.context)
    assert [datetime(2024, 3, 31, 8, tzinfo=UTC), "R110"] == call("add_days", column, pa.scalar(1), "", overload=at, context=CONTEXT)
