"""Patterns of dates and times, such as `dd/MM/yyyy`, taken apart.

The letters are those of Java and CLDR, which most data platforms use; `%d/%m/%Y` (C, Python, SQL dialects) is read too.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TypeAlias

from datahub.records import record

ISO_DATE = "yyyy-MM-dd"
_LETTERS = "yuMLdDHhmsSaEXxZQ"
_FIXED = {("yyyy", 4), ("yy", 2), ("MM", 2), ("dd", 2), ("DDD", 3), ("HH", 2), ("hh", 2), ("mm", 2), ("ss", 2)}
_LONGEST = {"Q": 2, "M": 4, "L": 4, "E": 4}
_INSTEAD = {
    "Q": "a quarter is a digit, and `'Q'Q` writes `Q2`",
    "M": "`MMM` is the short name of a month and `MMMM` the whole one; its first letter is `left(…, 1)` of that",
    "L": "`LLL` is the short name of a month and `LLLL` the whole one; its first letter is `left(…, 1)` of that",
    "E": "`EEE` is the short name of a day and `EEEE` the whole one; its first letter is `left(…, 1)` of that",
}
"""What CLDR writes in words (`QQQ`) or in one letter that several have (`MMMMM`) is not read here, so it is not written."""
_PERCENT = {
    "Y": "yyyy", "y": "yy", "m": "MM", "d": "dd", "e": "d", "j": "DDD", "b": "MMM", "h": "MMM", "B": "MMMM", "a": "EEE", "A": "EEEE",
    "H": "HH", "I": "hh", "M": "mm", "S": "ss", "f": "SSSSSS", "3f": "SSS", "6f": "SSSSSS", "p": "a", "z": "xx", ":z": "xxx",
    "F": "yyyy-MM-dd", "T": "HH:mm:ss", "R": "HH:mm", "D": "MM/dd/yy", "v": "d-MMM-yyyy", "+": "yyyy-MM-dd'T'HH:mm:ssxxx",
    "n": "'\n'", "t": "'\t'",
}  # fmt: skip


@record(frozen=True, slots=True)
class Field:
    """A part of a date: the letter says which, how often it stands says how it is written."""

    letter: str
    count: int


@record(frozen=True, slots=True)
class Literal:
    """Text that stands as it is."""

    text: str


Token: TypeAlias = Field | Literal


@cache
def tokens(pattern: str) -> tuple[Token, ...]:
    """The parts of a pattern; a ValueError says what is wrong with it."""
    if "%" in pattern:
        return _percent_tokens(pattern)
    found: list[Token] = []
    for part in re.finditer(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+|'", pattern):
        text, quoted, letter = part.group(), part.group(1), part.group(2)
        if quoted is not None:
            found.append(Literal(quoted.replace("''", "'") or "'"))
        elif letter is None and text != "'":
            found.append(Literal(text))
        elif letter is None:
            raise ValueError("a quote `'` is not closed")
        elif letter not in _LETTERS:
            raise ValueError(f"`{text}` is no part of a date: write text in quotes, as in `'{text}'`")
        elif len(text) > _LONGEST.get(letter, len(text)):
            raise ValueError(f"`{text}` is no part of a date here: {_INSTEAD[letter]}")
        else:
            found.append(Field(letter, len(text)))
    return tuple(found)


def complaint(pattern: str) -> str:
    """What is wrong with a pattern of dates, or nothing; an empty one stands for ISO 8601."""
    if not pattern:
        return ""
    try:
        parts = tokens(pattern)
    except ValueError as error:
        return str(error)
    letters = {part.letter for part in parts if isinstance(part, Field)}
    if not letters:
        return "it names no part of a date"
    if "h" in letters and "a" not in letters:
        return "`hh` counts to 12 and needs `a` (AM, PM): write `HH`"
    if "m" in letters and not letters & set("Hh") and letters & set("yd"):
        return "`mm` is minutes: write `MM` for months"
    if "D" in letters and letters & set("M"):
        return "`DD` is the day of the year: write `dd`"
    return ""


def misfit(pattern: str, kind: str) -> str:
    """Why a pattern does not serve to read a `kind` (`date`, `datetime`, `local_datetime`, `time`) or to write a `clock`; or nothing."""
    letters = {part.letter for part in tokens(pattern) if isinstance(part, Field)} if pattern else set("yMdH")
    if kind == "clock":
        return _beyond_clock(pattern)
    if kind == "time":
        return "" if letters & set("Hh") else "a time needs an hour: `HH`, or `hh` with `a`"
    if not letters & set("yu"):
        return "a date needs a year: `yyyy`"
    if "d" in letters and not letters & set("ML"):
        return "the day of a date needs its month: `MM`, or `DDD` for the day of the year"
    return ""


def _beyond_clock(pattern: str) -> str:
    """What a pattern has that no time of day has, or nothing."""
    dated = any(isinstance(part, Field) and part.letter in "yuMLdDEQ" for part in tokens(pattern))
    return "a time has no date: its parts are `HH`, `mm` and `ss`" if dated else ""


def has_zone(pattern: str) -> bool:
    """Whether the pattern itself says how far from UTC a time is."""
    return any(isinstance(part, Field) and part.letter in "XxZ" for part in tokens(pattern))


def fixed_width(parts: tuple[Token, ...]) -> int | None:
    """How many bytes a text of these parts has, where all have the same number; a final offset aside."""
    width = 0
    for part in parts[:-1] if parts and is_offset(parts[-1]) else parts:
        if isinstance(part, Literal):
            if not part.text.isascii():
                return None
            width += len(part.text)
        elif part.letter == "S" or (part.letter * part.count, part.count) in _FIXED:
            width += part.count
        else:
            return None
    return width


def is_offset(part: Token) -> bool:
    return isinstance(part, Field) and part.letter in "XxZ"


def as_regex(parts: tuple[Token, ...]) -> tuple[str, tuple[Field, ...]]:
    """A regular expression with one named group (`f0`, `f1` …) for each of the fields."""
    fields = tuple(part for part in parts if isinstance(part, Field))
    numbers = iter(range(len(fields)))
    body = "".join(re.escape(part.text) if isinstance(part, Literal) else f"(?P<f{next(numbers)}>{_shape(part)})" for part in parts)
    return rf"\A{body}\z", fields


def _shape(part: Field) -> str:
    match part.letter:
        case "y" | "u":
            return r"\d{2}" if part.count == 2 else r"\d{4}" if part.count > 1 else r"\d{1,4}"
        case "S":
            return rf"\d{{{part.count}}}"
        case "M" | "L" | "E" if part.count > 2 or part.letter == "E":
            return r"[\pL\pM-]+\.?"
        case "a":
            return r"[AaPp]\.?[Mm]\.?"
        case "X" | "x" | "Z":
            return r"Z|[+-]\d{2}(?::?\d{2})?"
        case "D":
            return r"\d{1,3}" if part.count < 3 else r"\d{3}"
        case "Q":
            return r"[1-4]"
        case _:
            return r"\d{1,2}" if part.count == 1 else r"\d{2}"


def _percent_tokens(pattern: str) -> tuple[Token, ...]:
    """The parts of a pattern in the letters of C's `strftime`."""
    found: list[Token] = []
    for part in re.finditer(r"%(:z|[36]f|.)|[^%]+|%", pattern, re.DOTALL):
        letter = part.group(1)
        if letter is None:
            found.append(Literal(part.group()))
        elif letter == "%":
            found.append(Literal("%"))
        elif letter in _PERCENT:
            found.extend(tokens(_PERCENT[letter]))
        else:
            raise ValueError(f"`%{letter}` is no part of a date")
    return tuple(found)
