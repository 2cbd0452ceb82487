"""The version or time that a message states, as a text that sorts as what it states does.

Its first letter is its kind: only versions of one kind have an order. What has none, is empty: no message is dropped for it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_DIGITS, _FRACTION = 24, 12
_WHOLE = re.compile(rf"\d{{1,{_DIGITS}}}")
_DECIMAL = re.compile(rf"(\d{{1,{_DIGITS}}})\.(\d+)")
_EPOCH = re.compile(r"(\d{9,24})\.(\d+)")
"""Seconds since 1970 with a fraction, as scripts write them."""
_DAY_FIRST = re.compile(r"\d{1,2}\.\d{1,2}\.(\d{4}|\d{2})")
"""May be a day of a calendar (27.11.2026) and a version (1.10.26): nothing is dropped for it."""
_DOTTED = re.compile(rf"v?(\d{{1,{_DIGITS}}}(?:\.\d{{1,{_DIGITS}}})+)")
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?)(?:[.,](\d+))?(Z|[+-]\d\d:?\d\d)?", re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MADE_IN_ORDER = re.compile(
    r"[0-7][0-9A-HJKMNP-TV-Z]{25}|[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE
)


def ordered(version: object) -> str:
    """A number, an instant with its zone, a local time, a day, a dotted version, an ULID or a UUID of version 7; else empty.

    A number of JSON is a decimal (9.5 > 9.25), a text with dots a version (9.5 < 9.25), as their writers mean them.
    """
    match version:
        case bool():
            return ""
        case int() | float():
            text = str(version)
            if found := _DECIMAL.fullmatch(text):
                return f"n{found[1].zfill(_DIGITS)}.{found[2]}"
            return _of_text(text)
        case str():
            return _of_text(version.strip())
        case _:
            return ""


def _of_text(text: str) -> str:
    if _WHOLE.fullmatch(text):
        return f"n{text.zfill(_DIGITS)}"
    if found := _EPOCH.fullmatch(text):
        return f"n{found[1].zfill(_DIGITS)}.{found[2]}"
    if _DAY_FIRST.fullmatch(text):
        return ""
    if found := _DOTTED.fullmatch(text):
        return "v" + ".".join(part.zfill(_DIGITS) for part in found[1].split("."))
    if _DAY.fullmatch(text):
        return f"d{text}"
    if _MADE_IN_ORDER.fullmatch(text):
        return f"u{len(text)}{text.upper()}"
    if found := _INSTANT.fullmatch(text):
        return _instant(found[1], found[2] or "", found[3] or "")
    return _of_mail(text)


def _instant(local: str, fraction: str, zone: str) -> str:
    try:
        at = datetime.fromisoformat(local + zone.upper())
        told = at.astimezone(UTC) if zone else at
    except (ValueError, OverflowError):
        return ""
    return f"{'i' if zone else 'l'}{told:%Y-%m-%dT%H:%M:%S}.{fraction[:_FRACTION].ljust(_FRACTION, '0')}"


def _of_mail(text: str) -> str:
    """An instant as mail and HTTP write it: `Fri, 27 Nov 2026 11:00:00 GMT`."""
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return ""
    return _instant(f"{at:%Y-%m-%dT%H:%M:%S}", "", f"{at:%z}") if at.tzinfo is not None else ""
