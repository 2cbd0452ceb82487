"""Schedules in the words of cron and of systemd; what they cannot say is told in a comment where it would stand."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from datahub.events.due import Clock
from datahub.project.load import Loaded
from datahub.runner.jobs.schedules import clocks_of

_WEEKDAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def crontab(loaded: Loaded, on: Collection[str]) -> str:
    """Lines for `crontab` of the jobs that are `on`; cron mails what is written, and `CRON_TZ` is understood by cronie alone."""
    lines = [
        f"# the jobs of {loaded.folder}",
        "# CRON_TZ is read by cronie; Debian's cron goes by the machine's zone, which must be the same there",
    ]
    if any(clock.catching.catch_up != "none" or clock.catching.jitter for clock in _clocks(loaded, on)):
        lines.append("# what is missed is not made up for, and nothing starts later: `catch_up` and `jitter` are for `dhm serve`")
    zone = ""
    lines += [f"# `{name}` is off" for name in loaded.project.jobs if name not in on]
    for clock in _clocks(loaded, on):
        if clock.zone != zone:
            zone = clock.zone
            lines.append(f"CRON_TZ={zone}")
        lines += _crontab_lines(clock, f"cd {shlex.quote(str(loaded.folder))} && {_command(loaded, clock.job)}")
    return "\n".join(lines) + "\n"


def systemd(loaded: Loaded, on: Collection[str]) -> str:
    """A service and a timer for each job that is `on`, one after the other, each behind its name."""
    units = []
    for name in loaded.project.jobs:
        several = [clock for clock in _clocks(loaded, on) if clock.job == name]
        if not several:
            continue
        unit = f"dhm-{name}"
        units.append(
            f"# {unit}.service\n[Unit]\nDescription=DataHub job {name}\n\n[Service]\nType=oneshot\n"
            f"WorkingDirectory={_literal(str(loaded.folder))}\nExecStart={_literal(_command(loaded, name)).replace('$', '$$')}\n"
            "# 0 done, 3 rejects, 4 nothing came, 5 another run is not done\nSuccessExitStatus=3 4 5\n"
        )
        timers = "\n".join(line for clock in several for line in _calendar(clock))
        units.append(
            f"# {unit}.timer\n[Unit]\nDescription=DataHub job {name}\n\n[Timer]\n{timers}\n{_punctuality(several)}\n\n"
            "[Install]\nWantedBy=timers.target\n"
        )
    return "\n".join(units)


def _literal(text: str) -> str:
    """As systemd takes it: `%` would begin a word of its own."""
    return text.replace("%", "%%")


def _punctuality(several: Sequence[Clock]) -> str:
    """What a timer makes up for and how late it starts, and what of it systemd cannot say."""
    told = [clock.catching for clock in several]
    made_up, jitter = any(one.catch_up != "none" for one in told), max(one.jitter for one in told)
    lines = [f"Persistent={'true' if made_up else 'false'}"]
    if made_up and any(one.catch_up != "latest" for one in told):
        lines.insert(0, "# of what is missed systemd makes up for one time; `catch_up` says otherwise")
    if jitter:
        lines += [f"RandomizedDelaySec={jitter.total_seconds():g}", "FixedRandomDelay=true"]
    return "\n".join(lines)


def _crontab_lines(clock: Clock, command: str) -> list[str]:
    several = _one_by_one(clock)
    if several is None:
        return [f"# only `dhm serve` can say this: {clock.cron}"]
    lines = [line for one in several for line in _crontab_line(one, command)]
    return lines if len(several) == 1 else [f"# in {len(several)} lines, of which two may mean one day: {clock.cron}", *lines]


def _crontab_line(clock: Clock, command: str) -> list[str]:
    day, weekday = clock.cron.split()[2], clock.cron.split()[4]
    # A `%` would end the command.
    line = f"{clock.cron}  {command}".replace("%", r"\%")
    if "L" in day:
        return _last_day(clock, line)
    if "#" in weekday or "L" in weekday:
        return _nth_day(clock, line)
    return [line]


def _one_by_one(clock: Clock) -> Sequence[Clock] | None:
    """A schedule as several, each with one at most of the words that others lack: the last day, or one weekday of a month.

    None where days and weekdays must both hold, which takes a step over all days: then no union says it.
    """
    minute, hour, day, month, weekday = clock.cron.split()
    days, weekdays = _apart(day, "L"), _apart(weekday, "#L")
    if len(days) + len(weekdays) == 2 and (day == "*" or weekday == "*" or not _special(day, weekday)):
        return [clock]
    if any(field != "*" and field.startswith("*") for field in (day, weekday)):
        return None
    parts = [*((one, "*") for one in days if one != "*"), *(("*", one) for one in weekdays if one != "*")]
    return [replace(clock, cron=f"{minute} {hour} {one} {month} {other}") for one, other in parts]


def _apart(field: str, marks: str) -> list[str]:
    """The parts of a field: what all know together, and each word that others lack for itself."""
    words = [one for one in field.split(",") if any(mark in one for mark in marks)]
    plain = [one for one in field.split(",") if one not in words]
    return [*([",".join(plain)] if plain else []), *words]


def _special(day: str, weekday: str) -> bool:
    return "L" in day or "#" in weekday or "L" in weekday


def _clocks(loaded: Loaded, on: Collection[str]) -> Iterator[Clock]:
    for name in loaded.project.jobs:
        if name in on:
            yield from clocks_of(loaded, name)


def _command(loaded: Loaded, job: str) -> str:
    program = Path(sys.argv[0])
    dhm = str(program.resolve()) if program.name == "dhm" else "dhm"
    return shlex.join([dhm, "run", job, *(["--env", loaded.env] if loaded.env else []), "--scheduled", "--quiet"])


def _last_day(clock: Clock, line: str) -> list[str]:
    """The last day of a month is the one after which it is the first; cron has no word for it."""
    minute, hour, day, month, weekday = clock.cron.split()
    rest, today = line.removeprefix(clock.cron).strip(), _today(clock)
    if day == "L":
        test = f'[ "$({today} -d tomorrow +\\%d)" = 01 ]'
        return [f"# the last day of the month: {clock.cron}", f"{minute} {hour} 28-31 {month} {weekday}  {test} && {rest}"]
    # Friday is the last weekday from three days before the end on; Monday to Thursday only on the last day. The weekday is
    # asked for here: cron would take either of two days.
    last = f'[ "$({today} +\\%u)" -lt 6 ] && [ "$({today} -d tomorrow +\\%d)" = 01 ]'
    friday = f'[ "$({today} +\\%u)" = 5 ] && [ "$({today} -d \'+3 days\' +\\%m)" != "$({today} +\\%m)" ]'
    test = f"{{ {{ {last}; }} || {{ {friday}; }}; }}"
    return [f"# the last weekday of the month: {clock.cron}", f"{minute} {hour} 26-31 {month} *  {test} && {rest}"]


def _today(clock: Clock) -> str:
    """Asks for the date where the line is due: `CRON_TZ` says when a line starts, and its command runs in the machine's zone."""
    return f"TZ={shlex.quote(clock.zone)} date"


