"""Expressions over the elements of lists, worked out for some elements after others where each takes along much of its row.

An element that reads a text of the row around it has a copy of it: of a row with a long text and many elements that would be more
than memory has, or than Arrow's columns hold. What comes out is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from datahub.engine.failures import union
from datahub.engine.values import carried
from datahub.frames.frame import Column, Failure, Rows
from datahub.semantic import ir
from datahub.semantic.walk import columns_read, walk
from datahub.types.sizes import PART_BYTES, ROW_BYTES, Sizes, TooMuch, checked, cuts, divided, in_parts, row_bytes, total_bytes

if TYPE_CHECKING:
    from datahub.engine.scope import Scope

TOO_LONG = "R603"
"""The code of a row a value of which would have more than it may."""


def evaluated(node: ir.Expression, scope: Scope, whole: Callable[[], Column]) -> Column:
    """What `node` gives for the elements that are the rows of `scope`; `whole` works it out for all at once."""
    stretches = _stretches(node, scope)
    if len(stretches) == 1:
        if scope.length < 2 or not _is_by_row(node, scope):
            return whole()
        try:
            with divided():
                return whole()
        except TooMuch as problem:
            stretches = in_parts(scope.length, problem.size)
    return _joined(list(_bounded(node, scope, stretches)), stretches)


def _bounded(node: ir.Expression, scope: Scope, stretches: Sequence[tuple[int, int]]) -> Iterator[Column]:
    """What `node` gives for some elements after others, until it is too much for the rows around, or for the one that they are of."""
    around = scope.in_all()[0].parent
    assert around is not None
    size = 0
    for start, stop in stretches:
        column = _part(node, scope, start, stop)
        column = replace(column, values=column.array(stop - start))
        size += total_bytes(column.values)
        checked(size, around.length)
        if size > ROW_BYTES and around.length == 1:
            raise TooMuch(size)
        yield column


def _part(node: ir.Expression, scope: Scope, start: int, stop: int) -> Column:
    """What `node` gives for some elements; what was brought to them goes."""
    part = scope.stretch(start, stop)
    column = part.evaluate(node)
    part.forget()
    return column


def _stretches(node: ir.Expression, scope: Scope) -> Sequence[tuple[int, int]]:
    """The elements in stretches that take along so many bytes at most."""
    all_of_them = [(0, scope.length)]
    if scope.length < 2 or not _is_by_row(node, scope):
        return all_of_them
    names = scope.run.once(node, "reads", lambda: columns_read(node))
    weights: Sizes | None = None
    for name in names:
        if not scope.is_own(name):
            found = scope.once(("weight", name), lambda name=name: _weights(name, scope))  # type: ignore[misc]
            if found is not None:
                weights = found if weights is None else weights + found
    return all_of_them if weights is None else cuts(weights, PART_BYTES)


def _is_by_row(node: ir.Expression, scope: Scope) -> bool:
    """Whether the rows are elements, or members of groups, that have nothing to do with one another in `node`."""
    whole = scope.whole()
    if whole.parent is None or whole.positions is None:
        return False
    return bool(whole.item) or not scope.run.once(node, "windows", lambda: any(map(_is_window, walk(node))))


def _is_window(node: ir.Expression) -> bool:
    return isinstance(node, ir.WindowCall) or (isinstance(node, ir.Aggregate | ir.Collect) and isinstance(node.over, ir.Window))


def _weights(name: str, scope: Scope) -> Sizes | None:
    """How many bytes of a column around each element takes along; None where they are few."""
    base, at = scope.in_all()
    assert base.parent is not None
    assert base.parents is not None
    column = base.parent.find(name)
    if column is None or isinstance(column.values, pa.Scalar):
        return None
    found: Sizes = row_bytes(column.values)[base.parents[at]]
    return found if int(found.sum()) > PART_BYTES // 8 else None


def _joined(columns: Sequence[Column], stretches: Sequence[tuple[int, int]]) -> Column:
    arrays = [column.values for column in columns]
    kind = next((array.type for array in arrays if not pa.types.is_null(array.type)), pa.null())
    moved = (
        replace(failure, rows=failure.rows + start)
        for column, (start, _) in zip(columns, stretches, strict=True)
        for failure in column.failures
    )
    return Column(pa.concat_arrays([array if array.type == kind else array.cast(kind) for array in arrays]), union(tuple(moved)))


def check_taken(values: pa.Array | pa.Scalar, parents: Rows) -> None:
    """Refuse to give values of rows to all of their elements where that would be too much at once, or more than one row may have."""
    if isinstance(values, pa.Scalar) or not (pa.types.is_string(values.type) or pa.types.is_nested(values.type)):
        return
    size = int(row_bytes(values)[parents].sum())
    checked(size, len(values))
    if size > ROW_BYTES and len(values) == 1:
        raise TooMuch(size)


def too_long(node: ir.Expression) -> Column:
    """What one row gives of which a value would be more than it may."""
    return Column(pa.scalar(None, carried(node.type)), (Failure(np.zeros(1, np.int64), TOO_LONG),))
