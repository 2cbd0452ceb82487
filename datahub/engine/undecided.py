"""Rows that cannot go on because a condition, a key or a list could not be had: rejected, and told what else is wrong with them.

Such a row takes no part in what follows. What its fields would have been is worked out beside, for what fails of them alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias, assert_never

import numpy as np
import pyarrow as pa

from datahub.engine import issues
from datahub.engine.evaluate import assign, attributed
from datahub.engine.parts import renamed
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

Step: TypeAlias = op.Compute | op.Rename | op.Fill | op.Windowed
"""What is done with a row on its way, or what others would have had a say in."""


@record(frozen=True, slots=True)
class Ahead:
    """What a row that passes an operator comes to, each row by itself: what is made of it, and the boundary at which it is told of."""

    steps: tuple[Step, ...]
    settle: op.Settle
    shape: ir.EntityShape


def ahead(ordered: Sequence[op.Operator], shapes: Sequence[ir.EntityShape]) -> dict[int, tuple[Ahead, ...]]:
    """For each operator that rejects what it cannot decide, the ways by which its rows go on into the fields of entities."""
    into: dict[int, list[op.Operator]] = {}
    for operator in ordered:
        for source in op.inputs(operator):
            into.setdefault(id(source), []).append(operator)
    named = {shape.name: shape for shape in shapes}
    return {
        id(one): tuple(_ways(one, (one,) if isinstance(one, op.Fill) else (), into, named)) for one in ordered if isinstance(one, Deciding)
    }


def _ways(
    operator: op.Operator, steps: tuple[Step, ...], into: dict[int, list[op.Operator]], shapes: dict[str, ir.EntityShape]
) -> Iterator[Ahead]:
    for following in into.get(id(operator), ()):
        match following:
            case op.Settle(entity=entity):
                if any(isinstance(step, op.Compute) for step in steps):
                    yield Ahead(steps, following, shapes[entity])
            case op.Compute() | op.Rename() | op.Fill() | op.Windowed():
                yield from _ways(following, (*steps, following), into, shapes)
            case op.Join(left=left) if left is not operator:
                # What a row is looked up for is told of who looks.
                pass
            case op.Join() | op.Filter() | op.Check() | op.Union() | op.SetCheck() | op.Key() | op.Sort() | op.Unique():
                yield from _ways(following, steps, into, shapes)
            case _:
                pass


def turn_away(frame: Frame, operator: Deciding, failures: Failures, run: RunState, side: Side) -> Mask:
    """Reject the rows of `frame` of which `operator` cannot tell what becomes of them, with what else is wrong with them."""
    # A failure is put down to what asks for the value, so that what else the row has is told beside it.
    placed = attributed(failures, operator.origin, Scope(frame, run))
    failed = reject(side, frame, placed, operator.origin, operator)
    if failed.any():
        for way in run.ahead.get(id(operator), ()):
            _tell(frame, failed, placed, way, run, side)
    return failed


def _tell(frame: Frame, failed: Mask, failures: Failures, way: Ahead, run: RunState, side: Side) -> None:
    """Tell what is wrong with the fields of the rows of `frame` that `failed` by `failures`, which are told already."""
    some = frame.with_columns({_TOLD: Column(pa.scalar(None, pa.null()), failures)}).filter(failed)
    for step in way.steps:
        some = _gone_on(some, step, run)
    told = some.columns[_TOLD].failures
    fresh = tuple(_untold(findings(some, way.settle, way.shape, run.origins), told, some.length))
    if fresh:
        side.issues.append(issues.table(fresh, some, way.shape.key))


def _gone_on(frame: Frame, step: Step, run: RunState) -> Frame:
    """The rows behind a step, as far as each goes by itself: without the columns that other rows have a say in."""
    match step:
        case op.Compute(assignments=assignments):
            known = list(_known(assignments, frame))
            # A field that a rule may set, which cannot be asked, is not what it was before.
            unknown = {one.name for one in assignments} - {one.name for one in known}
            return assign(_without(frame, unknown), known, run)
        case op.Rename(columns=columns):
            return renamed(frame, columns)
        case op.Fill(columns=lacking):
            return _without(frame, lacking)
        case op.Windowed(assignments=assignments):
            return _without(frame, [one.name for one in assignments])
        case _:
            assert_never(step)


def _without(frame: Frame, names: Iterable[str]) -> Frame:
    gone = frozenset(names)
    return replace(frame, columns={name: column for name, column in frame.columns.items() if name not in gone})


def _known(assignments: Sequence[ir.Assignment], frame: Frame) -> Iterable[ir.Assignment]:
    """Those that read what a row has by itself, not what a join or a list would have brought."""
    known = set(frame.columns)
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
