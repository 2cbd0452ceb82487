"""Guards and choices: evaluated for all rows where that is cheap and cannot be told, for the rows concerned where not.

A branch's failures count only in the rows that take it. A branch is evaluated on just those rows where something in it
is counted (`on error`), or where it is slow and few rows need it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.engine.failures import OMIT, nulled, real, union
from datahub.engine.scope import RunState, Scope, evaluates
from datahub.engine.values import carried, coerced
from datahub.frames.frame import Column, Failures, Mask, as_mask, failed_rows, only_where
from datahub.functions.columns import valid
from datahub.functions.declare import REGISTRY
from datahub.semantic import ir
from datahub.semantic.walk import walk
from datahub.types.bits import truth_array

SLOW = 24
"""From this weight on a branch that less than half of the rows need is evaluated on those alone."""


@evaluates(ir.Logic)
def logic(node: ir.Logic, scope: Scope) -> Column:
    """`and`, `or`: the right side counts where the left one is true (false for `or`)."""
    left = scope.evaluate(node.left)
    stop = node.operator == "or"
    if isinstance(left.values, pa.Scalar) and not left.failures:
        return left if bool(left.values.as_py()) is stop else scope.evaluate(node.right)
    open_rows = as_mask(left.values, scope.length) if not stop else ~as_mask(left.values, scope.length)
    if left.failures:
        open_rows &= ~failed_rows(left.failures, scope.length)
    if not open_rows.any():
        return left
    right = where(node.right, open_rows, scope)
    combine = pc.or_kleene if stop else pc.and_kleene
    values = combine(left.array(scope.length), right.array(scope.length))
    return Column(nulled(values, left.failures, scope.length), union(left.failures, right.failures))


def where(node: ir.Expression, rows: Mask, scope: Scope) -> Column:
    """The column of `node`, of which only `rows` count: elsewhere its values are arbitrary, its failures dropped."""
    if rows.all():
        return scope.evaluate(node)
    weight: float = scope.run.once(scope.run.canonical(node), "weight", lambda: weight_of(node, scope.run))
    if weight == float("inf") or (weight >= SLOW and np.count_nonzero(rows) * 2 < len(rows)):
        return scattered(node, rows, scope)
    column = scope.evaluate(node)
    return Column(column.values, only_where(column.failures, rows)) if column.failures else column


def weight_of(node: ir.Expression, run: RunState) -> float:
    """How long `node` takes a row, roughly, in simple kernels; endless where it must not be evaluated for other rows."""
    weight = 0.0
    for part in walk(node):
        match part:
            case ir.Recover():
                return float("inf")
            case ir.Call(function=name):
                weight += SLOW if REGISTRY[name].slow else 1
            case ir.Aggregate() | ir.Collect() | ir.Decision() | ir.LookUp() | ir.Convert():
                weight += SLOW / 2
            case _:
                pass
    return weight


def scattered(node: ir.Expression, rows: Mask, scope: Scope) -> Column:
    """The column of `node`, evaluated for `rows` alone and null elsewhere."""
    known = scope.known(scope.run.canonical(node))
    if known is not None:
        return Column(known.values, only_where(known.failures, rows))
    part = scope.some(np.flatnonzero(rows))
    column = part.evaluate(node)
    failures = part.to_parent(column.failures)
    if isinstance(column.values, pa.Scalar):
        return Column(column.values, failures)
    places = np.cumsum(rows) - 1
    return Column(column.values.take(pa.array(places, mask=~rows)), failures)


# ---------------------------------------------------------------- if, case


@evaluates(ir.Choose)
def choose(node: ir.Choose, scope: Scope) -> Column:
    """The value of the first branch whose condition is true."""
    length = scope.length
    waiting = np.ones(length, np.bool_)
    branch_of = np.full(length, -1, np.int16)
    failures: list[Failures] = []
    chosen: list[Column] = []
    for condition, value in node.branches:
        if not waiting.any():
            break
        asked = where(condition, waiting, scope)
        taken = waiting & as_mask(asked.values, length)
        if asked.failures:
            lost = failed_rows(asked.failures, length)
            taken &= ~lost
            waiting &= ~lost
            failures.append(asked.failures)
        if taken.any():
            np.putmask(branch_of, taken, len(chosen))
            chosen.append(where(value, taken, scope))
            waiting &= ~taken
    if waiting.any():
        np.putmask(branch_of, waiting, len(chosen))
        chosen.append(where(node.otherwise, waiting, scope))
    return _picked(node, branch_of, chosen, failures, scope)


def _picked(node: ir.Choose, branch_of: Any, chosen: list[Column], failures: list[Failures], scope: Scope) -> Column:
    """Row by row the value of the branch taken; none where a condition failed."""
    taken = [Column(coerced(column.values, node.type), column.failures) for column in chosen]
    found = union(*failures, *(column.failures for column in taken))
    if not taken:
        return Column(pa.scalar(None, carried(node.type)), found)
    if len(taken) == 1 and not failures:
        return Column(taken[0].values, found)
    values = merged([column.values for column in taken], branch_of)
    return Column(values, found)


def merged(values: list[pa.Array | pa.Scalar], branch_of: Any) -> pa.Array:
    """For each row the value of the column whose number `branch_of` says; null where it says -1."""
    gone = branch_of < 0
    hollow = bool(gone.any())
    if all(isinstance(one, pa.Scalar) for one in values):
        # A few values for many rows: they are taken by their number.
        table = pa.concat_arrays([pa.repeat(one, 1) for one in values])
        return table.take(pa.array(branch_of, mask=gone) if hollow else pa.array(branch_of))
    if len(values) <= 2:
        first = truth_array(branch_of == 0)
        other = values[1] if len(values) == 2 else pa.scalar(None, values[0].type)
        result = pc.if_else(first, values[0], other)
        return pc.if_else(truth_array(gone), pa.scalar(None, result.type), result) if hollow else result
    length = len(branch_of)
    stacked = pa.concat_arrays([pa.repeat(one, length) if isinstance(one, pa.Scalar) else one for one in values])
    places = branch_of.astype(np.int64) * length + np.arange(length)
    return stacked.take(pa.array(places, mask=gone) if hollow else pa.array(places))


# ---------------------------------------------------------------- default, on error


@evaluates(ir.Default)
def default(node: ir.Default, scope: Scope) -> Column:
    """The fallback where the value is null and did not fail."""
    value = scope.evaluate(node.value)
    values = coerced(value.values, node.type)
    if isinstance(values, pa.Scalar):
        empty = np.full(scope.length, not values.is_valid, np.bool_)
    elif not values.null_count:
        return Column(values, value.failures)
    else:
        empty = ~valid(values)
    if value.failures:
        empty &= ~failed_rows(value.failures, scope.length)
    if not empty.any():
        return Column(values, value.failures)
    fallback = where(node.fallback, empty, scope)
    given = coerced(fallback.values, node.type)
    if empty.all():
        return Column(given, fallback.failures)
    filled = pc.coalesce(values, given) if not value.failures else pc.if_else(pa.array(empty), given, values)
    return Column(filled, union(value.failures, fallback.failures))


@evaluates(ir.Recover)
def recover(node: ir.Recover, scope: Scope) -> Column:
    """Where the value failed: the fallback, counted, and listed if so wished; or the same failure under another code."""
    value = scope.evaluate(node.value)
    failures = real(value.failures)
    if not failures:
        return Column(coerced(value.values, node.type), value.failures)
    if node.how == "reject":
        renamed = ((replace(failure, code=node.code, cause=failure.cause or failure.code),) for failure in failures)
        return Column(value.values, union(_omitted(value.failures), *renamed))
    lost = failed_rows(failures, scope.length)
    scope.run.recovered.add(node.place, int(np.count_nonzero(lost)))
    if node.how == "warn":
        scope.note(tuple(replace(failure, severity="warn", elements=None, inside="", deeper=None) for failure in failures))
    fallback = Column(pa.scalar(None, carried(node.type))) if node.fallback is None else where(node.fallback, lost, scope)
    values = pc.if_else(pa.array(lost), coerced(fallback.values, node.type), coerced(value.values, node.type))
    return Column(values, union(_omitted(value.failures), fallback.failures))


def _omitted(failures: Failures) -> Failures:
    return tuple(failure for failure in failures if failure.code == OMIT)
