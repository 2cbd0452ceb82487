"""Rows whose `where` could not be decided: rejected at once, and told what else is wrong with them.

Such a row takes no part in what follows. What its fields would have been is worked out beside, for what fails of them alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from datahub.engine import issues
from datahub.engine.evaluate import assign
from datahub.engine.run_state import RunState
from datahub.engine.settle import findings
from datahub.engine.side import Side
from datahub.frames.frame import Column, Failures, Frame, Mask, failed_rows
from datahub.plan import operators as op
from datahub.records import record
from datahub.semantic.ir import EntityShape

_TOLD = "!undecided"


@record(frozen=True, slots=True)
class Ahead:
    """What a row that passes a filter comes to, each row by itself: the fields, and the boundary at which they are told of."""

    fields: tuple[op.Compute, ...]
    settle: op.Settle


def ahead(ordered: Sequence[op.Operator]) -> dict[int, Ahead]:
    """For each filter whose rows go on into the fields of one entity alone, those fields."""
    into: dict[int, list[op.Operator]] = {}
    for operator in ordered:
        for source in op.inputs(operator):
            into.setdefault(id(source), []).append(operator)
    found = ((id(one), _ahead(one, into)) for one in ordered if isinstance(one, op.Filter))
    return {number: way for number, way in found if way is not None}


def _ahead(operator: op.Operator, into: dict[int, list[op.Operator]]) -> Ahead | None:
    fields: list[op.Compute] = []
    alone = True
    while True:
        following = into.get(id(operator), [])
        if len(following) != 1:
            return None
        operator = following[0]
        match operator:
            case op.Settle():
                return Ahead(tuple(fields), operator) if fields else None
            case op.Compute() if alone:
                fields.append(operator)
            case op.Compute() | op.Filter() | op.Check() | op.Union():
                pass
            case op.Windowed() | op.SetCheck() | op.Key() | op.Sort() | op.Unique():
                # What is computed behind it may read what other rows make of this one.
                alone = alone and not isinstance(operator, op.Windowed)
            case _:
                return None


def tell(frame: Frame, failed: Mask, failures: Failures, way: Ahead, shape: EntityShape, run: RunState, side: Side) -> None:
    """Tell what is wrong with the fields of the rows of `frame` that `failed` by `failures`, which are told already."""
    some = frame.with_columns({_TOLD: Column(pa.scalar(None, pa.null()), failures)}).filter(failed)
    for compute in way.fields:
        some = assign(some, compute.assignments, run)
    told = some.columns[_TOLD].failures
    fresh = tuple(_untold(findings(some, way.settle, shape, run.origins), told, some.length))
    if fresh:
        side.issues.append(issues.table(fresh, some, shape.key))


def _untold(found: Iterator[issues.Finding], told: Failures, length: int) -> Iterator[issues.Finding]:
    for finding in found:
        failure = finding.failure
        same = tuple(one for one in told if (one.code, one.column) == (failure.code, failure.column))
        keep = ~failed_rows(same, length)[failure.rows] if same else np.ones(len(failure.rows), np.bool_)
        if keep.any():
            yield replace(finding, failure=failure.kept(keep))
