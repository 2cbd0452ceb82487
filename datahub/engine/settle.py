"""The boundary of a map: healthy rows pass, failed rows become issues."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.engine import issues
from datahub.engine.codes import translated
from datahub.engine.origins import Origins
from datahub.engine.run_state import RunState
from datahub.frames.frame import Column, Failure, Frame, Mask, Rows, failed_rows
from datahub.functions.columns import glued
from datahub.plan.operators import Settle
from datahub.records import record
from datahub.semantic.ir import EntityShape, Origin

CHECKS = "!checks"
NOTES = "!notes"
OUTSIDE = "!outside"
"""Which of the rows that fell never got into their entity, or fell out of it: who reads the entity does not miss them."""
OMIT = "omit"
"""The code of a value that is left out on purpose: no failure, see `ir.Omitted`."""


@record(frozen=True, slots=True)
class Settled:
    """What `settle` gives: the rows, which of them failed, what is wrong with those, what is noted."""

    frame: Frame
    failed: Mask
    issues: pa.Table
    notes: pa.Table

    def healthy(self) -> Frame:
        """The rows that pass; of their failures only the marks of what is left out on purpose are kept."""
        passing = self.frame.filter(~self.failed)
        columns = {name: Column(one.values, tuple(f for f in one.failures if f.code == OMIT)) for name, one in passing.columns.items()}
        return replace(passing, columns=columns)


def settle(frame: Frame, operator: Settle, shape: EntityShape, run: RunState) -> Settled:
    """Tell the healthy rows of `frame` from the failed ones, and why those failed; with the run's `evidence` raw columns stay beside."""
    origins = run.origins
    found = [*findings(frame, operator, shape, origins), *_unfit(frame, operator, shape, run)]
    failed = failed_rows(tuple(finding.failure for finding in found), frame.length)
    told = issues.table(found, frame, shape.key)
    noted = issues.table([_checked(failure, operator, shape, origins) for failure in _failures(frame, NOTES)], frame, shape.key)
    columns = {name: frame.columns[name] for name, _ in operator.columns if name in frame.columns}
    raw = (name for name in frame.columns if name.startswith("#"))
    columns |= {name: frame.columns[name] for name in raw if run.evidence or name in operator.beside}
    if run.evidence:
        columns |= _elements_behind(frame, operator)
    return Settled(replace(frame, columns=columns), failed, told, noted)


def _elements_behind(frame: Frame, operator: Settle) -> dict[str, Column]:
    """What fields came from that is no column of a source, such as a part of an element, under names that only evidence has."""
    behind = dict.fromkeys(one.raw for _, origin in operator.origins for one in origin.evidence if one.raw[:1] != "#")
    return {element_evidence(name): frame.columns[name] for name in behind if name in frame.columns}


def element_evidence(name: str) -> str:
    """What the column `name` is called beside the fields of an entity: no source can have that name."""
    return f"# {name}"


def _failures(frame: Frame, name: str) -> tuple[Failure, ...]:
    column = frame.columns.get(name)
    return () if column is None else column.failures


def findings(frame: Frame, operator: Settle, shape: EntityShape, origins: Origins) -> Iterator[issues.Finding]:
    """Every failure once, naming all fields that it reached, with the code that the entity's checks and pack give the first of them."""
    own_codes = _own_codes(operator)
    defaults = dict(operator.origins)
    told: dict[tuple[int, str, str], list[_Told]] = {}
    for failure in _failures(frame, CHECKS):
        if failure.beside is not None:
            # A group that fell is told of below, once, whichever of its fields have no value for it.
            told.setdefault((failure.origin, failure.code, failure.column), []).append(_Told(failure, None))
    for name, _ in operator.columns:
        for failure in _failures(frame, name):
            if failure.code == OMIT:
                continue
            before = told.setdefault((failure.origin, failure.code, failure.column), [])
            fresh = _untold(failure, name, before, frame.length)
            if fresh is not None:
                origin = defaults.get(name, Origin(operator.entity, name))
                own = origins[failure.origin] if failure.origin >= 0 else origin
                place = origin if origin.script else own
                code = own_codes.get(name) or translated(failure.code, shape.translate, place)
                before.append(_Told(fresh, issues.Finding(fresh, code, operator.entity, name, place, depth=own.depth)))
    for several in told.values():
        yield from (one.finding for one in several if one.finding is not None)
    for failure in _failures(frame, CHECKS):
        yield _checked(failure, operator, shape, origins)


