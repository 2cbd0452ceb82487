"""Values brought into the type of the field they fill: presence, length, digits, membership, conditions; parts of lists and structs too."""

from __future__ import annotations

from dataclasses import field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.diagnostics.row_codes import CONDITION
from datahub.engine.branches import where
from datahub.engine.cells import REQUIRED
from datahub.engine.failures import failing, in_entry, in_item, in_member, nulled, of_itself, union
from datahub.engine.loops import of_elements
from datahub.engine.scope import Scope, evaluates, field_of
from datahub.engine.values import brought, carried
from datahub.frames.frame import Column, Failure, Failures, Frame, Mask, as_mask, failed_rows
from datahub.functions.columns import valid
from datahub.functions.conversions import fit_text, to_enum
from datahub.functions.decimals import fit_decimal
from datahub.functions.declare import Outcome
from datahub.functions.segments import listed, mapped, owners, places, unpacked
from datahub.functions.written import as_text
from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.reading import beyond
from datahub.semantic.walk import walk
from datahub.types import model as t

ITSELF = "it"
"""The column over which conditions of named types are written; `it/*` and `it/price` are its parts."""


@record(frozen=True, slots=True)
class Demands:
    """What is asked of a value beside its type: how surplus digits go, and conditions by the place they are about."""

    rounding: str | None
    conditions: dict[str, list[tuple[ir.Expression, str]]] = field(default_factory=dict)

    def below(self, here: str) -> bool:
        """Whether a condition is about `here` or a part of it."""
        return any(place == here or place.startswith(here + "/") for place in self.conditions)


@evaluates(ir.Fit)
def fit(node: ir.Fit, scope: Scope) -> Column:
    """The value in its field's type; where it does not fit it failed."""
    column = scope.evaluate(node.value)
    demands: Demands = scope.run.once(node, "demands", lambda: demands_of(node))
    if pa.types.is_null(column.values.type):
        column = Column(brought(column.array(scope.length), carried(node.type)), column.failures)
    values, found = fitted(column, node.type, node.value.type, ITSELF, demands, scope)
    failures = union(column.failures, found)
    return Column(nulled(values, failures, scope.length) if found else values, failures)


def demands_of(node: ir.Fit) -> Demands:
    """The conditions of a field, sorted by the part they are about."""
    sorted_out: dict[str, list[tuple[ir.Expression, str]]] = {}
    for condition, code in node.conditions:
        names = [part.name for part in walk(condition) if isinstance(part, ir.Column)]
        place = next((name for name in names if name == ITSELF or name.startswith(ITSELF + "/")), ITSELF)
        sorted_out.setdefault(place, []).append((condition, code))
    return Demands(node.rounding or None, sorted_out)


def fitted(column: Column, kind: t.Type, was: t.Type, here: str, demands: Demands, scope: Scope) -> tuple[pa.Array, Failures]:
    """The values of `column` as `kind`, and what of them does not fit; rows that failed before are passed over."""
    values = column.array(scope.length)
    lost = failed_rows(of_itself(column.failures), scope.length)
    source, base = t.base_of(was), t.base_of(kind)
    if pa.types.is_null(values.type):
        values = brought(values, carried(base))
    found: Failures = ()
    match base:
        case t.ListOf(item=item) if isinstance(source, t.ListOf) and (not fits(source.item, item) or demands.below(here + "/*")):
            values, found = _list(column, values, item, source.item, here, demands, scope)
        case t.Struct() if isinstance(source, t.Struct) and (not fits(source, base) or demands.below(here)):
            values, found = _struct(column, values, base, source, here, demands, scope)
        case t.MapOf(value=value) if isinstance(source, t.MapOf) and (not fits(source.value, value) or demands.below(here + "/*")):
            values, found = _map(column, values, value, source.value, here, demands, scope)
        case _:
            values, found = _scalar(values, base, source, demands.rounding, lost)
    if found:
        lost = lost | failed_rows(of_itself(found), scope.length)
    if not kind.nullable and values.null_count:
        absent = ~valid(values) & ~lost
        if absent.any():
            found = union(found, (Failure(np.flatnonzero(absent), REQUIRED),))
            lost = lost | absent
    return values, union(found, *_broken(values, here, demands, lost, scope))


def fits(was: t.Type, kind: t.Type) -> bool:
    """Whether every value of one type is one of the other, as it stands."""
    if was.nullable and not kind.nullable:
        return False
    source, base = t.base_of(was), t.base_of(kind)
    match base, source:
        case t.ListOf(item=item), t.ListOf(item=inner):
            return fits(inner, item)
        case t.Struct(fields=fields), t.Struct(fields=others):
            given = dict(others)
            return tuple(given) == tuple(name for name, _ in fields) and all(fits(given[name], inner) for name, inner in fields)
        case t.Text(), t.Text():
            return _within(source, base)
        case t.Int(), t.Int():
            return source.width <= base.width
        case t.MapOf(value=value), t.MapOf(value=inner):
            return fits(inner, value)
        case _:
            return t.with_null(source, False) == t.with_null(base, False)


def _within(source: t.Text, base: t.Text) -> bool:
    short = not base.shortest or (source.shortest or 0) >= base.shortest
    long = base.longest is None or (source.longest is not None and source.longest <= base.longest)
    return short and long


# ---------------------------------------------------------------- one value


