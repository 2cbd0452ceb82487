"""One batch through the local operators of a segment, each operator once however many read it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from time import thread_time
from typing import Any

from datahub.engine.breakers import Breaker, only, tell_settled, with_fallen
from datahub.engine.evaluate import assign
from datahub.engine.fallen import carried_on, joined
from datahub.engine.operators.check import check
from datahub.engine.operators.expand import expand
from datahub.engine.operators.filter import filter_rows
from datahub.engine.operators.join import probe
from datahub.engine.operators.join_index import JoinIndex
from datahub.engine.parts import renamed
from datahub.engine.scope import RunState
from datahub.engine.segments import Exit, Segments, is_local
from datahub.engine.settle import settle
from datahub.engine.side import Side
from datahub.frames.frame import Frame
from datahub.frames.spill import size_of
from datahub.plan import operators as op
from datahub.semantic.ir import EntityShape


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

    def leave(self, root: op.Operator, frame: Frame, exits: list[Exit], side: Side, told: set[int]) -> list[tuple[Exit, Any]]:
        """What leaves by `exits` when `frame` comes out of `root`.

        Operators in `told` were run over the same rows before: their issues and fates are known and not told again.
        """
        done: dict[int, Frame] = {id(root): frame}
        leaving: list[tuple[Exit, Any]] = []
        for exit in exits:
            rows = self._frame(exit.rows, done, side, told)
            if not rows.is_bare() or self._minds_fallen(exit.into):
                leaving.append((exit, self._prepared(exit, rows, side)))
        return leaving

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

    def _frame(self, operator: op.Operator, done: dict[int, Frame], side: Side, told: set[int]) -> Frame:
        found = done.get(id(operator))
        if found is None:
            source = self._frame(op.inputs(operator)[0], done, side, told)
            begun = thread_time()
            own = Side(keeps=id(operator) in self._watched)
            found = source if source.is_bare() else self._apply(operator, replace(source, fallen=None), own)
            if own.keeps:
                found = self._with_fallen(operator, found, source, own)
            if id(operator) in told:
                own = Side()
            count = own.count(operator)
            count.seconds += thread_time() - begun
            if not isinstance(operator, op.Settle):
                count.rows_in += source.length
                count.rows_out += found.length
            if self._run.profile is not None:
                count.size += size_of(found)
            if id(operator) not in told:
                side.take(own)
            done[id(operator)] = found
        return found

    def _with_fallen(self, operator: op.Operator, found: Frame, source: Frame, own: Side) -> Frame:
        """What an operator gave, with those beside it that have fallen by now."""
        if isinstance(operator, op.Settle):
            before = only(source.fallen, [name for name, _ in operator.columns]) if source.fallen is not None else None
            return replace(found, fallen=joined([found.fallen, before]))
        return replace(found, fallen=carried_on(operator, source.fallen, own, self._apply, self._built))

    def _apply(self, operator: op.Operator, frame: Frame, side: Side) -> Frame:
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
