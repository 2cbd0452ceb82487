"""Text as values of other types and back, strictly: what cannot be read is a reject with a code, never a guess.

The plain functions here read the columns of files; the declared ones are the builtins `int(text)`, `date(text, …)` and
so on, which read the same way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions import calendar_text, civil
from datahub.functions.columns import (
    Reject,
    as_mask,
    bools,
    from_ints,
    map_distinct,
    on_distinct,
    outcome,
    valid,
)
from datahub.functions.date_patterns import ISO_DATE
from datahub.functions.declare import Outcome
from datahub.functions.durations import to_duration
from datahub.functions.numerals import to_decimal, to_float, to_int

__all__ = [
    "fit_text",
    "to_bool",
    "to_date",
    "to_datetime",
    "to_decimal",
    "to_duration",
    "to_enum",
    "to_float",
    "to_int",
    "to_json",
    "to_local_datetime",
    "to_time",
]

_FRACTIONS = tuple("S" * digits for digits in (3, 6, 1, 2, 4, 5, 7, 8, 9))
_CLOCKS = ("HH:mm:ss", *(f"HH:mm:ss.{digits}" for digits in _FRACTIONS), "HH:mm")
ISO_LOCAL = (*(f"yyyy-MM-dd{mark}{clock}" for clock in _CLOCKS for mark in ("'T'", "' '")), ISO_DATE)
"""What a local date and time may look like unless a pattern is told; digits below the microsecond are cut off."""
ISO_INSTANT = tuple(f"yyyy-MM-dd{mark}{clock}XXX" for clock in _CLOCKS for mark in ("'T'", "' '"))
# No text follows two of them: what is common is tried first.
_ISO_ANY = tuple(dict.fromkeys((*ISO_INSTANT[:2], *ISO_LOCAL[:2], *ISO_INSTANT, *ISO_LOCAL)))
TRUE_WORDS, FALSE_WORDS = ("true", "t", "yes", "y", "on", "1"), ("false", "f", "no", "n", "off", "0")


def to_bool(values: pa.Array, true_words: Sequence[str], false_words: Sequence[str]) -> Outcome:
    """One of the words as a truth value; R103 where a text is none of them."""
    return on_distinct(partial(_to_bool, yes=true_words, no=false_words), values)


def to_date(values: pa.Array, pattern: str | Sequence[str] = "", locale: str = "") -> Outcome:
    """Dates by the first pattern that a text follows; `yyyy-MM-dd` unless told. R106 where there is no such day."""
    return on_distinct(partial(_to_date, patterns=_several(pattern, (ISO_DATE,)), locale=locale), values)


def to_datetime(values: pa.Array, pattern: str | Sequence[str] = "", zone: str = "", locale: str = "") -> Outcome:
    """Instants: R107 where a text is none, R110 where its local time is not one instant in `zone`, or no zone is told."""
    return on_distinct(partial(_to_datetime, patterns=_several(pattern, _ISO_ANY), zone=zone, locale=locale), values)


def to_local_datetime(values: pa.Array, pattern: str | Sequence[str] = "", locale: str = "") -> Outcome:
    """Dates and times without a zone; R107 where a text is none."""
    return on_distinct(partial(_to_local_datetime, patterns=_several(pattern, ISO_LOCAL), locale=locale), values)


def to_time(values: pa.Array, pattern: str | Sequence[str] = "", locale: str = "") -> Outcome:
    """Times of day, `HH:mm`, with seconds and their fractions where they are there; R108 where a text is none."""
    return on_distinct(partial(_to_time, patterns=_several(pattern, _CLOCKS), locale=locale), values)


def to_enum(values: pa.Array, members: Sequence[str]) -> Outcome:
    """The texts themselves; R109 where a text is no member."""
    known = as_mask(pc.is_in(values, value_set=pa.array(members, pa.string())))
    return outcome(values, (valid(values) & ~known, "R109"))


def to_json(values: pa.Array) -> Outcome:
    """The texts themselves; R111 where a text is not one JSON value."""
    # No kernel reads JSON in a column, so Python's parser judges the distinct texts.
    return map_distinct(_judged_json, pa.string(), values)


def fit_text(values: pa.Array, shortest: int | None, longest: int | None) -> Outcome:
    """The texts themselves; R202 where one has more than `longest` code points, R203 where fewer than `shortest`."""
    lengths = pc.utf8_length(values)
    none = np.zeros(len(values), np.bool_)
    long = none if longest is None else as_mask(pc.greater(lengths, longest))
    short = none if not shortest else as_mask(pc.less(lengths, shortest))
    return outcome(values, (long, "R202"), (short, "R203"))


# --- inside ------------------------------------------------------------------------------------------------------


def _several(pattern: str | Sequence[str], usual: Sequence[str]) -> Sequence[str]:
    patterns = (pattern,) if isinstance(pattern, str) else tuple(pattern)
    return tuple(filter(None, patterns)) or usual


def _to_bool(values: pa.Array, yes: Sequence[str], no: Sequence[str]) -> Outcome:
    true = as_mask(pc.is_in(values, value_set=pa.array(yes, pa.string())))
    false = as_mask(pc.is_in(values, value_set=pa.array(no, pa.string())))
    keep = valid(values)
    return outcome(bools(true, keep & (true | false)), (keep & ~true & ~false, "R103"))


def _to_date(values: pa.Array, patterns: Sequence[str], locale: str) -> Outcome:
    moments = calendar_text.read(values, patterns, locale)
    return outcome(from_ints(moments.days, moments.ok, pa.date32()), (valid(values) & ~moments.ok, "R106"))


def _to_datetime(values: pa.Array, patterns: Sequence[str], zone: str, locale: str) -> Outcome:
    moments = calendar_text.read(values, patterns, locale)
    local = moments.days * civil.DAY + moments.micros
    instants, naive = local - moments.offset * civil.SECOND, moments.ok & ~moments.zoned
    unclear = naive
    if zone and naive.any():
        placed, unclear = civil.to_instants(local, naive, zone)
        instants = np.where(naive, placed, instants)
    away = moments.ok & ((instants < civil.EARLIEST) | (instants > civil.LATEST))
    failed = (valid(values) & ~moments.ok) | away
    return outcome(from_ints(instants, moments.ok, civil.INSTANT), (failed, "R107"), (unclear & ~failed, "R110"))


def _to_local_datetime(values: pa.Array, patterns: Sequence[str], locale: str) -> Outcome:
    moments = calendar_text.read(values, patterns, locale)
    local = moments.days * civil.DAY + moments.micros
    return outcome(from_ints(local, moments.ok, civil.LOCAL), (valid(values) & ~moments.ok, "R107"))


def _to_time(values: pa.Array, patterns: Sequence[str], locale: str) -> Outcome:
    moments = calendar_text.read(values, patterns, locale)
    return outcome(from_ints(moments.micros, moments.ok, pa.time64("us")), (valid(values) & ~moments.ok, "R108"))


def _judged_json(text: str) -> str | Reject:
    try:
        refuse_halves(text, json.loads(text, parse_constant=_no_number, parse_int=str, parse_float=str))
    except (ValueError, RecursionError):
        return Reject("R111")
    return text


def refuse_halves(text: str, value: Any) -> None:
    """Raise for what was read of JSON, where an escape in it is one half of a character alone: no text can hold that."""
    if _HALF.search(text):
        json.dumps(value, ensure_ascii=False).encode()


_HALF = re.compile(r"\\u[dD][89a-fA-F]")


def _no_number(word: str) -> Any:
    raise ValueError(word)
