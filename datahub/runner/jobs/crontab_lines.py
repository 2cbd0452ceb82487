"""A schedule as one line of a crontab: numbers as every cron reads them, and a test of the day where cron has no word for it."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator

from datahub.events.calendar import WEEKDAYS, WHOLE, Days, times
from datahub.events.due import Clock

LONGEST = 998
"""So many characters of a command Debian's cron takes; one more, and it takes none of the file."""


def crontab_lines(clock: Clock, command: str) -> list[str]:
    """The line that starts `command` at the times of a schedule, behind what it says where a test says it."""
    said, meant = clock.cron.split(), times(clock.cron)
    minute, hour = _field(said[0], meant.minutes, 60), _field(said[1], meant.hours, 24)
    month = _field(said[3], meant.months, 13, 1)
    # A `%` would end the command.
    command = command.replace("%", r"\%")
    if meant.plain:
        day, weekday, told = _field(said[2], meant.month_days, 32, 1), _field(said[4], meant.weekdays, 8), []
    else:
        possible = frozenset[int]().union(*(one.possible for one in meant.dates))
        day, weekday, told = "*" if len(possible) == WHOLE else _numbers(possible), "*", [f"# a test says the day: {clock.cron}"]
        command = f"{_test(clock, meant.dates, possible)}{command}"
    if len(command.encode()) > LONGEST:
        return [f"# longer than the {LONGEST} characters that cron takes; only `dhm serve` can start it: {clock.cron}"]
    return [*told, f"{minute} {hour} {day} {month} {weekday}  {command}"]


def _field(said: str, numbers: frozenset[int], end: int, first: int = 0) -> str:
    """A field in numbers. A `*` at its beginning stays: days and clocks that are changed go by it."""
    if not said.startswith("*"):
        return _numbers(numbers)
    step = int(said.partition(",")[0].partition("/")[2] or 1)
    rest = numbers - {number % 7 if end == 8 else number for number in range(first, end, step)}
    return ",".join([f"*/{step}" if step > 1 else "*", *([_numbers(rest)] if rest else [])])


def _numbers(numbers: Collection[int]) -> str:
    """Numbers and ranges of them, which every cron reads alike: `5/15` is not one thing to all, nor a range of names."""
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in _ranges(numbers))


def _ranges(numbers: Collection[int]) -> Iterator[tuple[int, int]]:
    left = sorted(numbers)
    while left:
        length = next((place for place, number in enumerate(left) if number != left[0] + place), len(left))
        # Two in a row are read more easily as two.
        length = length if length > 2 else 1
        yield left[0], left[length - 1]
        left = left[length:]


def _test(clock: Clock, dates: Collection[Days], possible: frozenset[int]) -> str:
    """What must hold on a day of a line. It asks for the date where the line is due: a command runs in the machine's zone."""
    today = f"TZ={shlex.quote(clock.zone)} date"
    tests = [_held(one, today, possible) for one in dates]
    if not all(tests):
        # On one of its days nothing more is asked: then on each.
        return ""
    either = tests[0] if len(tests) == 1 else f"{{ {' || '.join(f'{{ {one}; }}' for one in tests)}; }}"
    return f"set -- $({today} '+\\%u \\%-d \\%m') && {either} && "


def _held(one: Days, today: str, possible: frozenset[int]) -> str:
    asked = []
    if one.weekdays != WEEKDAYS:
        asked.append(_among("$1", one.weekdays))
    if one.possible != possible:
        asked.append(_among("$2", one.days))
    if one.last != WHOLE:
        # At noon, for there is one each day.
        asked.append(f"[ $3 != $({today} -d '12:00 {one.last} days' +\\%m) ]")
    return " && ".join(asked)


def _among(word: str, numbers: Collection[int]) -> str:
    asked = [f"[ {word} = {low} ]" if low == high else f"[ {word} -ge {low} ] && [ {word} -le {high} ]" for low, high in _ranges(numbers)]
    return asked[0] if len(asked) == 1 else f"{{ {' || '.join(f'{{ {one}; }}' if '&&' in one else one for one in asked)}; }}"
