"""Dates and times: made, read from text, taken apart, written."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from datahub.functions import civil, conversions
from datahub.functions.calendar_text import write
from datahub.functions.columns import all_valid, as_array, broadcast, from_ints, ints, outcome
from datahub.functions.declare import Context, Datum, Outcome, example, function
from datahub.functions.moments import DATE, TIME, local, times, zone_of

_DAY = 'date("2024-05-01")'


# --- now ---------------------------------------------------------------------------------------------------------


@function(
    "today() -> date",
    context=True,
    sql="CURRENT_DATE",
    excel="TODAY",
    also=("VRL now", "JSONata $now", "DataWeave now", "Bloblang now", "jq now", "GREL now", "FEEL today"),
    examples=[example("today() = local_date(now())", True), example("today() is null", False)],
)
def today(context: Context) -> pa.Scalar:
    """The day on which the run started, in the project's time zone: the same in all rows, and recorded."""
    days, _, _ = local(pa.array([context.now], civil.INSTANT), context.zone)
    return from_ints(days, kind=DATE)[0]


@function(
    "now() -> datetime",
    context=True,
    sql="CURRENT_TIMESTAMP",
    excel="NOW",
    also=("VRL now", "JSONata $now", "DataWeave now", "Bloblang now", "jq now", "FEEL now"),
    examples=[example("now() = now()", True), example("now() is null", False)],
)
def now(context: Context) -> pa.Scalar:
    """The instant at which the run started: the same in all rows, and recorded."""
    return pa.scalar(context.now, civil.INSTANT)


# --- made and read -----------------------------------------------------------------------------------------------


@function(
    'date(value: text, pattern: text! = "", locale: text! = "") -> date',
    rejects=("R106",),
    sql="TO_DATE",
    excel="DATEVALUE",
    also=(
        "VRL parse_timestamp",
        "JSONata $toMillis",
        "DataWeave as Date",
        "Bloblang ts_parse",
        "jq strptime",
        "GREL toDate",
        "FEEL date",
        "Polars str.to_date",
    ),
    examples=[
        example('text(date("2024-05-01"))', "2024-05-01"),
        example('text(date("01/05/2024", "dd/MM/yyyy"))', "2024-05-01"),
        example('text(date("1 mai 2024", "d MMMM yyyy", "fr"))', "2024-05-01"),
        example('date("31/02/2020", "dd/MM/yyyy")', rejected="R106"),
        example('text(date(local_datetime("2024-05-01T10:00:00")))', "2024-05-01"),
    ],
)
def date_of_text(value: Datum, pattern: str, locale: str) -> Outcome:
    """The date that a text says, by a pattern such as `dd/MM/yyyy`, or the day of a local time; R106 where there is no such day.

    Without pattern it is `yyyy-MM-dd`. `MMM` and `MMMM` are names of months in the language of `locale`: `en`, `fr`,
    `de`, `es`, `it`, `nl` or `pt`. The day of an instant depends on where one is: see `local_date`.
    """
    return conversions.to_date(as_array(value, 1), pattern, locale)


@function("date(value: local_datetime) -> date", "date(value: date) -> date")
def date_of_local(value: Datum) -> pa.Array:
    """The day of a local time."""
    days, _, keep = local(value)
    return from_ints(days, keep, DATE)


@function(
    "make_date(year: int, month: int, day: int) -> date",
    "date(year: int, month: int, day: int) -> date",
    rejects=("R106",),
    sql="MAKE_DATE",
    excel="DATE",
    also=("FEEL date", "Polars date"),
    examples=[example("text(make_date(2024, 2, 29))", "2024-02-29"), example("make_date(2023, 2, 29)", rejected="R106")],
)
def make_date(year: Datum, month: Datum, day: Datum) -> Outcome:
    """The date of a year, month and day; R106 where there is none (Excel would go on counting)."""
    columns = broadcast(year, month, day)
    keep = all_valid(*columns)
    parts = [np.where(keep, np.clip(ints(column), -1, 100_000), 1) for column in columns]
    days, ok = civil.days_of(*parts)
    return outcome(from_ints(np.where(ok, days, 0), keep, DATE), (keep & ~ok, "R106"))


