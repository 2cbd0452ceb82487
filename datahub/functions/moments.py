"""What the functions of dates share: the parts of any date or time as NumPy's numbers, and columns made of such."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from datahub.functions import civil
from datahub.functions.columns import Ints, all_valid, as_array, broadcast, from_ints, ints, outcome, valid
from datahub.functions.declare import Context, Datum, Mask, Outcome

DATE = pa.date32()
TIME = pa.time64("us")
UNITS = {
    "us": "microsecond", "ms": "millisecond", "ns": "nanosecond", "s": "second", "ss": "second", "sec": "second",
    "min": "minute", "mi": "minute", "h": "hour", "hh": "hour", "d": "day", "dd": "day", "w": "week",
    "m": "month", "mm": "month", "q": "quarter", "y": "year", "yyyy": "year",
}  # fmt: skip
"""Short names of units."""


def unit_of(name: Any) -> str:
    """A unit of time by any of its names: `Months`, `month`, `m`."""
    word = str(name).lower()
    short = word if word in UNITS else word.removesuffix("s")
    return UNITS.get(short, short)


def zone_of(zone: str, context: Context) -> str:
    """The zone told, else the project's."""
    return zone or context.zone


def local(value: Datum, zone: str = "UTC") -> tuple[Ints, Ints, Mask]:
    """Days and microseconds of the day that clocks in a zone show; arbitrary but healthy where null."""
    column = as_array(value, 1)
    kind, keep = column.type, valid(column)
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        column = civil.to_local(column, zone)
    numbers = np.where(keep, ints(column), 0)
    if pa.types.is_date(kind):
        return numbers, np.zeros(len(numbers), np.int64), keep
    if pa.types.is_time(kind):
        return np.zeros(len(numbers), np.int64), numbers, keep
    days, micros = np.divmod(numbers, civil.DAY)
    return days, micros, keep


def dates(days: Ints, keep: Mask, code: str = "R602") -> Outcome:
    """Days as dates; `code` where they are beyond the years 1 to 9999."""
    lost = keep & ~civil.in_calendar(days)
    return outcome(from_ints(np.where(lost, 0, days), keep, DATE), (lost, code))


def times(moments: Ints, keep: Mask, kind: pa.DataType) -> Outcome:
    """Microseconds since 1970 as timestamps of `kind`; R602 where they are beyond the years 1 to 9999."""
    lost = keep & ((moments < civil.EARLIEST) | (moments > civil.LATEST))
    return outcome(from_ints(np.where(lost, 0, moments), keep, kind), (lost, "R602"))


def moved(value: Datum, count: Datum, by: Callable[[Ints, Ints], tuple[Ints, Mask]], zone: str = "UTC") -> Outcome:
    """Dates or times whose day is moved by `by`, which takes days and counts; the clock shows the same time after."""
    column, counts = broadcast(value, count)
    keep = all_valid(column, counts)
    days, micros, _ = local(column, zone)
    steps = np.where(keep, ints(counts), 0)
    after, beyond = by(days, np.clip(steps, -10_000_000, 10_000_000))
    beyond = beyond | (np.abs(steps) > 10_000_000) | ~civil.in_calendar(after)
    if pa.types.is_date(column.type):
        return outcome(from_ints(np.where(beyond, 0, after), keep, DATE), (keep & beyond, "R602"))
    moments = np.where(beyond, 0, after) * civil.DAY + micros
    if column.type.tz is None:
        return outcome(from_ints(moments, keep, column.type), (keep & beyond, "R602"))
    instants, unclear = civil.to_instants(moments, keep & ~beyond, zone)
    # The day may lie in the calendar where its instant, at another place's midnight, does not.
    beyond |= (instants < civil.EARLIEST) | (instants > civil.LATEST)
    return outcome(from_ints(np.where(beyond, 0, instants), keep, column.type), (keep & beyond, "R602"), (unclear & ~beyond, "R110"))


def add_months(days: Ints, months: Ints) -> tuple[Ints, Mask]:
    """Days so many months later: the same day of the month, or its last where it is shorter. And where that is beyond reach."""
    year, month, day = civil.year_month_day(days)
    count = year * 12 + month - 1 + months
    beyond = (count < 12) | (count >= 120_000)
    count = np.where(beyond, 24_000, count)
    year, month = count // 12, count % 12 + 1
    moved_days, _ = civil.days_of(year, month, np.minimum(day, civil.month_length(year, month)))
    return moved_days, beyond


def months_between(start: tuple[Ints, Ints], end: tuple[Ints, Ints]) -> Ints:
    """Whole months from one local moment to another, towards zero."""
    (first, first_micros), (last, last_micros) = start, end
    a, b = civil.year_month_day(first), civil.year_month_day(last)
    count: Ints = (b[0] - a[0]) * 12 + b[1] - a[1]
    forward = (last > first) | ((last == first) & (last_micros >= first_micros))
    # A month is whole when the day it began on is reached again, or the month has no such day.
    reached, _ = add_months(first, count)
    early = (reached > last) | ((reached == last) & (first_micros > last_micros))
    late = (reached < last) | ((reached == last) & (first_micros < last_micros))
    whole: Ints = np.where(forward, count - early, count + late)
    return whole
