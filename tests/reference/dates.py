"""What the functions of dates and times mean: the calendar of Python, zones of `zoneinfo`, names of months and days in seven languages."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import get_day_names, get_month_names

from datahub.types import model as t
from tests.reference.characters import decomposed, is_mark
from tests.reference.meaning import Asked, Reject, means
from tests.reference.numbers import MICRO, by_picture, exact, fraction_of, micros, plain, whole

DAY, SECOND = 86_400_000_000, 1_000_000
UNITS = {"week": 7 * DAY, "day": DAY, "hour": 3600 * SECOND, "minute": 60 * SECOND, "second": SECOND, "millisecond": 1000, "microsecond": 1}
SHORT = {
    "us": "microsecond", "ms": "millisecond", "ns": "nanosecond", "s": "second", "sec": "second", "m": "minute", "min": "minute",
    "h": "hour", "d": "day", "w": "week",
}  # fmt: skip


def unit_of(name: str) -> str:
    low = name.lower()
    return SHORT.get(low, low.removesuffix("s"))


# ---------------------------------------------------------------- zones


def place(zone: str, asked: Asked) -> Any:
    name = zone or asked.zone
    if re.fullmatch(r"[+-]\d\d:?\d\d", name):
        sign = -1 if name[0] == "-" else 1
        return timezone(sign * timedelta(hours=int(name[1:3]), minutes=int(name[-2:])))
    return UTC if name in ("UTC", "Z") else ZoneInfo(name)


def shown(value: Any, zone: str, asked: Asked) -> Any:
    """What clocks in the zone show at an instant; dates and local times as they are."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        return value
    try:
        return value.astimezone(place(zone, asked)).replace(tzinfo=None, fold=0)
    except OverflowError:
        raise Reject("R602") from None


def instant(local: datetime, zone: str, asked: Asked) -> datetime:
    """The instant at which clocks of the zone show a time; R110 where there is none, or two."""
    where = place(zone, asked)
    try:
        early, late = (local.replace(tzinfo=where, fold=fold).astimezone(UTC) for fold in (0, 1))
    except OverflowError:
        raise Reject("R602") from None
    if early != late:
        raise Reject("R110")
    return early


def zone_among(rest: tuple[Any, ...]) -> str:
    return next((one for one in rest if isinstance(one, str)), "")


# ---------------------------------------------------------------- parts


def _part(name: str, part: str) -> None:
    @means(name, asks=True)
    def meaning(asked: Asked, value: Any, zone: str = "") -> int:
        return part_of(part, value, zone, asked)


def part_of(name: str, value: Any, zone: str, asked: Asked) -> int:
    """A part of what clocks show; in the first and last hours of the calendar that is the year 0 or 10000, and 400 years repeat."""
    try:
        return int(PARTS[name](shown(value, zone, asked)))
    except Reject:
        years = 400 if value.year == 1 else -400
        found = PARTS[name](shown(value.replace(year=value.year + years), zone, asked))
        return int(found - years if name in ("year", "isoyear") else found)


PARTS: dict[str, Any] = {
    "year": lambda one: one.year,
    "quarter": lambda one: (one.month + 2) // 3,
    "month": lambda one: one.month,
    "week": lambda one: one.isocalendar().week,
    "day": lambda one: one.day,
    "weekday": lambda one: one.isoweekday(),
    "doy": lambda one: one.timetuple().tm_yday,
    "isoyear": lambda one: one.isocalendar().year,
    "hour": lambda one: getattr(one, "hour", 0),
    "minute": lambda one: getattr(one, "minute", 0),
    "second": lambda one: getattr(one, "second", 0),
    "millisecond": lambda one: getattr(one, "microsecond", 0) // 1000,
    "microsecond": lambda one: getattr(one, "microsecond", 0),
}
for _name, _of in (("day_of_year", "doy"), ("week_iso", "week"), ("year_iso", "isoyear")):
    _part(_name, _of)
for _name in ("year", "quarter", "month", "day", "weekday", "hour", "minute", "second"):
    _part(_name, _name)


@means("date_part", asks=True)
def date_part(asked: Asked, part: str, value: Any, zone: str = "") -> int:
    name = part.lower()
    if name == "epoch":
        if isinstance(value, time):
            return (value.hour * 60 + value.minute) * 60 + value.second
        start = datetime(1970, 1, 1, tzinfo=getattr(value, "tzinfo", None))
        moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
        return (moment - start) // timedelta(seconds=1)
    if isinstance(value, time):
        value = datetime.combine(date(1970, 1, 1), value)
    return int(PARTS[name](shown(value, zone, asked)))


