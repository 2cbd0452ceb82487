"""The type of a column out of the texts in it, and what speaks for it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from datahub.records import record

_WHOLE = re.compile(r"[-+]?[0-9]+")
_POINT = re.compile(r"[-+]?(?:[0-9]+|[0-9]{1,3}(?:[, ’'\u00a0\u202f][0-9]{3})+)?\.[0-9]+")
_COMMA = re.compile(r"[-+]?(?:[0-9]+|[0-9]{1,3}(?:[. ’'\u00a0\u202f][0-9]{3})+)?,[0-9]+")
_BOOLEANS = (
    ("true", "false"),
    ("TRUE", "FALSE"),
    ("True", "False"),
    ("O", "N"),
    ("Y", "N"),
    ("OUI", "NON"),
    ("YES", "NO"),
    ("oui", "non"),
    ("yes", "no"),
    ("Oui", "Non"),
    ("J", "N"),
)
_DATES = {
    "yyyy-MM-dd": "%Y-%m-%d",
    "dd/MM/yyyy": "%d/%m/%Y",
    "MM/dd/yyyy": "%m/%d/%Y",
    "dd.MM.yyyy": "%d.%m.%Y",
    "dd-MM-yyyy": "%d-%m-%Y",
    "yyyy/MM/dd": "%Y/%m/%d",
    "yyyyMMdd": "%Y%m%d",
}
_TIMES = {"": "", " HH:mm:ss": " %H:%M:%S", " HH:mm": " %H:%M", "'T'HH:mm:ss": "T%H:%M:%S"}
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)")
_LONGEST_NUMBER = 18
_CODE_LENGTHS = frozenset({8, 12, 13, 14})
_FEW = 8
_LONGEST_SHOWN = 30
"""So many characters of a value are shown."""
_LONGEST_LIST = 120
"""Longer lists of values say less than their lengths."""
_MOST = 0.7
"""The share of values that must be of a type for the others to be taken as mistakes."""

_CODES = re.compile(
    r"(^|[^a-z])(zip|postal|cp|phone|tel|mobile|fax|ean\d*|gtin|upc|isbn|barcode|siret|siren|vat|iban|bic|sku|ref|code|id)s?([^a-z]|$)",
    re.IGNORECASE,
)


@record(frozen=True, slots=True)
class Guess:
    """A type as one writes it, a date's pattern where it needs one, and the reason for a person."""

    type: str
    format: str = ""
    why: str = ""


def decimal_mark(columns: Sequence[Sequence[str]]) -> str:
    """The mark that most columns of numbers use."""
    votes: Counter[str] = Counter()
    for values in columns:
        filled = [value.strip() for value in values if value.strip()]
        for mark, shape in ((".", _POINT), (",", _COMMA)):
            other = _COMMA if mark == "." else _POINT
            if any(shape.fullmatch(value) for value in filled) and not any(other.fullmatch(value) for value in filled):
                votes[mark] += 1
    return votes.most_common(1)[0][0] if votes else "."


def guess(values: Sequence[str], mark: str, name: str = "") -> Guess:
    """The type of a column called `name` with these values, numbers having this decimal mark."""
    filled = [value.strip() for value in values if value.strip()]
    if not filled:
        return Guess("text?", why="always empty here")
    found = _boolean(filled) or _number(filled, mark, name) or _moment(filled) or _mostly(filled, mark, name) or _text(filled)
    empty = len(values) - len(filled)
    reasons = [found.why, f"empty in {empty:,} of {len(values):,}" if empty else ""]
    return Guess(found.type + ("?" if empty else ""), found.format, "; ".join(reason for reason in reasons if reason))


def _mostly(filled: Sequence[str], mark: str, name: str) -> Guess | None:
    """The type of most of the values, where the others look like mistakes; those are what a run will reject."""
    shape = _COMMA if mark == "," else _POINT
    numbers = [value for value in filled if shape.fullmatch(value) or _WHOLE.fullmatch(value)]
    for kept in (numbers, *(_dated(filled, day) for day in _DATES)):
        if not _MOST * len(filled) <= len(kept) < len(filled):
            continue
        found = _number(kept, mark, name) if kept is numbers else _moment(kept)
        if found and found.type != "text":
            others = [value for value in filled if value not in kept]
            many = "is" if len(others) == 1 else "are"
            return Guess(found.type, found.format, f"{found.why}; {len(others):,} {many} none, such as `{_short(others[0])}`")
    return None