@function(
    'datetime(value: text, pattern: text! = "", zone: text! = "", locale: text! = "") -> datetime',
    rejects=("R107", "R110"),
    context=True,
    sql="TO_TIMESTAMP",
    also=(
        "VRL parse_timestamp",
        "JSONata $toMillis",
        "DataWeave as DateTime",
        "Bloblang ts_parse",
        "jq fromdate",
        "CEL timestamp",
        "FEEL date and time",
        "JSLT parse-time",
        "Bloblang ts_strptime",
        "Bloblang timestamp",
    ),
    examples=[
        example('text(datetime("2024-05-01T10:00:00+02:00"))', "2024-05-01T08:00:00Z"),
        example('text(datetime("01/05/2024 10:00", "dd/MM/yyyy HH:mm", "Europe/Paris"))', "2024-05-01T08:00:00Z"),
        example('datetime("2024-03-31T02:30:00", zone: "Europe/Paris")', rejected="R110"),
        example('datetime("x")', rejected="R107"),
        example('datetime("9999-12-31T23:59:59-10:00")', rejected="R107"),
        example('datetime(local_datetime("9999-12-31T23:59:59"), "America/New_York")', rejected="R602"),
    ],
)
def datetime_of_text(value: Datum, pattern: str, zone: str, locale: str, context: Context) -> Outcome:
    """The instant that a text says; R107 where it says none.

    Without pattern it is ISO 8601. A time without offset is one of `zone`, or of the project's zone (UTC unless it says
    otherwise); R110 where clocks there skipped it or showed it twice.
    """
    return conversions.to_datetime(as_array(value, 1), pattern, zone_of(zone, context), locale)


@function(
    'datetime(value: local_datetime, zone: text! = "") -> datetime',
    'datetime(value: date, zone: text! = "") -> datetime',
    rejects=("R110", "R602"),
    context=True,
    examples=[example('text(datetime(date("2024-05-01"), "Europe/Paris"))', "2024-04-30T22:00:00Z")],
)
def datetime_of_local(value: Datum, zone: str, context: Context) -> Outcome:
    """The instant at which clocks of a zone show a local time, or midnight of a day."""
    days, micros, keep = local(value)
    instants, unclear = civil.to_instants(days * civil.DAY + micros, keep, zone_of(zone, context))
    result = times(instants, keep & ~unclear, civil.INSTANT)
    return outcome(result.values, (unclear, "R110"), *result.failed)


@function(
    'local_datetime(value: text, pattern: text! = "", locale: text! = "") -> local_datetime',
    rejects=("R107",),
    sql="CAST(x AS TIMESTAMP)",
    also=("DataWeave as LocalDateTime", "Polars str.to_datetime"),
    examples=[
        example('text(local_datetime("2024-05-01T10:00:00"))', "2024-05-01T10:00:00"),
        example('local_datetime("2024-05-01T10:00Z")', rejected="R107"),
    ],
)
def local_of_text(value: Datum, pattern: str, locale: str) -> Outcome:
    """The date and time that a text says, without a zone: what a clock on a wall shows; R107 where it says none."""
    return conversions.to_local_datetime(as_array(value, 1), pattern, locale)


@function(
    "local_datetime(day: date, time: time) -> local_datetime",
    examples=[example('text(local_datetime(date("2024-05-01"), time("10:00")))', "2024-05-01T10:00:00")],
)
def local_of_parts(day: Datum, time: Datum) -> pa.Array:
    """A day and a time of day together."""
    dates, clocks = broadcast(day, time)
    return from_ints(local(dates)[0] * civil.DAY + local(clocks)[1], all_valid(dates, clocks), civil.LOCAL)


@function(
    'time(value: text, pattern: text! = "") -> time',
    rejects=("R108",),
    sql="CAST(x AS TIME)",
    excel="TIMEVALUE",
    also=("FEEL time", "DataWeave as LocalTime"),
    examples=[
        example('text(time("10:30"))', "10:30:00"),
        example('text(time("10.30", "HH.mm"))', "10:30:00"),
        example('time("24:00")', rejected="R108"),
    ],
)
def time_of_text(value: Datum, pattern: str) -> Outcome:
    """The time of day that a text says; R108 where it says none."""
    return conversions.to_time(as_array(value, 1), pattern)


