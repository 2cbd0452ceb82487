"""Row checks and set checks: what a row must meet; findings wait in `!checks` and `!notes` for the boundary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.diagnostics.row_codes import CONDITION
from datahub.engine import issues
from datahub.engine.evaluate import evaluate
from datahub.engine.evidence import shown_by
from datahub.engine.scope import RunState, Scope
from datahub.engine.settle import CHECKS, NOTES
from datahub.frames.frame import Column, Failure, Failures, Frame, Mask, Rows, as_mask, failed_rows, only_where
from datahub.functions.columns import fixed
from datahub.semantic.ir import CheckRule, Evidence

_GRAVE = ("error", "fatal")


def check(frame: Frame, rules: Sequence[CheckRule], run: RunState) -> Frame:
    """`frame` with the findings of `rules` added."""
    scope = Scope(frame, run)
    found: dict[str, list[Failure]] = {CHECKS: [], NOTES: []}
    for rule in rules:
        found[CHECKS if rule.severity in _GRAVE else NOTES].extend(_broken(rule, frame, scope, run))
    scope.forget()
    added = {name: Column(pa.scalar(None, pa.null()), (*_known(frame, name), *failures)) for name, failures in found.items() if failures}
    return frame.with_columns(added) if added else frame


def _known(frame: Frame, name: str) -> Failures:
    column = frame.columns.get(name)
    return () if column is None else column.failures


def _broken(rule: CheckRule, frame: Frame, scope: Scope, run: RunState) -> list[Failure]:
    """The rows that break `rule`, and the failures of the rule's own making (such as a division by zero in it)."""
    condition = evaluate(rule.condition, scope)
    applies = np.ones(frame.length, np.bool_)
    own: Failures = tuple(failure for failure in condition.failures if failure.origin < 0)
    failed = failed_rows(condition.failures, frame.length) if condition.failures else np.zeros(frame.length, np.bool_)
    if rule.when is not None:
        when = evaluate(rule.when, scope)
        applies = as_mask(when.values, frame.length)
        if when.failures:
            applies &= ~failed_rows(when.failures, frame.length)
            own = (*only_where(own, applies), *(failure for failure in when.failures if failure.origin < 0))
        elif own:
            own = only_where(own, applies)
    origin = run.origins.number(rule.origin)
    told = [replace(failure, origin=origin, cause=failure.code, code=rule.code, severity=rule.severity) for failure in own]
    broken = _positions(condition, applies & ~failed, frame.length)
    if len(broken):
        found = shown_by(rule.origin.evidence, frame.columns.get, frame.length, broken)
        told.extend(_finding(rule, evidence, frame, broken if mask is None else broken[mask], run) for mask, evidence in found)
    return told


def _positions(condition: Column, applies: Mask, length: int) -> Rows:
    return np.flatnonzero(applies & ~as_mask(condition.values, length)).astype(np.int64)


def _finding(rule: CheckRule, evidence: Sequence[Evidence], frame: Frame, rows: Rows, run: RunState) -> Failure:
    label = evidence[0].label if evidence else ""
    values = _values(rule, evidence, frame, rows)
    texts = None
    if rule.message is not None:
        made = _message(rule, frame, rows, run)
        texts = made.fill_null(rule.code) if made.null_count else made
    return Failure(
        rows,
        rule.code,
        label,
        values,
        texts=texts,
        origin=run.origins.number(rule.origin),
        severity=rule.severity,
        message="" if texts is not None else _plain(rule),
        wanted=_condition(rule) if rule.code == CONDITION and texts is None else "",
    )


def _values(rule: CheckRule, evidence: Sequence[Evidence], frame: Frame, rows: Rows) -> pa.Array:
    """What the fields that a check is about have in the broken rows: of one made of one column the raw text, of others the value itself."""
    found = []
    for name in rule.fields or (rule.origin.field,):
        behind = tuple(one for one in evidence if not one.read or name in one.read)
        found.append(issues.value_of(frame, name, replace(rule.origin, evidence=behind if len(behind) < 2 else ()), rows))
    if len(found) == 1:
        return found[0]
    return pc.binary_join_element_wise(*(pc.fill_null(one, fixed("null")) for one in found), fixed(", "))


def _message(rule: CheckRule, frame: Frame, rows: Rows, run: RunState) -> pa.Array:
    """The message of the broken rows, worked out for them alone: they are few, and it may cost more than the check."""
    assert rule.message is not None
    if rule.windowed:
        # What it says of other rows it must say of all of them.
        return evaluate(rule.message, Scope(frame, run)).array(frame.length).take(pa.array(rows))
    names = _needed(rule)
    some = Frame({name: column for name, column in frame.columns.items() if name in names}, frame.length, frame.rows).take(rows)
    return evaluate(rule.message, Scope(some, run)).array(len(rows))


def _needed(rule: CheckRule) -> frozenset[str]:
    from datahub.semantic.walk import columns_read

    assert rule.message is not None
    return columns_read(rule.message)


def _condition(rule: CheckRule) -> str:
    from datahub.plan.text import condition

    return condition(rule.condition)


def _plain(rule: CheckRule) -> str:
    """What is said where the check has no message of its own."""
    return "" if rule.code.startswith("R") and rule.code[1:].isdigit() else f"check {rule.code} is not met"
