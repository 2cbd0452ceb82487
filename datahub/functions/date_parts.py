"""The parts of dates and times: year, month, hour, week …, and names of months and days."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from datahub.functions import civil
from datahub.functions.calendar_names import names_of
from datahub.functions.columns import Ints, as_array, bools, from_ints, ints, valid
from datahub.functions.declare import Context, Datum, example, function
from datahub.functions.moments import local, unit_of, zone_of
from datahub.types import model as t

CATEGORY = "date"


def _thursday(days: Ints) -> Ints:
    """The Thursday of each day's week, which decides what year the week is of."""
    return days - civil.weekday(days) + 4


PARTS: dict[str, Callable[[Ints, Ints], Ints]] = {
    "year": lambda days, micros: civil.year_month_day(days)[0],
    "month": lambda days, micros: civil.year_month_day(days)[1],
    "day": lambda days, micros: civil.year_month_day(days)[2],
    "hour": lambda days, micros: micros // (3600 * civil.SECOND),
    "minute": lambda days, micros: micros // (60 * civil.SECOND) % 60,
    "second": lambda days, micros: micros // civil.SECOND % 60,
    "millisecond": lambda days, micros: micros % civil.SECOND // 1000,
    "microsecond": lambda days, micros: micros % civil.SECOND,
    "week": lambda days, micros: (civil.day_of_year(_thursday(days)) - 1) // 7 + 1,
    "quarter": lambda days, micros: (civil.year_month_day(days)[1] + 2) // 3,
    "weekday": lambda days, micros: civil.weekday(days),
    "isodow": lambda days, micros: civil.weekday(days),
    "isoyear": lambda days, micros: civil.year_month_day(_thursday(days))[0],
    "doy": lambda days, micros: civil.day_of_year(days),
    "epoch": lambda days, micros: days * 86_400 + micros // civil.SECOND,
}


def _declare_part(name: str, part: Callable[[Ints, Ints], Ints], of: str, doc: str, **told: Any) -> None:
    """Declare a part of dates, times or both (`of` holds `d`, `t`), and of instants in a zone."""

    def of_local(value: Datum) -> pa.Array:
        days, micros, keep = local(value)
        return from_ints(part(days, micros), keep)

    def of_instant(value: Datum, zone: str, context: Context) -> pa.Array:
        days, micros, keep = local(value, zone_of(zone, context))
        return from_ints(part(days, micros), keep)

    kinds = [*(["date"] if "d" in of else []), "local_datetime", *(["time"] if "t" in of else [])]
    of_local.__doc__ = of_instant.__doc__ = doc
    of_local.__module__ = of_instant.__module__ = __name__
    function(*(f"{name}(value: {kind}) -> int" for kind in kinds), category=CATEGORY, **told)(of_local)
    function(f'{name}(value: datetime, zone: text! = "") -> int', context=True)(of_instant)


_DAY = 'date("2024-05-01")'
_CLOCK = 'time("10:20:30")'
_declare_part(
    "year",
    PARTS["year"],
    "d",
    "The year. Of an instant it is that of a zone, the project's unless told; so with all parts of instants.",
    sql="EXTRACT(YEAR)",
    excel="YEAR",
    also=("CEL getFullYear", "Polars dt.year", "FEEL date.year", "DataWeave .year"),
    examples=[example(f"year({_DAY})", 2024), example('year(datetime("2023-12-31T23:30:00Z"), "Europe/Paris")', 2024)],
)
_declare_part(
    "month",
    PARTS["month"],
    "d",
    "The month, 1 to 12.",
    sql="EXTRACT(MONTH)",
    excel="MONTH",
    also=("CEL getMonth", "Polars dt.month", "FEEL date.month", "DataWeave .month"),
    examples=[example(f"month({_DAY})", 5), example('month(local_datetime("2024-12-01T00:00"))', 12)],
)
_declare_part(
    "day",
    PARTS["day"],
    "d",
    "The day of the month.",
    sql="EXTRACT(DAY)",
    excel="DAY",
    also=("CEL getDate", "CEL getDayOfMonth", "Polars dt.day", "FEEL date.day", "DataWeave .day"),
    examples=[example(f"day({_DAY})", 1), example('day(date("2024-02-29"))', 29)],
)
_declare_part(
    "hour",
    PARTS["hour"],
    "t",
    "The hour, 0 to 23.",
    sql="EXTRACT(HOUR)",
    excel="HOUR",
    also=("CEL getHours", "Polars dt.hour", "FEEL time.hour", "DataWeave .hour"),
    examples=[example(f"hour({_CLOCK})", 10), example('hour(datetime("2024-05-01T10:00:00Z"), "Europe/Paris")', 12)],
)
_declare_part(
    "minute",
    PARTS["minute"],
    "t",
    "The minute, 0 to 59.",
    sql="EXTRACT(MINUTE)",
    excel="MINUTE",
    also=("CEL getMinutes", "Polars dt.minute", "DataWeave .minutes"),
    examples=[example(f"minute({_CLOCK})", 20), example('minute(time("00:00"))', 0)],
)
_declare_part(
    "second",
    PARTS["second"],
    "t",
    "The whole second, 0 to 59.",
    sql="EXTRACT(SECOND)",
    excel="SECOND",
    also=("CEL getSeconds", "Polars dt.second", "DataWeave .seconds"),
    examples=[example(f"second({_CLOCK})", 30), example('second(time("00:00:01.5"))', 1)],
)
_declare_part(
    "weekday",
    PARTS["weekday"],
    "d",
    "The day of the week, from 1 for Monday to 7 for Sunday, as ISO 8601 counts.",
    sql="EXTRACT(ISODOW)",
    excel="WEEKDAY(x, 2)",
    also=("CEL getDayOfWeek", "Polars dt.weekday", "FEEL day of week", "DataWeave .dayOfWeek"),
    examples=[example(f"weekday({_DAY})", 3), example('weekday(date("2024-05-05"))', 7)],
)
_declare_part(
    "week_iso",
    PARTS["week"],
    "d",
    "The number of the week by ISO 8601: the first one holds the year's first Thursday.",
    sql="EXTRACT(WEEK)",
    excel="ISOWEEKNUM",
    also=("Polars dt.week", "FEEL week of year"),
    examples=[example('week_iso(date("2024-12-30"))', 1), example('week_iso(date("2021-01-03"))', 53)],
)
_declare_part(
    "year_iso",
    PARTS["isoyear"],
    "d",
    "The year that the ISO week belongs to, which may differ from the calendar's around New Year.",
    sql="EXTRACT(ISOYEAR)",
    also=("Polars dt.iso_year",),
    examples=[example('year_iso(date("2024-12-30"))', 2025), example(f"year_iso({_DAY})", 2024)],
)
_declare_part(
    "quarter",
    PARTS["quarter"],
    "d",
    "The quarter of the year, 1 to 4.",
    sql="EXTRACT(QUARTER)",
    also=("Polars dt.quarter", "DataWeave .quarter"),
    examples=[example(f"quarter({_DAY})", 2), example('quarter(date("2024-12-31"))', 4)],
)
_declare_part(
    "day_of_year",
    PARTS["doy"],
    "d",
    "The day of the year, from 1.",
    sql="EXTRACT(DOY)",
    also=("CEL getDayOfYear", "Polars dt.ordinal_day", "FEEL day of year", "DataWeave .dayOfYear"),
    examples=[example('day_of_year(date("2024-12-31"))', 366), example('day_of_year(date("2024-01-01"))', 1)],
)


