"""Group: one row for each key, in order of first appearance, made of its members."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from datahub.engine import issues, keys
from datahub.engine.codes import translated
from datahub.engine.evaluate import assign
from datahub.engine.failures import union
from datahub.engine.gathering import SEQUENCE
from datahub.engine.ordering import ordered
from datahub.engine.scope import RunState
from datahub.engine.settle import CHECKS, OUTSIDE
from datahub.engine.side import Side, all_failures, distinct, reject
from datahub.frames.chunks import whole
from datahub.frames.concat import concat
from datahub.frames.frame import Column, Failure, Failures, Frame, Mask, Rows, as_mask, failed_rows
from datahub.frames.taking import taken
from datahub.plan.operators import Group
from datahub.records import record
from datahub.semantic.walk import columns_read
from datahub.types.sizes import TooMuch, divided, in_parts


@record(frozen=True, slots=True)
class Grouped:
    """Groups, the rows they are made of as these came, what order puts those group by group and where each group begins in it.

    `inherited` is what groups have from members that failed.
    """

    groups: Frame
    rows: Frame
    order: Rows
    offsets: Rows
    inherited: Failures

    def members(self) -> Frame:
        """The rows group by group."""
        return self.rows.take(self.order)


FALLEN = "!fallen"
"""Which of the rows that come to be grouped fell on their way: their groups are no longer whole."""


def with_fallen(frame: Frame) -> Frame:
    """The rows of `frame`, and behind them those that fell, marked so."""
    if frame.fallen is None:
        return frame
    marked = frame.fallen.with_columns({FALLEN: Column(pa.repeat(True, frame.fallen.length))})
    return marked if frame.is_bare() else concat([replace(frame, fallen=None), marked])


def group(frame: Frame, operator: Group, run: RunState, side: Side) -> Frame:
    """The groups of `frame`; one that lacks a row which fell on its way falls too, and one of such rows alone never stood.

    Rows that an entity lacks are lacked by no group of its rows.
    """
    mark = frame.columns.get(FALLEN)
    if mark is None:
        return _standing(frame, operator, run, side)
    fell = as_mask(mark.values, frame.length)
    made = _standing(frame.filter(~fell), operator, run, side)
    keyed = assign(frame.filter(fell), operator.keys, run)
    # Whose key could not be had, belongs nowhere.
    keyed = keyed.filter(~failed_rows(all_failures([keyed.columns[key.name] for key in operator.keys]), keyed.length))
    mine, theirs = _numbers(made, keyed, [key.name for key in operator.keys])
    keyless = int(np.count_nonzero(fell)) - keyed.length
    lonely = keyed.filter(~np.isin(theirs, mine))
    side.count(operator).lost += keyless + len(np.unique(theirs[~np.isin(theirs, mine)]))
    fallen = _lonely(lonely, operator, run) if lonely.length else None
    missed = np.isin(mine, theirs[~_outside(keyed)])
    return replace(made if operator.partial else _lacking(made, missed, operator, run), fallen=fallen)


def _outside(rows: Frame) -> Mask:
    """Which of rows that fell were no rows of an entity that is read."""
    mark = rows.columns.get(OUTSIDE)
    return np.zeros(rows.length, np.bool_) if mark is None else as_mask(mark.values, rows.length)


def _lonely(rows: Frame, operator: Group, run: RunState) -> Frame:
    """The groups of rows that all fell; one of rows that an entity lacks alone is lacked by no group of groups."""
    made = _grouped(rows, _as_far(operator, rows), run)
    outside = np.logical_and.reduceat(_outside(rows)[made.order], made.offsets[:-1])
    return made.groups.with_columns({OUTSIDE: Column(pa.array(outside))})


def _as_far(operator: Group, frame: Frame) -> Group:
    """The group with what can be said of rows that fell early: they may lack the columns that were made after."""
    known, kept = set(frame.columns), []
    for one in operator.assignments:
        if columns_read(one.value) <= known:
            kept.append(one)
            known.add(one.name)
    return replace(operator, assignments=tuple(kept))


def _numbers(groups: Frame, rows: Frame, names: list[str]) -> tuple[Rows, Rows]:
    """The keys of groups and of rows as numbers that can be compared."""
    columns = []
    for name in names:
        mine, theirs = groups.columns[name].array(groups.length), rows.columns[name].array(rows.length)
        columns.append(pa.concat_arrays([mine.cast(theirs.type), theirs]))
    numbers = keys.codes(columns)
    return numbers[: groups.length], numbers[groups.length :]


def _lacking(groups: Frame, broken: Mask, operator: Group, run: RunState) -> Frame:
    """Groups of which a row fell before they were made; one that falls for another of its rows is told of once."""
    known = groups.columns.get(CHECKS, Column(pa.scalar(None, pa.null())))
    told = failed_rows(tuple(one for one in known.failures if one.code == "R501"), groups.length)
    if not (broken & ~told).any():
        return groups
    return groups.with_columns({CHECKS: Column(known.values, (*known.failures, _fallen(groups, broken & ~told, operator, run)))})


def _standing(frame: Frame, operator: Group, run: RunState, side: Side) -> Frame:
    """The groups of rows that came; what a group's members failed in, the group answers for."""
    keyed = assign(frame, operator.keys, run)
    poisoned = all_failures([keyed.columns[key.name] for key in operator.keys])
    failed = reject(side, keyed, (*poisoned, *_beside(keyed, poisoned, operator, run)), operator.origin, operator)
    side.count(operator).lost += int(np.count_nonzero(failed))
    keyed = keyed.filter(~failed)
    made = _grouped(keyed, operator, run)
    if made.inherited and operator.partial:
        members = made.members()
        bad = reject(side, members, _of_members(made), operator.origin, operator)
        good = ~bad
        keyed = members.filter(good)
        keyed = keyed.take(np.argsort(made.order[good], kind="stable").astype(np.int64))
        made = _grouped(keyed, operator, run)
    side.count(operator).merged += keyed.length - made.groups.length
    return _incomplete(made, operator, run) if made.inherited else made.groups