def _scalar(values: pa.Array, base: t.Type, source: t.Type, rounding: str | None, lost: Mask) -> tuple[pa.Array, Failures]:
    if fits(t.required(source), t.required(base)) and values.type == carried(base):
        return values, ()
    made = _brought(values, base, source, rounding)
    found = []
    for mask, code in made.failed:
        rows = np.flatnonzero(mask & ~lost & valid(values))
        if len(rows):
            found.append(Failure(rows, code, values=as_text(values.take(pa.array(rows))), wanted=t.spelled(t.required(base))))
    result = brought(made.values, carried(base))
    return nulled(result, tuple(found), len(values)), tuple(found)


def _brought(values: pa.Array, base: t.Type, source: t.Type, rounding: str | None) -> Outcome:
    """The values in a type of their kind, and which of them it does not hold."""
    match base:
        case t.Text() if not (isinstance(source, t.Text) and _within(source, base)):
            return fit_text(values, base.shortest, base.longest)
        case t.Decimal(precision=precision, scale=scale) if values.type != carried(base):
            return fit_decimal(values, precision, scale, rounding)
        case t.Int() if base.width < 64:
            return Outcome(values, ((beyond(values, base.width), "R102"),))
        case t.Enum(members=members) if not (isinstance(source, t.Enum) and set(source.members) <= set(members)):
            return to_enum(values, members)
        case _:
            return Outcome(values)


def _broken(values: pa.Array, here: str, demands: Demands, lost: Mask, scope: Scope) -> list[Failures]:
    """Where a condition of a named type does not hold; nothing is asked of null, nor of what failed."""
    conditions = demands.conditions.get(here, ())
    if not conditions:
        return []
    live = ~lost & valid(values) if values.null_count else ~lost
    frame = Frame({here: Column(values)}, scope.length, scope.frame.rows)
    inner = Scope(frame, scope.run, parent=scope, parents=np.arange(scope.length, dtype=np.int64), subset=True)
    found: list[Failures] = []
    for condition, code in conditions:
        if not live.any():
            break
        asked = where(condition, live, inner)
        broken = live & ~as_mask(asked.values, scope.length)
        if asked.failures:
            broken &= ~failed_rows(asked.failures, scope.length)
            found.append(asked.failures)
        rows = np.flatnonzero(broken)
        if len(rows):
            from datahub.plan.text import condition as told

            found.append(
                (Failure(rows, code, values=as_text(values.take(pa.array(rows))), wanted=told(condition) if code == CONDITION else ""),)
            )
            live &= ~broken
    return found


# ---------------------------------------------------------------- parts


def _list(
    column: Column, values: pa.Array, item: t.Type, was: t.Type, here: str, demands: Demands, scope: Scope
) -> tuple[pa.Array, Failures]:
    items, offsets = unpacked(values)
    parents, positions = owners(offsets), places(offsets)
    inner = Scope(Frame({}, len(items), scope.frame.rows[parents]), scope.run, parent=scope, parents=parents, item="", positions=positions)
    # Of a list that failed as a whole nothing is asked: what became null in it is told already.
    gone = failed_rows(of_itself(column.failures), scope.length)[parents]
    before = (*of_elements(column.failures, offsets), *failing("", gone))
    made, found = fitted(Column(items, before), item, was, here + "/*", demands, inner)
    made = nulled(made, found, len(items))
    result = listed(brought(made, carried(item)), offsets, valid(values) if values.null_count else None)
    return result, tuple(in_item(failure, parents, positions) for failure in found)


def _map(
    column: Column, values: pa.Array, value: t.Type, was: t.Type, here: str, demands: Demands, scope: Scope
) -> tuple[pa.Array, Failures]:
    entries, offsets = unpacked(values)
    keys, items = pc.struct_field(entries, "key"), pc.struct_field(entries, "value")
    parents = owners(offsets)
    inner = Scope(Frame({}, len(items), scope.frame.rows[parents]), scope.run, parent=scope, parents=parents, item="")
    gone = failed_rows(of_itself(column.failures), scope.length)[parents]
    made, found = fitted(Column(items, failing("", gone)), value, was, here + "/*", demands, inner)
    made = nulled(made, found, len(items))
    result = mapped(keys, brought(made, carried(value)), offsets, valid(values) if values.null_count else None)
    return result, tuple(in_entry(failure, keys, parents) for failure in found)


def _struct(
    column: Column, values: pa.Array, base: t.Struct, source: t.Struct, here: str, demands: Demands, scope: Scope
) -> tuple[pa.Array, Failures]:
    given = dict(source.fields)
    gone = ~valid(values) if values.null_count else None
    exempt = () if gone is None else (Failure(np.flatnonzero(gone), ""),)
    parts = []
    found: list[Failure] = []
    for name, kind in base.fields:
        if name not in given:
            part, fresh = fitted(_nothing(scope.length, exempt), kind, t.Nothing(), f"{here}/{name}", demands, scope)
        else:
            one = field_of(Column(values, column.failures), name)
            part, fresh = fitted(replace(one, failures=(*one.failures, *exempt)), kind, given[name], f"{here}/{name}", demands, scope)
        parts.append(brought(nulled(part, fresh, scope.length), carried(kind)))
        found.extend(in_member(failure, name) for failure in fresh)
    fields = list(carried(base))
    mask = None if gone is None else pa.array(gone)
    return pa.StructArray.from_arrays(parts, fields=fields, mask=mask), tuple(found)


def _nothing(length: int, exempt: Failures) -> Column:
    return Column(pa.nulls(length), exempt)
