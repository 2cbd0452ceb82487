"""Days, months and clock times as whole numbers in NumPy, and what a time zone does to them."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa

from datahub.functions import zones
from datahub.functions.columns import Ints, from_ints, ints, valid
from datahub.functions.declare import Mask

DAY = 86_400_000_000
"""Microseconds."""
SECOND = 1_000_000
FIRST_DAY, LAST_DAY = -719_162, 2_932_896
"""The first day of the year 1 and the last of 9999, counted from 1970."""
EARLIEST, LATEST = FIRST_DAY * DAY, LAST_DAY * DAY + DAY - 1
LOCAL = pa.timestamp("us")
INSTANT = pa.timestamp("us", "UTC")


def days_of(year: Ints, month: Ints, day: Ints) -> tuple[Ints, Mask]:
    """Days since 1970, and whether there is such a day."""
    months = (year - 1970) * 12 + (month - 1)
    first = _first_days(months)
    ok = (year >= 1) & (year <= 9999) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= _first_days(months + 1) - first)
    return first + day - 1, ok


def year_month_day(days: Ints) -> tuple[Ints, Ints, Ints]:
    """The parts of dates."""
    dates = days.astype("M8[D]")
    months = dates.astype("M8[M]")
    count = months.astype(np.int64)
    return count // 12 + 1970, count % 12 + 1, days - months.astype("M8[D]").astype(np.int64) + 1


def month_length(year: Ints, month: Ints) -> Ints:
    """How many days a month has."""
    months = (year - 1970) * 12 + (month - 1)
    return _first_days(months + 1) - _first_days(months)


def weekday(days: Ints) -> Ints:
    """1 for Monday to 7 for Sunday."""
    return (days + 3) % 7 + 1


def day_of_year(days: Ints) -> Ints:
    """From 1."""
    return days - days.astype("M8[D]").astype("M8[Y]").astype("M8[D]").astype(np.int64) + 1


def in_calendar(days: Ints) -> Mask:
    return (days >= FIRST_DAY) & (days <= LAST_DAY)


def _first_days(months: Ints) -> Ints:
    """The first day of each month, months counted from January 1970."""
    # Years beyond NumPy's own reach are not asked for: `days_of` refuses them.
    return np.clip(months, -24_000, 120_000).astype("M8[M]").astype("M8[D]").astype(np.int64)


# --- zones -------------------------------------------------------------------------------------------------------


def zone_known(zone: str) -> bool:
    """Whether there is a time zone of this name; `+02:00` is one too."""
    return fixed_offset(zone) is not None or zones.known(zone)


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
