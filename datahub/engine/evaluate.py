"""Evaluating typed expressions over frames: the entry, and the expressions that are read off the scope.

Every kind of expression has one evaluator, declared with `@evaluates` in the module of its topic; all of them take the
node and a `Scope` and answer a `Column` of the scope's rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.engine import aggregate, branches, calls, convert, decisions, fit, lookups, nested, windows
from datahub.engine.cells import REQUIRED
from datahub.engine.evidence import Shown, of_members, shown_by
from datahub.engine.failures import OMIT, real, union
from datahub.engine.issues import message
from datahub.engine.scope import RunState, Scope, evaluates
from datahub.engine.values import scalar
from datahub.frames.frame import Column, Failure, Failures, Frame, Rows, failed_rows
from datahub.functions.columns import fixed
from datahub.semantic import ir
from datahub.semantic.walk import is_aggregated

NOTES = "!notes"
"""The column of a frame whose failures are notes: found, listed, and no reason to reject."""

EVALUATING = (aggregate, branches, calls, convert, decisions, fit, lookups, nested, windows)
"""The modules that declare evaluators: imported here, so that to import this one is to have them all."""


def evaluate(expression: ir.Expression, scope: Scope) -> Column:
    """The column that `expression` gives for the rows of `scope`."""
    return scope.evaluate(expression)


def assign(
    frame: Frame,
    assignments: Sequence[ir.Assignment],
    run: RunState,
    *,
    members: tuple[Frame, Rows] | None = None,
    offsets: Rows | None = None,
) -> Frame:
    """`frame` with a column for each of `assignments`, in order; later ones may read those before.

    Where the rows are groups, `members` are their rows and the order in which these stand group by group, and `offsets` say
    where each begins. What was recovered with `warn` joins the column `!notes`.
    """
    scope = Scope(frame, run, members=None if members is None else _members(*members, run), offsets=offsets)
    added: dict[str, Column] = {}
    for assignment in assignments:
        noted = len(scope.notes)
        column = scope.evaluate(assignment.value)
        found = column.failures
        if found and run.once(run.canonical(assignment.value), "aggregated", partial(is_aggregated, assignment.value)):
            found = _told_as_made(found)
        column = Column(column.values, attributed(found, assignment.origin, scope))
        scope.notes[noted:] = attributed(tuple(scope.notes[noted:]), assignment.origin, scope)
        scope.define(assignment.name, column)
        added[assignment.name] = column
    scope.forget()
    if scope.notes:
        before = frame.columns.get(NOTES, Column(pa.scalar(None, pa.null())))
        added[NOTES] = Column(before.values, union(before.failures, tuple(scope.notes)))
    return frame.with_columns(added)


def _members(frame: Frame, order: Rows, run: RunState) -> Scope:
    """The rows of groups, group by group; a column is put in that order when it is asked for, which raw ones seldom are."""
    return Scope(Frame({}, len(order), frame.rows[order]), run, source=(frame, order))


def _told_as_made(failures: Failures) -> Failures:
    """Failures of what was made of many rows: what is said is said of that value, beside which the source's are shown."""
    return tuple(
        replace(one, texts=message(one, one.values, len(one.rows)))
        if one.origin < 0 and one.values is not None and one.texts is None and not one.message
        else one
        for one in failures
    )


def attributed(failures: Failures, origin: ir.Origin, scope: Scope) -> Failures:
    """The failures that nobody answers for yet, put down to `origin`: its place, its source columns, what stands in them."""
    if not failures:
        return ()
    return tuple(part for failure in failures for part in ((failure,) if failure.origin >= 0 else _attributed(failure, origin, scope)))


def _attributed(failure: Failure, origin: ir.Origin, scope: Scope) -> Failures:
    placed = replace(failure, origin=scope.run.origins.number(origin))
    if failure.column or not origin.evidence or failure.code == OMIT:
        return (placed,)
    rows, around = failure.rows, scope
    if failure.members is not None and scope.members is not None and scope.offsets is not None:
        rows, around = scope.offsets[failure.rows] + failure.members, scope.members
    found = []
    asked = _of_part(failure, origin.evidence)
    shown = [*shown_by(asked, around.find, around.length, rows)]
    if failure.code == REQUIRED and len(asked) > 1 and not failure.read:
        shown = [*_lacking(shown, around, rows)]
    for mask, evidence in shown:
        part, at = (placed, rows) if mask is None else (placed.kept(mask), rows[mask])
        # What was made of several columns is shown itself; of one, what stands in it.
        in_part = not part.read and (part.elements is not None or bool(part.inside))
        of_part = part.values is not None and (in_part or len(evidence) > 1)
        values = part.values if of_part else _raw(part, evidence, around, at)
        found.append(replace(part, column=", ".join(one.label for one in evidence), values=values))
    return tuple(found)