def _beside(frame: Frame, poisoned: Failures, operator: Group, run: RunState) -> Failures:
    """What else the rows failed in, of what their groups read, that have no group because of `poisoned`: told with it."""
    at = np.flatnonzero(failed_rows(poisoned, frame.length)).astype(np.int64)
    if not len(at):
        return ()
    rows = _placed(frame.take(at), run.origins.number(operator.origin))
    alone = _made(rows, operator, run, np.arange(len(at), dtype=np.int64), np.arange(len(at) + 1, dtype=np.int64))
    return tuple(replace(one, rows=at[one.rows]) for one in _of_members(alone))


def _placed(frame: Frame, number: int) -> Frame:
    """The rows, with what nobody answers for yet put down to the group: values that a typed source could not give are its members'."""
    found = {
        name: Column(column.values, tuple(replace(one, origin=number) if one.origin < 0 else one for one in column.failures))
        for name, column in frame.columns.items()
        if column.failures
    }
    return frame.with_columns(found) if found else frame


def _grouped(frame: Frame, operator: Group, run: RunState) -> Grouped:
    frame = _placed(frame, run.origins.number(operator.origin))
    if frame.length:
        numbers = keys.codes([frame.columns[key.name].array(frame.length) for key in operator.keys])
        order = ordered([], numbers)
        offsets = np.concatenate(([0], np.cumsum(np.bincount(numbers)))).astype(np.int64)
    else:
        order, offsets = np.empty(0, np.int64), np.zeros(1, np.int64)
    return _made(frame, operator, run, order, offsets)


def _made(frame: Frame, operator: Group, run: RunState, order: Rows, offsets: Rows) -> Grouped:
    firsts = _first_rows(frame, operator, order, offsets)
    made = _assigned(firsts, (frame, order, offsets), operator, run)
    own = {run.origins.number(one.origin) for one in operator.assignments}
    inherited = tuple(
        failure
        for one in operator.assignments
        for failure in made.columns[one.name].failures
        if failure.members is not None and failure.origin not in own
    )
    return Grouped(made, frame, order, offsets, inherited)


def _assigned(firsts: Frame, grouped: tuple[Frame, Rows, Rows], operator: Group, run: RunState) -> Frame:
    """The groups with what they say of their members; of fewer groups at once, where that would be too much."""
    rows, order, offsets = grouped
    try:
        with divided():
            return assign(firsts, operator.assignments, run, members=(rows, order), offsets=offsets)
    except TooMuch as problem:
        if firsts.length < 2:
            raise
        stretches = in_parts(firsts.length, problem.size)
    parts = []
    for start, stop in stretches:
        some = firsts.take(np.arange(start, stop, dtype=np.int64))
        first, last = int(offsets[start]), int(offsets[stop])
        parts.append(_assigned(some, (rows, order[first:last], offsets[start : stop + 1] - first), operator, run))
    return concat(parts)


