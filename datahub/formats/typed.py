"""Raw columns of typed formats as values of the declared types, with what could not be read of them and where it stands.

Leaves are texts, or already of a type of Arrow's. A part that cannot be read is null and fails alone.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import assert_never

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.formats.arrow_plain import readable, told_type
from datahub.formats.json_text import json_texts
from datahub.frames.frame import Failure, Failures, Mask, Rows, as_mask
from datahub.functions.columns import glued, valid
from datahub.functions.decimals import fit_decimal
from datahub.functions.declare import Outcome
from datahub.functions.segments import beginnings, listed, mapped, owners, part_at, places, unpacked
from datahub.functions.uneven import more_parts, odd_entries
from datahub.functions.white_space import trimmed
from datahub.records import record
from datahub.semantic.ir import Reading
from datahub.semantic.reading import beyond, reader
from datahub.types import model as t
from datahub.types.arrow import arrow_type
from datahub.types.model import Type

_MOST_PLACES = 1024
"""A number with a larger exponent is left as it was written."""


@record(frozen=True, slots=True)
class Typed:
    """Values, and the failures of their rows."""

    values: pa.Array
    failures: Failures = ()


def typed(raw: pa.Array, kind: Type, reading: Reading) -> Typed:
    """The values of `kind` that a plain column holds; what cannot be said of them fails as that, whatever is declared."""
    values, unreadable = readable(raw)
    made = _typed(values, kind, reading)
    if unreadable is None:
        return made
    kept = (failure.kept(~np.isin(failure.rows, unreadable.rows)) for failure in made.failures)
    return Typed(made.values, (unreadable, *(failure for failure in kept if len(failure.rows))))


def _typed(raw: pa.Array, kind: Type, reading: Reading) -> Typed:
    base = t.base_of(kind)
    match base:
        case t.ListOf(item=item) if pa.types.is_list(raw.type):
            made = _list(raw, item, reading)
        case t.Struct() if pa.types.is_struct(raw.type):
            made = _struct(raw, base, reading)
        case t.MapOf(value=value) if pa.types.is_map(raw.type):
            made = _map(raw, value, reading)
        case t.ListOf() | t.Struct() | t.MapOf() if pa.types.is_string(raw.type) and reading.split:
            return _parted(raw, kind, base, reading)
        case t.ListOf() | t.Struct() | t.MapOf() if pa.types.is_string(raw.type):
            made = _leaf(raw, base, reading)
        case _ if pa.types.is_string(raw.type):
            return _from_texts(raw, kind, base, reading)
        case _:
            made = _leaf(raw, base, reading)
    if kind.nullable or not raw.null_count:
        return made
    return Typed(made.values, (*made.failures, Failure(np.flatnonzero(~valid(raw)), "R201")))


# ---------------------------------------------------------------- leaves


def _from_texts(raw: pa.Array, kind: Type, base: Type, reading: Reading) -> Typed:
    found = cleaned(raw, reading, isinstance(base, t.Text))
    outcome = reader(base, reading)(found)
    failures = _failures(outcome, found, raw)
    values = outcome.values
    assert isinstance(values, pa.Array)
    lost = np.zeros(len(raw), np.bool_)
    for failure in failures:
        lost[failure.rows] = True
    if lost.any():
        values = pc.if_else(pa.array(lost), pa.scalar(None, values.type), values)
    if not kind.nullable and found.null_count:
        rows = np.flatnonzero(~valid(found))
        failures = (*failures, Failure(rows, "R201", values=raw.take(pa.array(rows))))
    return Typed(_cast(values, base), failures)


def _failures(outcome: Outcome, live: pa.Array, raw: pa.Array) -> Failures:
    """The first reason for which each row failed; null cannot fail."""
    found: list[Failure] = []
    seen = ~valid(live)
    for mask, code in outcome.failed:
        fresh = mask & ~seen
        seen = seen | fresh
        rows = np.flatnonzero(fresh)
        if len(rows):
            found.append(Failure(rows, code, values=raw.take(pa.array(rows)).cast(pa.string())))
    return tuple(found)


def cleaned(raw: pa.Array, reading: Reading, text: bool) -> pa.Array:
    """Texts as they are read: trimmed where that is wished, null where they are empty or stand for null."""
    found = trimmed(raw) if reading.trim else raw
    if not (reading.empty_text and text):
        empty = pc.equal(pc.binary_length(found), 0)
        if pc.any(empty).as_py():
            found = pc.if_else(empty, pa.scalar(None, pa.string()), found)
    if reading.null_words:
        found = pc.if_else(pc.is_in(found, value_set=pa.array(reading.null_words, pa.string())), pa.scalar(None, pa.string()), found)
    return found


def _leaf(raw: pa.Array, base: Type, reading: Reading) -> Typed:
    """Values of a type of Arrow's as values of the declared one; by way of their text where there is no exact way."""
    wished = arrow_type(base)
    if pa.types.is_null(raw.type):
        return Typed(pa.nulls(len(raw), wished))
    match base:
        case t.Int(width=width) if pa.types.is_integer(raw.type) and not pa.types.is_uint64(raw.type):
            values = raw.cast(pa.int64())
            outcome = Outcome(values, ((beyond(values, width), "R102"),))
        case t.Decimal(precision=precision, scale=scale) if pa.types.is_decimal(raw.type):
            outcome = fit_decimal(raw, precision, scale, None)
        case t.Float() if pa.types.is_floating(raw.type):
            values = raw.cast(pa.float64())
            outcome = Outcome(values, ((~np.isfinite(pc.fill_null(values, 0.0).to_numpy()), "R104"),))
        case t.Date() if pa.types.is_timestamp(raw.type) and raw.type.tz is None:
            days = raw.cast(pa.date32(), safe=False)
            outcome = Outcome(days, ((as_mask(pc.not_equal(days.cast(raw.type), raw), len(raw)), "R106"),))
        case t.Bool() | t.Date() | t.Time() | t.Duration() | t.DateTime() | t.LocalDateTime() if _direct(raw.type, wished):
            outcome = Outcome(raw.cast(wished, safe=False))
        case t.ListOf() | t.Struct() | t.MapOf():
            return _misfit(raw, base)
        case t.Json() if pa.types.is_nested(raw.type):
            return _json(raw)
        case _:
            return _by_text(raw, base, reading)
    failures = _failures(outcome, raw, raw)
    return Typed(_without(_cast(outcome.values, base), failures), failures)


