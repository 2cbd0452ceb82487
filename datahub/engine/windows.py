"""Windows: what the rows of a map that share a key say together, given back to each of them.

A row whose key, condition or order failed is in no window, and failed itself; a row whose value failed is left out
of what its window says, so that one bad row spoils none but itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from datahub.engine import keys
from datahub.engine.failures import failing, nulled, union, whole
from datahub.engine.ordering import ordered
from datahub.engine.scope import Scope, evaluate_all, evaluates
from datahub.engine.values import coerced
from datahub.frames.frame import Column, Failures, Mask, Rows, as_mask, failed_rows
from datahub.functions.columns import as_mask as truths
from datahub.functions.columns import from_ints
from datahub.functions.declare import Offsets
from datahub.functions.segments import beginnings, picked
from datahub.records import record
from datahub.semantic import ir


@record(frozen=True, slots=True)
class Segments:
    """The rows that are in windows, window by window in order; for every row its window, and which rows failed."""

    rows: Rows
    offsets: Offsets
    window_of: Rows
    failures: Failures

    def without(self, lost: Mask) -> Segments:
        """The same windows without the rows that are lost."""
        keep = ~lost[self.rows]
        return Segments(self.rows[keep], beginnings(keep)[self.offsets], self.window_of, self.failures)


def segments(over: ir.Window, scope: Scope) -> Segments:
    """The windows of `over`, made once for all that look through the same."""
    order = tuple((id(key.value), key.descending) for key in over.order)
    key = ("window", tuple(id(key) for key in over.keys), id(over.where), order)
    return scope.once(key, lambda: _segments(over, scope))


def _segments(over: ir.Window, scope: Scope) -> Segments:
    length = scope.length
    columns = evaluate_all(over.keys, scope)
    sorting = evaluate_all([key.value for key in over.order], scope)
    failures = union(*(whole(column.failures) for column in (*columns, *sorting)))
    keep = np.ones(length, np.bool_)
    if over.where is not None:
        asked = scope.evaluate(over.where)
        keep = as_mask(asked.values, length).copy()
        failures = union(failures, whole(asked.failures))
    if failures:
        keep &= ~failed_rows(failures, length)
    window_of = keys.codes([column.array(length) for column in columns]) if columns else np.zeros(length, np.int64)
    inside = np.flatnonzero(keep)
    at = pa.array(inside)
    by = [(column.array(length).take(at), key.value.type, key.descending) for column, key in zip(sorting, over.order, strict=True)]
    rows = inside[ordered(by, window_of[inside])]
    lengths = np.bincount(window_of[inside], minlength=int(window_of.max(initial=-1)) + 1)
    return Segments(rows, beginnings(lengths), window_of, failures)


def over_window(node: ir.Aggregate, value: ir.Expression | None, kernel: Callable[..., Any], scope: Scope) -> Column:
    """What an aggregate says of each row's window."""
    if scope.subset or scope.item:
        assert scope.parent is not None
        return scope.from_parent(scope.parent.evaluate(node))
    assert isinstance(node.over, ir.Window)
    found, failures, values = with_value(node.over, value, scope)
    result, failed = scope.run.folded.get(id(node)) or kernel(values, found.offsets)
    spread = pa.array(found.window_of)
    given = coerced(result, node.type)
    given = given if isinstance(given, pa.Scalar) else given.take(spread)
    lost = failed_rows(failures, scope.length)
    for mask, code in failed:
        failures = union(failures, failing(code, truths(pa.array(mask).take(spread)) & ~lost))
    return Column(nulled(given, failures, scope.length), failures)


def with_value(over: ir.Window, value: ir.Expression | None, scope: Scope) -> tuple[Segments, Failures, pa.Array | None]:
    """The windows, what failed in them, and the values in them; rows whose value failed are out."""
    found = segments(over, scope)
    if value is None:
        return found, found.failures, None
    column = scope.evaluate(value)
    if column.failures:
        found = found.without(failed_rows(column.failures, scope.length))
    failures = union(found.failures, whole(column.failures))
    return found, failures, column.array(scope.length).take(pa.array(found.rows))


@evaluates(ir.WindowCall)
def window_call(node: ir.WindowCall, scope: Scope) -> Column:
    """A row's number in its window, or the value of a neighbour; null for a row that is in none."""
    if scope.subset or scope.item:
        assert scope.parent is not None
        return scope.from_parent(scope.parent.evaluate(node))
    found, failures, values = with_value(node.over, node.argument, scope)
    windows = np.repeat(np.arange(len(found.offsets) - 1), np.diff(found.offsets))
    place = np.arange(len(found.rows)) - found.offsets[windows]
    if values is None:
        numbers, there = np.zeros(scope.length, np.int64), np.zeros(scope.length, np.bool_)
        numbers[found.rows], there[found.rows] = place + 1, True
        return Column(coerced(from_ints(numbers, there), node.type), failures)
    step = node.steps if node.function == "lead" else -node.steps
    near = np.arange(len(found.rows)) + step
    inside = (near >= found.offsets[windows]) & (near < found.offsets[windows + 1])
    at, there = np.zeros(scope.length, np.int64), np.zeros(scope.length, np.bool_)
    at[found.rows], there[found.rows] = np.where(inside, near, 0), inside
    return Column(coerced(picked(values, at, there), node.type), failures)
