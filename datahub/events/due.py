"""Which fires of a schedule are to be recorded now, after a minute or after a week: run, or told as missed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol

from datahub.events.fires import moments
from datahub.records import record

PUNCTUAL = timedelta(minutes=1)
"""A fire that is less late than this is on time, whatever is said of those that are missed."""
LOOK_BACK = timedelta(days=35)
"""Fires that are older than this are not looked for one by one."""


class Catching(Protocol):
    """What is said of missed times, as in `[jobs.x.schedule]`."""

    @property
    def catch_up(self) -> Literal["latest", "none", "all"]: ...
    @property
    def grace(self) -> timedelta: ...
    @property
    def most(self) -> int: ...
    @property
    def jitter(self) -> timedelta: ...


@record(frozen=True, slots=True)
class Due:
    """One fire that has come: `misfired` says why it is not run, `each` that no other run stands for it."""

    at: datetime
    misfired: str = ""
    each: bool = False


@record(frozen=True, slots=True)
class Clock:
    """The schedule of a job on the clock of a zone."""

    job: str
    cron: str
    zone: str
    catching: Catching


def due(clock: Clock, since: datetime, now: datetime) -> Sequence[Due]:
    """The fires after `since` that have come by now, oldest first.

    However many were missed, those that are not run are one record: the last of them, which says how many there were.
    """
    found: list[datetime] = []
    for moment in moments(clock.cron, clock.zone, max(since, now - LOOK_BACK)):
        if moment.at + delay(clock, moment.at) > now:
            break
        found.append(moment.at)
    if not found:
        return ()
    late = [at for at in found if now - at - delay(clock, at) >= PUNCTUAL]
    run = [*_made_up_for(clock.catching, late, now, latest=len(late) == len(found)), *found[len(late) :]]
    left = [at for at in late if at not in run]
    instead = bool(left) and bool(run) and run[-1] > left[-1]
    missed = [Due(left[-1], _missed(clock.catching, left, now, instead=instead))] if left else []
    each = clock.catching.catch_up == "all"
    return tuple(sorted([*missed, *(Due(at, each=each and at in late) for at in run)], key=lambda one: one.at))


def following(clock: Clock, after: datetime) -> datetime | None:
    """When the next fire after an instant is to be started."""
    moment = next(moments(clock.cron, clock.zone, after), None)
    return None if moment is None else moment.at + delay(clock, moment.at)


def delay(clock: Clock, at: datetime) -> timedelta:
    """By how much a fire starts later than said: the same each time it is asked for."""
    if not clock.catching.jitter:
        return timedelta(0)
    drawn = hashlib.sha256(f"{clock.job}|{clock.cron}|{at.isoformat()}".encode()).digest()
    return clock.catching.jitter * (int.from_bytes(drawn[:6]) / 2**48)


def _made_up_for(catching: Catching, late: Sequence[datetime], now: datetime, *, latest: bool) -> Sequence[datetime]:
    match catching.catch_up:
        case "none":
            return ()
        case "latest":
            # One that is on time is later than any that was missed.
            return [at for at in late[-1:] if latest and now - at <= catching.grace]
        case "all":
            return late[-catching.most :]


def _missed(catching: Catching, left: Sequence[datetime], now: datetime, *, instead: bool) -> str:
    since, why = _length(now - left[-1]), f"and `catch_up` is `{catching.catch_up}`"
    if instead and catching.catch_up == "latest":
        why = f"{why}: a later one is run in {'its' if len(left) == 1 else 'their'} place"
    if len(left) == 1:
        return f"it was missed {since} ago, {why}"
    first = left[0].strftime("%Y-%m-%d %H:%M UTC")
    return f"{len(left):,} were missed from {first} on, the last {since} ago, {why}"


def _length(much: timedelta) -> str:
    minutes = int(much.total_seconds() // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} d"
