"""A schedule as the `OnCalendar=` lines of a timer, and what systemd makes of clocks that are changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice, pairwise, takewhile

from datahub.events.calendar import DAYS, WEEKDAYS, WHOLE, Days, times
from datahub.events.due import Clock
from datahub.events.fires import moments
from datahub.zones import zone_named

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LONG, _SHORT, _FEBRUARY = frozenset({1, 3, 5, 7, 8, 10, 12}), frozenset({4, 6, 9, 11}), frozenset({2})
_DAY = timedelta(days=1)
_FIRES = 200
"""So many fires are looked at for the shortest distance of two."""


def on_calendar(clock: Clock) -> Sequence[str]:
    """`OnCalendar=` lines, of whose times each is started once; none where systemd cannot say it."""
    meant = times(clock.cron)
    hours, minutes = _numbers(meant.hours, 24), _numbers(meant.minutes, 60)
    found = []
    for one in meant.dates:
        several = _dates(one, meant.months)
        if several is None:
            return ()
        days = "" if one.weekdays == WEEKDAYS else ",".join(_WEEKDAYS[day - 1] for day in sorted(one.weekdays)) + " "
        found += [f"OnCalendar={days}*-{date} {hours}:{minutes}:00 {clock.zone}" for date in several]
    return found


def changed_otherwise(clock: Clock, now: datetime) -> bool:
    """Whether the clock is changed within a year over times of the schedule, of which systemd then leaves some out."""
    zone, after = zone_named(clock.zone), now - _DAY
    offsets = [(at, at.astimezone(zone).utcoffset()) for at in (after + _DAY * day for day in range(367))]
    changes = [at for (at, before), (_, then) in pairwise(offsets) if before != then]
    # A fire that the clock skips comes first after it, be it on the day after.
    return any(
        moment.note and "first of two" not in moment.note
        for change in changes
        for moment in takewhile(lambda one, until=change + _DAY: one.at <= until, moments(clock.cron, clock.zone, change))  # type: ignore[misc]
    )


def closest(clocks: Sequence[Clock], now: datetime) -> timedelta:
    """The shortest time between two fires of a timer: with more of a random delay, systemd passes some over."""
    fires = sorted({moment.at for clock in clocks for moment in islice(moments(clock.cron, clock.zone, now), _FIRES)})
    return min((then - at for at, then in pairwise(fires)), default=timedelta.max)


def _dates(one: Days, months: frozenset[int]) -> Sequence[str] | None:
    """Months and days as systemd has them; None where it has no word: it counts days from one end of a month or the other."""
    if one.last == WHOLE:
        return [f"{_numbers(months, 13, 1)}-{_numbers(one.days, 32, 1)}"]
    if one.days == DAYS:
        return [f"{_numbers(months, 13, 1)}~{one.last:02d}{'/1' if one.last > 1 else ''}"]
    if months & _FEBRUARY and 29 - one.last in one.days:
        # It is one of the last of February in three years of four.
        return None
    return list(_by_length(one, months))


def _by_length(one: Days, months: frozenset[int]) -> Iterator[str]:
    for alike, length in ((months & _LONG, 31), (months & _SHORT, 30), (months & _FEBRUARY, 29)):
        days = [day for day in one.days if length - one.last < day <= length]
        if alike and days:
            yield f"{_numbers(alike, 13, 1)}-{_numbers(days, 32, 1)}"


def _numbers(numbers: Collection[int], end: int, first: int = 0) -> str:
    if len(numbers) == end - first:
        return "*"
    return ",".join(f"{number:02d}" for number in sorted(numbers))
