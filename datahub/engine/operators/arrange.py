"""Sort and fill: rows in another order, and nulls that take the value before them."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import pyarrow as pa

from datahub.engine import keys
from datahub.engine.evaluate import evaluate
from datahub.engine.ordering import ordered
from datahub.engine.scope import RunState, Scope
from datahub.engine.side import Side, all_failures
from datahub.engine.undecided import turn_away
from datahub.frames.frame import Frame, Rows, failed_rows, take_column
from datahub.functions.columns import valid
from datahub.plan.operators import Fill, Sort
from datahub.types import model as t

SortValues: TypeAlias = "list[tuple[pa.Array, t.Type, bool]]"
"""For each sort key its values, their type, and whether they descend."""


def sort(frame: Frame, operator: Sort, run: RunState, side: Side) -> Frame:
    """Rows by their sort keys, stable, nulls last; a row whose key failed has no place and is rejected."""
    healthy, values = sort_keys(frame, operator, run, side)
    return healthy.take(ordered(values, length=healthy.length))


def sort_keys(frame: Frame, operator: Sort, run: RunState, side: Side) -> tuple[Frame, SortValues]:
    """The rows that can be sorted, and what they are sorted by."""
    scope = Scope(frame, run)
    columns = [evaluate(key.value, scope) for key in operator.keys]
    failures = all_failures(columns)
    if failures:
        failed = turn_away(frame, operator, failures, run, side)
        return sort_keys(frame.filter(~failed), operator, run, side)
    pairs = zip(columns, operator.keys, strict=True)
    return frame, [(column.array(frame.length), key.value.type, key.descending) for column, key in pairs]


def fill(frame: Frame, operator: Fill, run: RunState, side: Side) -> Frame:
    """Nulls filled from the rows before them that share `by`, column by column."""
    if not frame.length:
        return frame
    scope = Scope(frame, run)
    columns = [evaluate(value, scope) for value in operator.by]
    failures = all_failures(columns)
    if failures:
        failed = turn_away(frame, operator, failures, run, side)
        return fill(frame.filter(~failed), operator, run, side)
    numbers = keys.codes([column.array(frame.length) for column in columns])
    filled = {}
    for name in operator.columns:
        column = frame.columns.get(name)
        if column is None or isinstance(column.values, pa.Scalar):
            continue
        there = valid(column.values) | failed_rows(column.failures, frame.length)
        if not there.all():
            positions = _last_before(numbers, there)
            filled[name] = take_column(column, positions, pa.array(positions), frame.length)
    return frame.with_columns(filled) if filled else frame


def _last_before(numbers: Rows, there: np.ndarray) -> Rows:
    """For each row the last row up to it, of the same number, that has a value; itself where there is none."""
    order = np.argsort(numbers, kind="stable")
    ordered, has = numbers[order], there[order]
    at = np.arange(len(order))
    begins = np.concatenate(([True], ordered[1:] != ordered[:-1]))
    source = np.maximum.accumulate(np.where(has | begins, at, 0))
    answer = np.empty(len(order), np.int64)
    answer[order] = order[source]
    return answer
