"""How often, in words or as cron has it: `every weekday at 07:00`, `last weekday of the month at 18:30`, `*/5 * * * *`."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from cronsim import CronSim, CronSimError

ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
EXAMPLES = (
    "every 5 minutes",
    "every hour at :15",
    "every 2 hours at :15",
    "every day at 02:30",
    "every 3 days at 02:30",
    "every weekday at 07:00",
    "every monday, wednesday at 07:00",
    "day 5 of the month at 03:00",
    "last day of the month at 23:00",
    "last weekday of the month at 18:30",
)
DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_OTHERS = (
    (r"^daily\b", "every day"),
    (r"^hourly\b", "every hour"),
    (r"\bmins?\b", "minutes"),
    (r"\bh(?:rs?)?\b", "hours"),
    (r"\bmon(?:day)? ?(?:to|-|–) ?fri(?:day)?\b", "weekday"),
)
"""What is often said otherwise, and how it is said here."""
_SPACE = re.compile(r"\s+")


class NoFrequency(ValueError):
    """Text that says no frequency: what is wrong with it, and what could be written."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help or f"write such as {', '.join(f'`{one}`' for one in EXAMPLES[:5])}, or five fields of cron: `30 2 * * *`"


_OF_CRON = frozenset("0123456789*/,-")


def cron(text: str) -> str:
    """The five fields of cron that `text` means; `NoFrequency` where it means none."""
    plain = _SPACE.sub(" ", text.strip())
    if plain.startswith("@"):
        return _alias(plain.lower())
    words = plain.lower()
    for form, make in _FORMS:
        found = form.fullmatch(words)
        if found is not None:
            return _checked(make(found), text)
    if words.startswith(("every ", "day ", "on day ", "last ", "first ", "hourly", "daily")):
        raise NoFrequency(f"`{text}` is no frequency", _meant(words))
    return _checked(plain.upper(), text)


def _meant(words: str) -> str:
    """What those probably mean who wrote what is no frequency; nothing where that is anybody's guess."""
    if words.startswith("first "):
        at = found[0] if (found := re.search(r"\d{1,2}:\d\d$", words)) else "03:00"
        return f"write `day 1 of the month at {at}`" + ("; the first weekday has no word here" if "weekday" in words else "")
    plain = words
    for other, ours in _OTHERS:
        plain = re.sub(other, ours, plain)
    if plain != words and any((found := form.fullmatch(plain)) is not None for form, _ in _FORMS):
        return f"write `{plain}`"
    words = plain
    if "month" in words:
        return f"write such as {', '.join(f'`{one}`' for one in EXAMPLES[-3:])}"
    timed = f"{words} at 02:30"
    for form, make in _FORMS:
        if (found := form.fullmatch(timed)) is not None:
            with suppress(NoFrequency):
                return make(found) and f"say the time of day: `{timed}`"
    return ""


def _alias(name: str) -> str:
    if name == "@reboot":
        raise NoFrequency("`@reboot` is no time", "start `dhm serve` at boot; it catches up with what was missed")
    if name not in ALIASES:
        raise NoFrequency(f"`{name}` is no alias", f"there are {', '.join(f'`{one}`' for one in ALIASES)}")
    return ALIASES[name]


def _checked(fields: str, text: str) -> str:
    count = len(fields.split())
    if count == 6:
        raise NoFrequency(f"`{text}` has six fields: seconds are not told apart", "leave the first one out")
    if count != 5:
        meant = count > 1 and all(set(word) <= _OF_CRON for word in fields.split())
        raise NoFrequency(f"`{text}` is no frequency{f': cron has five fields, and these are {count}' if meant else ''}")
    try:
        next(CronSim(fields, datetime(2000, 1, 1)))  # noqa: DTZ001 - the wall's time
    except CronSimError as problem:
        if "day-of-month" in str(problem) and _somewhere(fields):
            raise NoFrequency(f"`{text}` never comes: its months have no such day") from None
        raise NoFrequency(f"`{text}` is no frequency: its {str(problem).removeprefix('Bad ')} cannot be read") from None
    except StopIteration:
        raise NoFrequency(f"`{text}` never comes") from None
    return fields