def _nth_day(clock: Clock, line: str) -> list[str]:
    """One weekday of a month, such as the second Friday; cron has no word for it."""
    minute, hour, _, month, weekday = clock.cron.split()
    rest, today = line.removeprefix(clock.cron).strip(), _today(clock)
    name, number = _weekday_of(weekday)
    test = f'[ "$({today} +\\%u)" = {_WEEKDAYS.index(name) or 7} ]'
    if number:
        days = f"{7 * number - 6}-{min(7 * number, 31)}"
    else:
        days, test = "22-31", test + f' && [ "$({today} -d \'+7 days\' +\\%m)" != "$({today} +\\%m)" ]'
    return [f"# a weekday of the month: {clock.cron}", f"{minute} {hour} {days} {month} *  {test} && {rest}"]


def _nth(weekday: str, month: str) -> str:
    """The date of one weekday of a month in systemd's form."""
    name, number = _weekday_of(weekday)
    return f"{name} *-{month}-{7 * number - 6:02d}..{min(7 * number, 31):02d}" if number else f"{name} *-{month}~07/1"


def _weekday_of(field: str) -> tuple[str, int]:
    """The day that `FRI#2` or `5L` means, and which of the month: 0 is the last."""
    day, _, number = field.removesuffix("L").partition("#")
    name = _WEEKDAYS[int(day)] if day.isdigit() else day.title()
    return name, int(number or 0)


def _calendar(clock: Clock) -> list[str]:
    """`OnCalendar=` lines: several where one cannot say it; systemd starts once where two of them mean one time."""
    several = _one_by_one(clock)
    if several is None:
        return [f"# only `dhm serve` can say this: {clock.cron}"]
    return [line for one in several for line in _calendar_of(one)]


def _calendar_of(clock: Clock) -> list[str]:
    """`OnCalendar=` lines; where cron means either of two days, there are two."""
    minute, hour, day, month, weekday = clock.cron.split()
    time = f"{_part(hour, 24)}:{_part(minute, 60)}:00"
    if day == "L":
        return [f"OnCalendar={_days(weekday)}*-{_part(month, 13, 1)}~01 {time} {clock.zone}"]
    if day == "LW":
        return [
            f"# the last weekday of the month, in two lines: {clock.cron}",
            f"OnCalendar=Mon..Fri *-{_part(month, 13, 1)}~01 {time} {clock.zone}",
            f"OnCalendar=Fri *-{_part(month, 13, 1)}~02,03 {time} {clock.zone}",
        ]
    if "#" in weekday or "L" in weekday:
        return [f"OnCalendar={_nth(weekday, _part(month, 13, 1))} {time} {clock.zone}"]
    if day[0] != "*" and weekday[0] != "*":
        return [
            f"OnCalendar=*-{_part(month, 13, 1)}-{_part(day, 32, 1)} {time} {clock.zone}",
            f"OnCalendar={_days(weekday)}*-{_part(month, 13, 1)}-* {time} {clock.zone}",
        ]
    return [f"OnCalendar={_days(weekday)}*-{_part(month, 13, 1)}-{_part(day, 32, 1)} {time} {clock.zone}"]


def _part(field: str, end: int, first: int = 0) -> str:
    """One field in systemd's form: `*`, or the numbers that it means."""
    if field == "*":
        return "*"
    numbers = sorted(_numbers(field, end, first))
    return ",".join(f"{number:02d}" for number in numbers)


def _numbers(field: str, end: int, first: int) -> Iterator[int]:
    for part in field.split(","):
        body, _, step = part.partition("/")
        low, _, high = body.partition("-")
        begin = first if low == "*" else int(low)
        last = end - 1 if low == "*" or (step and not high) else int(high or low)
        yield from range(begin, last + 1, int(step or 1))


def _days(field: str) -> str:
    if field == "*":
        return ""
    names = {name.upper(): number for number, name in enumerate(_WEEKDAYS[:7])}
    plain = field
    for name, number in names.items():
        plain = plain.replace(name, str(number))
    return ",".join(dict.fromkeys(_WEEKDAYS[number] for number in sorted(_numbers(plain, 8, 0)))) + " "
