"""Operators that need more than one batch: what they do with a batch, and what they give when all are there.

`prepare` is called by workers, batch by batch; `accept` and `finish` in order, by one thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from datahub.engine import issues, keys
from datahub.engine.ascending import BatchKeys
from datahub.engine.codes import translated
from datahub.engine.evaluate import assign, evaluate
from datahub.engine.fallen import Carrying
from datahub.engine.folding import Folds, foldable
from datahub.engine.gathering import Gathering, KeysOf, Pieces, Sorting, Viewing, Whole
from datahub.engine.ledger import Fate
from datahub.engine.operators import arrange, group, join, unique
from datahub.engine.operators.check import check
from datahub.engine.operators.join_index import FEW, HashedKeys, JoinIndex, exact
from datahub.engine.parts import no_rows
from datahub.engine.run_state import RunState
from datahub.engine.scope import Scope
from datahub.engine.seen import Seen
from datahub.engine.settle import CHECKS, NOTES, OUTSIDE, Settled, settle
from datahub.engine.side import Side, right_of
from datahub.engine.survival import Survival
from datahub.engine.waiting import Budget, Waiting
from datahub.frames.concat import concat
from datahub.frames.frame import Column, Failure, Frame, Mask, Rows, bare, failed_rows
from datahub.frames.spill import FrameShelf, size_of
from datahub.plan import operators as op
from datahub.plan.expressions import expressions_of
from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.ir import EntityShape, Origin
from datahub.semantic.walk import columns_read, walk


class Breaker(Protocol):
    """An operator at which rows meet."""

    def prepare(self, frame: Frame, side: Side) -> Any: ...
    def accept(self, port: int, payload: Any, side: Side) -> Iterator[Frame]: ...
    def finish(self, side: Side) -> Iterator[Frame]: ...


class Appending:
    """One input after the other: that whose turn it is passes, the others wait for theirs."""

    def __init__(self, ports: int, budget: Budget) -> None:
        self._waiting = [Waiting(budget) for _ in range(ports)]
        self._ended = [False] * ports
        self._turn = 0

    def prepare(self, frame: Frame, side: Side) -> Frame:
        return frame

    def accept(self, port: int, payload: Frame, side: Side) -> Iterator[Frame]:
        if port == self._turn:
            yield payload
        else:
            self._waiting[port].put(payload)

    def ended(self, port: int) -> Iterator[Frame]:
        """No more comes of an input: the next one's rows pass from now on, those that waited first."""
        self._ended[port] = True
        while self._turn < len(self._ended) - 1 and self._ended[self._turn]:
            self._turn += 1
            yield from self._waiting[self._turn].frames()
            self._waiting[self._turn].close()

    def finish(self, side: Side) -> Iterator[Frame]:
        return iter(())


class FirstOfKey:
    """The first row of each key, as rows pass by."""

    def __init__(self, operator: op.Unique, run: RunState, budget: Budget) -> None:
        self._operator, self._run = operator, run
        self._uniqueness = unique.Uniqueness(operator, budget)

    def prepare(self, frame: Frame, side: Side) -> tuple[Frame, keys.Hashes, Mask]:
        return unique.key_hashes(frame, self._operator, self._run, side)

    def accept(self, port: int, payload: tuple[Frame, keys.Hashes, Mask], side: Side) -> Iterator[Frame]:
        yield self._uniqueness.pass_first(*payload, self._run, side)

    def finish(self, side: Side) -> Iterator[Frame]:
        return iter(())


@record(frozen=True, slots=True)
class _Keyed:
    """A settled batch with what is needed to find rows whose key was there before."""

    frame: Frame
    settled: Settled
    keys: BatchKeys
    asked: Rows


