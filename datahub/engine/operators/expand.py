"""Expand: one row for each element of a list."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.engine.evaluate import evaluate
from datahub.engine.ledger import Fate
from datahub.engine.parts import Parts, bytes_by_row, some_rows, taken_along
from datahub.engine.scope import RunState, Scope
from datahub.engine.side import Side
from datahub.engine.undecided import turn_away
from datahub.frames.frame import Column, Failure, Failures, Frame, Rows
from datahub.plan.operators import Expand
from datahub.types.sizes import ELEMENT_BYTES


def expand(frame: Frame, operator: Expand, run: RunState, side: Side) -> Frame | Parts:
    """The elements of the list as rows; rows whose list could not be had at all are rejected.

    Each element takes along what its row has: where that is much, the rows come in parts.
    """
    listed = _listed(frame, operator, run)
    whole = tuple(failure for failure in listed.failures if failure.elements is None)
    if whole:
        failed = turn_away(frame, operator, whole, run, side)
        frame = frame.filter(~failed)
        listed = _listed(frame, operator, run)
    values = listed.array(frame.length)
    sizes = pc.fill_null(pc.list_value_length(values), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    rows = np.maximum(sizes, 1) if operator.outer else sizes
    parents = np.repeat(np.arange(frame.length, dtype=np.int64), rows)
    starts = np.cumsum(rows) - rows
    within = np.arange(len(parents), dtype=np.int64) - starts[parents]
    count = side.count(operator)
    _tell_empty(frame, sizes, operator, side)
    count.expanded += len(parents) - frame.length + (0 if operator.outer else int(np.count_nonzero(sizes == 0)))
    elements = _elements(values, sizes, parents, within, operator.outer)
    found = tuple(failure for failure in listed.failures if failure.elements is not None)
    own = _item_columns(operator, elements, _moved(found, starts, operator), len(parents))
    if operator.position:
        own[operator.position] = Column(pa.array(within + 1, mask=sizes[parents] == 0 if operator.outer else None))
    kept = _kept(frame, operator.kept)

    def made(start: int, stop: int) -> Frame:
        wide = kept.take(parents[start:stop])
        mine = some_rows(own, start, stop, len(parents))
        return replace(wide, columns={**wide.columns, **mine}, paths=_paths(wide, operator, within[start:stop]))

    return taken_along(bytes_by_row(kept)[parents] + ELEMENT_BYTES, len(parents), made)


def _listed(frame: Frame, operator: Expand, run: RunState) -> Column:
    scope = Scope(frame, run)
    listed = evaluate(operator.over, scope)
    scope.forget()
    return listed


def _kept(frame: Frame, names: tuple[str, ...] | None) -> Frame:
    """The columns that the elements need; of findings (`!`) and marks nothing is left out."""
    if names is None:
        return frame
    wanted = frozenset(names)
    return replace(frame, columns={name: column for name, column in frame.columns.items() if name in wanted or name[:1] in "!?"})


def _tell_empty(frame: Frame, sizes: Rows, operator: Expand, side: Side) -> None:
    if operator.outer:
        return
    empty = np.flatnonzero(sizes == 0).astype(np.int64)
    side.mark(frame, empty, Fate.EMPTY)
    side.count(operator).empty += len(empty)


def _elements(values: pa.Array, sizes: Rows, parents: Rows, within: Rows, outer: bool) -> pa.Array:
    """The elements in order; with `outer` a null for each list that has none."""
    flat = values.flatten()
    if not outer or (sizes > 0).all():
        return flat
    first = np.cumsum(sizes) - sizes
    at = first[parents] + within
    return flat.take(pa.array(at, mask=sizes[parents] == 0))


def _item_columns(operator: Expand, elements: pa.Array, failures: dict[str, Failures], length: int) -> dict[str, Column]:
    if not operator.fields:
        return {operator.item: Column(elements, failures.get("", ()))}
    whole = failures.get("", ())
    # `struct_field` keeps the nulls of the struct itself, which `StructArray.field` does not.
    return {
        f"{operator.item}.{name}": Column(pc.struct_field(elements, name), (*whole, *failures.get(name, ()))) for name, _ in operator.fields
    }


def _moved(failures: Failures, starts: Rows, operator: Expand) -> dict[str, Failures]:
    """Failures of single elements at the rows those became, by the field they concern (`""`: the whole element)."""
    found: dict[str, list[Failure]] = {}
    names = {name for name, _ in operator.fields}
    for failure in failures:
        assert failure.elements is not None
        name, _, rest = failure.inside.partition("/")
        if names and name and name not in names:
            continue  # a field that nobody reads
        rows = starts[failure.rows] + failure.elements
        order = np.argsort(rows, kind="stable").astype(np.int64)
        inner = failure if failure.origin >= 0 else replace(failure, paths=_inner_paths(failure, operator.path))
        moved = replace(inner.reordered(order, rows[order]), elements=None, inside=rest if name in names else failure.inside)
        found.setdefault(name if name in names else "", []).extend(moved.brought_up())
    return {name: tuple(several) for name, several in found.items()}


def _inner_paths(failure: Failure, path: str) -> pa.Array | None:
    """Where in its element each failure is: the row knows by its own path which element it was.

    One that is put down to what made the list has its path from there, which its origin's `depth` tells.
    """
    if failure.paths is None or not path:
        return failure.paths
    return pc.replace_substring_regex(failure.paths, rf"^(?:/[^/]*){{{path.count('/') + 2}}}", "")


def _paths(wide: Frame, operator: Expand, within: Rows) -> pa.Array | None:
    """Where each row stands in the nested data: `/order_lines/0`; in a list that the script made it stands nowhere."""
    if not operator.path:
        return wide.paths
    # Lists are short: each place is written once.
    names = pa.array([f"/{operator.path}/{number}" for number in range(int(within.max(initial=-1)) + 1)], pa.string())
    here = names.take(pa.array(within))
    return here if wide.paths is None else pc.binary_join_element_wise(pc.fill_null(wide.paths, ""), here, "")
