"""When a schedule fires: cron's fields on the wall clock of a time zone, and what becomes of them when clocks are changed.

A fire at fixed times (neither minute nor hour begins with `*`) happens once: in a gap of the clock at the first instant
after it, in a repeated hour the first time. One with a `*` there follows real time. Jumps of three hours or more are no
summer time but corrections: what they skip is not made up for, as Debian's cron has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from datahub.records import record
from datahub.zones import zone_named

CORRECTION = timedelta(hours=3)
_SECOND = timedelta(seconds=1)


@record(frozen=True, slots=True)
class Moment:
    """One instant at which a schedule fires, in UTC, with what the clock did to it."""

    at: datetime
    note: str = ""


def moments(cron: str, zone: str, after: datetime) -> Iterator[Moment]:
    """Every fire after an instant, in order, each once."""
    minute, hour = cron.split()[:2]
    free = minute.startswith("*") or hour.startswith("*")
    place = zone_named(zone)
    begin = after.astimezone(UTC).replace(microsecond=0)
    found = _following(cron, place, begin) if free else _fixed(cron, place, begin)
    last = after
    for one in found:
        if one.at > last:
            last = one.at
            yield one


def _fixed(cron: str, zone: ZoneInfo, after: datetime) -> Iterator[Moment]:
    for wall in CronSim(cron, _wall(after, zone)):
        at = wall.replace(tzinfo=zone).astimezone(UTC)
        if _wall(at, zone) == wall:
            repeated = wall.replace(tzinfo=zone, fold=1).astimezone(UTC) != at
            yield Moment(at, "the clock is put back: the first of two" if repeated else "")
            continue
        before, behind = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), at
        if behind - before < CORRECTION:
            yield Moment(_change(before, behind, zone), f"the clock skips {wall:%H:%M}")


def _following(cron: str, zone: ZoneInfo, after: datetime) -> Iterator[Moment]:
    """Fires by real time: those of the wall clock as it goes from one change to the next."""
    while True:
        start = _wall(after, zone)
        offset = start - after.replace(tzinfo=None)
        for wall in CronSim(cron, start):
            at = (wall - offset).replace(tzinfo=UTC)
            if _wall(at, zone) != wall:
                # A second before the change, so that a fire at the change itself is one after it.
                change = _change(after, at, zone)
                break
            repeated = wall.replace(tzinfo=zone, fold=0).astimezone(UTC) != wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
            yield Moment(at, "the clock is put back: this hour comes twice" if repeated else "")
            after = at
        else:
            return
        yield from _at_change(cron, zone, change)
        after = change


def _at_change(cron: str, zone: ZoneInfo, change: datetime) -> Iterator[Moment]:
    """The fire at the very instant of a change, which lies before all that come after it."""
    wall = _wall(change, zone)
    if next(CronSim(cron, wall - _SECOND), None) == wall:
        yield Moment(change)


def _wall(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def _change(before: datetime, behind: datetime, zone: ZoneInfo) -> datetime:
    """The first instant after `before`, and not after `behind`, at which the clock stands otherwise than before it."""
    offset = before.astimezone(zone).utcoffset()
    while behind - before > _SECOND:
        middle = before + timedelta(seconds=(behind - before) // _SECOND // 2)
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            behind = middle
    return behind