def _lacking(shown: Sequence[Shown], scope: Scope, rows: Rows) -> Iterator[Shown]:
    """Of a value that must be there and is made of several columns, those that are empty: one part for each combination of them."""
    for mask, evidence in shown:
        at = np.arange(len(rows)) if mask is None else np.flatnonzero(mask)
        held = [_held(one.raw, scope, rows[at]) for one in evidence]
        empty = [pc.fill_null(pc.equal(one, ""), True).to_numpy(zero_copy_only=False) for one in held if one is not None]
        if len(empty) < len(evidence) or len(evidence) > 30:
            yield mask, evidence
            continue
        codes = (np.stack(empty) * (1 << np.arange(len(empty)))[:, None]).sum(axis=0)
        # One number for each combination of columns that are empty; there are a few.
        for code in np.unique(codes).tolist():
            mine = np.zeros(len(rows), np.bool_)
            mine[at[codes == code]] = True
            yield mine, tuple(one for number, one in enumerate(evidence) if code >> number & 1) or evidence


def _of_part(failure: Failure, evidence: Sequence[ir.Evidence]) -> Sequence[ir.Evidence]:
    """The evidence of what failed alone, where that is a part of an expression and all that it reads is known."""
    mine = tuple(one for one in evidence if any(name in failure.read for name in one.read))
    known = {name for one in mine for name in one.read}
    return mine if mine and known.issuperset(failure.read) else evidence


def _raw(failure: Failure, evidence: Sequence[ir.Evidence], scope: Scope, rows: Rows) -> pa.Array | None:
    """What the source columns hold in `rows`, side by side; the failure's own values where they are out of reach."""
    parts = []
    for one in evidence:
        held = _held(one.raw, scope, rows)
        if held is None:
            return failure.values
        parts.append(held)
    if len(parts) == 1:
        return _or_made(parts[0], failure.values)
    # One answer for each of the few columns.
    if failure.code == REQUIRED and not failure.read and all(pc.all(pc.equal(one, ""), min_count=0).as_py() for one in parts):
        # Of several that are empty there is nothing to be shown.
        return parts[0]
    return pc.binary_join_element_wise(*parts, ", ", null_handling="replace", null_replacement="")


def _or_made(raw: pa.Array, values: pa.Array | None) -> pa.Array:
    """What a column holds; where it holds nothing, what a default has put in its place, for that is what failed."""
    nothing = pc.fill_null(pc.equal(raw, fixed("")), fixed(True))
    if values is None or not pc.any(nothing).as_py():
        return raw
    return pc.if_else(nothing, pc.coalesce(values, raw), raw)


def _held(raw: str, scope: Scope, rows: Rows) -> pa.Array | None:
    """What a source column holds in `rows`, or in the members of groups; None where it is out of reach."""
    column = scope.find(raw)
    if column is not None:
        return column.array(scope.length).take(pa.array(rows)) if pa.types.is_string(column.values.type) else None
    column = scope.members.find(raw) if scope.members is not None else None
    if column is None or scope.members is None or scope.offsets is None or not pa.types.is_string(column.values.type):
        return None
    return of_members(column.array(scope.members.length), scope.offsets, rows)


# ---------------------------------------------------------------- read off the scope


@evaluates(ir.Column)
def of_column(node: ir.Column, scope: Scope) -> Column:
    """A column of the frame, or of one around it."""
    return scope.column(node.name)


@evaluates(ir.Constant)
def constant(node: ir.Constant, scope: Scope) -> Column:
    """The same value in every row."""
    return Column(scalar(node.value, node.type))


@evaluates(ir.Parameter)
def parameter(node: ir.Parameter, scope: Scope) -> Column:
    """The value that the run was started with."""
    return Column(scalar(scope.run.parameters.get(node.name), node.type))


@evaluates(ir.Present)
def present(node: ir.Present, scope: Scope) -> Column:
    """Whether the source had the column: the reader's mark says so where it was asked for; else it is there."""
    for mark in ("?" + node.mark, "!present." + node.mark.partition(".")[2]):
        found = scope.find(mark)
        if found is not None:
            return found
    return Column(pa.scalar(True))


@evaluates(ir.RowFact)
def row_fact(node: ir.RowFact, scope: Scope) -> Column:
    """Where a row came from."""
    return Column(scope.run.facts(node.fact, scope.frame))


@evaluates(ir.Failed)
def failed(node: ir.Failed, scope: Scope) -> Column:
    """Whether a value failed: at all, or with a code."""
    found = scope.evaluate(node.value).failures
    # What is left alone has not failed, unless that is what is asked: `@required_on` does.
    failures = found if node.code == OMIT else real(found)
    if node.code:
        failures = tuple(failure for failure in failures if node.code in (failure.code, failure.cause))
    return Column(pa.array(failed_rows(failures, scope.length)) if failures else pa.scalar(False))


@evaluates(ir.Omitted)
def omitted(node: ir.Omitted, scope: Scope) -> Column:
    """No value, and a mark in every row that this is on purpose."""
    every = np.arange(scope.length, dtype=np.int64)
    return Column(scalar(None, node.type), (Failure(every, OMIT),) if scope.length else ())


__all__ = ["EVALUATING", "NOTES", "RunState", "Scope", "assign", "attributed", "evaluate"]