def _direct(held: pa.DataType, wished: pa.DataType) -> bool:
    """Whether Arrow turns one type into the other without changing what a value says."""
    if pa.types.is_timestamp(held) and pa.types.is_timestamp(wished):
        return (held.tz is None) == (wished.tz is None)
    alike = (pa.types.is_date, pa.types.is_time, pa.types.is_duration, pa.types.is_boolean)
    return any(test(held) and test(wished) for test in alike)


def _by_text(raw: pa.Array, base: Type, reading: Reading) -> Typed:
    """Values through the texts that stand for them, as a text file would have them."""
    try:
        texts = raw.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return _misfit(raw, base)
    if pa.types.is_floating(raw.type) and isinstance(base, t.Int | t.Decimal):
        texts = _written_out(texts, isinstance(base, t.Int))
    elif pa.types.is_decimal(raw.type) and isinstance(base, t.Int):
        # A scale of the column is no decimal of its values: 1.00 is a whole number.
        texts = pc.replace_substring_regex(texts, r"\.0+$", "")
    made = _from_texts(texts, t.nullable(base), base, replace(reading, decimal=".", formats=(), trim=False))
    return Typed(made.values, made.failures)


def _written_out(texts: pa.Array, whole: bool) -> pa.Array:
    """Numbers without exponents: what is too large is told as that, whatever it came from."""
    short = pc.match_substring_regex(texts, "[eE.]" if whole else "[eE]")
    if not pc.any(short).as_py():
        return texts
    coded = texts.dictionary_encode()
    # Each distinct number once; Arrow has no kernel that writes an exponent out.
    plain = [without_exponent(one, whole) for one in coded.dictionary.to_pylist()]
    return pa.array(plain, pa.string()).take(coded.indices)


def without_exponent(number: str, whole: bool) -> str:
    """A number without exponent; one that is whole without its point, where a whole number is wanted."""
    if "e" not in number and "E" not in number and not (whole and "." in number):
        return number
    try:
        exact = Decimal(number)
    except InvalidOperation:
        return str(number)
    if not exact.is_finite() or abs(exact.adjusted()) > _MOST_PLACES:
        return str(number)
    if whole and exact == exact.to_integral_value():
        return format(exact.to_integral_value(), "f")
    return format(exact, "f")


def _misfit(raw: pa.Array, base: Type) -> Typed:
    """Values of another kind than declared, none of which can be had."""
    rows = np.flatnonzero(valid(raw))
    return Typed(pa.nulls(len(raw), arrow_type(base)), (Failure(rows, "R006", values=as_json(raw.take(pa.array(rows)))),))


