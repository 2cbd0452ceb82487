"""JSON records read at once by Arrow, where all of them are what they seem; the guards say when they are not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from datahub.formats.json_exact import Number
from datahub.formats.typed import inner
from datahub.frames.chunks import whole
from datahub.records import record
from datahub.semantic.ir import Reading, SourceColumn
from datahub.types import model as t
from datahub.types.arrow import arrow_type
from datahub.types.model import Type

if TYPE_CHECKING:
    import numpy.typing as npt

_NOT_FINITE = re.compile(rb"[:\[,]\s*-?(?:NaN|Inf)")
_ODD_DECIMAL = re.compile(rb'"[+-]?[0-9]*\.?[0-9]*(?:[eE][+-]?[0-9]+|\.)"')
_MANY, _PIECE = 1000, 1 << 18
_ESCAPED_LETTER = re.compile(rb"\\u00(?:3[0-9]|[4-7])")

Kinds = dict[tuple[str, ...], set[type]]
"""For each leaf (its names on the way down) the kinds of values that were seen there."""


def seen_kinds(records: Iterable[Any], columns: Sequence[SourceColumn]) -> Kinds:
    """What kinds of values the leaves have in some records."""
    found: Kinds = {}
    for one in records:
        if isinstance(one, dict):
            for column in columns:
                for name in (names := column.names or (column.name,)):
                    # What stands under several names is one column, and has one type.
                    _see(one.get(name), column.type, names[:1], found)
    return found


def _see(value: Any, kind: Type, path: tuple[str, ...], found: Kinds) -> None:
    base = t.base_of(kind)
    match value, base:
        case list(), t.ListOf(item=item):
            for one in value:
                _see(one, item, path, found)
        case dict(), t.Struct(fields=fields):
            for name, part in fields:
                _see(value.get(name), part, (*path, name), found)
        case None, _:
            pass
        case _:
            found.setdefault(path, set()).add(type(value))


@record(frozen=True, slots=True)
class FastPlan:
    """How Arrow reads the wanted columns: the schema, and what must not be in the data lest it read them otherwise than we do.

    `marked` are decimals that may also be texts with a mark or words of their own, `decimals` tells that there are decimals
    at all, `numerals` that numbers become text.
    """

    schema: pa.Schema
    marked: tuple[str, ...]
    decimals: bool
    numerals: bool


def fast_plan(columns: Sequence[SourceColumn], kinds: Kinds) -> FastPlan | None:
    """How Arrow reads `columns`; None where it has no way to."""
    fields: list[pa.Field] = []
    marked: set[str] = set()
    decimals = numerals = False
    for column in columns:
        names = column.names or (column.name,)
        kind = _field_type(column.type, names[:1], kinds)
        if kind is None:
            return None
        fields += [pa.field(name, kind) for name in names]
        for path, base, reading in _leaves(names[:1], column.type, column.reading):
            decimals |= isinstance(base, t.Decimal)
            if isinstance(base, t.Decimal) and (reading.decimal != "." or reading.null_words):
                marked.update(names if len(path) == 1 else path[-1:])
            numerals |= isinstance(base, t.Text) and kinds.get(path) == {Number}
    return FastPlan(pa.schema(fields), tuple(sorted(marked)), decimals, numerals)


def _field_type(kind: Type, path: tuple[str, ...], kinds: Kinds) -> pa.DataType | None:
    base = t.base_of(kind)
    seen = kinds.get(path, set())
    match base:
        case t.ListOf(item=item):
            held = _field_type(item, path, kinds)
            return pa.list_(held) if held is not None else None
        case t.Struct(fields=fields):
            parts = [(name, _field_type(part, (*path, name), kinds)) for name, part in fields]
            known = [(name, part) for name, part in parts if part is not None]
            return pa.struct(known) if len(known) == len(parts) else None
        case t.MapOf() | t.Json():
            return None
        case t.Decimal(precision=precision, scale=scale) if seen <= {Number}:
            # Arrow forgets to compare whole numbers with the precision; in the widest type it need not.
            return pa.decimal128(38, scale) if precision <= 38 else pa.decimal256(76, scale)
        case t.Int() | t.Float() if seen <= {Number}:
            return arrow_type(base)
        case t.Bool() if seen <= {bool}:
            return pa.bool_()
        case t.Text() if seen == {Number}:
            return pa.int64()
        case _:
            return pa.string()


def _leaves(path: tuple[str, ...], kind: Type, reading: Reading) -> Iterator[tuple[tuple[str, ...], Type, Reading]]:
    base = t.base_of(kind)
    match base:
        case t.ListOf(item=item):
            yield from _leaves(path, item, inner(reading, 0))
        case t.Struct(fields=fields):
            for at, (field, part) in enumerate(fields):
                yield from _leaves((*path, field), part, inner(reading, at))
        case _:
            yield path, base, reading


def at_once(data: bytes, records: int, plan: FastPlan, strict: bool) -> pa.Table | None:
    """All records as one table; None where one of them is not as the plan has it, or they are not what they seem."""
    if b"\0" in data or _not_finite(data) or _marked_texts(data, plan.marked):
        return None
    if (plan.decimals and _odd_decimal(data)) or (plan.numerals and _negative_zero(data)):
        return None
    try:
        table = pa.json.read_json(
            pa.BufferReader(data),
            read_options=pa.json.ReadOptions(use_threads=False, block_size=len(data) + 1),
            parse_options=pa.json.ParseOptions(
                explicit_schema=plan.schema, newlines_in_values=True, unexpected_field_behavior="error" if strict else "ignore"
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    return table if table.num_rows == records else None


def _not_finite(data: bytes) -> bool:
    """Whether there is a number that JSON has not, which Arrow reads all the same."""
    if any(_has_pair(text, b"Na") or _has_pair(text, b"In") for text, _ in _pieces(data)):
        return _NOT_FINITE.search(data) is not None
    return False


def _has_pair(text: npt.NDArray[np.uint8], pair: bytes) -> bool:
    """Whether two bytes follow each other; by vectors, far faster than `in`."""
    word = np.frombuffer(pair, np.uint16)[0]
    even, odd = text[: len(text) & ~1], text[1 : 1 + (len(text) - 1 & ~1)]
    return bool((even.view(np.uint16) == word).any() or (odd.view(np.uint16) == word).any())


def _pieces(data: bytes) -> Iterator[tuple[npt.NDArray[np.uint8], int]]:
    """`data` in pieces that overlap by a few bytes, and where each begins: what vectors leave behind of a piece stays in the cache."""
    text = np.frombuffer(data, np.uint8)
    for start in range(0, len(text), _PIECE):
        yield text[max(0, start - 4) : start + _PIECE + 1], max(0, start - 4)


def _marked_texts(data: bytes, names: tuple[str, ...]) -> bool:
    """Whether one of these decimals may be written as a text, which Arrow would read in its own way."""
    if not names:
        return False
    written = b"|".join(re.escape(name.encode()) for name in names)
    return _ESCAPED_LETTER.search(data) is not None or re.search(rb'"(?:' + written + rb')"\s*:\s*(?:\[[^\]"]*)?"', data) is not None


def _odd_decimal(data: bytes) -> bool:
    """Whether a text may be a decimal to Arrow that is none to us: `"1E3"`, `"5."`."""
    found: list[int] = []
    for text, start in _pieces(data):
        # An exponent, or a point before a quote, behind a digit, a point or a slash is rare but for letters escaped as `\u00e9`.
        digit = text - np.uint8(46) < 12
        mark = (text | 0x20) == 101
        if _has_pair(text, b'."'):
            mark[:-1] |= (text[:-1] == 46) & (text[1:] == 34)
        mark[1:] &= digit[:-1]
        places = np.flatnonzero(mark[1:]) + 1
        places = places[(text[places - 3] != 117) | (text[places - 4] != 92)]
        found += (places + start).tolist()
        if len(found) > _MANY:
            return _ODD_DECIMAL.search(data) is not None
    return any(_ODD_DECIMAL.search(data, max(0, at - 100), at + 100) for at in found)


def _negative_zero(data: bytes) -> bool:
    """Whether a number may be `-0`, which Arrow takes for 0 before it is text again."""
    return any(mark in data for mark in (b":-0", b": -0", b",-0", b"[-0", b", -0", b"\n-0"))


def first_of(table: pa.Table, names: Sequence[str]) -> pa.Array:
    """The column under the first of `names` that has a value, row by row."""
    columns = [whole(table.column(name)) for name in names]
    return columns[0] if len(columns) == 1 else pc.coalesce(*columns)
