"""Counting with dates and times: moved, apart, rounded to units, in zones, as numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from datahub.functions import civil, decimals, durations
from datahub.functions.columns import Ints, all_valid, as_array, bools, broadcast, from_ints, ints, outcome, valid
from datahub.functions.declare import Context, Datum, Mask, Outcome, example, function
from datahub.functions.moments import DATE, add_months, dates, local, months_between, moved, unit_of, zone_of
from datahub.functions.operators import add_duration_to_time, multiply_ints
from datahub.functions.precision import capped
from datahub.types import model as t

CATEGORY = "date"
_DAY = 'date("2024-01-31")'
_KINDS = ("date", "local_datetime")
_SIZES = {
    "microsecond": 1, "millisecond": 1000, "second": civil.SECOND, "minute": 60 * civil.SECOND, "hour": 3600 * civil.SECOND,
    "day": civil.DAY, "week": 7 * civil.DAY,
}  # fmt: skip
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


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
    examples=[example(f"text(add_days({_DAY}, 30))", "2024-03-01"), example(f"text(add_days({_DAY}, -31))", "2023-12-31")],
)
_declare_move(
    "add_weeks",
    "weeks",
    lambda days, count: (days + 7 * count, np.zeros(len(days), np.bool_)),
    "The date so many weeks later.",
    also=("GREL inc",),
    examples=[example(f"text(add_weeks({_DAY}, 1))", "2024-02-07"), example(f"text(add_weeks({_DAY}, -1))", "2024-01-24")],
)
_declare_move(
    "add_months",
    "months",
    add_months,
    "The date so many months later: the same day of the month, or its last day where it is shorter.",
    sql="ADD_MONTHS",
    excel="EDATE",
    also=("DataWeave + |P1M|", "Polars dt.offset_by", "GREL inc"),
    examples=[example(f"text(add_months({_DAY}, 1))", "2024-02-29"), example(f"text(add_months({_DAY}, -2))", "2023-11-30")],
)
_declare_move(
    "add_years",
    "years",
    lambda days, count: add_months(days, 12 * count),
    "The date so many years later; 29 February becomes the 28th where there is none.",
    sql="x + INTERVAL 'n years'",
    excel="EDATE(x, 12 * n)",
    also=("DataWeave + |P1Y|", "GREL inc"),
    examples=[example('text(add_years(date("2024-02-29"), 1))', "2025-02-28"), example(f"text(add_years({_DAY}, -4))", "2020-01-31")],
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
    ],
)
def add_duration(value: Datum, by: Datum) -> Outcome:
    """The time moved by a duration, as `value + by` does."""
    result: Outcome = add_duration_to_time(value, by)
    return result


# --- workdays ----------------------------------------------------------------------------------------------------


def _holidays(days: Sequence[Any]) -> Any:
    return np.array([day for day in days if isinstance(day, date)], "M8[D]")


@function(
    "add_workdays(value: date, count: int, holidays: [date]! = ()) -> date",
    category=CATEGORY,
    rejects=("R602",),
    excel="WORKDAY",
    also=("Polars dt.add_business_days", "pandas BDay"),
    examples=[
        example('text(add_workdays(date("2024-05-03"), 1))', "2024-05-06"),
        example('text(add_workdays(date("2024-05-06"), -1))', "2024-05-03"),
    ],
)
def add_workdays(value: Datum, count: Datum, holidays: Sequence[Any]) -> Outcome:
    """The date so many days from Monday to Friday later, or earlier; `holidays` do not count. 0 leaves the date as it is."""
    column, counts = broadcast(value, count)
    keep = all_valid(column, counts)
    days, steps = np.where(keep, ints(column), 0), np.where(keep, ints(counts), 0)
    far = np.abs(steps) > 4_000_000
    steps = np.where(far, 0, steps)
    free = _holidays(holidays)
    # From a day off, the count begins on the workday before (going forward) or after (going back).
    forward = np.busday_offset(days.astype("M8[D]"), np.maximum(steps, 0), roll="backward", holidays=free).astype(np.int64)
    back = np.busday_offset(days.astype("M8[D]"), np.minimum(steps, 0), roll="forward", holidays=free).astype(np.int64)
    after = np.where(steps > 0, forward, np.where(steps < 0, back, days))
    result = dates(after, keep)
    return outcome(result.values, *result.failed, (far & keep, "R602")) if far.any() else result


@function(
    "workdays_between(start: date, end: date, holidays: [date]! = ()) -> int",
    category=CATEGORY,
    excel="NETWORKDAYS",
    also=("Polars business_day_count",),
    examples=[
        example('workdays_between(date("2024-05-03"), date("2024-05-06"))', 1),
        example('workdays_between(date("2024-05-01"), date("2024-05-08"))', 5),
    ],
)
def workdays_between(start: Datum, end: Datum, holidays: Sequence[Any]) -> pa.Array:
    """How many days from Monday to Friday after `start` up to and with `end`; below zero where `end` is earlier.

    So `add_workdays(start, workdays_between(start, end))` is `end`, if that is a workday. Excel counts both ends.
    """
    first, last = broadcast(start, end)
    keep = all_valid(first, last)
    a, b = (np.where(keep, ints(column), 0) for column in (first, last))
    low, high = np.minimum(a, b), np.maximum(a, b)
    # Going back, the day that is left does not count and the one arrived at does.
    shift = np.where(b >= a, 1, 0)
    count = np.busday_count((low + shift).astype("M8[D]"), (high + shift).astype("M8[D]"), holidays=_holidays(holidays))
    return from_ints(np.where(b >= a, count, -count), keep)


@function(
    "is_workday(value: date, holidays: [date]! = ()) -> bool",
    category=CATEGORY,
    also=("DataWeave isWorkingDay", "Polars dt.is_business_day"),
    examples=[example('is_workday(date("2024-05-03"))', True), example('is_workday(date("2024-05-04"))', False)],
)
def is_workday(value: Datum, holidays: Sequence[Any]) -> pa.Array:
    """Whether a date is one from Monday to Friday, and none of the holidays."""
    column = as_array(value, 1)
    keep = valid(column)
    return bools(np.is_busday(np.where(keep, ints(column), 0).astype("M8[D]"), holidays=_holidays(holidays)), keep)


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
    ],
)
def whole_months_between(start: Datum, end: Datum) -> pa.Array:
    """How many whole months from one date to the other; below zero where `end` is earlier."""
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
    return t.Int() if unit_of(constants[0]) in {**_SIZES, **_MONTHS} else None


@function(
    "date_diff(unit: text!, start: date, end: date) -> int",
    "date_diff(unit: text!, start: local_datetime, end: local_datetime) -> int",
    "date_diff(unit: text!, start: datetime, end: datetime) -> int",
    category=CATEGORY,
    rule=_unit_rule,
    sql="DATE_DIFF",
    excel="DATEDIF",
    also=("GREL diff", "DuckDB date_sub", "DataWeave daysBetween"),
    examples=[
        example('date_diff("week", date("2024-05-01"), date("2024-05-20"))', 2),
        example('date_diff("hours", datetime("2024-05-01T10:00:00Z"), datetime("2024-05-02T09:59:00Z"))', 23),
    ],
)
def date_diff(unit: str, start: Datum, end: Datum) -> pa.Array:
    """How many whole units lie between: year, quarter, month, week, day, hour, minute, second, millisecond or microsecond."""
    first, last = broadcast(start, end)
    keep = all_valid(first, last)
    (a, a_micros, _), (b, b_micros, _) = local(first), local(last)
    name = unit_of(unit)
    if name in _MONTHS:
        whole = months_between((a, a_micros), (b, b_micros))
        return from_ints(np.sign(whole) * (np.abs(whole) // _MONTHS[name]), keep)
    apart = (b - a) * civil.DAY + b_micros - a_micros
    return from_ints(np.sign(apart) * (np.abs(apart) // _SIZES[name]), keep)


# --- whole units -------------------------------------------------------------------------------------------------


def _start(unit: str, days: Ints, micros: Ints) -> tuple[Ints, Ints]:
    """The beginning of the unit that local moments lie in."""
    nothing = np.zeros(len(days), np.int64)
    if unit == "week":
        return days - civil.weekday(days) + 1, nothing
    if unit in _MONTHS:
        year, month, _ = civil.year_month_day(days)
        width = _MONTHS[unit]
        return civil.days_of(year, (month - 1) // width * width + 1, np.ones(len(days), np.int64))[0], nothing
    return days, micros // _SIZES[unit] * _SIZES[unit]


def _day_unit_rule(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type | None:
    unit = unit_of(constants[0])
    whole = {"day", "week", *_MONTHS}
    known = whole if isinstance(t.base_of(kinds[1]), t.Date) else {*whole, *_SIZES}
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
    rejects=("R110",),
    rule=_day_unit_rule,
    context=True,
)
def start_of_instant(unit: str, value: Datum, zone: str = "", *, context: Context) -> Outcome:
    """The beginning of the unit that an instant lies in, as clocks in a zone have it."""
    place = zone_of(zone, context)
    days, micros, keep = local(value, place)
    first, left = _start(unit_of(unit), days, micros)
    instants, unclear = civil.to_instants(first * civil.DAY + left, keep, place)
    return outcome(from_ints(instants, keep, civil.INSTANT), (unclear, "R110"))


@function(
    "end_of(unit: text!, value: date) -> date",
    category=CATEGORY,
    rule=_day_unit_rule,
    also=("DataWeave atEndOfMonth",),
    examples=[
        example('text(end_of("quarter", date("2024-05-17")))', "2024-06-30"),
        example('text(end_of("week", date("2024-05-17")))', "2024-05-19"),
    ],
)
def end_of(unit: str, value: Datum) -> pa.Array:
    """The last day of the year, quarter, month or week that a date lies in."""
    days, micros, keep = local(value)
    name = unit_of(unit)
    first, _ = _start(name, days, micros)
    if name in _MONTHS:
        return from_ints(add_months(first, np.full(len(first), _MONTHS[name]))[0] - 1, keep, DATE)
    return from_ints(first + (6 if name == "week" else 0), keep, DATE)


@function(
    "end_of_month(value: date) -> date",
    category=CATEGORY,
    sql="LAST_DAY",
    excel="EOMONTH",
    also=("Polars dt.month_end",),
    examples=[example('text(end_of_month(date("2024-02-01")))', "2024-02-29"), example(f"text(end_of_month({_DAY}))", "2024-01-31")],
)
def end_of_month(value: Datum) -> pa.Array:
    """The last day of a date's month."""
    return end_of("month", value)