@means("is_leap_year")
def is_leap_year(value: Any) -> bool:
    year = value if isinstance(value, int) else value.year
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def names(locale: str, days: bool, wide: bool) -> list[str]:
    found = get_day_names if days else get_month_names
    table = found("wide" if wide else "abbreviated", locale=locale or "en")
    return [table[at] for at in (range(7) if days else range(1, 13))]


@means("day_name")
def day_name(value: date, locale: str = "en") -> str:
    return names(locale, True, True)[value.weekday()]


@means("month_name")
def month_name(value: date, locale: str = "en") -> str:
    return names(locale, False, True)[value.month - 1]


# ---------------------------------------------------------------- made


@means("make_date")
def make_date(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except (ValueError, OverflowError):
        raise Reject("R106") from None


@means("make_time")
def make_time(hour: int, minute: int, second: int = 0) -> time:
    try:
        return time(hour, minute, second)
    except (ValueError, OverflowError):
        raise Reject("R108") from None


@means("date")
def to_date(value: Any, pattern: Any = "", locale: Any = "") -> date:
    if isinstance(value, int):
        return make_date(value, pattern, locale)
    if not isinstance(value, str):
        return value.date() if isinstance(value, datetime) else value  # type: ignore[no-any-return]
    return read(value, pattern or "yyyy-MM-dd", locale, "R106")[0].date()


@means("time")
def to_time(value: Any, pattern: Any = "", second: int = 0) -> time:
    if isinstance(value, int):
        return make_time(value, pattern, second)
    if isinstance(value, datetime):
        return value.time()
    return first_of(value, (pattern,) if pattern else CLOCKS, "", "R108")[0].time()


CLOCKS = ("HH:mm:ss", "HH:mm", *("HH:mm:ss." + "S" * digits for digits in (3, 6, 1, 2, 4, 5, 7, 8, 9)))
"""What a clock may show unless a pattern is told; digits below the microsecond are cut off."""
DAYS = "yyyy-MM-dd"
MOMENTS = (*(f"yyyy-MM-dd'{mark}'{clock}" for clock in CLOCKS for mark in "T "), DAYS)


@means("local_datetime")
def to_local(value: Any, pattern: Any = "", locale: str = "") -> datetime:
    if isinstance(value, date):
        return datetime.combine(value, pattern)
    return first_of(value, (pattern,) if pattern else MOMENTS, locale, "R107")[0]


@means("datetime", asks=True)
def to_instant(asked: Asked, value: Any, *rest: str) -> datetime:
    if not isinstance(value, str):
        local = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
        return instant(local, rest[0] if rest else "", asked)
    pattern, zone, locale = (*rest, "", "", "")[:3]
    patterns = (pattern,) if pattern else (*(one + "XXX" for one in MOMENTS if one != DAYS), *MOMENTS)
    moment, offset = first_of(value, patterns, locale, "R107")
    if offset is None:
        try:
            return instant(moment, zone, asked)
        except Reject as reject:
            raise Reject("R107" if reject.code == "R602" else reject.code) from None
    try:
        return (moment - timedelta(seconds=offset)).replace(tzinfo=UTC)
    except OverflowError:
        raise Reject("R107") from None


def first_of(value: str, patterns: tuple[str, ...], locale: str, code: str) -> tuple[datetime, int | None]:
    for one in patterns:
        try:
            return read(value, one, locale, code)
        except Reject:
            continue
    raise Reject(code)


def read(value: str, pattern: str, locale: str, code: str) -> tuple[datetime, int | None]:
    """A moment by a pattern, and its offset from UTC in seconds where one is written."""
    found: dict[str, Any] = {}
    rest = value
    for kind, count, literal in tokens(pattern):
        if kind == "":
            if not rest.startswith(literal):
                raise Reject(code)
            rest = rest[len(literal) :]
            continue
        match = re.match(shape(kind, count), rest)
        if match is None:
            raise Reject(code)
        rest = rest[match.end() :]
        found[kind] = (match.group(), count)
    if rest:
        raise Reject(code)
    return moment(found, locale, code)


PERCENT = {"Y": "yyyy", "m": "MM", "d": "dd", "H": "HH", "M": "mm", "S": "ss", "B": "MMMM", "b": "MMM", "y": "yy"}


def tokens(pattern: str) -> list[tuple[str, int, str]]:
    if "%" in pattern:
        pattern = re.sub("%(.)", lambda match: PERCENT[match[1]], pattern)
    return [
        (part[0], len(part), "") if part[0].isalpha() else ("", 0, part.strip("'").replace("''", "'") if part[0] == "'" and part != "''" else part[:1] if part == "''" else part)
        for part in (one.group() for one in re.finditer(r"'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']+", pattern))
    ]  # fmt: skip


def shape(kind: str, count: int) -> str:
    match kind:
        case "y":
            return r"[0-9]{2}" if count == 2 else r"[0-9]{4}" if count > 1 else r"[0-9]{1,4}"
        case "M" | "E" if count > 2 or kind == "E":
            return r"[^\W\d_]+\.?"
        case "S":
            return rf"[0-9]{{{count}}}"
        case "X" | "x" | "Z":
            return r"[Zz]|[+-][0-9]{2}(:?[0-9]{2})?"
        case "a":
            return r"[AaPp]\.?[Mm]\.?"
        case _:
            return r"[0-9]{1,2}" if count == 1 else r"[0-9]{2}"


def moment(found: dict[str, Any], locale: str, code: str) -> tuple[datetime, int | None]:
    numbers = {}
    for kind, (text, count) in found.items():
        if kind in "ME" and (count > 2 or kind == "E"):
            numbers[kind] = named(text, locale, kind == "E", code)
        elif kind in "XxZ":
            continue
        elif kind == "a":
            numbers[kind] = int(text[0] in "Pp")
        else:
            numbers[kind] = int(text)
    year = numbers.get("y", 1970)
    if "y" in found and found["y"][1] == 2:
        year += 1900 if year >= 69 else 2000
    hour = numbers.get("H", 0)
    if "h" in numbers:
        if not 1 <= numbers["h"] <= 12:
            raise Reject(code)
        hour = numbers["h"] % 12 + 12 * numbers.get("a", 0)
    fraction = int(found["S"][0].ljust(6, "0")[:6]) if "S" in found else 0
    try:
        made = datetime(year, numbers.get("M", 1), numbers.get("d", 1), hour, numbers.get("m", 0), numbers.get("s", 0), fraction)
    except ValueError:
        raise Reject(code) from None
    if "E" in numbers and made.isoweekday() != numbers["E"]:
        raise Reject(code)
    return made, offset_of(found, code)


def offset_of(found: dict[str, Any], code: str) -> int | None:
    text = next((found[kind][0] for kind in "XxZ" if kind in found), None)
    if text is None:
        return None
    if text in "Zz":
        return 0
    digits = text[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 18 or minutes > 59:
        raise Reject(code)
    return (-1 if text[0] == "-" else 1) * (hours * 60 + minutes) * 60


def named(text: str, locale: str, days: bool, code: str) -> int:
    def bare(name: str) -> str:
        plain_name = "".join(one for one in decomposed(name.casefold()) if not is_mark(one))
        return plain_name.rstrip(".")

    for wide in (True, False):
        for number, name in enumerate(names(locale, days, wide), 1):
            if bare(name) == bare(text):
                return number
    raise Reject(code)


# ---------------------------------------------------------------- moved


def days_on(value: Any, days: int) -> Any:
    try:
        return value + timedelta(days=days)
    except OverflowError:
        raise Reject("R602") from None


def months_on(value: Any, months: int) -> Any:
    year, month = divmod(value.year * 12 + value.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise Reject("R602")
    last = [31, 29 if is_leap_year(year) else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month]
    return value.replace(year=year, month=month + 1, day=min(value.day, last))


def stepped(asked: Asked, value: Any, zone: str, step: Any) -> Any:
    """A step on the calendar: of an instant by the clocks of its zone."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return instant(step(shown(value, zone, asked)), zone, asked)
    return step(value)


def _move(name: str, step: Any) -> None:
    @means(name, asks=True)
    def meaning(asked: Asked, value: Any, count: int, zone: str = "") -> Any:
        return stepped(asked, value, zone, lambda one: step(one, count))


_move("add_days", days_on)
_move("add_weeks", lambda one, count: days_on(one, 7 * count))
_move("add_months", months_on)
_move("add_years", lambda one, count: months_on(one, 12 * count))


@means("add_duration")
def add_duration(value: datetime, by: timedelta) -> datetime:
    try:
        return value + by
    except OverflowError:
        raise Reject("R602") from None


@means("date_add", asks=True)
def date_add(asked: Asked, unit: str, count: int, value: Any, zone: str = "") -> Any:
    name = unit_of(unit)
    if name in ("month", "quarter", "year"):
        return stepped(asked, value, zone, lambda one: months_on(one, count * {"month": 1, "quarter": 3, "year": 12}[name]))
    if name in ("day", "week"):
        return stepped(asked, value, zone, lambda one: days_on(one, count * {"day": 1, "week": 7}[name]))
    try:
        return value + timedelta(microseconds=whole(count * UNITS[name]))
    except OverflowError:
        raise Reject("R602") from None


@means("end_of_month")
def end_of_month(value: date, months: int = 0) -> date:
    following = months_on(months_on(value.replace(day=1), months), 1) if (value.year, value.month, months) != (9999, 12, 0) else None
    return days_on(following, -1) if following else date(9999, 12, 31)


@means("start_of", asks=True)
def start_of(asked: Asked, unit: str, value: Any, zone: str = "") -> Any:
    return stepped(asked, value, zone, lambda one: begun(one, unit_of(unit)))


def begun(value: Any, unit: str) -> Any:
    if isinstance(value, datetime):
        kept = {"second": 3, "minute": 2, "hour": 1}.get(unit, 0)
        hour, minute, second = (one if number < kept else 0 for number, one in enumerate((value.hour, value.minute, value.second)))
        day = value if kept else begun(value.date(), unit)
        return datetime(day.year, day.month, day.day, hour, minute, second)
    match unit:
        case "year":
            return value.replace(month=1, day=1)
        case "quarter":
            return value.replace(month=(value.month - 1) // 3 * 3 + 1, day=1)
        case "month":
            return value.replace(day=1)
        case "week":
            return days_on(value, -value.weekday())
        case _:
            return value


@means("end_of")
def end_of(unit: str, value: date) -> date:
    name, start = unit_of(unit), begun(value, unit_of(unit))
    match name:
        case "year":
            return start.replace(month=12, day=31)  # type: ignore[no-any-return]
        case "quarter":
            return end_of_month(start.replace(month=start.month + 2))
        case "month":
            return end_of_month(start)
        case "week":
            return days_on(start, 6)  # type: ignore[no-any-return]
        case _:
            return value


def works(day: date, holidays: tuple[date, ...], weekend: tuple[int, ...]) -> bool:
    return day.isoweekday() not in weekend and day not in holidays


@means("is_workday")
def is_workday(value: date, holidays: tuple[date, ...] = (), weekend: tuple[int, ...] = (6, 7)) -> bool:
    return works(value, holidays, weekend)


@means("add_workdays")
def add_workdays(value: date, count: int, holidays: tuple[date, ...] = (), weekend: tuple[int, ...] = (6, 7)) -> date:
    step, left = (1 if count > 0 else -1), abs(count)
    if left > 4_000_000:
        raise Reject("R602")
    if left > 1000 and not holidays:
        weeks, left = divmod(left, 7 - len(set(weekend)))
        while value.isoweekday() in weekend:
            value = days_on(value, -step)
        value = days_on(value, 7 * weeks * step)
    while left:
        value = days_on(value, step)
        left -= works(value, holidays, weekend)
    return value


@means("workdays_between")
def workdays_between(start: date, end: date, holidays: tuple[date, ...] = (), weekend: tuple[int, ...] = (6, 7)) -> int:
    """The workdays after the start up to the end; going back, those before the start down to the end."""
    days = (end - start).days
    sign = 1 if days >= 0 else -1
    weeks, over = divmod(abs(days), 7)
    rest = [start + timedelta(days=sign * (7 * weeks + one)) for one in range(1, over + 1)]
    count = weeks * (7 - len(set(weekend))) + sum(day.isoweekday() not in weekend for day in rest)
    off = sum(day.isoweekday() not in weekend and (start < day <= end if sign > 0 else end <= day < start) for day in set(holidays))
    return sign * (count - off)


# ---------------------------------------------------------------- between


@means("overlaps")
def overlaps(start: Any, end: Any, other_start: Any, other_end: Any) -> bool:
    return start <= end and other_start <= other_end and not (end < other_start or other_end < start)


@means("days_360")
def days_360(start: date, end: date, us: bool = False) -> int:
    day, to_day = min(start.day, 30), min(end.day, 30)
    if us:
        ends_february = start.month == 2 and start.day == calendar.monthrange(start.year, 2)[1]
        day = 30 if ends_february else day
        to_day = 31 if end.day == 31 and day < 30 else to_day
    return 360 * (end.year - start.year) + 30 * (end.month - start.month) + to_day - day


@means("week_us")
def week_us(value: date) -> int:
    return int(value.strftime("%U")) + (date(value.year, 1, 1).weekday() != 6)


@means("days_between")
def days_between(start: Any, end: Any) -> int:
    return cut(end - start, DAY)


def cut(span: timedelta, unit: int) -> int:
    """How many whole units a span has, what is over cut off."""
    count = abs(micros(span)) // unit
    return count if micros(span) >= 0 else -count


@means("months_between")
def months_between(start: Any, end: Any) -> int:
    """Whole months: the same day, or the month's last, must have been reached."""
    if end < start:
        return -months_between(end, start) if not _odd(start, end) else -_counted_back(start, end)
    count = (end.year - start.year) * 12 + end.month - start.month
    return count - (months_on(start, count) > end)


def _odd(start: Any, end: Any) -> bool:
    return True


def _counted_back(start: Any, end: Any) -> int:
    count = (start.year - end.year) * 12 + start.month - end.month
    return count - (months_on(start, -count) < end)


@means("years_between")
def years_between(start: date, end: date) -> int:
    months = months_between(start, end)
    return abs(months) // 12 * (1 if months >= 0 else -1)


@means("date_diff", asks=True)
def date_diff(asked: Asked, unit: str, start: Any, end: Any) -> int:
    name = unit_of(unit)
    if name in UNITS:
        return cut(end - start, UNITS[name])
    if isinstance(start, datetime):
        start, end = shown(start, "UTC", asked), shown(end, "UTC", asked)
    months = months_between(start, end)
    size = {"month": 1, "quarter": 3, "year": 12}[name]
    return abs(months) // size * (1 if months >= 0 else -1)


# ---------------------------------------------------------------- instants


@means("now", asks=True)
def now(asked: Asked) -> datetime:
    return asked.now


@means("today", asks=True)
def today(asked: Asked) -> date:
    return shown(asked.now, "", asked).date()  # type: ignore[no-any-return]


@means("to_zone", asks=True)
def to_zone(asked: Asked, value: datetime, zone: str = "") -> datetime:
    return shown(value, zone, asked)  # type: ignore[no-any-return]


@means("local_date", asks=True)
def local_date(asked: Asked, value: datetime, zone: str = "") -> date:
    return shown(value, zone, asked).date()  # type: ignore[no-any-return]


@means("from_unix")
def from_unix(value: int, unit: str = "s") -> datetime:
    name = unit_of(unit)
    count = value // 1000 if name == "nanosecond" else value * UNITS[name]
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=count)
    except OverflowError:
        raise Reject("R602") from None


@means("to_unix")
def to_unix(value: datetime, unit: str = "s") -> int:
    count = (value - datetime(1970, 1, 1, tzinfo=UTC)) // MICRO
    name = unit_of(unit)
    return whole(count * 1000) if name == "nanosecond" else count // UNITS[name]


# ---------------------------------------------------------------- durations


@means("duration", "parse_duration", asks=True)
def parse_duration(asked: Asked, value: str, unit: str = "") -> Any:
    count = duration_micros(value)
    if count is None or not -(2**63) < count < 2**63:
        raise Reject("R112")
    return in_unit(count, unit) if unit else timedelta(microseconds=count)


def duration_micros(value: str) -> int | None:
    sign = -1 if value[:1] == "-" else 1
    body = value[1:] if value[:1] in ("+", "-") else value
    iso = re.fullmatch(r"P(?:([0-9]+)W)?(?:([0-9]+)D)?(T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)(?:[.,]([0-9]{1,6}))?S)?)?", body)
    if iso and any(iso.group(at) for at in (1, 2, 4, 5, 6)) and iso.group(3) != "T":
        weeks, days, _, hours, minutes, seconds, part = iso.groups()
        total = (int(weeks or 0) * 7 + int(days or 0)) * DAY + (int(hours or 0) * 60 + int(minutes or 0)) * 60 * SECOND
        return sign * (total + int(seconds or 0) * SECOND + int((part or "").ljust(6, "0")))
    clock = re.fullmatch(r"([0-9]+):([0-5][0-9])(?::([0-5][0-9])(?:[.,]([0-9]{1,6}))?)?", body)
    if clock:
        hours, minutes, seconds, part = clock.groups()
        return sign * (((int(hours) * 60 + int(minutes)) * 60 + int(seconds or 0)) * SECOND + int((part or "").ljust(6, "0")))
    piece = r"([0-9]+(?:\.[0-9]+)?)[ \t\n\r\f\v]*(us|µs|ms|min|[smhdw])"
    if len(body) > 200 or not re.fullmatch(rf"(?:{piece}[ \t\n\r\f\v]*)+", body):
        return None
    sizes = {"us": 1, "µs": 1, "ms": 1000, "s": SECOND, "m": 60 * SECOND, "min": 60 * SECOND, "h": 3600 * SECOND, "d": DAY, "w": 7 * DAY}
    total_parts = sum((Fraction(number) * sizes[unit] for number, unit in re.findall(piece, body)), Fraction())
    return sign * int(total_parts) if total_parts.denominator == 1 else None


def in_unit(count: int, unit: str) -> Decimal:
    return exact(Fraction(count, UNITS[unit_of(unit)]), t.Decimal(False, 28, 10))


@means("duration_in")
def duration_in(value: timedelta, unit: str) -> Decimal:
    return in_unit(micros(value), unit)


# ---------------------------------------------------------------- as text


@means("text", asks=True)
def text(asked: Asked, value: Any, pattern: str = "", *rest: str) -> str:
    if not pattern:
        from tests.reference.lists import json_of

        return json_of(value) if isinstance(value, list | dict) else repr_float(value) if isinstance(value, float) else plain(value)
    if isinstance(value, int | Decimal | float):
        return by_picture(fraction_of(value), pattern, rest[0] if rest else "")
    zoned = isinstance(value, datetime) and value.tzinfo is not None
    zone = rest[0] if zoned and rest else ""
    if isinstance(value, time):
        value = datetime.combine(date(1970, 1, 1), value)
    elif not isinstance(value, datetime):
        value = datetime.combine(value, time())
    locale = (*(rest[1:] if zoned else rest), "")[0]
    return written(shown(value, zone, asked), pattern, locale, value.astimezone(place(zone, asked)).utcoffset() if zoned else None)


def repr_float(value: float) -> str:
    """Floats as Arrow writes them: the shortest digits that read back the same."""
    return repr(value)


def written(value: Any, pattern: str, locale: str, offset: timedelta | None) -> str:
    parts: list[str] = []
    for kind, count, literal in tokens(pattern):
        if kind == "":
            parts.append(literal)
        elif kind == "M" and count > 2:
            parts.append(names(locale, False, count > 3)[value.month - 1])
        elif kind == "E":
            parts.append(names(locale, True, count > 3)[value.weekday()])
        elif kind == "S":
            parts.append(f"{value.microsecond:06d}".ljust(count, "0")[:count])
        elif kind == "a":
            parts.append("PM" if value.hour >= 12 else "AM")
        elif kind in "XxZ":
            minutes = int((offset or timedelta()).total_seconds() / 60)
            zulu = kind == "X" and minutes == 0
            hour, minute = divmod(abs(minutes), 60)
            between = "" if count == (1 if kind == "Z" else 2) or (kind != "Z" and count == 1) else ":"
            rest = "" if kind != "Z" and count == 1 and not minute else f"{between}{minute:02d}"
            parts.append("Z" if zulu else f"{'-' if minutes < 0 else '+'}{hour:02d}{rest}")
        else:
            numbers = {
                "y": lambda: value.year,
                "M": lambda: value.month, "d": lambda: value.day, "H": lambda: value.hour, "h": lambda: (value.hour + 11) % 12 + 1,
                "m": lambda: value.minute, "s": lambda: value.second, "D": lambda: value.timetuple().tm_yday,
                "Q": lambda: (value.month + 2) // 3,
            }  # fmt: skip
            number = numbers[kind]() % 100 if kind == "y" and count == 2 else numbers[kind]()
            parts.append(str(number).rjust(count, "0"))
    return "".join(parts)
