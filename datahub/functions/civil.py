"""Days, months and clock times as whole numbers in NumPy, and what a time zone does to them."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

import numpy as np
import pyarrow as pa

from datahub.functions import zones
from datahub.functions.columns import Ints, from_ints, ints, valid
from datahub.functions.declare import Mask
from datahub.zones import is_zone

DAY = 86_400_000_000
"""Microseconds."""
SECOND = 1_000_000
FIRST_DAY, LAST_DAY = -719_162, 2_932_896
"""The first day of the year 1 and the last of 9999, counted from 1970."""
EARLIEST, LATEST = FIRST_DAY * DAY, LAST_DAY * DAY + DAY - 1
_NEAR_FIRST, _NEAR_LAST = -25_567, 47_482  # 1900 to 2099
LOCAL = pa.timestamp("us")
INSTANT = pa.timestamp("us", "UTC")


def days_of(year: Ints, month: Ints, day: Ints) -> tuple[Ints, Mask]:
    """Days since 1970, and whether there is such a day."""
    ok = (year >= 1) & (year <= 9999) & (month >= 1) & (month <= 12)
    months = np.where(ok, year * 12 + month - 13, 0)
    starts = _month_starts()
    first = starts[months]
    return first + day - 1, ok & (day >= 1) & (day <= starts[months + 1] - first)


def year_month_day(days: Ints) -> tuple[Ints, Ints, Ints]:
    """The parts of dates."""
    low, high = (int(days.min()), int(days.max())) if len(days) else (0, 0)
    if _NEAR_FIRST <= low and high < _NEAR_LAST:
        packed = _near_dates()[days - _NEAR_FIRST]
        return packed >> 9, (packed >> 5) & 15, packed & 31
    return _split(days)


def month_length(year: Ints, month: Ints) -> Ints:
    """How many days a month has."""
    months, starts = year * 12 + month - 13, _month_starts()
    lengths: Ints = starts[months + 1] - starts[months]
    return lengths


def weekday(days: Ints) -> Ints:
    """1 for Monday to 7 for Sunday."""
    return (days + 3) % 7 + 1


def day_of_year(days: Ints) -> Ints:
    """From 1."""
    return days - days.astype("M8[D]").astype("M8[Y]").astype("M8[D]").astype(np.int64) + 1


def in_calendar(days: Ints) -> Mask:
    return (days >= FIRST_DAY) & (days <= LAST_DAY)


@cache
def _month_starts() -> Ints:
    """The first day of each month from January of the year 1 to January of 10000."""
    return np.arange((1 - 1970) * 12, (10_000 - 1970) * 12 + 1).astype("M8[M]").astype("M8[D]").astype(np.int64)


@cache
def _near_dates() -> Ints:
    """Year, month and day of the dates that most data are about, packed in one number each."""
    year, month, day = _split(np.arange(_NEAR_FIRST, _NEAR_LAST))
    return (year << 9) | (month << 5) | day


def _split(days: Ints) -> tuple[Ints, Ints, Ints]:
    months = days.astype("M8[D]").astype("M8[M]")
    count = months.astype(np.int64)
    return count // 12 + 1970, count % 12 + 1, days - months.astype("M8[D]").astype(np.int64) + 1


# --- zones -------------------------------------------------------------------------------------------------------


def zone_known(zone: str) -> bool:
    """Whether there is a time zone of this name; `+02:00` is one too."""
    return fixed_offset(zone) is not None or is_zone(zone)


def fixed_offset(zone: str) -> int | None:
    """The microseconds that a zone written as an offset is ahead of UTC; None for a zone with a name."""
    if zone in {"UTC", "Z"}:
        return 0
    if len(zone) == 6 and zone[0] in "+-" and zone[3] == ":" and (zone[1:3] + zone[4:]).isdigit():
        ahead = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:])) // timedelta(microseconds=1)
        return -ahead if zone[0] == "-" else ahead
    return None


def offset_text(ahead: int) -> str:
    """Microseconds ahead of UTC as `+02:00`, and `Z` for none."""
    minutes = abs(ahead) // (60 * SECOND)
    return "Z" if ahead == 0 else f"{'-' if ahead < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"


def to_instants(local: Ints, keep: Mask, zone: str) -> tuple[Ints, Mask]:
    """Clock times in a zone as instants, and where that is not one instant: the clock skipped the time, or showed it twice."""
    ahead = fixed_offset(zone)
    if ahead is not None:
        return local - ahead, np.zeros(len(local), np.bool_)
    ahead_of, unclear = zones.ahead_on_clock(np.where(keep, local, DAY), zone)
    return local - ahead_of, keep & unclear


def to_local(instants: pa.Array, zone: str) -> pa.Array:
    """What clocks in a zone show at these instants."""
    keep = valid(instants)
    # What stands at a null may be no date.
    counts = np.where(keep, ints(instants), DAY)
    ahead = fixed_offset(zone)
    return from_ints(counts + (zones.ahead_at(counts, zone) if ahead is None else ahead), keep, LOCAL)
