"""Dates and times moved: by days, months, years, durations and workdays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.columns import Ints, all_valid, as_array, bools, broadcast, from_ints, ints, outcome, valid
from datahub.functions.date_arithmetic import SIZES
from datahub.functions.declare import Context, Datum, Mask, Outcome, example, function
from datahub.functions.moments import add_months, dates, moved, unit_of, zone_of
from datahub.functions.operators import multiply_ints
from datahub.functions.time_operators import add_duration_to_time
from datahub.types import model as t

CATEGORY = "date"
_DAY = 'date("2024-01-31")'
_KINDS = ("date", "local_datetime")


# --- moved -------------------------------------------------------------------------------------------------------


def _declare_move(name: str, parameter: str, by: Callable[[Ints, Ints], tuple[Ints, Mask]], doc: str, **told: Any) -> None:
    """Declare a step of days, months or years for dates and local times, and for instants in a zone."""

    def of_local(value: Datum, count: Datum) -> Outcome:
        return moved(value, count, by)

    def of_instant(value: Datum, count: Datum, zone: Any = "", *, context: Context) -> Outcome:
        return moved(value, count, by, zone_of(zone, context))

    of_local.__doc__ = of_instant.__doc__ = doc
    of_local.__module__ = of_instant.__module__ = __name__
    function(*(f"{name}(value: {kind}, {parameter}: int) -> {kind}" for kind in _KINDS), category=CATEGORY, rejects=("R602",), **told)(
        of_local
    )
    signature = f'{name}(value: datetime, {parameter}: int, zone: text! = "") -> datetime'
    function(signature, category=CATEGORY, rejects=("R602", "R110"), context=True)(of_instant)


def _days_on(days: Ints, count: Ints) -> tuple[Ints, Mask]:
    return days + count, np.zeros(len(days), np.bool_)


_declare_move(
    "add_days",
    "days",
    _days_on,
    """The date so many days later, or earlier where the number is below zero.

    Clocks show the same time after, whatever they were set to in between; R110 where they skip or repeat it on that day.
    R602 beyond the years 1 to 9999.
    """,
    sql="x + INTERVAL 'n days'",
    excel="x + n",
    also=("DataWeave + |P1D|", "FEEL + duration", "Polars dt.offset_by", "GREL inc"),
    examples=[
        example(f"text(add_days({_DAY}, 30))", "2024-03-01"),
        example(f"text(add_days({_DAY}, -31))", "2023-12-31"),
        example('add_days(date("9999-12-31"), 1)', rejected="R602"),
        example('add_days(datetime("2024-03-30T02:30:00+01:00"), 1, "Europe/Paris")', rejected="R110"),
        example("add_days(null, 1)", None),
        example('add_days(date("2024-01-31"), null)', None),
    ],
)
_declare_move(
    "add_weeks",
    "weeks",
    lambda days, count: (days + 7 * count, np.zeros(len(days), np.bool_)),
    "The date so many weeks later.",
    also=("GREL inc",),
    examples=[
        example(f"text(add_weeks({_DAY}, 1))", "2024-02-07"),
        example(f"text(add_weeks({_DAY}, -1))", "2024-01-24"),
        example('add_weeks(date("9999-12-31"), 1)', rejected="R602"),
        example('add_weeks(datetime("2024-03-24T02:30:00+01:00"), 1, "Europe/Paris")', rejected="R110"),
        example('add_weeks(date("2024-01-31"), null)', None),
    ],
)
_declare_move(
    "add_months",
    "months",
    add_months,
    "The date so many months later: the same day of the month, or its last day where it is shorter.",
    sql="ADD_MONTHS",
    excel="EDATE",
    also=("DataWeave + |P1M|", "Polars dt.offset_by", "GREL inc"),
    examples=[
        example(f"text(add_months({_DAY}, 1))", "2024-02-29"),
        example(f"text(add_months({_DAY}, -2))", "2023-11-30"),
        example('add_months(date("9999-12-31"), 1)', rejected="R602"),
        example('add_months(datetime("2024-02-29T01:30:00Z"), 25, "Europe/Paris")', rejected="R110"),
        example('add_months(date("2024-01-31"), null)', None),
    ],
)
_declare_move(
    "add_years",
    "years",
    lambda days, count: add_months(days, 12 * count),
    "The date so many years later; 29 February becomes the 28th where there is none.",
    sql="x + INTERVAL 'n years'",
    excel="EDATE(x, 12 * n)",
    also=("DataWeave + |P1Y|", "GREL inc"),
    examples=[
        example('text(add_years(date("2024-02-29"), 1))', "2025-02-28"),
        example(f"text(add_years({_DAY}, -4))", "2020-01-31"),
        example('add_years(date("9999-12-31"), 1)', rejected="R602"),
        example('add_years(datetime("2023-03-31T02:30:00+02:00"), 1, "Europe/Paris")', rejected="R110"),
        example('add_years(date("2024-01-31"), null)', None),
    ],
)


@function(
    "add_duration(value: datetime, by: duration) -> datetime",
    "add_duration(value: local_datetime, by: duration) -> local_datetime",
    category=CATEGORY,
    rejects=("R602",),
    also=("DataWeave +", "CEL +", "FEEL +"),
    examples=[
        example('text(add_duration(datetime("2024-05-01T10:00:00Z"), parse_duration("PT90M")))', "2024-05-01T11:30:00Z"),
        example('text(add_duration(local_datetime("2024-05-01T10:00"), parse_duration("-1d")))', "2024-04-30T10:00:00"),
        example('add_duration(datetime("9999-12-31T23:59:59Z"), duration("PT1H"))', rejected="R602"),
        example('add_duration(datetime("2024-05-01T10:00:00Z"), null)', None),
    ],
)
def add_duration(value: Datum, by: Datum) -> Outcome:
    """The time moved by a duration, as `value + by` does."""
    result: Outcome = add_duration_to_time(value, by)
    return result


def _step_rule(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type | None:
    kind, unit = t.base_of(kinds[2]), unit_of(constants[0])
    known = {"day", "week", "month", "quarter", "year"}
    return t.required(kind) if unit in known or (unit in SIZES and not isinstance(kind, t.Date)) else None


@function(
    "date_add(unit: text!, count: int, value: date) -> date",
    "date_add(unit: text!, count: int, value: local_datetime) -> local_datetime",
    category=CATEGORY,
    rejects=("R602",),
    rule=_step_rule,
    sql="DATEADD",
    also=("GREL inc", "DuckDB date_add", "Bloblang ts_add_iso8601", "Polars dt.offset_by"),
    examples=[
        example(f'text(date_add("month", 1, {_DAY}))', "2024-02-29"),
        example('text(date_add("hours", 3, local_datetime("2024-05-01T22:00")))', "2024-05-02T01:00:00"),
        example('text(date_add("minute", -1, datetime("2024-05-01T00:00:00Z")))', "2024-04-30T23:59:00Z"),
        example('date_add("year", 1, date("9999-12-31"))', rejected="R602"),
        example('date_add("day", null, date("2024-01-31"))', None),
        example('date_add("month", 25, datetime("2024-02-29T01:30:00Z"), "Europe/Paris")', rejected="R110"),
    ],
)
def date_add(unit: str, count: Datum, value: Datum, zone: str = "UTC") -> Outcome:
    """The date or time so many units later: years, quarters, months, weeks, days, hours, minutes, seconds or less."""
    name = unit_of(unit)
    if name in _MONTHS_IN:
        return moved(value, count, lambda days, steps: add_months(days, steps * _MONTHS_IN[name]), zone)
    if name in _DAYS_IN:
        return moved(value, count, lambda days, steps: _days_on(days, steps * _DAYS_IN[name]), zone)
    steps = multiply_ints(as_array(count, 1), pa.scalar(SIZES[name]))
    by = pc.cast(steps.values, pa.duration("us"))
    later: Outcome = add_duration_to_time(value, by if len(by) > 1 else by[0])
    over = tuple((np.broadcast_to(mask, len(later.values)), code) for mask, code in steps.failed)
    return outcome(later.values, *_one_mask(*over, *later.failed))


_MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}
_DAYS_IN = {"day": 1, "week": 7}


def _one_mask(*failed: tuple[Mask, str]) -> tuple[tuple[Mask, str], ...]:
    """Failures of one code as one."""
    return ((np.logical_or.reduce([mask for mask, _ in failed]), failed[0][1]),) if failed else ()


@function(
    'date_add(unit: text!, count: int, value: datetime, zone: text! = "") -> datetime',
    category=CATEGORY,
    rejects=("R602", "R110"),
    rule=_step_rule,
    context=True,
)
def date_add_in_zone(unit: str, count: Datum, value: Datum, zone: str, context: Context) -> Outcome:
    """The instant so many units later, days and more as clocks in a zone count them."""
    result: Outcome = date_add(unit, count, value, zone_of(zone, context))
    return result


# --- workdays ----------------------------------------------------------------------------------------------------


def _holidays(days: Sequence[Any]) -> Any:
    return np.array([day for day in days if isinstance(day, date)], "M8[D]")


def _week(weekend: Sequence[int]) -> list[bool]:
    """Which days of the week, from Monday, are workdays; at least one must be."""
    if not all(1 <= day <= 7 for day in weekend) or len(set(weekend)) > 6:
        raise ValueError("`weekend` names days of the week from 1, Monday, to 7, and leaves one at least")
    return [day not in weekend for day in range(1, 8)]


@function(
    "add_workdays(value: date, count: int, holidays: [date]! = (), weekend: [int]! = (6, 7)) -> date",
    category=CATEGORY,
    rejects=("R602",),
    excel="WORKDAY",
    also=("Excel WORKDAY.INTL", "Polars dt.add_business_days", "pandas BDay"),
    examples=[
        example('text(add_workdays(date("2024-05-03"), 1))', "2024-05-06"),
        example('text(add_workdays(date("2024-05-06"), -1))', "2024-05-03"),
        example('text(add_workdays(date("2024-05-02"), 1, weekend: [5, 6]))', "2024-05-05"),
        example('add_workdays(date("9999-12-31"), 1)', rejected="R602"),
        example('add_workdays(date("2024-05-03"), null)', None),
    ],
)
def add_workdays(value: Datum, count: Datum, holidays: Sequence[Any], weekend: Sequence[int]) -> Outcome:
    """The date so many workdays later, or earlier; `holidays` and the days of the `weekend` do not count. 0 leaves the date as it is.

    Days of the week are counted from 1, Monday: `weekend: [5, 6]` is Friday and Saturday.
    """
    column, counts = broadcast(value, count)
    keep = all_valid(column, counts)
    days, steps = np.where(keep, ints(column), 0), np.where(keep, ints(counts), 0)
    far = np.abs(steps) > 4_000_000
    steps = np.where(far, 0, steps)
    free, week = _holidays(holidays), _week(weekend)
    # From a day off, the count begins on the workday before (going forward) or after (going back).
    forward = np.busday_offset(days.astype("M8[D]"), np.maximum(steps, 0), roll="backward", weekmask=week, holidays=free).astype(np.int64)
    back = np.busday_offset(days.astype("M8[D]"), np.minimum(steps, 0), roll="forward", weekmask=week, holidays=free).astype(np.int64)
    after = np.where(steps > 0, forward, np.where(steps < 0, back, days))
    result = dates(after, keep)
    return outcome(result.values, *result.failed, (far & keep, "R602")) if far.any() else result


@function(
    "workdays_between(start: date, end: date, holidays: [date]! = (), weekend: [int]! = (6, 7)) -> int",
    category=CATEGORY,
    excel="NETWORKDAYS",
    also=(
        "Excel NETWORKDAYS.INTL",
        "Polars business_day_count",
    ),
    examples=[
        example('workdays_between(date("2024-05-03"), date("2024-05-06"))', 1),
        example('workdays_between(date("2024-05-01"), date("2024-05-08"))', 5),
        example('workdays_between(date("2024-05-01"), date("2024-05-08"), weekend: [7])', 6),
    ],
)
def workdays_between(start: Datum, end: Datum, holidays: Sequence[Any], weekend: Sequence[int]) -> pa.Array:
    """How many workdays after `start` up to and with `end`; below zero where `end` is earlier.

    Days of the `weekend` (1 is Monday) and `holidays` are none.

    So `add_workdays(start, workdays_between(start, end))` is `end`, if that is a workday. Excel counts both ends.
    """
    first, last = broadcast(start, end)
    keep = all_valid(first, last)
    a, b = (np.where(keep, ints(column), 0) for column in (first, last))
    low, high = np.minimum(a, b), np.maximum(a, b)
    # Going back, the day that is left does not count and the one arrived at does.
    shift = np.where(b >= a, 1, 0)
    count = np.busday_count((low + shift).astype("M8[D]"), (high + shift).astype("M8[D]"), _week(weekend), _holidays(holidays))
    return from_ints(np.where(b >= a, count, -count), keep)


@function(
    "is_workday(value: date, holidays: [date]! = (), weekend: [int]! = (6, 7)) -> bool",
    category=CATEGORY,
    also=("DataWeave isWorkingDay", "Polars dt.is_business_day"),
    examples=[example('is_workday(date("2024-05-03"))', True), example('is_workday(date("2024-05-04"))', False)],
)
def is_workday(value: Datum, holidays: Sequence[Any], weekend: Sequence[int]) -> pa.Array:
    """Whether a date is no day of the `weekend` (1 is Monday), and none of the holidays."""
    column = as_array(value, 1)
    keep = valid(column)
    return bools(np.is_busday(np.where(keep, ints(column), 0).astype("M8[D]"), _week(weekend), _holidays(holidays)), keep)