class KeyedSettling:
    """The boundary of an entity with a key: batches are settled by workers, keys compared in order.

    Every row takes part whose key is healthy and not null, also rows that fail otherwise; the first is spared.
    """

    def __init__(self, operator: op.Settle, shape: EntityShape, run: RunState, budget: Budget, watched: bool) -> None:
        assert isinstance(operator.input, op.Key)
        self._operator, self._key, self._shape, self._run, self._watched = operator, operator.input, shape, run, watched
        self._seen = Seen(budget)
        taken = run.exchange.taken.get(operator.entity) if run.exchange is not None else None
        self._passed = self._taken = 0 if taken is None else taken.shape[1]
        if taken is not None:
            self._seen.first_rows(taken, np.arange(self._taken))

    def prepare(self, frame: Frame, side: Side) -> _Keyed | Frame:
        if frame.is_bare():
            return frame
        columns = [frame.columns[name] for name in self._key.columns]
        arrays = [column.array(frame.length) for column in columns]
        asked = np.flatnonzero(~keys.any_null(arrays)).astype(np.int64)
        settled = settle(frame, self._operator, self._shape, self._run)
        if len(asked) < frame.length:
            settled = self._without_key(frame, columns, arrays, settled)
        if len(asked) < frame.length:
            arrays = [array.take(pa.array(asked)) for array in arrays]
        return _Keyed(frame, settled, self._seen.prepared(arrays), asked)

    def _without_key(self, frame: Frame, columns: list[Column], arrays: list[pa.Array], settled: Settled) -> Settled:
        """Rows whose key lacks a part fail, under the first one that they lack; of a part that failed its own failure tells."""
        left = ~failed_rows(tuple(failure for column in columns for failure in column.failures), frame.length)
        origins, failed, found = dict(self._operator.origins), settled.failed.copy(), []
        for name, array in zip(self._key.columns, arrays, strict=True):
            lacking = left & keys.any_null([array])
            left &= ~lacking
            failed |= lacking
            if lacking.any():
                failure = Failure(np.flatnonzero(lacking).astype(np.int64), "R302")
                origin = origins.get(name, self._key.origin)
                code = translated("R302", self._shape.translate, origin)
                found.append(issues.Finding(failure, code, self._operator.entity, name, origin))
        told = pa.concat_tables([settled.issues, issues.table(found, frame, self._shape.key)]) if found else settled.issues
        return replace(settled, failed=failed, issues=told)

    def accept(self, port: int, payload: _Keyed | Frame, side: Side) -> Iterator[Frame]:
        if isinstance(payload, Frame):
            if payload.fallen is None:
                return
            yield bare(only(payload.fallen, [name for name, _ in self._operator.columns]))
            return
        frame, settled, asked = payload.frame, payload.settled, payload.asked
        numbers = np.arange(self._passed, self._passed + frame.length, dtype=np.int64)
        self._passed += frame.length
        numbers = numbers[asked]
        repeated = asked[self._seen.first_of(payload.keys, numbers) != numbers]
        if len(repeated):
            self._tell(frame, repeated, side)
            failed = settled.failed.copy()
            failed[repeated] = True
            settled = replace(settled, failed=failed)
        healthy = tell_settled(frame, settled, self._operator, side)
        yield with_fallen(healthy, frame, settled, self._operator) if self._watched else healthy

    def finish(self, side: Side) -> Iterator[Frame]:
        if self._run.exchange is not None:
            self._run.exchange.seen[self._operator.entity] = self._seen.since(self._taken)
        return iter(())

    def _tell(self, frame: Frame, repeated: Rows, side: Side) -> None:
        origin: Origin = self._key.origin
        code = translated("R303", self._shape.translate, origin)
        finding = issues.Finding(Failure(repeated, "R303"), code, self._operator.entity, self._key.columns[0], origin)
        side.issues.append(issues.table([finding], frame, self._shape.key))


def tell_settled(frame: Frame, settled: Settled, operator: op.Settle, side: Side) -> Frame:
    """Hand over what a boundary found; the rows that pass."""
    healthy = settled.healthy()
    if settled.issues.num_rows:
        side.issues.append(settled.issues)
    if settled.notes.num_rows:
        side.notes.append(settled.notes)
    at = np.flatnonzero(settled.failed).astype(np.int64)
    side.mark(frame, at, Fate.REJECTED)
    count = side.count(operator)
    count.rows_in += frame.length
    count.rejected += len(at)
    count.rows_out += healthy.length
    return healthy


