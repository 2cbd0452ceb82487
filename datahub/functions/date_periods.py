"""Periods of two ends each: whether they overlap; days as banks count them; weeks as Americans do."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from datahub.functions import civil
from datahub.functions.columns import Ints, all_valid, bools, broadcast, from_ints, ints
from datahub.functions.declare import Datum, example, function
from datahub.functions.moments import local

CATEGORY = "date"
_ENDS = ("date", "local_datetime", "datetime", "time", "int")


@function(
    *(f"overlaps(start: {one}, end: {one}, other_start: {one}, other_end: {one}) -> bool" for one in _ENDS),
    category=CATEGORY,
    sql="OVERLAPS",
    also=("FEEL overlaps", "Polars is_between", "pandas Interval.overlaps"),
    examples=[
        example('overlaps(date("2024-01-01"), date("2024-01-31"), date("2024-01-31"), date("2024-02-29"))', True),
        example('overlaps(date("2024-01-01"), date("2024-01-31"), date("2024-02-01"), date("2024-02-29"))', False),
        example("overlaps(1, 9, 10, 49)", False),
        example("overlaps(9, 1, 2, 3)", False),
    ],
)
def overlaps(start: Datum, end: Datum, other_start: Datum, other_end: Datum) -> pa.Array:
    """Whether two periods, or ranges of whole numbers, have anything in common; both ends belong to them.

    A period that ends before it starts has nothing in it, and overlaps none.
    """
    columns = broadcast(start, end, other_start, other_end)
    a, b, c, d = map(ints, columns)
    return bools((a <= b) & (c <= d) & (a <= d) & (c <= b), all_valid(*columns))


@function(
    "days_360(start: date, end: date, us: bool! = false) -> int",
    category=CATEGORY,
    excel="DAYS360",
    also=("Excel YEARFRAC",),
    examples=[
        example('days_360(date("2024-01-31"), date("2024-03-31"))', 60),
        example('days_360(date("2024-01-01"), date("2024-12-31"))', 359),
        example('days_360(date("2024-01-01"), date("2024-12-31"), us: true)', 360),
        example('days_360(date("2024-03-01"), date("2024-02-01"))', -30),
    ],
)
def days_360(start: Datum, end: Datum, us: bool = False) -> pa.Array:
    """How many days lie between where every month has 30: for interest and shares of a year.

    By the European way (30E/360) the 31st counts as the 30th. By that of the United States (`us`), which is what Excel's DAYS360
    does unless told otherwise, the end of a February counts as the 30th too where it comes first, and a 31st that comes last
    stays unless the first day is a 30th. `days_360(a, b) / 360` is the share of a year that Excel's YEARFRAC gives under
    basis 4, with `us` the one under basis 0.
    """
    first, last = broadcast(start, end)
    begins, ends = (local(one)[0] for one in (first, last))
    (year, month, day), (to_year, to_month, to_day) = map(civil.year_month_day, (begins, ends))
    if us:
        day = np.where((month == 2) & (civil.year_month_day(begins + 1)[1] == 3), 30, day)
        to_day = np.where(day < 30, to_day, _thirty(to_day))
    else:
        to_day = _thirty(to_day)
    days = 360 * (to_year - year) + 30 * (to_month - month) + to_day - _thirty(day)
    return from_ints(days, all_valid(first, last))


def _thirty(day: Ints) -> Ints:
    return np.minimum(day, 30)


@function(
    "week_us(value: date) -> int",
    category=CATEGORY,
    excel="WEEKNUM",
    sql="WEEK",
    examples=[
        example('week_us(date("2024-01-06"))', 1),
        example('week_us(date("2024-01-07"))', 2),
        example('week_us(date("2024-12-31"))', 53),
    ],
)
def week_us(value: Datum) -> pa.Array:
    """The number of the week as in the United States: weeks begin on Sunday, and the first one holds 1 January. See `week_iso`."""
    days, _, keep = local(value)
    passed = civil.day_of_year(days) - 1
    # How many days of its week lie before 1 January: none where that is a Sunday.
    ahead = civil.weekday(days - passed) % 7
    return from_ints((passed + ahead) // 7 + 1, keep)
