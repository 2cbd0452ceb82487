"""Spans of time read from text and written as text."""

from __future__ import annotations

import re
from decimal import Decimal

import numpy as np
import pyarrow as pa

from datahub.functions import civil
from datahub.functions.columns import Reject, ints, map_distinct
from datahub.functions.declare import Datum, Outcome

UNITS: dict[str, int] = {
    "us": 1, "µs": 1, "ms": 1000, "s": civil.SECOND, "m": 60 * civil.SECOND, "min": 60 * civil.SECOND, "h": 3600 * civil.SECOND,
    "d": civil.DAY, "w": 7 * civil.DAY,
}  # fmt: skip
"""Units that have one length, in microseconds. Months and years have none."""
_ISO = re.compile(r"([+-])?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d{1,6}))?S)?)?", re.ASCII)
_CLOCK = re.compile(r"([+-])?(\d+):([0-5]\d)(?::([0-5]\d)(?:[.,](\d{1,6}))?)?", re.ASCII)
_UNITS = re.compile(r"(\d+(?:\.\d+)?)\s*(us|µs|ms|min|[smhdw])", re.ASCII)


def to_duration(values: Datum) -> Outcome:
    """`PT1H30M`, `1h 30m`, `90m` or `1:30:00` as durations; R112 where a text is none."""
    # Few kinds of texts, many rows: Python reads the distinct ones.
    return map_distinct(_read, pa.duration("us"), values)


def duration_text(values: pa.Array) -> pa.Array:
    """Durations in ISO 8601, days and below: `P1DT1H30M`, `PT0S`, `-PT1.5S`."""
    counts = pa.Array.from_buffers(pa.int64(), len(values), values.buffers(), offset=values.offset)
    return map_distinct(iso_text, pa.string(), counts).values


def iso_text(micros: int) -> str:
    """A number of microseconds in ISO 8601."""
    rest = abs(micros)
    days, rest = divmod(rest, civil.DAY)
    hours, rest = divmod(rest, 3600 * civil.SECOND)
    minutes, rest = divmod(rest, 60 * civil.SECOND)
    seconds = f"{rest // civil.SECOND}.{rest % civil.SECOND:06d}".rstrip("0").rstrip(".") if rest else ""
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "") + (f"{seconds}S" if seconds else "")
    date = f"{days}D" if days else ""
    return ("-" if micros < 0 else "") + "P" + date + (f"T{clock}" if clock or not date else "") + ("0S" if not clock and not date else "")


def whole_units(values: pa.Array, unit: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Durations counted in whole units, what is over cut off."""
    counts = ints(values)
    cut: np.ndarray[tuple[int], np.dtype[np.int64]] = np.sign(counts) * (np.abs(counts) // UNITS[unit])
    return cut


def _read(text: str) -> int | Reject:
    micros = _iso(text)
    if micros is None:
        micros = _clock(text)
    if micros is None:
        micros = _with_units(text)
    return Reject("R112") if micros is None or abs(micros) >= 2**63 else micros


def _iso(text: str) -> int | None:
    match = _ISO.fullmatch(text)
    if match is None or not any(group is not None for group in match.groups()[1:]) or text.endswith("T"):
        return None
    sign, weeks, days, hours, minutes, seconds, fraction = match.groups()
    total = int(weeks or 0) * UNITS["w"] + int(days or 0) * UNITS["d"] + int(hours or 0) * UNITS["h"] + int(minutes or 0) * UNITS["m"]
    total += int(seconds or 0) * UNITS["s"] + int((fraction or "").ljust(6, "0"))
    return -total if sign == "-" else total


def _clock(text: str) -> int | None:
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    sign, hours, minutes, seconds, fraction = match.groups()
    total = (int(hours) * 60 + int(minutes)) * UNITS["m"] + int(seconds or 0) * UNITS["s"] + int((fraction or "").ljust(6, "0"))
    return -total if sign == "-" else total


def _with_units(text: str) -> int | None:
    body = text[1:] if text[:1] in {"+", "-"} else text
    if len(body) > 200 or not re.fullmatch(rf"(?:{_UNITS.pattern}\s*)+", body, re.ASCII):
        return None
    total = sum((Decimal(number) * UNITS[unit] for number, unit in _UNITS.findall(body)), Decimal())
    if total != int(total):
        return None
    return -int(total) if text[0] == "-" else int(total)
