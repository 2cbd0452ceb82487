"""Rows that fell on their way, told of and counted, and carried beside those that go on.

Whoever stands at the end of the way may have to know them: an order one of whose lines found no product is no whole order. They take
no part in anything: what an operator would say of them is not said, and what it would make of other rows it makes without them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, Protocol

import pyarrow as pa

from datahub.engine.operators.join import alone
from datahub.engine.operators.join_index import JoinIndex
from datahub.engine.side import Side
from datahub.engine.values import carried
from datahub.engine.waiting import Budget, Waiting
from datahub.frames.concat import concat
from datahub.frames.frame import Column, Frame, bare
from datahub.plan import operators as op
from datahub.semantic.ir import Assignment
from datahub.types import model as t
from datahub.types.model import Type

Apply = Callable[[op.Operator, Frame, Side], Frame]


def carried_on(operator: op.Operator, before: Frame | None, own: Side, apply: Apply, built: dict[int, JoinIndex]) -> Frame | None:
    """What has fallen behind a local operator: what had before, as the operator would make it, and what fell in it."""
    fallen, passed = list(own.fallen), None
    if before is not None and not isinstance(operator, op.Check):
        aside = Side(keeps=True)
        passed = replace(apply(operator, before, aside), fallen=None)
        fallen += aside.fallen
    elif before is not None:
        passed = before
    return joined([passed, *(_completed(part, operator, built) for part in fallen)])


def joined(parts: Iterable[Frame | None]) -> Frame | None:
    """Several frames as one; None where no row is in them."""
    found = [replace(part, fallen=None) for part in parts if part is not None and part.length]
    return concat(found) if found else None


def _completed(frame: Frame, operator: op.Operator, built: dict[int, JoinIndex]) -> Frame:
    """Rows that fell in an operator, with the columns that it adds, as nulls."""
    match operator:
        case op.Join():
            return alone(frame, operator, built[id(operator)])
        case op.Expand():
            listed = t.base_of(operator.over.type)
            item = listed.item if isinstance(listed, t.ListOf) else t.Nothing()
            names = [(f"{operator.item}.{name}", kind) for name, kind in operator.fields] or [(operator.item, item)]
            return _with_nulls(frame, [*names, *([(operator.position, t.Int())] if operator.position else [])])
        case _:
            return frame


def _with_nulls(frame: Frame, columns: Iterable[tuple[str, Type]]) -> Frame:
    return frame.with_columns({name: Column(pa.nulls(frame.length, carried(kind))) for name, kind in columns})


class Inner(Protocol):
    """An operator at which rows meet."""

    def prepare(self, frame: Frame, side: Side) -> Any: ...
    def accept(self, port: int, payload: Any, side: Side) -> Iterator[Frame]: ...
    def finish(self, side: Side) -> Iterator[Frame]: ...


class Carrying:
    """An operator at which rows meet, around which those are carried that fell; `adds` are the columns that it makes."""

    def __init__(self, inner: Inner, budget: Budget, adds: tuple[Assignment, ...] = ()) -> None:
        self._inner, self._adds = inner, adds
        self._held = Held(budget)

    def prepare(self, frame: Frame, side: Side) -> tuple[Any, Frame | None]:
        own = Side(keeps=True)
        payload = None if frame.is_bare() else self._inner.prepare(replace(frame, fallen=None), own)
        side.take(own)
        return payload, self._whole(joined([frame.fallen, *own.fallen]))

    def accept(self, port: int, payload: tuple[Any, Frame | None], side: Side) -> Iterator[Frame]:
        own = Side(keeps=True)
        frames = [] if payload[0] is None else list(self._inner.accept(port, payload[0], own))
        side.take(own)
        self._held.put(joined([payload[1], *map(self._whole, own.fallen)]))
        yield from frames

    def finish(self, side: Side) -> Iterator[Frame]:
        own = Side(keeps=True)
        yield from self._inner.finish(own)
        side.take(own)
        self._held.put(joined(map(self._whole, own.fallen)))
        yield from self._held.all()

    def _whole(self, frame: Frame | None) -> Frame | None:
        return frame and _with_nulls(frame, ((one.name, one.value.type) for one in self._adds))


class Held:
    """Rows that fell, until they can go on: on disk where they are too many."""

    def __init__(self, budget: Budget) -> None:
        self._waiting = Waiting(budget)

    def put(self, frame: Frame | None) -> None:
        if frame is not None:
            self._waiting.put(frame)

    def all(self) -> Iterator[Frame]:
        """Frames without rows of their own, beside which those go that fell."""
        yield from map(bare, self._waiting.frames())
        self._waiting.close()