def _part_rule(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type | None:
    return t.Int() if unit_of(constants[0]) in PARTS else None


@function(
    "date_part(part: text!, value: date) -> int",
    "date_part(part: text!, value: local_datetime) -> int",
    "date_part(part: text!, value: time) -> int",
    category=CATEGORY,
    rule=_part_rule,
    sql="DATE_PART",
    also=("DuckDB date_part", "GREL datePart", "CEL getMilliseconds"),
    examples=[
        example(f'date_part("month", {_DAY})', 5),
        example(f'date_part("WEEK", {_DAY})', 18),
        example('date_part("year", null)', None),
    ],
)
def date_part(part: str, value: Datum) -> pa.Array:
    """A part of a date or time, by its name.

    The names are `year`, `quarter`, `month`, `week`, `day`, `weekday`, `doy`, `isoyear`, `hour`, `minute`, `second`,
    `millisecond`, `microsecond` and `epoch`.
    """
    days, micros, keep = local(value)
    return from_ints(PARTS[unit_of(part)](days, micros), keep)


@function('date_part(part: text!, value: datetime, zone: text! = "") -> int', rule=_part_rule, context=True)
def date_part_of_instant(part: str, value: Datum, zone: str, context: Context) -> pa.Array:
    """A part of an instant, as clocks in a zone show it."""
    days, micros, keep = local(value, zone_of(zone, context))
    return from_ints(PARTS[unit_of(part)](days, micros), keep)


@function(
    "is_leap_year(value: date) -> bool",
    "is_leap_year(value: int) -> bool",
    category=CATEGORY,
    also=("DataWeave isLeapYear", "Polars dt.is_leap_year"),
    examples=[example("is_leap_year(2000)", True), example("is_leap_year(1900)", False), example(f"is_leap_year({_DAY})", True)],
)
def is_leap_year(value: Datum) -> pa.Array:
    """Whether a year, or the year of a date, has 366 days."""
    column = as_array(value, 1)
    year = civil.year_month_day(local(column)[0])[0] if pa.types.is_date(column.type) else ints(column)
    return bools((year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0)), valid(column))


@function(
    'month_name(value: date, locale: text! = "en") -> text',
    category=CATEGORY,
    excel='TEXT(x, "mmmm")',
    sql="MONTHNAME",
    also=("FEEL month of year", "FEEL month name"),
    examples=[example(f"month_name({_DAY})", "May"), example(f'month_name({_DAY}, "fr")', "mai")],
)
def month_name(value: Datum, locale: str) -> pa.Array:
    """The name of a date's month in English, French, German, Spanish, Italian, Dutch or Portuguese."""
    days, _, keep = local(value)
    return _named(names_of(locale).months, civil.year_month_day(days)[1], keep)


@function(
    'day_name(value: date, locale: text! = "en") -> text',
    category=CATEGORY,
    excel='TEXT(x, "dddd")',
    sql="DAYNAME",
    also=("FEEL day of week",),
    examples=[example(f"day_name({_DAY})", "Wednesday"), example(f'day_name({_DAY}, "fr")', "mercredi")],
)
def day_name(value: Datum, locale: str) -> pa.Array:
    """The name of a date's day in English, French, German, Spanish, Italian, Dutch or Portuguese."""
    days, _, keep = local(value)
    return _named(names_of(locale).days, civil.weekday(days), keep)


def _named(names: tuple[str, ...], numbers: Ints, keep: Any) -> pa.Array:
    return pa.array(names, pa.string()).take(pa.array(numbers - 1, mask=~keep))