_AS_IT_IS = Reading(empty_text=True)


def _json(raw: pa.Array) -> Typed:
    """Nested values as JSON; one with a part that JSON has not, fails whole."""
    kind = told_type(raw.type)
    made = typed(raw, kind, _AS_IT_IS)
    values = pc.if_else(pc.is_valid(raw), json_texts(made.values, kind), pa.scalar(None, pa.string()))
    failures = tuple(
        replace(one, code="R111" if one.code == "R104" else one.code, elements=None, inside="", deeper=None) for one in made.failures
    )
    return Typed(_without(values, failures), failures)


def as_json(values: pa.Array) -> pa.Array:
    """Each value of a plain column as JSON, for people; null stays null, and what JSON has not is null in it."""
    kind = told_type(values.type)
    texts = json_texts(typed(values, kind, _AS_IT_IS).values, kind)
    return pc.if_else(pc.is_valid(values), texts, pa.scalar(None, pa.string())) if values.null_count else texts


def _cast(values: pa.Array | pa.Scalar, base: Type) -> pa.Array:
    assert isinstance(values, pa.Array)
    wished = arrow_type(base)
    return values if values.type == wished else values.cast(wished)


def _without(values: pa.Array, failures: Failures) -> pa.Array:
    if not failures:
        return values
    lost = np.zeros(len(values), np.bool_)
    for failure in failures:
        lost[failure.rows] = True
    return pc.if_else(pa.array(lost), pa.scalar(None, values.type), values)


# ---------------------------------------------------------------- one cell with several values


@record(frozen=True, slots=True)
class _Cut:
    """Cells cut at the outermost mark of `@split`: texts in lists, structs or maps, how those are read, and which cells are not even."""

    raw: pa.Array
    reading: Reading
    uneven: Mask


def _parted(raw: pa.Array, kind: Type, base: t.ListOf | t.Struct | t.MapOf, reading: Reading) -> Typed:
    """Cells of texts by their parts; a cell whose parts are not those of its type fails, lest a part be lost."""
    cells = pc.split_pattern(cleaned(raw, reading, False), pattern=reading.split[0])
    cut = _cut(cells, base, reading)
    made = typed(cut.raw, kind, cut.reading)
    if not cut.uneven.any():
        return made
    rows = np.flatnonzero(cut.uneven)
    failures = (failure.kept(~cut.uneven[failure.rows]) for failure in made.failures)
    values = pc.if_else(pa.array(cut.uneven), pa.scalar(None, made.values.type), made.values)
    told = Failure(rows, "R007", values=raw.take(pa.array(rows)))
    return Typed(values, (told, *(failure for failure in failures if len(failure.rows))))


def _cut(cells: pa.Array, base: t.ListOf | t.Struct | t.MapOf, reading: Reading) -> _Cut:
    items, offsets = unpacked(cells)
    match base:
        case t.ListOf(item=item):
            part = below(reading, 0)
            keep = np.ones(len(items), np.bool_) if item.nullable else _filled(items, item, part)
            made = listed(items.filter(pa.array(keep)), beginnings(keep)[offsets])
            return _Cut(made, replace(reading, split=(), inner=(part,)), np.zeros(len(cells), np.bool_))
        case t.Struct(fields=fields):
            there = valid(cells)
            parts = [part_at(cells, at) for at in range(len(fields))]
            mask = None if there.all() else pa.array(~there)
            made = pa.StructArray.from_arrays(parts, names=[name for name, _ in fields], mask=mask)
            inner = tuple(below(reading, at) for at in range(len(fields)))
            uneven = more_parts(len(fields), valid(cleaned(items, reading, False)), offsets)
            return _Cut(made, replace(reading, split=(), inner=inner), uneven)
        case t.MapOf(value=value):
            part = below(reading, 0, 2)
            cut = pc.split_pattern(items, pattern=reading.split[1] if len(reading.split) > 1 else "=", max_splits=1)
            keys, values = part_at(cut, 0), part_at(cut, 1)
            keys = trimmed(keys) if reading.trim else keys
            keep = _filled(values, value, part)
            uneven = odd_entries(keys, values, valid(cleaned(items, reading, False)), keep, offsets)
            made = mapped(keys.filter(pa.array(keep)), values.filter(pa.array(keep)), beginnings(keep)[offsets])
            return _Cut(made, replace(reading, split=(), inner=(part,)), uneven)
        case _:
            assert_never(base)


