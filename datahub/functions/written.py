"""Values as text: the one form that each type has in messages, templates, files and `text(x)`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions import civil, wide
from datahub.functions.calendar_text import write
from datahub.functions.columns import Ints, as_array, decimals_as_ints, glued, ints, map_distinct, nulled, valid
from datahub.functions.date_patterns import ISO_DATE
from datahub.functions.declare import Datum, Mask
from datahub.functions.durations import duration_text
from datahub.types import model as t


def as_text(values: Datum, kind: t.Type | None = None, least_digits: int = 0) -> pa.Array:
    """The text of each value.

    Numbers are plain digits (no exponent, no groups) without zeros at the end of their fraction; `least_digits` keeps
    so many of a decimal. Dates and times are ISO 8601, instants in UTC with `Z`, fractions of seconds with three or
    six digits where they are not zero. Lists and structs are JSON.
    """
    column = as_array(values, 1)
    arrow = column.type
    if pa.types.is_string(arrow):
        return column
    if pa.types.is_boolean(arrow) or pa.types.is_integer(arrow):
        return pc.cast(column, pa.string())
    if pa.types.is_decimal(arrow):
        return decimal_text(column, least_digits)
    if pa.types.is_floating(arrow):
        return pc.cast(column, pa.string())
    if pa.types.is_temporal(arrow):
        return _temporal_text(column)
    if pa.types.is_null(arrow):
        return pa.nulls(len(column), pa.string())
    return _nested_text(column)


def decimal_text(values: pa.Array, least_digits: int = 0) -> pa.Array:
    """Decimals as digits, with at least so many after the point; further ones only where they are not zero."""
    scale, keep = values.type.scale, valid(values)
    numbers = decimals_as_ints(values)
    if numbers is None or scale > 18 or _least(numbers):
        return _wide_text(values, least_digits)
    whole, fraction = np.divmod(np.abs(numbers), 10**scale)
    digits = pc.cast(pa.array(whole), pa.string())
    if scale or least_digits:
        digits = _with_fraction(digits, fraction, scale, least_digits)
    negative = numbers < 0
    if negative.any():
        digits = pc.if_else(pa.array(negative), glued("-", digits), digits)
    return nulled(digits, ~keep)


def plain_text(value: Decimal) -> str:
    """A Python decimal as `as_text` writes it."""
    digits = f"{value:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _least(numbers: Ints) -> bool:
    # The one number of 64 bits whose magnitude has none.
    return bool(len(numbers)) and int(numbers.min()) == -(2**63)


def _with_fraction(digits: pa.Array, fraction: Ints, scale: int, least: int) -> pa.Array:
    if not fraction.any() and not least:
        return digits
    written = pc.utf8_lpad(pc.cast(pa.array(fraction), pa.string()), scale, "0")
    kept = pc.utf8_rtrim(written, "0") if scale > least else written
    if least:
        kept = pc.utf8_rpad(kept, least, "0")
    joined = glued(digits, ".", kept)
    return joined if least else pc.if_else(pa.array(fraction != 0), joined, digits)


def _wide_text(values: pa.Array, least: int) -> pa.Array:
    """Numbers beyond 64 bits: their digits, cut where the point belongs."""
    scale = values.type.scale
    raw = pc.cast(wide.retyped(wide.widened(values), pa.decimal256(wide.DIGITS, 0)), pa.string())
    negative = pc.starts_with(raw, "-")
    digits = pc.utf8_lpad(pc.utf8_ltrim(raw, "-"), scale + 1, "0")
    if scale:
        fraction = pc.utf8_rtrim(pc.utf8_slice_codeunits(digits, -scale), "0")
        fraction = pc.utf8_rpad(fraction, least, "0") if least else fraction
        whole = pc.utf8_slice_codeunits(digits, 0, -scale)
        digits = pc.if_else(pc.equal(fraction, ""), whole, pc.binary_join_element_wise(whole, fraction, "."))
    elif least:
        digits = pc.binary_join_element_wise(digits, pa.scalar("." + "0" * least), "")
    return pc.if_else(negative, pc.binary_join_element_wise(pa.scalar("-"), digits, ""), digits)


# --- dates and times ---------------------------------------------------------------------------------------------


def _temporal_text(values: pa.Array) -> pa.Array:
    kind, keep = values.type, valid(values)
    if pa.types.is_duration(kind):
        return duration_text(values)
    # What stands at a null may be no date.
    counts = np.where(keep, ints(values), 0)
    if pa.types.is_date(kind):
        return write(counts, np.zeros(len(counts), np.int64), keep, ISO_DATE)
    days, micros = np.divmod(counts, civil.DAY)
    zulu = "" if pa.types.is_time(kind) or kind.tz is None else "'Z'"
    return _with_fractions(days, micros, keep, "HH:mm:ss" if pa.types.is_time(kind) else "yyyy-MM-dd'T'HH:mm:ss", zulu)


def _with_fractions(days: Ints, micros: Ints, keep: Mask, pattern: str, zulu: str) -> pa.Array:
    plain = write(days, micros, keep, pattern + zulu)
    over = micros % civil.SECOND
    if not over.any():
        return plain
    thousandths = write(days, micros, keep, pattern + ".SSS" + zulu)
    exact = plain if not (over % 1000).any() else write(days, micros, keep, pattern + ".SSSSSS" + zulu)
    fractional = pc.if_else(pa.array(over % 1000 != 0), exact, thousandths)
    return pc.if_else(pa.array(over != 0), fractional, plain)


# --- nested values -----------------------------------------------------------------------------------------------


def _nested_text(values: pa.Array) -> pa.Array:
    # No kernel writes JSON; lists and structs are written so in messages, few at a time.
    return map_distinct(_json, pa.string(), values).values


def _json(value: Any) -> str:
    match value:
        case dict():
            return _object(value.items())
        case list() if value and all(isinstance(item, tuple) for item in value):
            return _object(value)
        case list():
            return "[" + ",".join(map(_json, value)) + "]"
        case None | bool() | int() | float() | str():
            return json.dumps(value, ensure_ascii=False)
        case Decimal():
            return plain_text(value)
        case _:
            # A date or time: the text that a column of it alone has.
            return json.dumps(as_text(pa.array([value])).to_pylist()[0])


def _object(entries: Iterable[tuple[str, Any]]) -> str:
    return "{" + ",".join(f"{json.dumps(name, ensure_ascii=False)}:{_json(item)}" for name, item in entries) + "}"
