"""Transcoding tables: rows found by key through codes, and what a miss gives."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.engine.calls import texts_at
from datahub.engine.failures import nulled, union, whole
from datahub.engine.lookup_index import CONTRADICTED, LookupIndex, build
from datahub.engine.scope import Scope, evaluate_all, evaluates, field_of
from datahub.engine.values import brought, carried, coerced
from datahub.frames.frame import Column, Failure, Failures, Mask, Rows, failed_rows
from datahub.functions.columns import fixed, ints, valid
from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.walk import columns_read
from datahub.zones import zone_named

__all__ = ["LookupIndex", "build", "in_look_up", "look_up"]

MISS, NO_PERIOD, SEVERAL = "R401", "R402", "R403"


# ---------------------------------------------------------------- searching


@evaluates(ir.LookUp)
def look_up(node: ir.LookUp, scope: Scope) -> Column:
    """What the table has under the keys: null where a key is null, and on a miss what the table says."""
    index = scope.run.lookup(node.table)
    columns = evaluate_all(node.keys, scope)
    day = _day(node, index, scope)
    asked = columns if day is None else [*columns, day]
    before = union(*(whole(column.failures) for column in asked))
    wanted = [column.array(scope.length) for column in columns]
    live = np.logical_and.reduce([valid(one) for one in wanted])
    if node.inverse:
        place, codes_of = _backwards(index, node, wanted)
    else:
        place, codes_of = _forwards(index, wanted, None if day is None else day.array(scope.length))
    if day is not None:
        live &= valid(day.array(scope.length))
    if before:
        live &= ~failed_rows(before, scope.length)
    return _answered(node, index, Found(place, codes_of, live, before), asked, scope)


@record(frozen=True, slots=True)
class Found:
    """What a search gave: rows of the table (-1: none), where there is a miss under which code, which rows asked at all."""

    place: Rows
    codes: tuple[tuple[Mask, str], ...]
    live: Mask
    before: Failures


def _day(node: ir.LookUp, index: LookupIndex, scope: Scope) -> Column | None:
    """The day to look at: as told, or that of the run where the table has periods and no day is told."""
    if node.day is not None:
        return scope.evaluate(node.day)
    if index.moments is None or node.inverse:
        return None
    now = scope.run.context.now
    local = (now if now.tzinfo else now.replace(tzinfo=UTC)).astimezone(zone_named(scope.run.context.zone))
    return Column(brought(pa.scalar(local.date()), index.moments.type))


def _forwards(index: LookupIndex, wanted: list[pa.Array], day: pa.Array | None) -> tuple[Rows, tuple[tuple[Mask, str], ...]]:
    """For each row of data the row of the table, and where there is none."""
    key = index.keys.find(wanted)
    if index.moments is None or day is None:
        place = index.rows_at(key)
        several = ((place == CONTRADICTED, SEVERAL),) if index.contradicts else ()
        return place, ((place == -1, MISS), *several)
    missed = key < 0
    if not len(index.order):
        return key, ((missed, MISS),)
    moment = np.searchsorted(_numbers(index.moments), _numbers(brought(day, index.moments.type)), side="right")
    width = len(index.moments) + 1
    at = np.searchsorted(index.periods, np.where(missed, 0, key) * width + moment, side="right") - 1
    late = ~missed & ((at < 0) | (index.periods[np.maximum(at, 0)] // width != key))
    at = np.maximum(at, 0)
    several_at = index.double[at] & ~missed & ~late
    place = np.where(missed | late | several_at, -1, index.order[at])
    return place, ((missed, MISS), (late, NO_PERIOD), (several_at, SEVERAL))


def _numbers(values: pa.Array) -> Any:
    """Days or instants as whole numbers, null as the first."""
    return np.where(valid(values), ints(values), np.iinfo(np.int64).min) if values.null_count else ints(values)


def _backwards(index: LookupIndex, node: ir.LookUp, wanted: list[pa.Array]) -> tuple[Rows, tuple[tuple[Mask, str], ...]]:
    """Rows by their result: the first that has it."""
    keys, key_of = index.inverse(node.member)
    number = keys.find(wanted)
    first = np.full(len(keys) + 1, -1, np.int64)
    rows = np.flatnonzero(key_of >= 0)[::-1]
    first[key_of[rows]] = rows
    place = first[number]
    return place, ((place < 0, MISS),)


# ---------------------------------------------------------------- answering


def _answered(node: ir.LookUp, index: LookupIndex, found: Found, asked: list[Column], scope: Scope) -> Column:
    source = _keys_of(index) if node.inverse else index.results
    if node.member and not node.inverse:
        source = pc.struct_field(source, node.member)
    hit = (found.place >= 0) & found.live
    values = source.take(pa.array(found.place, mask=~hit))
    missed = np.zeros(scope.length, np.bool_)
    failures: Failures = found.before
    # Another value than null is one of the result, and says nothing of keys.
    refuses = index.table.miss == "error" or (node.inverse and index.table.miss == "value" and not index.table.misses_to_null)
    for mask, code in found.codes:
        mask = mask & found.live
        if not mask.any():
            continue
        if refuses or code == SEVERAL:
            failures = union(failures, (_miss(index, node, np.flatnonzero(mask), code, asked, scope),))
        else:
            missed |= mask
    values = coerced(values, node.type)
    if missed.any():
        scope.run.unfound.add(index.table.name, 1)
        given = _on_miss(node, index, asked, missed, scope)
        values = pc.if_else(pa.array(missed), coerced(given.values, node.type), values)
        values = nulled(values, given.failures, scope.length)
        failures = union(failures, given.failures)
    return Column(values, failures)


def _keys_of(index: LookupIndex) -> pa.Array:
    """What a search by value gives: the key, or a struct of its parts."""
    if len(index.key_columns) == 1:
        return index.key_columns[0]
    return pa.StructArray.from_arrays(list(index.key_columns), [name for name, _ in index.table.keys])


def _on_miss(node: ir.LookUp, index: LookupIndex, asked: list[Column], missed: Mask, scope: Scope) -> Column:
    """What a table that does not refuse gives on a miss: the key itself, or its fallback."""
    if index.table.miss == "self":
        return Column(asked[0].values)
    if node.inverse or index.table.fallback is None:
        return Column(pa.scalar(None, carried(node.type)))
    rows = np.flatnonzero(missed)
    inner = _with_keys(index, asked, rows, scope, index.table.fallback)
    given = inner.evaluate(index.table.fallback)
    if node.member:
        given = field_of(Column(coerced(given.values, index.table.result), given.failures), node.member)
    if isinstance(given.values, pa.Scalar):
        values: Any = given.values
    else:
        values = given.values.take(pa.array(np.cumsum(missed) - 1, mask=~missed))
    return Column(values, inner.to_parent(given.failures))


def _with_keys(index: LookupIndex, asked: list[Column], rows: Rows, scope: Scope, wanted: ir.Expression) -> Scope:
    """A scope of some rows in which the keys, and the day, that `wanted` reads can be read by their names in the table."""
    inner = scope.some(rows)
    picked = pa.array(rows)
    read = columns_read(wanted)
    for name, column in zip((*(name for name, _ in index.table.keys), index.table.valid_from), asked, strict=False):
        if name not in read:
            continue
        values = column.values if isinstance(column.values, pa.Scalar) else column.values.take(picked)
        inner.columns[name] = Column(values)
    return inner


def _miss(index: LookupIndex, node: ir.LookUp, rows: Rows, code: str, asked: list[Column], scope: Scope) -> Failure:
    """The failure of rows that found nothing, in the table's own words where it has any."""
    values = texts_at([column.values for column in asked], rows) if scope.in_list else None
    if index.table.message is None or node.inverse or code == SEVERAL:
        return Failure(rows, code, values=values)
    said = _with_keys(index, asked, rows, scope, index.table.message).evaluate(index.table.message)
    return Failure(rows, code, values=values, texts=said.array(len(rows)).fill_null(fixed("")))


@evaluates(ir.InLookUp)
def in_look_up(node: ir.InLookUp, scope: Scope) -> Column:
    """Whether the table has the key; null is no key."""
    index = scope.run.lookup(node.table)
    columns = evaluate_all(node.keys, scope)
    found = index.keys.find([column.array(scope.length) for column in columns]) >= 0
    failures = union(*(whole(column.failures) for column in columns))
    return Column(nulled(pa.array(found), failures, scope.length), failures)
