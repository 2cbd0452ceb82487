"""Text as numbers, strictly: whole columns are read from their bytes, and only what is out of the ordinary goes through patterns.

The ordinary is digits, perhaps a leading minus, perhaps one decimal mark between digits. Arrow's own casts are never
shown anything else: they take `0x10`, `1E+3` and `nan` for numbers.
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.columns import (
    Bytes,
    Ints,
    as_mask,
    decimals_from_ints,
    floats,
    from_floats,
    from_ints,
    from_texts,
    ints,
    map_distinct,
    nulled,
    on_distinct,
    outcome,
    text_bytes,
    text_offsets,
    valid,
)
from datahub.functions.declare import Mask, Outcome
from datahub.records import record
from datahub.types import model as t
from datahub.types.arrow import arrow_type

SPACES = " \u00a0\u202f"
"""What sets groups of three digits apart where the decimal mark is a comma; a point does so too."""
_MINUS, _PLUS, _ZERO = 45, 43, 48
_SAFE_DIGITS = 18
_FLOAT = r"\A[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?\z"


def to_int(values: pa.Array) -> Outcome:
    """Digits with an optional sign as whole numbers; R101 where a text is none, R102 where 64 bits do not hold it."""
    return on_distinct(_to_int, values)


def to_decimal(values: pa.Array, precision: int = 28, scale: int = 10, decimal_mark: str = ".", grouping: str | None = None) -> Outcome:
    """Digits, perhaps with a decimal mark, as exact numbers.

    R104 where a text is no number, R105 where it has more digits after the mark than `scale` (zeros aside), R102 where it
    has too many before, whatever follows. Each character of `grouping` may set groups of three apart, the same one throughout a number;
    unless told, a decimal comma allows spaces and points, a decimal point nothing.
    """
    marks = grouping if grouping is not None else (SPACES + "." if decimal_mark == "," else "")
    _meant(decimal_mark, marks)
    planned = t.Decimal(False, precision, scale)
    return on_distinct(lambda texts: _to_decimal(texts, planned, decimal_mark, marks), values)


def to_float(values: pa.Array, decimal_mark: str = ".") -> Outcome:
    """Digits, perhaps with a point and an exponent, as floats; R104 where a text is no number, R102 where it is beyond reach."""
    _meant(decimal_mark, "")
    return on_distinct(lambda texts: _to_float(texts, decimal_mark), values)


def may_mark(text: str) -> bool:
    """Whether it can be told from what numbers are written with: one character that is no digit, letter, sign, space or control."""
    return len(text) == 1 and text.isprintable() and not text.isalnum() and text not in "+- "


def _meant(mark: str, groups: str) -> None:
    if not may_mark(mark):
        raise ValueError(f"`{mark}` cannot be a decimal mark, which is one character and no digit, letter, sign or space")
    taken = [one for one in groups if one == mark or not (one in SPACES or may_mark(one))]
    if taken:
        raise ValueError(f"`{taken[0]}` cannot set groups of digits apart")


# --- whole numbers -----------------------------------------------------------------------------------------------


def _to_int(values: pa.Array) -> Outcome:
    keep = valid(values)
    plain = _plain(values, "")
    numbers = _parsed_ints(values, plain.ordinary & (plain.digits <= _SAFE_DIGITS) & keep)
    rest = keep & ~(plain.ordinary & (plain.digits <= _SAFE_DIGITS))
    if not rest.any():
        return Outcome(from_ints(numbers, keep))
    again = _odd_ints(values.filter(pa.array(rest)))
    return _merged(from_ints(numbers, keep), rest, again)


def _odd_ints(values: pa.Array) -> Outcome:
    """Numbers with a plus, or with so many digits that they need a look."""
    shaped = as_mask(pc.match_substring_regex(values, r"\A[+-]?\d+\z"))
    held = nulled(pc.replace_substring_regex(values, r"\A\+", ""), ~shaped)
    held = pc.replace_substring_regex(held, r"\A(-?)0+(\d)", r"\1\2")
    short = as_mask(pc.less_equal(pc.binary_length(held), pa.scalar(_SAFE_DIGITS, pa.int32()))) | ~shaped
    numbers = pc.cast(nulled(held, ~short), pa.int64())
    wide = shaped & ~short
    if wide.any():
        exact = map_distinct(lambda text: int(text) if -(2**63) <= int(text) < 2**63 else None, pa.int64(), nulled(_bounded(held), ~wide))
        numbers = pc.if_else(pa.array(wide), exact.values, numbers)
    return outcome(numbers, (~shaped, "R101"), (wide & ~valid(numbers), "R102"))


def _bounded(values: pa.Array) -> pa.Array:
    """Numbers short enough for Python to read at once: 20 characters tell that one does not fit."""
    return pc.utf8_slice_codeunits(values, 0, 24)


# --- decimals ----------------------------------------------------------------------------------------------------


def _to_decimal(values: pa.Array, planned: t.Decimal, mark: str, groups: str) -> Outcome:
    keep = valid(values)
    plain = _plain(values, mark)
    small = plain.ordinary & (plain.digits + np.maximum(planned.scale - plain.fraction, 0) <= _SAFE_DIGITS) & keep
    numbers, lost, large = _scaled(_read(values, plain, small), plain.fraction, planned)
    column = decimals_from_ints(np.where(lost | large, 0, numbers), keep & small & ~lost & ~large, arrow_type(planned))
    failed = ((small & large, "R102"), (small & lost & ~large, "R105"))
    rest = keep & ~small
    if not rest.any():
        return outcome(column, *failed)
    odd = values.filter(pa.array(rest))
    again = _grouped_decimals(odd, planned, mark, groups) if groups else _odd_decimals(odd, planned, mark)
    merged = _merged(column, rest, again)
    return outcome(merged.values, *_united(failed, merged.failed))


def _scaled(numbers: Ints, fraction: Ints, planned: t.Decimal) -> tuple[Ints, Mask, Mask]:
    """Whole numbers with `fraction` digits after the mark at the planned scale; where digits are lost, and where too many are left."""
    shift = planned.scale - fraction
    up = numbers * _POWERS[np.clip(shift, 0, _SAFE_DIGITS)]
    lost = np.zeros(len(numbers), np.bool_)
    if (shift < 0).any():
        down = _POWERS[np.clip(-shift, 0, _SAFE_DIGITS)]
        # By the magnitude: a quotient by floor of a negative number would be one too low.
        lost = (shift < 0) & (np.abs(numbers) % down != 0)
        up = np.where(shift < 0, np.sign(numbers) * (np.abs(numbers) // down), up)
    large = np.abs(up) >= _POWERS[planned.precision] if planned.precision <= _SAFE_DIGITS else np.zeros(len(numbers), np.bool_)
    return up, lost, large


_POWERS = 10 ** np.arange(_SAFE_DIGITS + 1, dtype=np.int64)


def _grouped_decimals(values: pa.Array, planned: t.Decimal, mark: str, groups: str) -> Outcome:
    """Numbers among which some have groups: those without their groups, the others as they are."""
    whole = "|".join(rf"\d{{1,3}}(?:{re.escape(group)}\d{{3}})+" for group in groups)
    grouped = as_mask(pc.match_substring_regex(values, rf"\A[+-]?(?:{whole})(?:{re.escape(mark)}\d+)?\z"))
    # What has two marks or bad groups must not become a number by losing them.
    held = values.filter(pa.array(grouped))
    for group in groups:
        held = pc.replace_substring(held, group, "")
    if grouped.all():
        return _to_decimal(held, planned, mark, "")
    rest = _odd_decimals(values.filter(pa.array(~grouped)), planned, mark)
    column = pa.nulls(len(values), arrow_type(planned))
    first = _merged(column, grouped, _to_decimal(held, planned, mark, ""))
    second = _merged(first.values, ~grouped, rest)
    return outcome(second.values, *_united(first.failed, second.failed))


def _odd_decimals(values: pa.Array, planned: t.Decimal, mark: str) -> Outcome:
    """Numbers with a plus, a bare mark in front, or many digits; and all that is no number."""
    cut = re.escape(mark)
    shaped = as_mask(pc.match_substring_regex(values, rf"\A[+-]?(?:\d+(?:{cut}\d+)?|{cut}\d+)\z"))
    if not shaped.any():
        return outcome(pa.nulls(len(values), arrow_type(planned)), (~shaped, "R104"))
    held = nulled(values, ~shaped)
    held = pc.replace_substring(held, mark, ".") if mark != "." else held
    held = pc.replace_substring_regex(held, r"\A\+", "")
    held = pc.replace_substring_regex(held, r"\A(-?)0*(\d)", r"\1\2")
    held = pc.replace_substring_regex(held, r"\A(-?)\.", r"\10.")
    held = pc.replace_substring_regex(held, r"(\.\d*?)0+\z", r"\1")
    parts = pc.extract_regex(held, r"\A-?(?P<whole>\d*)\.?(?P<rest>\d*)\z")
    fraction = pc.fill_null(pc.binary_length(pc.struct_field(parts, "rest")), 0).to_numpy(zero_copy_only=False)
    digits = pc.fill_null(pc.binary_length(pc.utf8_ltrim(pc.struct_field(parts, "whole"), "0")), 0).to_numpy(zero_copy_only=False)
    lost, large = fraction > planned.scale, digits > planned.precision - planned.scale
    ready = pc.utf8_rtrim(nulled(held, lost | large), ".")
    return outcome(pc.cast(ready, arrow_type(planned)), (~shaped, "R104"), (shaped & large, "R102"), (shaped & lost & ~large, "R105"))


# --- floats ------------------------------------------------------------------------------------------------------


def _to_float(values: pa.Array, mark: str) -> Outcome:
    keep = valid(values)
    if mark and mark != ".":
        # A point would otherwise pass for a mark.
        pointed = as_mask(pc.match_substring(values, "."))
        values = pc.replace_substring(nulled(values, pointed), mark, ".")
    shaped = as_mask(pc.match_substring_regex(values, _FLOAT))
    shapely = nulled(values, ~shaped)
    if pc.any(pc.starts_with(shapely, "+")).as_py():
        shapely = pc.replace_substring_regex(shapely, r"\A\+", "")
    column = pc.cast(shapely, pa.float64())
    beyond = shaped & ~np.isfinite(floats(column)) & valid(column)
    # Adding zero makes 0.0 of -0.0.
    clean = from_floats(floats(column) + 0.0, valid(column) & ~beyond)
    return outcome(clean, (keep & ~shaped, "R104"), (beyond, "R102"))


# --- the bytes of a column ---------------------------------------------------------------------------------------


@record(frozen=True, slots=True)
class _Plain:
    """What the bytes of a column of numbers tell: which rows are ordinary, how many digits, and how many after the mark."""

    ordinary: Mask
    digits: Ints
    fraction: Ints
    marks: Ints
    places: Ints
    """Where the marks stand among the bytes."""


def _plain(values: pa.Array, mark: str) -> _Plain:
    offsets = text_offsets(values).astype(np.int64)
    start, end = int(offsets[0]), int(offsets[-1])
    content = text_bytes(values)[start:end]
    offsets = offsets - start
    digit = (content - np.uint8(_ZERO)) < 10
    lengths = np.diff(offsets)
    minus = _leading(content, offsets, _MINUS)
    code = ord(mark) if mark and mark.isascii() else 0
    marked = content == code if code else np.zeros(0, np.bool_)
    places = np.flatnonzero(marked) if code else np.zeros(0, np.int64)
    rows = _rows_of(places, offsets)
    marks = np.bincount(rows, minlength=len(lengths))
    digits = _counts(digit, offsets, lengths - minus - marks)
    fraction = np.zeros(len(lengths), np.int64)
    fraction[rows] = offsets[rows + 1] - 1 - places
    ordinary = (digits == lengths - minus - marks) & (digits > 0) & (marks <= 1)
    if len(rows):
        # A mark has digits on both sides.
        ordinary &= (marks == 0) | ((fraction > 0) & (digits > fraction))
    return _Plain(ordinary, digits, fraction, marks, places)


def _rows_of(places: Ints, offsets: Ints) -> Ints:
    """In which row each of the bytes at `places` stands."""
    if len(places) == len(offsets) - 1 and (places >= offsets[:-1]).all() and (places < offsets[1:]).all():
        return np.arange(len(places))
    rows: Ints = np.searchsorted(offsets, places, "right") - 1
    return rows


def _leading(content: Bytes, offsets: Ints, code: int) -> Ints:
    """1 for each row that begins with the byte, else 0."""
    if not len(content):
        return np.zeros(len(offsets) - 1, np.int64)
    first = content[np.minimum(offsets[:-1], len(content) - 1)]
    begins: Ints = ((first == code) & (offsets[:-1] < offsets[1:])).astype(np.int64)
    return begins


def _counts(mask: Mask, offsets: Ints, expected: Ints) -> Ints:
    """How many bytes of each row `mask` holds for: as `expected` where it holds for all bytes that are meant to be digits."""
    if np.count_nonzero(mask) == int(expected.sum()):
        return expected
    sums = np.concatenate(([0], np.cumsum(mask)))
    counts: Ints = sums[offsets[1:]] - sums[offsets[:-1]]
    return counts


def _read(values: pa.Array, plain: _Plain, ready: Mask) -> Ints:
    """The numbers of the rows that are `ready`, as if they had no marks."""
    if not len(plain.places):
        return _parsed_ints(values, ready)
    offsets = text_offsets(values).astype(np.int64)
    content = text_bytes(values)[offsets[0] : offsets[-1]]
    offsets -= offsets[0]
    if int((plain.digits + plain.marks).max(where=ready, initial=0)) > _SAFE_DIGITS:
        marked = np.zeros(len(content), np.bool_)
        marked[plain.places] = True
        moved = offsets - np.concatenate(([0], np.cumsum(plain.marks)))
        return _parsed_ints(from_texts(moved, content[~marked], valid(values)), ready)
    # Bytes are not taken out of texts: a zero stands for the mark, and is taken out of the number.
    content = content.copy()
    content[plain.places] = _ZERO
    return _closed(_parsed_ints(from_texts(offsets, content, valid(values)), ready), plain)


def _closed(numbers: Ints, plain: _Plain) -> Ints:
    """Numbers that have a digit too many where their mark stood, without it."""
    alike = (plain.fraction == plain.fraction[0]).all()
    below = _POWERS[np.minimum(plain.fraction[:1] if alike else plain.fraction, _SAFE_DIGITS - 1)]
    above = np.abs(numbers)
    rest = above % (10 * below)
    above = (above - rest) // 10 + rest
    closed = np.negative(above, out=above, where=numbers < 0)
    return closed if plain.marks.all() else np.where(plain.marks == 0, numbers, closed)


def _parsed_ints(values: pa.Array, ready: Mask) -> Ints:
    """The numbers of the rows that are `ready`, which hold nothing but digits and a leading minus; 0 in the others."""
    if ready.all():
        return ints(pc.cast(values, pa.int64()))
    column = pc.cast(nulled(values, ~ready), pa.int64())
    return np.where(ready, ints(column), 0)


def _merged(column: pa.Array, rest: Mask, again: Outcome) -> Outcome:
    """`column` with the rows of `rest` taken from `again`, and the failures of those."""
    values = pc.replace_with_mask(column, pa.array(rest), again.values)
    places = np.flatnonzero(rest)
    failed = []
    for mask, code in again.failed:
        whole = np.zeros(len(column), np.bool_)
        whole[places[mask]] = True
        failed.append((whole, code))
    return outcome(values, *failed)


def _united(*groups: tuple[tuple[Mask, str], ...]) -> list[tuple[Mask, str]]:
    """Failures with one mask a code."""
    masks: dict[str, Mask] = {}
    for mask, code in (pair for group in groups for pair in group):
        masks[code] = masks[code] | mask if code in masks else mask
    return [(mask, code) for code, mask in masks.items()]