def _dated(filled: Sequence[str], day: str) -> list[str]:
    return [value for value in filled if _is(value, _DATES[day])]


def _boolean(filled: Sequence[str]) -> Guess | None:
    words = set(filled)
    for yes, no in _BOOLEANS:
        if words <= {yes, no} and (len(words) == 2 or len(filled) > 2):
            return Guess("bool" if yes.lower() == "true" else f'bool("{yes}", "{no}")', why=f"only {' and '.join(sorted(words))}")
    return None


def _number(filled: Sequence[str], mark: str, name: str) -> Guess | None:
    if all(_WHOLE.fullmatch(value) for value in filled):
        digits = [value.lstrip("+-") for value in filled]
        if any(len(one) > 1 and one.startswith("0") for one in digits) and not any(value[0] in "+-" for value in filled):
            return None if _moment(filled) else Guess("text", why="digits with leading zeros, which a number would lose")
        if len({len(one) for one in digits}) == 1 and len(digits[0]) in _CODE_LENGTHS:
            return None if _moment(filled) else Guess("text", why=f"codes of {len(digits[0])} digits")
        if _CODES.search(name):
            return Guess("text", why="digits, but by its name a code")
        if max(map(len, digits)) > _LONGEST_NUMBER:
            return Guess("text", why="digits beyond the reach of a number")
        low, high = min(map(int, filled)), max(map(int, filled))
        return Guess("int", why=f"{low} to {high}" if low != high else f"always {low}" if len(filled) > 1 else f"such as {low}")
    shape = _COMMA if mark == "," else _POINT
    if not all(shape.fullmatch(value) or _WHOLE.fullmatch(value) for value in filled):
        return None
    places = max(len(value.rpartition(mark)[2]) for value in filled if mark in value)
    return Guess("decimal", why=f"up to {places} digits after the mark")


def _moment(filled: Sequence[str]) -> Guess | None:
    if all(_INSTANT.fullmatch(value) for value in filled):
        return Guess("datetime", why="instants with their zone")
    fitting = [
        (day + clock, "date" if not clock else "local_datetime")
        for clock, time in _TIMES.items()
        for day, date in _DATES.items()
        if all(_is(value, date + time) for value in filled)
    ]
    if not fitting:
        return None
    pattern, kind = fitting[0]
    unclear = len(fitting) > 1 and pattern.startswith("dd")
    why = "no day is above 12, so day and month may be the other way round" if unclear else f"such as {filled[0]}"
    return Guess(kind, "" if pattern == "yyyy-MM-dd" else pattern, why)


def _is(value: str, pattern: str) -> bool:
    # Python reads `1/2/2026` and `202611` as well; a pattern of ours is as long as what it reads.
    try:
        return datetime.strptime(value, pattern).strftime(pattern) == value  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        return False


def _text(filled: Sequence[str]) -> Guess:
    words = Counter(filled)
    if len(words) == 1 and len(filled) > 1:
        return Guess("text", why=f"always {_short(filled[0])}")
    listed = ", ".join(map(_apart, sorted(words))) if len(words) <= _FEW and len(filled) >= 2 * len(words) else ""
    if listed and len(listed) <= _LONGEST_LIST:
        return Guess("text", why=f"one of {listed}")
    lengths = [len(value) for value in filled]
    span = f"{min(lengths)} to {max(lengths)}" if min(lengths) != max(lengths) else str(lengths[0])
    return Guess("text", why=f"{span} {'character' if span == '1' else 'characters'}, such as {_short(filled[0])}")


def _short(value: str) -> str:
    return value if len(value) <= _LONGEST_SHOWN else value[: _LONGEST_SHOWN - 1] + "…"


def _apart(value: str) -> str:
    """A value among others: in quotes where it has a comma itself."""
    return f'"{_short(value)}"' if "," in value else _short(value)
