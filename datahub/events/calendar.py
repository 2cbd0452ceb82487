"""The days that the five fields of cron mean, in a form that other schedulers can be told: what cronsim has read, not the text.

A day is one of the month, one of the week, and one of the last of its month; each word of cron is such a triple, and what
both fields ask for is what their triples have in common.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import product

from cronsim import CronSim

from datahub.records import record

DAYS = frozenset(range(1, 32))
WEEKDAYS = frozenset(range(1, 8))
"""Monday is 1, Sunday 7."""
WHOLE = 31
"""So many days from its end on, a month is all of its days."""
_WORKING = frozenset(range(1, 6))
_FRIDAY = frozenset({5})


@record(frozen=True, slots=True)
class Days:
    """Days that are one of the month's `days`, one of `weekdays`, and one of the `last` so many of their month."""

    days: frozenset[int] = DAYS
    weekdays: frozenset[int] = WEEKDAYS
    last: int = WHOLE

    def within(self, other: Days) -> Days:
        """The days that are of both."""
        return Days(self.days & other.days, self.weekdays & other.weekdays, min(self.last, other.last))

    @property
    def possible(self) -> frozenset[int]:
        """The days of a month on which they may lie; the shortest month has 28."""
        return frozenset(day for day in self.days if self.last == WHOLE or day > 28 - self.last)


@record(frozen=True, slots=True)
class Times:
    """What a schedule says: its numbers, the union of its days, and whether days are said in words that cron itself has."""

    minutes: frozenset[int]
    hours: frozenset[int]
    months: frozenset[int]
    month_days: frozenset[int]
    weekdays: frozenset[int]
    dates: Sequence[Days]
    plain: bool


def times(cron: str) -> Times:
    """What five fields mean that were taken for a frequency."""
    read = CronSim(cron, datetime(2000, 1, 1))  # noqa: DTZ001 - the wall's time
    days, weekdays = list(_of_month(read.days)), list(_of_week(read.weekdays))
    both = [one.within(other) for one, other in product(days, weekdays)] if read.day_and else [*days, *weekdays]
    plain_weekdays = frozenset(number % 7 for number in read.weekdays if isinstance(number, int))
    plain = min(read.days) > 0 and all(isinstance(number, int) for number in read.weekdays)
    return Times(
        frozenset(read.minutes),
        frozenset(read.hours),
        frozenset(read.months),
        frozenset(day for day in read.days if day > 0),
        plain_weekdays,
        _fewest(both),
        plain,
    )


def _of_month(read: Collection[int]) -> Iterator[Days]:
    plain = frozenset(day for day in read if day > 0)
    if plain:
        yield Days(plain)
    if CronSim.LAST in read:
        yield Days(last=1)
    if CronSim.LAST_WEEKDAY in read:
        # Friday is the last weekday from three days before the end on, the others are on the last day only.
        yield Days(weekdays=_WORKING, last=1)
        yield Days(weekdays=_FRIDAY, last=3)


def _of_week(read: Collection[int | tuple[int, int]]) -> Iterator[Days]:
    plain = frozenset(one or 7 for one in read if isinstance(one, int))
    if plain:
        yield Days(weekdays=plain)
    for one in read:
        if isinstance(one, tuple):
            weekday, number = frozenset({one[0] or 7}), one[1]
            if number == CronSim.LAST:
                yield Days(weekdays=weekday, last=7)
            else:
                yield Days(frozenset(range(7 * number - 6, min(7 * number, 31) + 1)), weekday)


def _fewest(several: Sequence[Days]) -> Sequence[Days]:
    """The same days, said by as few as possible: those that differ in one thing alone are one, and none is part of another."""
    by_week: dict[tuple[frozenset[int], int], frozenset[int]] = {}
    for one in several:
        if one.possible and one.weekdays:
            key = (one.weekdays, one.last)
            by_week[key] = by_week.get(key, frozenset()) | one.days
    by_day: dict[tuple[frozenset[int], int], frozenset[int]] = {}
    for (weekdays, last), days in by_week.items():
        by_day[days, last] = by_day.get((days, last), frozenset()) | weekdays
    found = [Days(days, weekdays, last) for (days, last), weekdays in by_day.items()]
    kept = [one for one in found if not any(one != other and one.within(other) == one for other in found)]
    return sorted(kept, key=lambda one: (one.last, sorted(one.days), sorted(one.weekdays)))