def _unfit(frame: Frame, operator: Settle, shape: EntityShape, run: RunState) -> Iterable[issues.Finding]:
    """The values that a target of the entity has no way to write; what several cannot is told by the first."""
    defaults = dict(operator.origins)
    known: dict[str, Rows] = {}
    for each in run.unfit(operator.entity, frame):
        before = known.get(each.field, each.rows[:0])
        fresh = ~np.isin(each.rows, before)
        if not fresh.any():
            continue
        one = replace(each, rows=each.rows[fresh], texts=each.texts.filter(pa.array(fresh)))
        known[one.field] = np.concatenate([before, one.rows])
        origin = defaults.get(one.field, Origin(operator.entity, one.field))
        failure = Failure(one.rows, "R703", texts=one.texts, origin=run.origins.number(origin))
        yield issues.Finding(failure, translated("R703", shape.translate, origin), operator.entity, one.field, origin)


def _own_codes(operator: Settle) -> dict[str, str]:
    """For each field that a check is on the code of that check; the one declared first answers for it."""
    return {field: code for code, fields in reversed(operator.codes) for field in fields}


def _checked(failure: Failure, operator: Settle, shape: EntityShape, origins: Origins) -> issues.Finding:
    """What a check found; a field that must be there is its own check's matter, whoever asks for it."""
    origin = origins[failure.origin] if failure.origin >= 0 else Origin(operator.entity)
    code = _own_codes(operator).get(origin.field) if failure.code == "R201" else None
    return issues.Finding(
        failure, code or translated(failure.code, shape.translate, origin), operator.entity, origin.field, origin, failure.severity
    )


@record(frozen=True, slots=True)
class _Told:
    """A failure that was told under some field; None where a check tells of it."""

    failure: Failure
    finding: issues.Finding | None

    def also(self, name: str) -> _Told:
        """Told under one more field."""
        return self if self.finding is None else replace(self, finding=replace(self.finding, also=(*self.finding.also, name)))

    def kept(self, keep: Mask) -> _Told:
        """Some of the failures."""
        failure = self.failure.kept(keep)
        return _Told(failure, self.finding and replace(self.finding, failure=failure))


def _untold(failure: Failure, name: str, before: list[_Told], length: int) -> Failure | None:
    """The part of `failure` that none of `before` (same origin, code and column) has told already; the others name the field, too."""
    for number, other in enumerate(before):
        known = other.failure
        if known.paths is failure.paths and (known.rows is failure.rows or np.array_equal(known.rows, failure.rows)):
            before[number] = other.also(name)
            return None
    if not before:
        return failure
    fresh = failure.kept(~_reached(failure, [one.failure for one in before], length))
    before[:] = [part for one in before for part in _named(one, failure, name, length)]
    return fresh if len(fresh.rows) else None


def _named(told: _Told, failure: Failure, name: str, length: int) -> Iterable[_Told]:
    """What was told, those that `failure` names as well apart, under its field too."""
    both = _reached(told.failure, [failure], length)
    if both.all():
        yield told.also(name)
    elif both.any():
        yield told.kept(both).also(name)
        yield told.kept(~both)
    else:
        yield told


def _reached(failure: Failure, others: list[Failure], length: int) -> Mask:
    """Which of the failures are among others: those of the same row, and of the same place in it where it is nested."""
    flat = tuple(other for other in others if other.paths is None)
    told: Mask = failed_rows(flat, length)[failure.rows] if flat else np.zeros(len(failure.rows), np.bool_)
    nested = [other for other in others if other.paths is not None]
    if failure.paths is None:
        return told | failed_rows(tuple(nested), length)[failure.rows] if nested else told
    if nested:
        places = pa.concat_arrays([_places(other) for other in nested])
        told |= pc.is_in(_places(failure), places).to_numpy(zero_copy_only=False)
    return told


def _places(failure: Failure) -> pa.Array:
    """Row and path of each failure as one text."""
    assert failure.paths is not None
    return glued(pa.array(failure.rows).cast(pa.string()), pc.fill_null(failure.paths, ""))
