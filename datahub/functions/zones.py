"""Time zones as tables of their changes, for whole columns, in all years from 1 to 9999.

The tables are those of the package `tzdata`. Arrow's own kernels know a zone's changes up to 2037 only, and then keep the
clocks on winter time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from datahub.records import record
from datahub.zones import zone_named

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    import numpy.typing as npt

SECOND = 1_000_000
DAY = 86_400 * SECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Before, clocks show local mean time. After, the rules of a zone repeat with the calendar: the table ends with a whole cycle in which
# no zone names its changes one by one (Morocco does until 2087) and every leap year is one.
_FIRST_YEAR, _MODERN_YEAR, _LAST_YEAR = 1840, 1970, 2129
_CYCLE = 28

Ints: TypeAlias = "npt.NDArray[np.int64]"
Mask: TypeAlias = "npt.NDArray[np.bool_]"


@record(frozen=True, slots=True)
class Changes:
    """The changes of a zone: when (microseconds since 1970), and what clocks are ahead of UTC before, between and after them.

    On the clock, a change lies between `low` and `high`: times in between were skipped, or shown twice.
    """

    at: Ints
    ahead: Ints
    low: Ints
    high: Ints


def ahead_at(instants: Ints, zone: str) -> Ints:
    """How far clocks in a zone are ahead of UTC at instants; all in microseconds."""
    moments = _within_reach(instants)
    changes = changes_for(zone, moments)
    return changes.ahead[np.searchsorted(changes.at, moments, "right")]


def ahead_on_clock(local: Ints, zone: str) -> tuple[Ints, Mask]:
    """How far clocks that show these times are ahead of UTC, and where that is not one answer."""
    shown = _within_reach(local)
    changes = changes_for(zone, shown)
    place = np.searchsorted(changes.high, shown, "right")
    low = np.append(changes.low, np.iinfo(np.int64).max)
    return changes.ahead[place], shown >= low[place]


def changes_for(zone: str, moments: Ints) -> Changes:
    """The table of a zone that holds for all of `moments`: most data need not know the clocks before 1970."""
    return old_changes(zone) if len(moments) and int(moments.min()) < DAY else new_changes(zone)


@cache
def new_changes(zone: str) -> Changes:
    """The changes since 1970, found by asking for each week: none has two since."""
    return _table(zone, _changed(zone, _MODERN_YEAR, _LAST_YEAR, 7))


@cache
def old_changes(zone: str) -> Changes:
    """All changes, those before 1970 found by asking for each day."""
    return _table(zone, [*_changed(zone, _FIRST_YEAR, _MODERN_YEAR, 1), *_changed(zone, _MODERN_YEAR, _LAST_YEAR, 7)])


def _changed(zone: str, first: int, last: int, step: int) -> list[datetime]:
    place = zone_named(zone)
    start, end = datetime(first, 1, 1, tzinfo=UTC), datetime(last, 1, 1, tzinfo=UTC)
    moments = [*(start + timedelta(days=day) for day in range(0, (end - start).days, step)), end]
    ahead = [_ahead(moment, place) for moment in moments]
    return [_between(moments[at - 1], moments[at], place) for at in range(1, len(moments)) if ahead[at] != ahead[at - 1]]


def _table(zone: str, exact: list[datetime]) -> Changes:
    place = zone_named(zone)
    first = exact[0] - timedelta(days=1) if exact else _EPOCH
    offsets = np.array([_ahead(moment, place) for moment in (first, *exact)], np.int64)
    at = np.array([(moment - _EPOCH) // timedelta(microseconds=1) for moment in exact], np.int64)
    low, high = at + np.minimum(offsets[:-1], offsets[1:]), at + np.maximum(offsets[:-1], offsets[1:])
    return Changes(at, offsets, np.maximum.accumulate(low), np.maximum.accumulate(high))


def _ahead(moment: datetime, place: ZoneInfo) -> int:
    offset = moment.astimezone(place).utcoffset()
    return 0 if offset is None else offset // timedelta(microseconds=1)


def _between(start: datetime, end: datetime, place: ZoneInfo) -> datetime:
    """The second of the change that lies after `start`, at `end` at the latest."""
    before = _ahead(start, place)
    while end - start > timedelta(seconds=1):
        middle = start + timedelta(seconds=(end - start) // timedelta(seconds=2))
        start, end = (middle, end) if _ahead(middle, place) == before else (start, middle)
    return end


def _within_reach(moments: Ints) -> Ints:
    """Moments after the table's end, moved back to a year that has the same days of the week."""
    days = moments // DAY
    years = days.astype("M8[D]").astype("M8[Y]").astype(np.int64) + 1970
    late = years >= _LAST_YEAR
    if not late.any():
        return moments
    twins = _twins()[(_starts_on(years[late]) - 1) * 2 + _is_leap(years[late])]
    back = (_first_days(years[late]) - _first_days(twins)) * DAY
    moved = moments.copy()
    moved[late] = moments[late] - back
    return moved


@cache
def _twins() -> Ints:
    """For each day that a year may start on, and whether it is a leap year, such a year before the table's end."""
    years = np.arange(_LAST_YEAR - _CYCLE, _LAST_YEAR)
    found = np.zeros(14, np.int64)
    found[(_starts_on(years) - 1) * 2 + _is_leap(years)] = years
    return found


def _first_days(years: Ints) -> Ints:
    return (years - 1970).astype("M8[Y]").astype("M8[D]").astype(np.int64)


def _starts_on(years: Ints) -> Ints:
    return (_first_days(years) + 3) % 7 + 1


def _is_leap(years: Ints) -> Ints:
    leap: Mask = (years % 4 == 0) & ((years % 100 != 0) | (years % 400 == 0))
    return leap.astype(np.int64)