@function(
    "make_time(hour: int, minute: int, second: int = 0) -> time",
    "time(hour: int, minute: int, second: int = 0) -> time",
    rejects=("R108",),
    sql="MAKE_TIME",
    excel="TIME",
    also=("FEEL time",),
    examples=[example("text(make_time(10, 30))", "10:30:00"), example("make_time(24, 0)", rejected="R108")],
)
def make_time(hour: Datum, minute: Datum, second: Datum) -> Outcome:
    """The time of day of an hour, minute and second; R108 where clocks show no such time."""
    columns = broadcast(hour, minute, second)
    keep = all_valid(*columns)
    h, m, s = (np.where(keep, np.clip(ints(column), -1, 100), 0) for column in columns)
    ok = (h >= 0) & (h < 24) & (m >= 0) & (m < 60) & (s >= 0) & (s < 60)
    micros = np.where(ok, (h * 60 + m) * 60 + s, 0) * civil.SECOND
    return outcome(from_ints(micros, keep, TIME), (keep & ~ok, "R108"))


@function("time(value: local_datetime) -> time", examples=[example('text(time(local_datetime("2024-05-01T10:00:00")))', "10:00:00")])
def time_of_local(value: Datum) -> pa.Array:
    """The time of day of a local time."""
    _, micros, keep = local(value)
    return from_ints(micros, keep, TIME)


# --- written -----------------------------------------------------------------------------------------------------


@function(
    'text(value: date, pattern: text!, locale: text! = "") -> text',
    'text(value: local_datetime, pattern: text!, locale: text! = "") -> text',
    'text(value: time, pattern: text!, locale: text! = "") -> text',
    also=(
        "Excel VALUETOTEXT",
        "Excel ARRAYTOTEXT",
        "Excel T",
        "Excel DOLLAR",
        "Bloblang ts_strftime",
        "Bloblang ts_format",
        "JSLT format-time",
        "JSLT string",
    ),
    examples=[
        example(f'text({_DAY}, "dd/MM/yyyy")', "01/05/2024"),
        example(f'text({_DAY}, "EEEE d MMMM yyyy", "fr")', "mercredi 1 mai 2024"),
    ],
)
def text_of_local(value: Datum, pattern: str, locale: str) -> pa.Array:
    """A value as text: dates and times by a pattern such as `dd/MM/yyyy HH:mm`, numbers by one such as `#,##0.00`, all else as it is.

    Patterns of dates name months and days in the language of `locale`, those of numbers use its marks.
    """
    days, micros, keep = local(value)
    return write(days, micros, keep, pattern, locale)


@function(
    'text(value: datetime, pattern: text!, zone: text! = "", locale: text! = "") -> text',
    context=True,
    examples=[example('text(datetime("2024-05-01T10:00:00Z"), "dd/MM/yyyy HH:mm", "Europe/Paris")', "01/05/2024 12:00")],
)
def text_of_instant(value: Datum, pattern: str, zone: str, locale: str, context: Context) -> pa.Array:
    """The instant by a pattern, as clocks in a zone (the project's unless told) show it."""
    place = zone_of(zone, context)
    days, micros, keep = local(value, place)
    ahead = civil.fixed_offset(place)
    if ahead is not None:
        return write(days, micros, keep, pattern, locale, civil.offset_text(ahead))
    # In a zone with a name the offset changes with the season: each offset by itself.
    column = as_array(value, 1)
    apart = days * civil.DAY + micros - np.where(keep, ints(column), 0)
    written = write(days, micros, keep, pattern, locale, "Z")
    for offset in np.unique(apart):
        rows = apart == offset
        some = write(days[rows], micros[rows], keep[rows], pattern, locale, civil.offset_text(int(offset)))
        written = pa.compute.replace_with_mask(written, pa.array(rows), some)
    return written