def _somewhere(fields: str) -> bool:
    """Whether they would be a time if they were of any month."""
    minute, hour, day, _, weekday = fields.split()
    try:
        CronSim(f"{minute} {hour} {day} * {weekday}", datetime(2000, 1, 1))  # noqa: DTZ001 - the wall's time
    except CronSimError:
        return False
    return True


def _time(found: re.Match[str]) -> str:
    """Minute and hour, the first two fields; 24:00 and the like are nobody's time."""
    hour, minute = int(found["hour"]), int(found["minute"])
    if hour > 23 or minute > 59:
        midnight = (
            "midnight is `00:00`, with which the next day begins" if (hour, minute) == (24, 0) else "write one from `00:00` to `23:59`"
        )
        raise NoFrequency(f"`{found['hour']}:{found['minute']}` is no time of day", midnight)
    return f"{minute} {hour}"


def _minutes(found: re.Match[str]) -> str:
    step = int(found["n"])
    if step < 1:
        raise NoFrequency("a time cannot come round after no minutes", "write `every 5 minutes`; `every 1 minutes` is the shortest")
    if step > 59:
        hours = f"every {step // 60} hours" if step >= 120 else "every hour"
        raise NoFrequency(f"every {step} minutes is {'an hour' if step == 60 else 'more than an hour'}", f"write `{hours} at :00`")
    if 60 % step:
        # `*/25` fires at :00, :25 and :50, and then again ten minutes later.
        fitting = [one for one in range(1, 31) if 60 % one == 0]
        raise NoFrequency(f"an hour has no whole number of {step} minutes", f"these fit: {', '.join(map(str, fitting))}")
    return f"*/{step} * * * *"


def _hours(found: re.Match[str]) -> str:
    step = int(found["n"] or 1)
    if step < 1:
        raise NoFrequency("a time cannot come round after no hours", "write `every hour`")
    if step > 23:
        days = f"every {step // 24} days" if step >= 48 else "every day"
        raise NoFrequency(f"every {step} hours is {'a day' if step == 24 else 'more than a day'}", f"write `{days} at 03:00`")
    if 24 % step:
        raise NoFrequency(f"a day has no whole number of {step} hours", "these fit: 1, 2, 3, 4, 6, 8, 12")
    minute = int(found["minute"] or 0)
    if minute > 59:
        raise NoFrequency(f"`:{found['minute']}` is no minute of an hour")
    return f"{minute} {'*' if step == 1 else f'*/{step}'} * * *"


def _days(found: re.Match[str]) -> str:
    step = int(found["n"] or 1)
    if not 1 <= step <= 31:
        raise NoFrequency(f"every {step} days is more than a month", "write `day 1 of the month at 03:00`")
    return f"{_time(found)} {'*' if step == 1 else f'*/{step}'} * *"


def _weekly(found: re.Match[str]) -> str:
    numbers = []
    for word in re.split(r", ?(?:and )?| and ", found["days"]):
        number = next((place for place, day in enumerate(DAYS) if len(word) >= 3 and day.startswith(word.removesuffix("s"))), None)
        if number is None:
            raise NoFrequency(f"`{word}` is no day of the week", f"there are {', '.join(DAYS)}")
        numbers.append(number)
    return f"{_time(found)} * * {','.join(map(str, sorted(set(numbers))))}"


def _form(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.replace("TIME", r"(?P<hour>\d{1,2}):(?P<minute>\d\d)"))


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (_form(r"every minute"), lambda _: "* * * * *"),
    (_form(r"every (?P<n>\d+) minutes?"), _minutes),
    (_form(r"every (?:(?P<n>\d+) )?hours?(?: at :(?P<minute>\d\d))?"), _hours),
    (_form(r"every (?:(?P<n>\d+) )?days? at TIME"), _days),
    (_form(r"every weekday at TIME"), lambda found: f"{_time(found)} * * 1-5"),
    (_form(r"every (?P<days>[a-z]+(?:(?:, ?(?:and )?| and )[a-z]+)*) at TIME"), _weekly),
    (_form(r"(?:on )?day (?P<day>\d{1,2}) of the month at TIME"), lambda found: f"{_time(found)} {int(found['day'])} * *"),
    (_form(r"last day of the month at TIME"), lambda found: f"{_time(found)} L * *"),
    (_form(r"last weekday of the month at TIME"), lambda found: f"{_time(found)} LW * *"),
)
