"""Dates and times read from text and written as text, by pattern, whole columns at a time.

Where a pattern has one width (`dd/MM/yyyy`), the bytes of a column are a table of digits and are read as such. Other
patterns are regular expressions, whose parts are then small whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions import civil
from datahub.functions.calendar_names import day_numbers, folded, month_numbers, names_of
from datahub.functions.columns import Ints, from_texts, ints, map_distinct, text_bytes, text_offsets, valid
from datahub.functions.date_patterns import Field, Literal, Token, as_regex, fixed_width, is_offset, tokens
from datahub.functions.declare import Mask
from datahub.records import record

if TYPE_CHECKING:
    import numpy.typing as npt

_PIVOT = 69
"""Two-digit years from here on are of the twentieth century, as POSIX has it."""


@record(frozen=True, slots=True)
class Moments:
    """What texts say: days since 1970, microseconds of the day, the offset from UTC where one is written; `ok` where they say it."""

    days: Ints
    micros: Ints
    offset: Ints
    zoned: Mask
    ok: Mask


def read(values: pa.Array, patterns: Sequence[str], locale: str = "") -> Moments:
    """Read each text by the first of the patterns that it follows."""
    count = len(values)
    found = _nothing(count)
    rest = valid(values)
    sizes = set(np.flatnonzero(np.bincount(np.diff(text_offsets(values)))).tolist())  # the few different lengths
    for pattern in patterns:
        if not rest.any():
            break
        parts = tokens(pattern)
        if not _may_follow(parts, sizes):
            continue
        rows = np.flatnonzero(rest)
        some = values if len(rows) == count else values.take(pa.array(rows))
        _place(found, rows, _read(some, parts, locale))
        rest = rest & ~found.ok
    return found


def _may_follow(parts: tuple[Token, ...], sizes: set[int]) -> bool:
    """Whether a text of one of these lengths can follow the pattern."""
    width = fixed_width(parts)
    if width is None:
        return True
    tails = _TAILS if is_offset(parts[-1]) else (0,)
    return any(width + tail in sizes for tail in tails)


_TAILS = (1, 3, 5, 6)
"""How long an offset from UTC is: `Z`, `+02`, `+0200`, `+02:00`."""


def _nothing(count: int) -> Moments:
    days, micros, offset = (np.zeros(count, np.int64) for _ in range(3))
    return Moments(days, micros, offset, np.zeros(count, np.bool_), np.zeros(count, np.bool_))


def _place(found: Moments, rows: Ints, part: Moments) -> None:
    for whole, piece in ((found.days, part.days), (found.micros, part.micros), (found.offset, part.offset)):
        whole[rows] = piece
    found.zoned[rows] = part.zoned
    found.ok[rows] = part.ok


def _read(values: pa.Array, parts: tuple[Token, ...], locale: str) -> Moments:
    width = fixed_width(parts)
    if width is None:
        return _read_by_regex(values, parts, locale)
    return _read_by_bytes(values, parts, width)


# --- by bytes ----------------------------------------------------------------------------------------------------


def _read_by_bytes(values: pa.Array, parts: tuple[Token, ...], width: int) -> Moments:
    offsets, content = text_offsets(values).astype(np.int64), text_bytes(values)
    lengths = np.diff(offsets)
    zone = parts[-1] if parts and is_offset(parts[-1]) else None
    tail = lengths - width
    ok = tail == 0 if zone is None else np.isin(tail, _TAILS)
    rows = np.flatnonzero(ok)
    # One contiguous column a byte: the table is read by columns.
    table = np.ascontiguousarray(_table(content, offsets, rows, width).T)
    numbers: dict[Field, Ints] = {}
    at, healthy = 0, np.ones(len(rows), np.bool_)
    for part in parts if zone is None else parts[:-1]:
        span = table[at : at + (len(part.text) if isinstance(part, Literal) else part.count)]
        at += len(span)
        if isinstance(part, Literal):
            for column, sign in zip(span, part.text.encode(), strict=True):
                healthy &= column == sign
        else:
            numbers[part], digits = _number(span)
            healthy &= digits
    if isinstance(zone, Field):
        numbers[zone], zoned = _offsets_by_bytes(content, offsets[rows] + width, tail[rows])
        healthy &= zoned
    return _spread(_moments(numbers, healthy), rows, len(values))


def _table(content: npt.NDArray[np.uint8], offsets: Ints, rows: Ints, width: int) -> npt.NDArray[np.uint8]:
    """The first `width` bytes of each of the rows, one row each."""
    if len(rows) and len(rows) == len(offsets) - 1:
        size = int(offsets[1] - offsets[0])
        if (offsets[1:] - offsets[:-1] == size).all():
            return content[offsets[0] : offsets[-1]].reshape(len(rows), size)[:, :width]
    return content[offsets[rows][:, None] + np.arange(width)] if width else np.empty((len(rows), 0), np.uint8)


def _number(span: npt.NDArray[np.uint8]) -> tuple[Ints, Mask]:
    """The numbers that columns of digits make, and where they are digits."""
    number, ok = np.zeros(span.shape[1], np.int32), np.ones(span.shape[1], np.bool_)
    for column in span:
        digit = column - np.uint8(48)
        ok &= digit < 10
        number = number * np.int32(10) + digit
    return number.astype(np.int64), ok


def _offsets_by_bytes(content: npt.NDArray[np.uint8], starts: Ints, lengths: Ints) -> tuple[Ints, Mask]:
    """Offsets from UTC in seconds: `Z`, `+02`, `+0200` or `+02:00`."""
    limit = max(len(content) - 1, 0)

    def byte(at: Ints | int) -> Ints:
        return content[np.minimum(starts + at, limit)].astype(np.int64) if len(content) else np.zeros(len(starts), np.int64)

    sign = byte(0)
    if (lengths == 1).all():
        return np.zeros(len(starts), np.int64), (sign == 90) | (sign == 122)
    colon = (lengths == 6).astype(np.int64)
    hours, minutes = (byte(1) - 48) * 10 + byte(2) - 48, (byte(3 + colon) - 48) * 10 + byte(4 + colon) - 48
    digits = np.ones(len(starts), np.bool_)
    for at in (1, 2):
        digits &= (byte(at) >= 48) & (byte(at) < 58)
    short = lengths == 3
    for at in (3, 4):
        digits &= short | ((byte(at + colon) >= 48) & (byte(at + colon) < 58))
    digits &= (lengths != 6) | (byte(3) == 58)
    minutes = np.where(short, 0, minutes)
    signed = ((sign == 43) | (sign == 45)) & digits & (hours <= 18) & (minutes < 60) & (lengths > 1)
    zulu = (lengths == 1) & ((sign == 90) | (sign == 122))
    seconds = np.where(sign == 45, -1, 1) * (hours * 3600 + minutes * 60)
    return np.where(zulu, 0, seconds), signed | zulu


# --- by regular expression ---------------------------------------------------------------------------------------


def _read_by_regex(values: pa.Array, parts: tuple[Token, ...], locale: str) -> Moments:
    expression, fields = as_regex(parts)
    if not fields:
        matched = np.zeros(len(values), np.bool_)
        return _moments({}, matched)
    groups = pc.extract_regex(values, expression)
    healthy = valid(groups)
    rows = np.flatnonzero(healthy)
    groups = groups.take(pa.array(rows))
    numbers, ok = {}, np.ones(len(rows), np.bool_)
    for at, part in enumerate(fields):
        numbers[part], known = _part(pc.struct_field(groups, f"f{at}"), part, locale)
        ok &= known
    return _spread(_moments(numbers, ok), rows, len(values))


def _part(texts: pa.Array, part: Field, locale: str) -> tuple[Ints, Mask]:
    """A part of the texts as numbers, and where it is one."""
    everywhere = np.ones(len(texts), np.bool_)
    if part.letter in "ML" and part.count > 2:
        return _named(texts, month_numbers(locale))
    if part.letter == "E":
        return _named(texts, day_numbers(locale))
    if part.letter == "a":
        return ints(pc.cast(pc.starts_with(pc.ascii_lower(texts), "p"), pa.int64())), everywhere
    if part.letter in "XxZ":
        offsets = text_offsets(texts).astype(np.int64)
        return _offsets_by_bytes(text_bytes(texts), offsets[:-1], np.diff(offsets))
    return ints(pc.cast(texts, pa.int64())), everywhere


def _named(texts: pa.Array, numbers: Mapping[str, int]) -> tuple[Ints, Mask]:
    # There are a dozen names in a column, so Python folds the distinct ones.
    found = map_distinct(lambda name: numbers.get(folded(name)), pa.int64(), texts).values
    return ints(found), valid(found)


# --- parts together ----------------------------------------------------------------------------------------------


def _moments(numbers: Mapping[Field, Ints], healthy: Mask) -> Moments:
    """The moments that the parts of dates make, and where they make one."""
    count = len(healthy)

    def get(letters: str, missing: int) -> Ints:
        return next((number for part, number in numbers.items() if part.letter in letters), np.full(count, missing, np.int64))

    short = any(part.letter in "yu" and part.count == 2 for part in numbers)
    year = get("yu", 1970)
    year = np.where(year >= _PIVOT, 1900, 2000) + year if short else year
    days, ok = civil.days_of(year, get("ML", 1), get("d", 1))
    if any(part.letter == "D" for part in numbers):
        place = get("D", 1)
        days = civil.days_of(year, np.ones(count, np.int64), np.ones(count, np.int64))[0] + place - 1
        ok = ok & (place >= 1) & (civil.year_month_day(np.clip(days, civil.FIRST_DAY, civil.LAST_DAY))[0] == year)
    if any(part.letter == "E" for part in numbers):
        ok = ok & (civil.weekday(days) == get("E", 1))
    micros, timely = _micros(numbers, get, count)
    offset = get("XxZ", 0)
    zoned = np.full(count, any(part.letter in "XxZ" for part in numbers))
    return Moments(days, micros, offset, zoned, healthy & ok & timely)


def _micros(numbers: Mapping[Field, Ints], get: Callable[[str, int], Ints], count: int) -> tuple[Ints, Mask]:
    """Microseconds of the day, and where the clock shows such a time."""
    hour, ok = get("H", 0), np.ones(count, np.bool_)
    if any(part.letter == "h" for part in numbers):
        twelve = get("h", 12)
        ok = (twelve >= 1) & (twelve <= 12)
        hour = twelve % 12 + 12 * get("a", 0)
    minute, second = get("m", 0), get("s", 0)
    ok = ok & (hour < 24) & (minute < 60) & (second < 60)
    digits = next((part.count for part in numbers if part.letter == "S"), 6)
    fraction = get("S", 0)
    fraction = fraction * 10 ** (6 - digits) if digits <= 6 else fraction // 10 ** (digits - 6)
    return ((hour * 60 + minute) * 60 + second) * civil.SECOND + fraction, ok


def _spread(part: Moments, rows: Ints, count: int) -> Moments:
    if len(rows) == count:
        return part
    found = _nothing(count)
    _place(found, rows, part)
    return found


# --- writing -----------------------------------------------------------------------------------------------------


def write(days: Ints, micros: Ints, keep: Mask, pattern: str, locale: str = "", offset: str = "Z") -> pa.Array:
    """Moments as text by pattern; `offset` is what stands for the zone."""
    told = tokens(pattern)
    if all(isinstance(part, Literal) or (part.letter, part.count) in _DIGITS for part in told) and _in_four_digits(days):
        return _written_by_bytes(told, days, micros, keep)
    parts = [_written(part, days, micros, locale, offset) for part in told]
    columns = [part for part in parts if isinstance(part, pa.Array)]
    if not columns:
        return pc.if_else(pa.array(keep), "".join(map(str, parts)), pa.scalar(None, pa.string()))
    joined = pc.binary_join_element_wise(*parts, "") if len(parts) > 1 else columns[0]
    return joined if keep.all() else pc.if_else(pa.array(keep), joined, pa.scalar(None, pa.string()))


_DIGITS = {("y", 4), ("u", 4), ("M", 2), ("d", 2), ("H", 2), ("m", 2), ("s", 2), ("S", 3), ("S", 6)}


def _in_four_digits(days: Ints) -> bool:
    return not len(days) or (int(days.min()) >= civil.FIRST_DAY and int(days.max()) <= civil.LAST_DAY)


def _written_by_bytes(parts: tuple[Token, ...], days: Ints, micros: Ints, keep: Mask) -> pa.Array:
    """Texts of one length, built as a table of bytes."""
    pieces = [part.text.encode() if isinstance(part, Literal) else b"0" * part.count for part in parts]
    width = sum(map(len, pieces))
    table = np.empty((len(days), width), np.uint8)
    table[:] = np.frombuffer(b"".join(pieces), np.uint8)
    year, month, day = civil.year_month_day(days)
    seconds, fraction = np.divmod(micros, civil.SECOND)
    numbers = {"y": year, "u": year, "M": month, "d": day, "H": seconds // 3600, "m": seconds // 60 % 60, "s": seconds % 60}
    at = 0
    for part, piece in zip(parts, pieces, strict=True):
        at += len(piece)
        if isinstance(part, Field):
            number = fraction // 10 ** (6 - part.count) if part.letter == "S" else numbers[part.letter]
            left = number.astype(np.int32)
            for place in range(part.count):
                left, digit = np.divmod(left, np.int32(10))
                table[:, at - 1 - place] += digit.astype(np.uint8)
    return from_texts(np.arange(len(days) + 1) * width, table.ravel(), keep)


def _written(part: Token, days: Ints, micros: Ints, locale: str, offset: str) -> pa.Array | pa.Scalar:
    if isinstance(part, Literal):
        return pa.scalar(part.text)
    if part.letter in "XxZ":
        return pa.scalar(_offset_text(part, offset))
    names = names_of(locale)
    year, month, day = civil.year_month_day(days)
    match part.letter:
        case "y" | "u":
            return _padded(year % 100, 2) if part.count == 2 else _padded(year, part.count)
        case "M" | "L" if part.count > 2:
            return _chosen(names.short_months if part.count == 3 else names.months, month)
        case "E":
            return _chosen(names.short_days if part.count <= 3 else names.days, civil.weekday(days))
        case "S":
            fraction = micros % civil.SECOND
            return _padded(fraction // 10 ** (6 - part.count) if part.count <= 6 else fraction * 10 ** (part.count - 6), part.count)
        case "a":
            return _chosen(("AM", "PM"), micros // (civil.DAY // 2) + 1)
        case letter:
            seconds = micros // civil.SECOND
            hour = seconds // 3600
            number = {
                "M": month, "L": month, "d": day, "D": civil.day_of_year(days), "H": hour, "h": (hour + 11) % 12 + 1,
                "m": seconds // 60 % 60, "s": seconds % 60, "Q": (month + 2) // 3,
            }[letter]  # fmt: skip
            return _padded(number, part.count)


def _offset_text(part: Field, offset: str) -> str:
    if part.letter == "X" and offset == "Z":
        return "Z"
    written = "+00:00" if offset == "Z" else offset
    if part.letter in "Xx":
        short = written[:3] + written[4:].removesuffix("00")
        return short if part.count == 1 else written.replace(":", "") if part.count == 2 else written
    return written.replace(":", "") if part.count < 2 else written


def _padded(numbers: Ints, width: int) -> pa.Array:
    """Numbers as text of at least `width` digits."""
    low, high = (int(numbers.min()), int(numbers.max())) if len(numbers) else (0, 0)
    if 0 <= low and high < 10_000:
        # So few numbers that each is written once.
        every = pa.array([str(number).zfill(width) for number in range(low, high + 1)], pa.string())
        return every.take(pa.array(numbers - low))
    return pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width, "0")


def _chosen(names: Sequence[str], numbers: Ints) -> pa.Array:
    return pa.array(names, pa.string()).take(pa.array(numbers - 1))
