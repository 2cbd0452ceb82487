"""How far dates and times lie apart, and the units that they lie in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from datahub.functions import civil
from datahub.functions.columns import Ints, all_valid, as_array, broadcast, from_ints, outcome
from datahub.functions.declare import Context, Datum, Outcome, example, function
from datahub.functions.moments import DATE, add_months, dates, local, months_between, moved, times, unit_of, zone_of
from datahub.types import model as t

CATEGORY = "date"
_DAY = 'date("2024-01-31")'
SIZES = {
    "microsecond": 1, "millisecond": 1000, "second": civil.SECOND, "minute": 60 * civil.SECOND, "hour": 3600 * civil.SECOND,
    "day": civil.DAY, "week": 7 * civil.DAY,
}  # fmt: skip
MONTHS = {"month": 1, "quarter": 3, "year": 12}


# --- apart -------------------------------------------------------------------------------------------------------


@function(
    "days_between(start: date, end: date) -> int",
    "days_between(start: local_datetime, end: local_datetime) -> int",
    "days_between(start: datetime, end: datetime) -> int",
    category=CATEGORY,
    sql="DATEDIFF",
    excel="DAYS",
    also=("DataWeave daysBetween", "Polars dt.total_days", "GREL diff"),
    examples=[
        example('days_between(date("2024-02-28"), date("2024-03-01"))', 2),
        example('days_between(date("2024-03-01"), date("2024-02-28"))', -2),
    ],
)
def days_between(start: Datum, end: Datum) -> pa.Array:
    """How many whole days from one to the other; below zero where `end` is earlier."""
    return date_diff("day", start, end)


@function(
    "months_between(start: date, end: date) -> int",
    "months_between(start: local_datetime, end: local_datetime) -> int",
    category=CATEGORY,
    sql="MONTHS_BETWEEN",
    excel='DATEDIF(a, b, "m")',
    also=("FEEL years and months duration",),
    examples=[
        example(f'months_between({_DAY}, date("2024-02-29"))', 1),
        example('months_between(date("2024-01-15"), date("2024-03-14"))', 1),
        example('months_between(date("2023-01-31"), date("2024-02-29"))', 13),
        example('months_between(date("2024-02-29"), date("2023-01-31"))', -12),
    ],
)
def whole_months_between(start: Datum, end: Datum) -> pa.Array:
    """How many whole months from one date to the other; below zero where `end` is earlier.

    As many as `add_months` can add to `start` without passing `end`: from 31 January to 29 February it is one, where Excel's
    DATEDIF gives 0. The other way round is counted from the other date, and may be a month less.
    """
    return date_diff("month", start, end)


@function(
    "years_between(start: date, end: date) -> int",
    category=CATEGORY,
    excel='DATEDIF(a, b, "y")',
    examples=[
        example('years_between(date("1990-05-02"), date("2024-05-01"))', 33),
        example('years_between(date("1990-05-01"), date("2024-05-01"))', 34),
    ],
)
def years_between(start: Datum, end: Datum) -> pa.Array:
    """How many whole years from one date to the other: an age."""
    return date_diff("year", start, end)


def _unit_rule(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type | None:
    return t.Int() if unit_of(constants[0]) in {**SIZES, **MONTHS} else None


@function(
    "date_diff(unit: text!, start: date, end: date) -> int",
    "date_diff(unit: text!, start: local_datetime, end: local_datetime) -> int",
    "date_diff(unit: text!, start: datetime, end: datetime) -> int",
    category=CATEGORY,
    rule=_unit_rule,
    sql="DATE_DIFF",
    excel="DATEDIF",
    also=("GREL diff", "DuckDB date_sub", "DataWeave daysBetween", "Bloblang ts_sub"),
    examples=[
        example('date_diff("week", date("2024-05-01"), date("2024-05-20"))', 2),
        example('date_diff("hours", datetime("2024-05-01T10:00:00Z"), datetime("2024-05-02T09:59:00Z"))', 23),
        example('date_diff("day", null, date("2024-05-20"))', None),
    ],
)
def date_diff(unit: str, start: Datum, end: Datum) -> pa.Array:
    """How many whole units lie between: year, quarter, month, week, day, hour, minute, second, millisecond or microsecond."""
    first, last = broadcast(start, end)
    keep = all_valid(first, last)
    (a, a_micros, _), (b, b_micros, _) = local(first), local(last)
    name = unit_of(unit)
    if name in MONTHS:
        whole = months_between((a, a_micros), (b, b_micros))
        return from_ints(np.sign(whole) * (np.abs(whole) // MONTHS[name]), keep)
    apart = (b - a) * civil.DAY + b_micros - a_micros
    return from_ints(np.sign(apart) * (np.abs(apart) // SIZES[name]), keep)


# --- whole units -------------------------------------------------------------------------------------------------


def _start(unit: str, days: Ints, micros: Ints) -> tuple[Ints, Ints]:
    """The beginning of the unit that local moments lie in."""
    nothing = np.zeros(len(days), np.int64)
    if unit == "week":
        return days - civil.weekday(days) + 1, nothing
    if unit in MONTHS:
        year, month, _ = civil.year_month_day(days)
        width = MONTHS[unit]
        return civil.days_of(year, (month - 1) // width * width + 1, np.ones(len(days), np.int64))[0], nothing
    return days, micros // SIZES[unit] * SIZES[unit]


def _day_unit_rule(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type | None:
    unit = unit_of(constants[0])
    whole = {"day", "week", *MONTHS}
    known = whole if isinstance(t.base_of(kinds[1]), t.Date) else {*whole, *SIZES}
    return t.required(t.base_of(kinds[1])) if unit in known else None


@function(
    "start_of(unit: text!, value: date) -> date",
    "start_of(unit: text!, value: local_datetime) -> local_datetime",
    category=CATEGORY,
    rule=_day_unit_rule,
    sql="DATE_TRUNC",
    also=("DataWeave atBeginningOfMonth", "Polars dt.truncate", "Bloblang ts_round"),
    examples=[
        example('text(start_of("month", date("2024-05-17")))', "2024-05-01"),
        example('text(start_of("week", date("2024-05-17")))', "2024-05-13"),
        example('text(start_of("hour", local_datetime("2024-05-17T10:59")))', "2024-05-17T10:00:00"),
        example('start_of("day", datetime("0001-01-01T00:30:00Z"), "America/New_York")', rejected="R602"),
        example('start_of("day", datetime("2024-09-08T12:00:00Z"), "America/Santiago")', rejected="R110"),
        example('text(start_of("month", nullif(date("2024-05-01"), date("2024-05-01"))))', None),
    ],
)
def start_of(unit: str, value: Datum) -> pa.Array:
    """The beginning of the year, quarter, month, week (Monday), day, hour, minute or second that a date or time lies in."""
    column = as_array(value, 1)
    days, micros, keep = local(column)
    first, left = _start(unit_of(unit), days, micros)
    return from_ints(first if pa.types.is_date(column.type) else first * civil.DAY + left, keep, column.type)


@function(
    'start_of(unit: text!, value: datetime, zone: text! = "") -> datetime',
    category=CATEGORY,
    rejects=("R110", "R602"),
    rule=_day_unit_rule,
    context=True,
)
def start_of_instant(unit: str, value: Datum, zone: str = "", *, context: Context) -> Outcome:
    """The beginning of the unit that an instant lies in, as clocks in a zone have it."""
    place = zone_of(zone, context)
    days, micros, keep = local(value, place)
    first, left = _start(unit_of(unit), days, micros)
    instants, unclear = civil.to_instants(first * civil.DAY + left, keep, place)
    begun = times(instants, keep & ~unclear, civil.INSTANT)
    return outcome(begun.values, (unclear, "R110"), *begun.failed)


@function(
    "end_of(unit: text!, value: date) -> date",
    category=CATEGORY,
    rejects=("R602",),
    rule=_day_unit_rule,
    also=("DataWeave atEndOfMonth", "FEEL last day of month"),
    examples=[
        example('text(end_of("quarter", date("2024-05-17")))', "2024-06-30"),
        example('text(end_of("week", date("2024-05-17")))', "2024-05-19"),
        example('end_of("week", date("9999-12-31"))', rejected="R602"),
        example('end_of("month", nullif(date("2024-05-01"), date("2024-05-01")))', None),
    ],
)
def end_of(unit: str, value: Datum) -> Outcome:
    """The last day of the year, quarter, month or week that a date lies in; R602 of the last week, which the year 9999 does not end."""
    days, micros, keep = local(value)
    name = unit_of(unit)
    first, _ = _start(name, days, micros)
    if name not in MONTHS:
        return dates(first + (6 if name == "week" else 0), keep)
    year, month, _ = civil.year_month_day(first)
    last = month + MONTHS[name] - 1
    return Outcome(from_ints(civil.days_of(year, last, civil.month_length(year, last))[0], keep, DATE))


@function(
    "end_of_month(value: date, months: int = 0) -> date",
    category=CATEGORY,
    rejects=("R602",),
    sql="LAST_DAY",
    excel="EOMONTH",
    also=("Polars dt.month_end", "FEEL last day of month"),
    examples=[
        example('text(end_of_month(date("2024-02-01")))', "2024-02-29"),
        example(f"text(end_of_month({_DAY}, 1))", "2024-02-29"),
        example('end_of_month(date("9999-12-31"), 1)', rejected="R602"),
        example("end_of_month(null)", None),
    ],
)
def end_of_month(value: Datum, months: Datum) -> Outcome:
    """The last day of a date's month, or of that so many months later."""
    later = moved(value, months, add_months)
    return outcome(end_of("month", later.values).values, *later.failed)