def _first_rows(frame: Frame, operator: Group, order: Rows, offsets: Rows) -> Frame:
    """The groups as rows with their keys: ids and paths of their first members, ids of all of them beside."""
    firsts = order[offsets[:-1]]
    taken = pa.array(firsts)
    kept = (*(key.name for key in operator.keys), *(name for name in (SEQUENCE,) if name in frame.columns))
    columns = {name: Column(frame.columns[name].array(frame.length).take(taken)) for name in kept}
    if frame.members is None:
        members = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(frame.rows[order]))
    else:
        members = _flattened(frame.members.take(pa.array(order)), offsets)
    paths = None if frame.paths is None else frame.paths.take(taken)
    return Frame(columns, len(firsts), frame.rows[firsts], paths, members)


def _flattened(members: pa.ListArray, offsets: Rows) -> pa.ListArray:
    """The members of groups of groups."""
    inner = np.concatenate(([0], np.cumsum(members.value_lengths().to_numpy(zero_copy_only=False)))).astype(np.int64)
    return pa.ListArray.from_arrays(pa.array(inner[offsets], pa.int32()), members.flatten())


def _of_members(made: Grouped) -> Failures:
    """The inherited failures at the members where they happened, each once; `members` are the rows group by group."""
    return _at_members(made, np.arange(made.rows.length, dtype=np.int64))


def _at_members(made: Grouped, places: Rows) -> Failures:
    found = []
    for failure in made.inherited:
        assert failure.members is not None
        rows = places[made.offsets[failure.rows] + failure.members]
        order = np.argsort(rows, kind="stable").astype(np.int64)
        found.append((replace(failure.reordered(order, rows[order]), members=None, elements=None, inside="", deeper=None),))
    return union(*found)


def _incomplete(made: Grouped, operator: Group, run: RunState) -> Frame:
    """Groups with a failed member: they fall with R501, and what their members failed in is told with them.

    The failure stands in `!checks`, for it rejects the group whatever is made of its columns, and in the columns that have no
    value because of it, so that they are no healthy condition, key or operand.
    """
    fallen = _fallen(made.groups, failed_rows(made.inherited, made.groups.length), operator, run)
    told = _told_of_members(made, operator)
    fallen = replace(fallen, beside=taken(told, fallen.rows))
    own = {id(failure) for failure in made.inherited}
    columns = dict(made.groups.columns)
    for name, column in columns.items():
        lost = [failure for failure in column.failures if id(failure) in own]
        if lost:
            kept = (failure for failure in column.failures if id(failure) not in own)
            columns[name] = Column(column.values, (*kept, fallen.kept(failed_rows(tuple(lost), made.groups.length)[fallen.rows])))
    known = columns.get(CHECKS, Column(pa.scalar(None, pa.null())))
    columns[CHECKS] = Column(known.values, (*known.failures, fallen))
    return replace(made.groups, columns=columns)


def _fallen(groups: Frame, broken: Mask, operator: Group, run: RunState) -> Failure:
    rows = np.flatnonzero(broken).astype(np.int64)
    values = issues.key_text(groups, [key.name for key in operator.keys], pa.array(rows))
    return Failure(rows, "R501", values=values, origin=run.origins.number(operator.origin))


def _told_of_members(made: Grouped, operator: Group) -> pa.ListArray:
    """For each group the issues of its members, told where they happened."""
    origin, rows = operator.origin, made.rows
    findings = [
        issues.Finding(one, translated(one.code, (), origin), origin.entity, origin.field, origin, one.severity)
        for one in distinct(_at_members(made, made.order))
    ]
    # Rows are told of by their places first, to know which group each is of.
    told = issues.table(findings, replace(rows, rows=np.arange(rows.length)))
    at = told.column("_row").to_numpy()
    places = np.empty(rows.length, np.int64)
    places[made.order] = np.arange(rows.length)
    order = np.argsort(places[at], kind="stable")
    offsets = np.searchsorted(places[at[order]], made.offsets)
    told = told.set_column(told.schema.get_field_index("_row"), "_row", pa.array(rows.rows[at]))
    structs = pa.StructArray.from_arrays([taken(whole(column), order) for column in told.columns], fields=list(told.schema))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), structs)
