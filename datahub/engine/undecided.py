"""Rows that cannot go on because a condition, a key or a list could not be had: rejected, and told what else is wrong with them.

Such a row takes no part in what follows. What its fields would have been is worked out beside, for what fails of them alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from datahub.engine import issues
from datahub.engine.evaluate import assign, attributed
from datahub.engine.run_state import RunState
from datahub.engine.scope import Scope
from datahub.engine.settle import findings
from datahub.engine.side import Side, reject
from datahub.frames.frame import Column, Failures, Frame, Mask, failed_rows
from datahub.plan import operators as op
from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.walk import columns_read

_TOLD = "!undecided"

Deciding: TypeAlias = op.Filter | op.Join | op.Unique | op.Sort | op.Fill | op.Expand
"""The operators that a row cannot pass when they cannot tell what to do with it."""


@record(frozen=True, slots=True)
class Ahead:
    """What a row that passes an operator comes to, each row by itself: the fields, and the boundary at which they are told of.

    `lacking` are the columns of its own that other rows have a say in.
    """

    fields: tuple[op.Compute, ...]
    settle: op.Settle
    shape: ir.EntityShape
    lacking: frozenset[str] = frozenset()


def ahead(ordered: Sequence[op.Operator], shapes: Sequence[ir.EntityShape]) -> dict[int, Ahead]:
    """For each operator that rejects what it cannot decide, and whose rows go on into the fields of one entity alone, those fields."""
    into: dict[int, list[op.Operator]] = {}
    for operator in ordered:
        for source in op.inputs(operator):
            into.setdefault(id(source), []).append(operator)
    named = {shape.name: shape for shape in shapes}
    found = ((id(one), _ahead(one, into, named)) for one in ordered if isinstance(one, Deciding))
    return {number: way for number, way in found if way is not None}


def _ahead(operator: op.Operator, into: dict[int, list[op.Operator]], shapes: dict[str, ir.EntityShape]) -> Ahead | None:
    fields: list[op.Compute] = []
    lacking = set(operator.columns) if isinstance(operator, op.Fill) else set()
    while True:
        following = into.get(id(operator), [])
        if len(following) != 1:
            return None
        before, operator = operator, following[0]
        match operator:
            case op.Settle(entity=entity):
                return Ahead(tuple(fields), operator, shapes[entity], frozenset(lacking)) if fields else None
            case op.Compute():
                fields.append(operator)
            case op.Fill(columns=columns):
                lacking.update(columns)
            case op.Join(left=left) if left is before:
                pass
            case op.Windowed(assignments=made):
                # What other rows make of this one; what is computed behind it may read that.
                lacking.update(one.name for one in made)
            case op.Filter() | op.Check() | op.Union() | op.SetCheck() | op.Key() | op.Sort() | op.Unique():
                pass
            case _:
                return None


def turn_away(frame: Frame, operator: Deciding, failures: Failures, run: RunState, side: Side) -> Mask:
    """Reject the rows of `frame` of which `operator` cannot tell what becomes of them, with what else is wrong with them."""
    # A failure is put down to what asks for the value, so that what else the row has is told beside it.
    placed = attributed(failures, operator.origin, Scope(frame, run))
    failed = reject(side, frame, placed, operator.origin, operator)
    way = run.ahead.get(id(operator))
    if way is not None and failed.any():
        _tell(frame, failed, placed, way, run, side)
    return failed


def _tell(frame: Frame, failed: Mask, failures: Failures, way: Ahead, run: RunState, side: Side) -> None:
    """Tell what is wrong with the fields of the rows of `frame` that `failed` by `failures`, which are told already."""
    some = frame.with_columns({_TOLD: Column(pa.scalar(None, pa.null()), failures)}).filter(failed)
    for compute in way.fields:
        known = tuple(_known(compute.assignments, some, way.lacking))
        # A field that a rule may set, which cannot be asked, is not what it was before.
        unknown = {one.name for one in compute.assignments} - {one.name for one in known}
        some = assign(replace(some, columns={name: one for name, one in some.columns.items() if name not in unknown}), known, run)
    told = some.columns[_TOLD].failures
    fresh = tuple(_untold(findings(some, way.settle, way.shape, run.origins), told, some.length))
    if fresh:
        side.issues.append(issues.table(fresh, some, way.shape.key))


def _known(assignments: Sequence[ir.Assignment], frame: Frame, lacking: frozenset[str]) -> Iterable[ir.Assignment]:
    """Those that read what a row has by itself, not what a join or a list would have brought."""
    known = set(frame.columns) - lacking
    for one in assignments:
        if all(name in known or name.startswith("?") for name in columns_read(one.value)):
            known.add(one.name)
            yield one


def _untold(found: Iterator[issues.Finding], told: Failures, length: int) -> Iterator[issues.Finding]:
    for finding in found:
        failure = finding.failure
        same = tuple(one for one in told if (one.code, one.column) == (failure.code, failure.column))
        keep = ~failed_rows(same, length)[failure.rows] if same else np.ones(len(failure.rows), np.bool_)
        if keep.any():
            yield replace(finding, failure=failure.kept(keep))
