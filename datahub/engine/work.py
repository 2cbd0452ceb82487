"""One batch through the local operators of a segment, each operator once however many read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from time import thread_time
from typing import Any

import numpy as np

from datahub.engine.breakers import Breaker, only, tell_settled, with_fallen
from datahub.engine.evaluate import assign
from datahub.engine.fallen import carried_on, joined
from datahub.engine.operators.check import check
from datahub.engine.operators.expand import expand
from datahub.engine.operators.filter import filter_rows
from datahub.engine.operators.join import probe
from datahub.engine.operators.join_index import JoinIndex
from datahub.engine.parts import Parts, renamed
from datahub.engine.scope import RunState
from datahub.engine.segments import Exit, Segments, is_local
from datahub.engine.settle import settle
from datahub.engine.side import Side
from datahub.frames.concat import concat
from datahub.frames.frame import Frame
from datahub.frames.spill import size_of
from datahub.plan import operators as op
from datahub.records import record
from datahub.semantic.ir import EntityShape
from datahub.types.sizes import TooMuch, divided, in_parts


class Work:
    """What workers share: the run, the entities' shapes, the right sides of joins, and the operators rows leave into."""

    def __init__(
        self,
        run: RunState,
        shapes: dict[str, EntityShape],
        built: dict[int, JoinIndex],
        breakers: dict[int, Breaker],
        segments: Segments,
    ) -> None:
        self._run, self._shapes, self._built, self._breakers = run, shapes, built, breakers
        self._watched = segments.watched

    def leave(self, root: op.Operator, frame: Frame, exits: Sequence[Exit], side: Side, told: set[int]) -> Iterator[tuple[Exit, Any]]:
        """What leaves by `exits` when `frame` comes out of `root`, as it is asked for.

        Operators in `told` were run over the same rows before: their issues and fates are known and not told again. What is
        too much at once goes on in parts.
        """
        done: dict[int, Frame] = {id(root): frame}
        waiting = list(exits)
        while waiting:
            exit = waiting.pop(0)
            rows = self._leaving(exit, done, side, told)
            if isinstance(rows, _Parted):
                alike = [exit, *(one for one in waiting if _passes(one, rows.at))]
                waiting = [one for one in waiting if one not in alike]
                for part in rows.parts:
                    yield from self.leave(rows.root, part, alike, side, told)
            elif rows is not None:
                yield exit, rows.payload

    def _leaving(self, exit: Exit, done: dict[int, Frame], side: Side, told: set[int]) -> _Payload | _Parted | None:
        rows = self._frame(exit.rows, done, side, told)
        if isinstance(rows, _Parted):
            return rows
        if rows.is_bare() and not self._minds_fallen(exit.into):
            return None
        own = Side()
        try:
            with divided():
                payload = self._prepared(exit, rows, own)
        except TooMuch as problem:
            return _Parted(exit, exit.rows, _halves(rows, problem))
        side.take(own)
        return _Payload(payload)

    def _minds_fallen(self, into: op.Operator | None) -> bool:
        """Whether an operator wants to be told of rows that fell, also where no other is there."""
        return into is not None and (id(into) in self._watched or isinstance(into, op.Graph))

    def _prepared(self, exit: Exit, rows: Frame, side: Side) -> Any:
        if exit.into is None:
            return rows
        if not isinstance(exit.into, op.Settle | op.Join | op.Graph):
            side.count(exit.into).rows_in += rows.length
        with side.timed(exit.into):
            return self._breakers[id(exit.into)].prepare(rows, side)

    def _frame(self, operator: op.Operator, done: dict[int, Frame], side: Side, told: set[int]) -> Frame | _Parted:
        known = done.get(id(operator))
        if known is not None:
            return known
        before = op.inputs(operator)[0]
        source = self._frame(before, done, side, told)
        if isinstance(source, _Parted):
            return source
        begun = thread_time()
        keeps = id(operator) in self._watched
        own = Side(keeps=keeps)
        try:
            with divided():
                alone = replace(source, fallen=None)
                found = alone if source.is_bare() else self._apply(operator, alone, own)
                fallen = self._fallen(operator, found, source, own) if keeps else None
        except TooMuch as problem:
            return _Parted(operator, before, _halves(source, problem))
        if id(operator) in told:
            own = Side()
        count = own.count(operator)
        count.seconds += thread_time() - begun
        if not isinstance(operator, op.Settle):
            count.rows_in += source.length
            count.rows_out += found.length
        if isinstance(found, Frame) and self._run.profile is not None:
            count.size += size_of(found)
        if id(operator) not in told:
            side.take(own)
        if isinstance(found, Parts):
            return _Parted(operator, operator, _with_first(found.frames(), fallen))
        found = done[id(operator)] = replace(found, fallen=fallen) if keeps else found
        return found

    def _fallen(self, operator: op.Operator, found: Frame | Parts, source: Frame, own: Side) -> Frame | None:
        """Those that have fallen by now, beside what an operator gave."""
        if isinstance(operator, op.Settle):
            before = only(source.fallen, [name for name, _ in operator.columns]) if source.fallen is not None else None
            return joined([found.fallen if isinstance(found, Frame) else None, before])
        return carried_on(operator, source.fallen, own, self._whole, self._built)

    def _whole(self, operator: op.Operator, frame: Frame, side: Side) -> Frame:
        found = self._apply(operator, frame, side)
        return found if isinstance(found, Frame) else concat([*found.frames()])

    def _apply(self, operator: op.Operator, frame: Frame, side: Side) -> Frame | Parts:
        match operator:
            case op.Compute(assignments=assignments):
                return assign(frame, assignments, self._run)
            case op.Rename(columns=columns):
                return renamed(frame, columns)
            case op.Filter():
                return filter_rows(frame, operator, self._run, side)
            case op.Expand():
                return expand(frame, operator, self._run, side)
            case op.Join():
                return probe(frame, operator, self._built[id(operator)], self._run, side)
            case op.Check(checks=checks):
                return check(frame, checks, self._run)
            case op.Settle():
                settled = settle(frame, operator, self._shapes[operator.entity], self._run)
                healthy = tell_settled(frame, settled, operator, side)
                return with_fallen(healthy, frame, settled, operator) if id(operator) in self._watched else healthy
            case _:
                raise AssertionError(f"{type(operator).__name__} does not go batch by batch")

    def path_operators(self, exits: Iterable[Exit]) -> Iterable[op.Operator]:
        """The local operators that rows pass on their way to `exits`."""
        for exit in exits:
            operator = exit.rows
            while is_local(operator):
                yield operator
                operator = op.inputs(operator)[0]


