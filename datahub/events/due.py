"""Which fires of a schedule are to be recorded now, after a minute or after a week: run, or told as missed."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import Literal, Protocol

from datahub.events.fires import moments
from datahub.records import record

PUNCTUAL = timedelta(minutes=1)
"""A fire that is less late than this is on time, whatever is said of those that are missed."""
COUNTED = 50_400
"""So many fires that were missed are looked at one by one: those of five weeks, if there is one each minute."""
LOOKS = (timedelta(hours=2), timedelta(days=2), timedelta(days=35), timedelta(days=400), timedelta(days=3000))
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
    found = _come(clock, since, now)
    first, counted = found[0][0] if found else now, len(found) <= COUNTED
    if not counted:
        found = _latest(clock, since, now)
    late = [(at, start) for at, start in found if now - start >= PUNCTUAL]
    on_time = [at for at, _ in found[len(late) :]]
    made_up = _made_up_for(clock.catching, late, now, latest=not on_time)
    left = [at for at, _ in late if at not in made_up]
    missed = []
    if left:
        several = f"{len(left):,}" if counted else f"more than {COUNTED:,}"
        said = f"{several} were missed from {first:%Y-%m-%d %H:%M} UTC on, the last" if len(left) > 1 else "it was missed"
        instead = bool(made_up or on_time)
        missed.append(Due(left[-1], f"{said} {_length(now - left[-1])} ago, {_why(clock.catching, len(left), instead=instead)}"))
    each = clock.catching.catch_up == "all"
    return tuple(sorted([*missed, *(Due(at, each=each) for at in made_up), *map(Due, on_time)], key=lambda one: one.at))


def _come(clock: Clock, since: datetime, now: datetime) -> list[tuple[datetime, datetime]]:
    """The fires after `since` that have come, and one more than are counted at most."""
    return list(islice(takewhile(lambda one: one[1] <= now, starts(clock, since)), COUNTED + 1))


def _latest(clock: Clock, since: datetime, now: datetime) -> list[tuple[datetime, datetime]]:
    """The latest of more fires than are counted: those that may be made up for, and one more at least."""
    found: deque[tuple[datetime, datetime]] = deque()
    for back in LOOKS:
        found = deque(takewhile(lambda one: one[1] <= now, starts(clock, max(since, now - back))), COUNTED)
        if len(found) > clock.catching.most:
            break
    return list(found)


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


def _made_up_for(catching: Catching, late: Sequence[tuple[datetime, datetime]], now: datetime, *, latest: bool) -> Sequence[datetime]:
    match catching.catch_up:
        case "none":
            return ()
        case "latest":
            # One that is on time is later than any that was missed.
            return [at for at, start in late[-1:] if latest and now - start <= catching.grace]
        case "all":
            return [at for at, _ in late[-catching.most :]]


def _why(catching: Catching, missed: int, *, instead: bool) -> str:
    match catching.catch_up:
        case "none":
            return "and `catch_up` is `none`"
        case "latest" if instead:
            return f"and `catch_up` is `latest`: a later one is run in {'its' if missed == 1 else 'their'} place"
        case "latest":
            return f"and `catch_up` is `latest` with a `grace` of {_length(catching.grace)}"
        case "all":
            return f"and `catch_up` is `all` of the last {catching.most:,} (`most`)"


def _length(much: timedelta) -> str:
    seconds = int(much.total_seconds())
    minutes = seconds // 60
    if seconds < 120 and seconds % 60:
        return f"{seconds} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} d"