# --- zones -------------------------------------------------------------------------------------------------------


def _zone_rule(kind: t.Type) -> Callable[[Sequence[t.Type], Sequence[Any]], t.Type | None]:
    def rule(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type | None:
        zone = constants[1] if len(constants) > 1 else ""
        return kind if not zone or civil.zone_known(zone) else None

    return rule


@function(
    'to_zone(value: datetime, zone: text! = "") -> local_datetime',
    category=CATEGORY,
    rule=_zone_rule(t.LocalDateTime()),
    context=True,
    sql="AT TIME ZONE",
    also=("DataWeave >>", "Bloblang ts_tz", "Polars dt.convert_time_zone", "JSONata $fromMillis"),
    examples=[
        example('text(to_zone(datetime("2024-05-01T10:00:00Z"), "Europe/Paris"))', "2024-05-01T12:00:00"),
        example('text(to_zone(datetime("2024-01-01T10:00:00Z"), "+02:00"))', "2024-01-01T12:00:00"),
    ],
)
def to_zone(value: Datum, zone: str = "", *, context: Context) -> pa.Array:
    """What clocks in a zone, the project's unless told, show at an instant. Back again: `datetime(x, zone)`."""
    return civil.to_local(as_array(value, 1), zone_of(zone, context))


@function(
    'local_date(value: datetime, zone: text! = "") -> date',
    category=CATEGORY,
    rule=_zone_rule(t.Date()),
    context=True,
    sql="CAST(x AT TIME ZONE z AS DATE)",
    also=("Polars dt.date",),
    examples=[
        example('text(local_date(datetime("2024-05-01T23:30:00Z"), "Europe/Paris"))', "2024-05-02"),
        example('text(local_date(datetime("2024-05-01T23:30:00Z"), "UTC"))', "2024-05-01"),
    ],
)
def local_date(value: Datum, zone: str = "", *, context: Context) -> pa.Array:
    """The day that a calendar in a zone, the project's unless told, shows at an instant."""
    days, _, keep = local(value, zone_of(zone, context))
    return from_ints(days, keep, DATE)


# --- as numbers --------------------------------------------------------------------------------------------------

_PER_UNIT = {"second": civil.SECOND, "millisecond": 1000, "microsecond": 1}


def _epoch_rule(kind: t.Type) -> Callable[[Sequence[t.Type], Sequence[Any]], t.Type | None]:
    def rule(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type | None:
        unit = unit_of(constants[1]) if len(constants) > 1 else "second"
        return kind if unit in {*_PER_UNIT, "nanosecond"} else None

    return rule


@function(
    'from_unix(value: int, unit: text! = "s") -> datetime',
    category=CATEGORY,
    rejects=("R602",),
    rule=_epoch_rule(t.DateTime()),
    sql="TO_TIMESTAMP",
    also=("VRL from_unix_timestamp", "JSONata $fromMillis", "Bloblang ts_format", "jq todate", "Polars from_epoch"),
    examples=[
        example("text(from_unix(1714557600))", "2024-05-01T10:00:00Z"),
        example('text(from_unix(1, "ms"))', "1970-01-01T00:00:00.001Z"),
        example("from_unix(999999999999999)", rejected="R602"),
    ],
)
def from_unix(value: Datum, unit: str) -> Outcome:
    """The instant so many seconds (or `ms`, `us`, `ns`) after the beginning of 1970 in UTC; R602 beyond the year 9999."""
    column = as_array(value, 1)
    name = unit_of(unit)
    keep, counts = valid(column), ints(column)
    if name == "nanosecond":
        return outcome(from_ints(counts // 1000, keep, civil.INSTANT))
    product = multiply_ints(column, pa.scalar(_PER_UNIT[name]))
    moments = ints(product.values)
    lost = keep & (~valid(product.values) | (moments < civil.EARLIEST) | (moments > civil.LATEST))
    return outcome(from_ints(np.where(lost, 0, moments), keep, civil.INSTANT), (lost, "R602"))


@function(
    'to_unix(value: datetime, unit: text! = "s") -> int',
    category=CATEGORY,
    rejects=("R602",),
    rule=_epoch_rule(t.Int()),
    sql="EXTRACT(EPOCH)",
    also=("VRL to_unix_timestamp", "JSONata $toMillis", "Bloblang ts_unix", "jq fromdate", "Polars dt.epoch"),
    examples=[
        example('to_unix(datetime("2024-05-01T10:00:00Z"))', 1714557600),
        example('to_unix(datetime("1970-01-01T00:00:01Z"), "ms")', 1000),
    ],
)
def to_unix(value: Datum, unit: str) -> Outcome:
    """The whole seconds (or `ms`, `us`, `ns`) from the beginning of 1970 in UTC to an instant."""
    column = as_array(value, 1)
    name, keep, counts = unit_of(unit), valid(column), ints(column)
    if name == "nanosecond":
        product: Outcome = multiply_ints(from_ints(counts, keep), pa.scalar(1000))
        return product
    return outcome(from_ints(counts // _PER_UNIT[name], keep))


# --- durations ---------------------------------------------------------------------------------------------------


@function(
    "parse_duration(value: text) -> duration",
    "duration(value: text) -> duration",
    category=CATEGORY,
    rejects=("R112",),
    sql="CAST(x AS INTERVAL)",
    also=("VRL parse_duration", "DataWeave as Period", "Bloblang parse_duration", "FEEL duration", "CEL duration"),
    examples=[
        example('text(parse_duration("1h 30m"))', "PT1H30M"),
        example('text(parse_duration("P1DT12H"))', "P1DT12H"),
        example('parse_duration("1 month")', rejected="R112"),
    ],
)
def parse_duration(value: Datum) -> Outcome:
    """The duration that a text says: `PT1H30M`, `1h 30m`, `90m`, `1005ms` or `1:30:00`; R112 where it says none.

    Months and years have no fixed length: see `add_months`.
    """
    return durations.to_duration(value)


def _duration_rule(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type | None:
    return t.Decimal(False, 28, 10) if unit_of(constants[1]) in _SIZES else None


@function(
    "parse_duration(value: text, unit: text!) -> decimal",
    category=CATEGORY,
    rejects=("R112",),
    rule=_duration_rule,
    examples=[example('parse_duration("1005ms", "s")', 1.005), example('parse_duration("90m", "h")', 1.5)],
)
def parse_duration_in(value: Datum, unit: str) -> Outcome:
    """The duration that a text says, counted in a unit."""
    read = durations.to_duration(value)
    return outcome(duration_in(read.values, unit).values, *read.failed)


@function(
    "duration_in(value: duration, unit: text!) -> decimal",
    category=CATEGORY,
    rule=_duration_rule,
    also=("Polars dt.total_seconds", "DataWeave as Number {unit}"),
    examples=[example('duration_in(parse_duration("90m"), "h")', 1.5), example('duration_in(parse_duration("2d"), "hours")', 48)],
)
def duration_in(value: Datum, unit: str) -> Outcome:
    """A duration counted in weeks, days, hours, minutes, seconds, milliseconds or microseconds."""
    column = as_array(value, 1)
    counts = from_ints(ints(column), valid(column))
    return decimals.quotient(counts, pa.scalar(_SIZES[unit_of(unit)], pa.int64()), capped(28, 10))
