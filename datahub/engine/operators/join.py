"""Join: left rows with the right rows that have equal keys; the right side is at hand, the left passes by."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.engine.evaluate import attributed, evaluate
from datahub.engine.failures import union
from datahub.engine.keys import any_null
from datahub.engine.operators.join_index import JoinIndex
from datahub.engine.parts import Parts, bytes_by_row, taken_along
from datahub.engine.scope import RunState, Scope
from datahub.engine.side import Side, all_failures, refuse, reject, right_of
from datahub.engine.undecided import turn_away
from datahub.frames.frame import Column, Failure, Failures, Frame, Mask, Rows, as_mask, failed_rows, take_column
from datahub.functions.written import as_text
from datahub.plan.operators import Join
from datahub.records import record
from datahub.types.sizes import PART_BYTES, cuts


def right_keys(frame: Frame, operator: Join, run: RunState, side: Side) -> tuple[Frame, list[pa.Array]]:
    """The right rows whose key could be had, and their keys; the others are rejected."""
    scope = Scope(frame, run)
    columns = [evaluate(key, scope) for key in operator.right_keys]
    failures = all_failures(columns)
    if failures:
        failures = attributed(failures, operator.origin, scope)
        failed = reject(side, frame, failures, operator.origin, right_of(operator))
        return right_keys(frame.filter(~failed), operator, run, side)
    return frame, [column.array(frame.length) for column in columns]


def probe(frame: Frame, operator: Join, index: JoinIndex, run: RunState, side: Side) -> Frame | Parts:
    """`frame` with the columns of the matching right rows; in parts where many rows match and have much."""
    scope = Scope(frame, run)
    columns = [evaluate(key, scope) for key in operator.left_keys]
    failures = all_failures(columns)
    if failures:
        failed = turn_away(frame, operator, failures, run, side)
        return probe(frame.filter(~failed), operator, index, run, side)
    arrays = [column.array(frame.length) for column in columns]
    left, right = index.pairs(arrays, frame.length)
    if operator.also is not None and len(left):
        asked = _all_asked(frame, left, right, operator, index, run)
        if asked.of_left:
            failed = turn_away(frame, operator, asked.of_left, run, side)
            return probe(frame.filter(~failed), operator, index, run, side)
        _refuse_right(asked.of_right, right, operator, index, side)
        keep = asked.holds
        left, right = left[keep], right[keep]
    matches = np.bincount(left, minlength=frame.length)
    side.count(operator).alone += _without_match(matches, arrays)
    wrong = _wrong(frame, matches, operator, columns, run)
    if wrong:
        failed = turn_away(frame, operator, wrong, run, side)
        keep = ~failed[left]
        left, right = left[keep], right[keep]
        alone = np.flatnonzero((matches == 0) & ~failed)
    else:
        alone = np.flatnonzero(matches == 0)
    side.count(operator).expanded += max(0, len(left) + len(alone) - frame.length)
    return _in_parts(frame, left, right, alone.astype(np.int64), operator, index)


def _without_match(matches: Rows, keys: list[pa.Array]) -> int:
    """How many rows looked for another and found none; a null looks for nothing."""
    alone = matches == 0
    return int(np.count_nonzero(alone & ~any_null(keys) if keys else alone))


@record(frozen=True, slots=True)
class _Asked:
    """Which pairs meet the rest of the condition, and of which that cannot be told: for what the left row has, or the right one."""

    holds: Mask
    of_left: Failures
    of_right: Failures


def _all_asked(frame: Frame, left: Rows, right: Rows, operator: Join, index: JoinIndex, run: RunState) -> _Asked:
    """What `_asked` says of all pairs, of so many at once as may be in memory."""
    stretches = cuts(_weights(frame, left, index, right), PART_BYTES)
    found = [_asked(frame, left[start:stop], right[start:stop], operator, index, run) for start, stop in stretches]
    of_left = union(*(one.of_left for one in found))
    of_right = tuple(
        replace(failure, rows=failure.rows + start) for one, (start, _) in zip(found, stretches, strict=True) for failure in one.of_right
    )
    return _Asked(np.concatenate([one.holds for one in found]), of_left, of_right)


def _asked(frame: Frame, left: Rows, right: Rows, operator: Join, index: JoinIndex, run: RunState) -> _Asked:
    assert operator.also is not None
    pairs = _joined(frame, left, right, np.empty(0, np.int64), operator, index)
    answer = evaluate(operator.also, Scope(pairs, run))
    theirs: dict[tuple[int, str, str], list[Failure]] = {}
    for _, name in operator.columns:
        for failure in pairs.columns[name].failures:
            theirs.setdefault(_kind(failure), []).append(failure)
    of_left, of_right = [], []
    for failure in answer.failures:
        of_them = failed_rows(tuple(theirs.get(_kind(failure), ())), pairs.length)[failure.rows]
        if not of_them.all():
            of_left.append(_of_left(failure.kept(~of_them), left))
        if of_them.any():
            of_right.append(failure.kept(of_them))
    return _Asked(as_mask(answer.values, len(left)), tuple(of_left), tuple(of_right))


def _kind(failure: Failure) -> tuple[int, str, str]:
    return failure.origin, failure.code, failure.column


def _refuse_right(failures: Failures, right: Rows, operator: Join, index: JoinIndex, side: Side) -> None:
    """Reject the right rows of which it cannot be told whom they are for: they are looked up by nobody, as those without a key."""
    for failure in failures:
        at, first = np.unique(right[failure.rows], return_index=True)
        found, places = index.rows.at(at)
        told = failure.reordered(first.astype(np.int64), np.arange(len(at), dtype=np.int64))
        refuse(side, found.take(places), (told,), operator.origin, right_of(operator))


def _of_left(failure: Failure, left: Rows) -> Failure:
    """A failure of pairs as one of their left rows, told once for each."""
    rows, first = np.unique(left[failure.rows], return_index=True)
    return failure.reordered(first.astype(np.int64), rows)


def _wrong(frame: Frame, matches: Rows, operator: Join, columns: list[Column], run: RunState) -> tuple[Failure, ...]:
    """Rows with more matches than may be, or with none where one must be."""
    found = []
    for code, mask in (("R403", (matches > 1) & (not operator.many)), ("R404", (matches == 0) & operator.required)):
        rows = np.flatnonzero(mask).astype(np.int64)
        if len(rows):
            texts = [as_text(column.array(frame.length).take(pa.array(rows))) for column in columns]
            values = texts[0] if len(texts) == 1 else pc.binary_join_element_wise(*texts, "|") if texts else None
            label = operator.origin.evidence[0].label if operator.origin.evidence else ""
            found.append(Failure(rows, code, label, values, origin=run.origins.number(operator.origin)))
    return tuple(found)


def alone(frame: Frame, operator: Join, index: JoinIndex) -> Frame:
    """Left rows with nulls where the right ones would be."""
    none = np.empty(0, np.int64)
    return _joined(frame, none, none, np.arange(frame.length, dtype=np.int64), operator, index)


def _in_parts(frame: Frame, left: Rows, right: Rows, alone: Rows, operator: Join, index: JoinIndex) -> Frame | Parts:
    """Pairs and left rows alone, whole or in parts."""
    left_all, right_all, missing = _in_order(left, right, alone)

    def made(start: int, stop: int) -> Frame:
        lone = missing[start:stop]
        mine, theirs = left_all[start:stop], right_all[start:stop]
        return _joined(frame, mine[~lone], theirs[~lone], mine[lone], operator, index)

    return taken_along(_weights(frame, left_all, index, right_all, missing), len(left_all), made)


def _weights(frame: Frame, left: Rows, index: JoinIndex, right: Rows, missing: Mask | None = None) -> Rows:
    """How many bytes each pair takes along: of a left row that is there once nothing is copied that was not there."""
    theirs = index.rows.weights[right] if index.rows.length else np.zeros(len(right), np.int64)
    if missing is not None:
        theirs = np.where(missing, 0, theirs)
    return theirs if len(left) <= frame.length else theirs + bytes_by_row(frame)[left]


def _in_order(left: Rows, right: Rows, alone: Rows) -> tuple[Rows, Rows, Mask]:
    """Pairs and left rows alone in the order of the left rows: the left row of each, the right one, and whether there is none."""
    if not len(alone):
        return left, right, np.zeros(len(left), np.bool_)
    order = np.argsort(np.concatenate([left, alone]), kind="stable")
    missing = np.concatenate([np.zeros(len(left), np.bool_), np.ones(len(alone), np.bool_)])[order]
    return np.concatenate([left, alone])[order], np.concatenate([right, np.zeros(len(alone), np.int64)])[order], missing


def _joined(frame: Frame, left: Rows, right: Rows, alone: Rows, operator: Join, index: JoinIndex) -> Frame:
    """Pairs, and left rows alone with nulls, in the order of the left rows."""
    left_all, right_all, missing = _in_order(left, right, alone)
    straight = len(left_all) == frame.length and bool((left_all == np.arange(frame.length)).all())
    wide = frame if straight else frame.take(left_all)
    columns = dict(wide.columns)
    # Where there is no right row, none is taken: the place stands for null.
    there = ~missing
    found, places = index.rows.at(right_all[there])
    right_all = np.zeros(len(there), np.int64)
    right_all[there] = places
    picked = pa.array(right_all, mask=missing) if len(alone) else pa.array(right_all)
    evidence = (name for name in found.columns if name.startswith("#") and name not in columns)
    for name in (*(name for _, name in operator.columns), *evidence):
        column = found.columns[name]
        if not column.failures:
            columns[name] = Column(column.array(found.length).take(picked))
        else:
            taken = take_column(column, right_all, picked, found.length)
            theirs = (failure.kept(~missing[failure.rows]) for failure in taken.failures)
            columns[name] = replace(taken, failures=tuple(_placed(one, found.rows, right_all) for one in theirs if len(one.rows)))
    return replace(wide, columns=columns)


def _placed(failure: Failure, ids: Rows, right: Rows) -> Failure:
    """A failure of right rows among those of pairs, which keeps where its cell stands: that is no row of the left."""
    return failure if failure.at is not None else replace(failure, at=ids[right[failure.rows]])