@record(frozen=True, slots=True)
class _Payload:
    """What leaves by an exit, as the operator behind it takes it."""

    payload: Any


@record(frozen=True, slots=True)
class _Parted:
    """Rows that are too much at once for what stands `at` a place (an operator or an exit): they go on from `root` in parts."""

    at: op.Operator | Exit
    root: op.Operator
    parts: Iterable[Frame]


def _passes(exit: Exit, at: op.Operator | Exit) -> bool:
    """Whether what leaves by an exit comes by an operator of its segment."""
    operator = exit.rows
    while operator is not at and is_local(operator):
        operator = op.inputs(operator)[0]
    return operator is at


def _halves(frame: Frame, problem: TooMuch) -> Iterator[Frame]:
    """A frame in two parts or more, after what was to be made of it was too much."""
    if frame.length < 2:
        raise problem
    stretches = in_parts(frame.length, problem.size)
    rows = replace(frame, fallen=None)
    return _with_first((rows.take(np.arange(start, stop, dtype=np.int64)) for start, stop in stretches), frame.fallen)


def _with_first(frames: Iterable[Frame], fallen: Frame | None) -> Iterator[Frame]:
    """The frames, the first with those beside it that fell."""
    for frame in frames:
        yield replace(frame, fallen=fallen)
        fallen = None