def with_fallen(healthy: Frame, frame: Frame, settled: Settled, operator: op.Settle) -> Frame:
    """The healthy rows of `frame`, with those that fell beside them: here, and before."""
    names = [name for name, _ in operator.columns]
    parts = [only(part, names) for part in (frame.filter(settled.failed), frame.fallen) if part is not None and part.length]
    return replace(healthy, fallen=concat(parts) if parts else None)


def only(frame: Frame, names: Sequence[str]) -> Frame:
    """Some columns of rows that fell, without their failures, and that they are no rows of their entity; one that they lack is null."""
    found = {name: frame.columns.get(name) for name in names}
    columns = {name: Column(pa.nulls(frame.length) if one is None else one.array(frame.length)) for name, one in found.items()}
    columns[OUTSIDE] = Column(pa.repeat(True, frame.length))
    return Frame(columns, frame.length, frame.rows, frame.paths, frame.members)


class RightSide:
    """The right side of a join: an index when all its rows are there; where they are too many, they are set aside and their keys kept."""

    def __init__(self, operator: op.Join, run: RunState, built: dict[int, JoinIndex], budget: Budget) -> None:
        self._operator, self._run, self._built, self._budget = operator, run, built, budget
        self._frames: list[Frame] = []
        self._keys: list[list[pa.Array]] = []
        self._held = 0
        self._shelf: FrameShelf | None = None
        self._hashed: HashedKeys | None = None

    def prepare(self, frame: Frame, side: Side) -> tuple[Frame, list[pa.Array]]:
        side.mark(frame, np.arange(frame.length, dtype=np.int64), Fate.LOOKED_UP)
        side.count(right_of(self._operator)).rows_in += frame.length
        return (frame, []) if frame.is_bare() else join.right_keys(frame, self._operator, self._run, side)

    def accept(self, port: int, payload: tuple[Frame, list[pa.Array]], side: Side) -> Iterator[Frame]:
        frame, arrays = payload
        if not frame.is_bare():
            self._frames.append(frame)
            self._keys.append(arrays)
            self._held += size_of(frame) + sum(array.nbytes for array in arrays)
            if self._shelf is not None or (self._held > self._budget.size and self._budget.space is not None):
                self._set_aside()
        return iter(())

    def _set_aside(self) -> None:
        """Rows go to disk, of their keys hashes stay."""
        space = self._budget.space
        assert space is not None
        self._shelf = self._shelf or FrameShelf(space)
        for frame in self._frames:
            self._shelf.put(frame)
        self._put_keys()
        self._frames = []

    def _put_keys(self) -> HashedKeys:
        self._hashed = self._hashed or HashedKeys(self._budget)
        for arrays in self._keys:
            self._hashed.put(arrays)
        self._keys = []
        return self._hashed

    def finish(self, side: Side) -> Iterator[Frame]:
        if not self._frames and self._shelf is None:
            frame, arrays = join.right_keys(no_rows(self._operator.right, self._run.sources), self._operator, self._run, side)
            self._keys, self._frames = [arrays], [frame]
        self._built[id(self._operator)] = index = self._index()
        side.count(right_of(self._operator)).rows_out += index.rows.length
        self._frames, self._keys = [], []
        return iter(())

    def _index(self) -> JoinIndex:
        rows = Pieces([concat(self._frames)] if self._shelf is None else self._shelf.take())
        return exact(rows, self._keys) if self._hashed is None and rows.length <= FEW else self._put_keys().index(rows)


