"""Which fires of a schedule are to be recorded now, after a minute or after a week: run, or told as missed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Literal, Protocol

from datahub.events.fires import moments
from datahub.records import record

PUNCTUAL = timedelta(minutes=1)
"""A fire that is less late than this is on time, whatever is said of those that are missed."""
LOOK_BACK = timedelta(days=35)
"""Fires that are older than this are not looked for one by one."""
LOOKS = (timedelta(hours=2), timedelta(days=2), LOOK_BACK, timedelta(days=400))
"""How far back the last fire of a schedule is looked for: the nearest is found without counting the minutes of a year."""


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
    late: list[datetime] = []
    for at, start in starts(clock, max(since, now - LOOK_BACK)):
        if start > now:
            break
        found.append(at)
        if now - start >= PUNCTUAL:
            late.append(at)
    if not found:
        return ()
    run = [*_made_up_for(clock.catching, late, now, latest=len(late) == len(found)), *found[len(late) :]]
    left = [at for at in late if at not in run]
    instead = bool(left) and bool(run) and run[-1] > left[-1]
    missed = [Due(left[-1], _missed(clock.catching, left, now, instead=instead))] if left else []
    each = clock.catching.catch_up == "all"
    return tuple(sorted([*missed, *(Due(at, each=each and at in late) for at in run)], key=lambda one: one.at))


def following(clock: Clock, after: datetime) -> datetime | None:
    """When the next fire is to be started after an instant, before which it may have been due."""
    for back in LOOKS if clock.catching.jitter else ():
        before = [start for _, start in takewhile(lambda one: one[0] <= after, starts(clock, after - back))]
        if before and before[-1] > after:
            return before[-1]
        if before or back >= clock.catching.jitter:
            break
    return next((start for _, start in starts(clock, after)), None)


def starts(clock: Clock, after: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Each fire after an instant, and when it is to be started: the same whenever it is asked for, and always before the next fire.

    Otherwise one would overtake another, and what came first would be told as missed or not at all.
    """
    fires = (moment.at for moment in moments(clock.cron, clock.zone, after))
    jitter = clock.catching.jitter
    if not jitter:
        yield from ((at, at) for at in fires)
        return
    at = next(fires, None)
    while at is not None:
        then = next(fires, None)
        drawn = hashlib.sha256(f"{clock.job}|{clock.cron}|{at.isoformat()}".encode()).digest()
        room = jitter if then is None else min(jitter, then - at)
        yield at, at + room * (int.from_bytes(drawn[:6]) / 2**48)
        at = then


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