def below(reading: Reading, at: int, taken: int = 1) -> Reading:
    """The reading of a part of a cell: the marks that are left are for it, unless it has its own."""
    part = reading.inner[at] if at < len(reading.inner) else replace(reading, split=(), inner=())
    return part if part.split else replace(part, split=reading.split[taken:])


def _filled(items: pa.Array, kind: Type, reading: Reading) -> Mask:
    return valid(cleaned(items, reading, isinstance(t.base_of(kind), t.Text)))


# ---------------------------------------------------------------- lists, structs, maps


def inner(reading: Reading, at: int) -> Reading:
    """The reading of part number `at`."""
    part = reading.inner[at] if at < len(reading.inner) else replace(reading, inner=())
    # Marks that found no text at this level are for what is below.
    return part if part.split else replace(part, split=reading.split)


def _list(raw: pa.Array, item: Type, reading: Reading) -> Typed:
    items, offsets = unpacked(raw)
    made = typed(items, item, inner(reading, 0))
    if not made.failures:
        return Typed(listed(made.values, offsets, _keep(raw)))
    parents, positions = owners(offsets), places(offsets)
    failures = []
    for failure in made.failures:
        at = positions[failure.rows]
        below = failure.set_below()
        paths = _headed(pa.array(at).cast(pa.string()), failure.paths)
        failures.append(replace(below, rows=parents[failure.rows], elements=at, paths=paths))
    return Typed(listed(made.values, offsets, _keep(raw)), tuple(failures))


def _struct(raw: pa.Array, base: t.Struct, reading: Reading) -> Typed:
    there = valid(raw)
    held = {field.name for field in raw.type}
    made, failures = [], []
    for at, (name, kind) in enumerate(base.fields):
        part = pc.struct_field(raw, name) if name in held else pa.nulls(len(raw))
        one = typed(part, kind, inner(reading, at))
        made.append(one.values)
        for failure in one.failures:
            kept = failure.kept(there[failure.rows])
            if len(kept.rows):
                below = kept.set_below()
                inside = f"{name}/{below.inside}" if below.inside else name
                paths = _headed(pa.repeat(pa.scalar(name), len(kept.rows)), kept.paths)
                failures.append(replace(below, inside=inside, paths=paths))
    fields = [pa.field(name, arrow_type(kind)) for name, kind in base.fields]
    return Typed(pa.StructArray.from_arrays(made, fields=fields, mask=None if there.all() else pa.array(~there)), tuple(failures))


def _map(raw: pa.Array, value: Type, reading: Reading) -> Typed:
    entries, offsets = unpacked(raw)
    named_by = typed(pc.struct_field(entries, "key"), t.Text(), _AS_IT_IS)
    keys = pc.fill_null(named_by.values, "")
    made = typed(pc.struct_field(entries, "value"), value, inner(reading, 0))
    parents = owners(offsets)
    failures = [replace(one, rows=parents[one.rows], elements=None, inside="", deeper=None, paths=None) for one in named_by.failures]
    twice = _doubled(keys, parents)
    if len(twice):
        failures.append(Failure(parents[twice], "R007", values=keys.take(pa.array(twice))))
    for failure in made.failures:
        paths = _headed(keys.take(pa.array(failure.rows)), failure.paths)
        failures.append(replace(failure, rows=parents[failure.rows], elements=None, inside="", deeper=None, paths=paths))
    return Typed(mapped(keys, made.values, offsets, _keep(raw)), tuple(failures))


def _doubled(keys: pa.Array, parents: Rows) -> Rows:
    """The entries whose key an earlier entry of their map has."""
    codes = keys.dictionary_encode().indices.to_numpy().astype(np.int64) + parents * (len(keys) + 1)
    _, firsts = np.unique(codes, return_index=True)
    return np.setdiff1d(np.arange(len(keys)), firsts)


def _keep(raw: pa.Array) -> Mask | None:
    return valid(raw) if raw.null_count else None


def _headed(parts: pa.Array, paths: pa.Array | None) -> pa.Array:
    head = glued("/", parts)
    return head if paths is None else glued(head, paths)


def named(failure: Failure, column: str) -> Failure:
    """A failure of a whole column: which column it is, and in nested data where in the record."""
    paths = None if failure.paths is None else glued(f"/{column}", failure.paths)
    return replace(failure, column=column, paths=paths, rows=failure.rows.astype(np.int64))