def breaker(
    operator: op.Operator, run: RunState, shapes: dict[str, EntityShape], built: dict[int, JoinIndex], budget: Budget, watched: bool
) -> Breaker:
    """The breaker that does `operator`; `watched`: somebody must know what falls."""
    match operator:
        case op.Graph():
            return Survival(operator, shapes, run, budget)
        case op.Join():
            return RightSide(operator, run, built, budget)
        case op.Settle():
            return KeyedSettling(operator, shapes[operator.entity], run, budget, watched)
        case op.Union(inputs=several):
            return Appending(len(several), budget)
        case op.Group():
            return Gathering(_whole(operator, run), budget, _together(operator, run), group.with_fallen if watched else None)
        case _:
            inner = _alone(operator, run, budget)
            adds = operator.assignments if isinstance(operator, op.Windowed) else ()
            return Carrying(inner, budget, adds) if watched else inner


def _alone(operator: op.Operator, run: RunState, budget: Budget) -> Breaker:
    """An operator that has nothing to do with rows that fell."""
    match operator:
        case op.Unique(keep="first"):
            return FirstOfKey(operator, run, budget)
        case op.Sort():
            return Sorting(
                lambda frame, side: arrange.sort(frame, operator, run, side),
                lambda frame, side: arrange.sort_keys(frame, operator, run, side),
                budget,
            )
        case op.SetCheck() | op.Windowed() if _together(operator, run) is None:
            nodes = foldable(expressions_of(operator))
            folds = None if nodes is None else Folds(nodes, run, partial(_whole, operator))
            return Viewing(_whole(operator, run), _read_by(operator), budget, folds)
        case _:
            return Gathering(_whole(operator, run), budget, _together(operator, run))


def _read_by(operator: op.SetCheck | op.Windowed) -> frozenset[str]:
    """The columns that an operator reads, or shows of the rows that it tells of."""
    read = {name for expression in expressions_of(operator) for name in columns_read(expression)}
    match operator:
        case op.SetCheck(checks=rules):
            origins = [rule.origin for rule in rules]
            read.update(name for rule in rules for name in (*rule.fields, rule.origin.field))
        case op.Windowed(assignments=assignments):
            origins = [one.origin for one in assignments]
    read.update(one.raw for origin in origins for one in origin.evidence)
    return frozenset(read | {CHECKS, NOTES})


def _whole(operator: op.Operator, run: RunState) -> Whole:
    """What an operator does with all rows, or with all that have some keys."""
    match operator:
        case op.Unique():
            return lambda frame, side: _keep_last(frame, operator, run, side)
        case op.Group():
            return lambda frame, side: group.group(frame, operator, run, side)
        case op.Fill():
            return lambda frame, side: arrange.fill(frame, operator, run, side)
        case op.Windowed(assignments=assignments):
            return lambda frame, side: assign(frame, assignments, run)
        case op.SetCheck(checks=checks):
            return lambda frame, side: check(frame, checks, run)
        case _:
            raise AssertionError(f"{type(operator).__name__} goes batch by batch")


def _together(operator: op.Operator, run: RunState) -> KeysOf | None:
    """The keys by which rows must be together; None where only all of them will do."""
    match operator:
        case op.Group(keys=assignments):
            expressions = tuple(one.value for one in assignments)
        case op.Unique(keys=unique_keys):
            expressions = unique_keys
        case op.Fill(by=by):
            expressions = by
        case _:
            windows = {node.over.keys for expression in expressions_of(operator) for node in walk(expression) if _looks_around(node)}  # type: ignore[union-attr]
            expressions = windows.pop() if len(windows) == 1 else ()
            # Keys that are the same in every row part nothing.
            expressions = expressions if any(map(columns_read, expressions)) else ()
    if not expressions:
        return None

    def keys_of(frame: Frame) -> list[pa.Array]:
        scope = Scope(frame, run)
        found = [evaluate(expression, scope).array(frame.length) for expression in expressions]
        scope.forget()
        return found

    return keys_of


def _looks_around(node: ir.Expression) -> bool:
    return isinstance(node, ir.Aggregate | ir.WindowCall) and isinstance(node.over, ir.Window)


def _keep_last(frame: Frame, operator: op.Unique, run: RunState, side: Side) -> Frame:
    kept, hashed, exempt = unique.key_hashes(frame, operator, run, side)
    return unique.keep_last(kept, hashed, exempt, operator, run, side)
