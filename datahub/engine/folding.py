"""Aggregates over all rows of a map, worked out batch by batch: what is kept of them is one value, however many rows there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from datahub.engine.aggregate import Failed, Prepared, prepared
from datahub.engine.calls import opened
from datahub.engine.gathering import Whole
from datahub.engine.run_state import RunState
from datahub.engine.scope import Scope
from datahub.engine.values import carried
from datahub.engine.windows import with_value
from datahub.frames.frame import Frame
from datahub.functions import aggregates, exact
from datahub.functions.segments import present
from datahub.semantic import ir
from datahub.semantic.walk import columns_read, walk

_CARRIED = ("min", "max", "any", "all")
"""What these give of some values, and of that and more values, is what they give of all."""
_FOLDABLE = ("count", "sum", "avg", *_CARRIED)


def foldable(expressions: Iterable[ir.Expression]) -> list[ir.Aggregate] | None:
    """The aggregates over all rows in `expressions`; None where these look around in another way as well."""
    found = []
    for expression in expressions:
        for node in walk(expression):
            if isinstance(node, ir.WindowCall):
                return None
            if isinstance(node, ir.Aggregate) and isinstance(node.over, ir.Window):
                if not _can_be(node, node.over):
                    return None
                found.append(node)
    return found


def _can_be(node: ir.Aggregate, over: ir.Window) -> bool:
    if any(map(columns_read, over.keys)) or over.order or node.function not in _FOLDABLE or len(node.arguments) > 1:
        return False
    inner = (*node.arguments, *(() if over.where is None else (over.where,)))
    return not any(isinstance(one, ir.WindowCall | ir.Aggregate) and _looks_around(one) for part in inner for one in walk(part))


def _looks_around(node: ir.Aggregate | ir.WindowCall) -> bool:
    return isinstance(node.over, ir.Window)


class Folds:
    """The aggregates that an operator has of all its rows, while the rows pass."""

    def __init__(self, nodes: Iterable[ir.Aggregate], run: RunState, apply: Callable[[RunState], Whole]) -> None:
        self._run, self._apply = run, apply
        self._folds = {id(node): _Fold(node) for node in (run.canonical(one) for one in nodes)}

    def add(self, frame: Frame) -> None:
        """The rows of one batch, in order."""
        scope = Scope(frame, self._run)
        for fold in self._folds.values():
            fold.add(scope)
        scope.forget()

    def whole(self) -> Whole:
        """What the operator does with each batch, in a run in which these aggregates are known."""
        return self._apply(replace(self._run, folded={number: fold.result(self._run) for number, fold in self._folds.items()}))


@dataclass(slots=True)
class _Fold:
    """One aggregate, of the rows so far."""

    node: ir.Aggregate
    rows: int = 0
    kind: pa.DataType | None = None
    members: int = 0
    """How many values there were that are not null."""
    total: Any = 0
    """The exact sum of whole numbers, or of scaled decimals; a float is added up in the order of the rows."""
    carried: pa.Array | None = None
    ready: Prepared | None = None

    @property
    def function(self) -> str:
        return self.node.function

    def add(self, scope: Scope) -> None:
        assert isinstance(self.node.over, ir.Window)
        ready = self.ready = self.ready or scope.run.once(self.node, "kernel", lambda: prepared(self.node, scope))
        found, _, values = with_value(self.node.over, ready.value, scope)
        self.rows += len(found.rows)
        if values is None or pa.types.is_null(values.type):
            return
        self.kind = values.type
        values, offsets = present(values, np.array([0, len(values)]))
        self.members += len(values)
        if self.function in _CARRIED:
            values = values if self.carried is None else pa.concat_arrays([self.carried, values])
            self.carried = ready.kernel(values, np.array([0, len(values)]))[0].drop_null()
        elif pa.types.is_floating(self.kind):
            values = pa.concat_arrays([pa.array([float(self.total)]), values])
            self.total = float(aggregates.float_sums(values, np.array([0, len(values)]))[0])
        elif self.function != "count":
            self.total += int(exact.segment_sums(values, offsets)[0])

    def result(self, run: RunState) -> tuple[pa.Array, Failed]:
        """What the aggregate's kernel would answer if it were given all rows at once."""
        if self.ready is not None and self.ready.value is None:
            return pa.array([self.rows]), ()
        if self.kind is None or self.function in _CARRIED:
            empty = pa.array([], carried(self.node.arguments[0].type) if self.kind is None else self.kind)
            values = empty if self.carried is None else self.carried
            ready = self.ready or prepared(self.node, Scope(Frame({}, 0, np.empty(0, np.int64)), run))
            return ready.kernel(values, np.array([0, len(values)]))
        if self.function == "count":
            return pa.array([self.members]), ()
        if pa.types.is_floating(self.kind):
            total, there = np.array([self.total], np.float64), np.array([self.members > 0])
            return opened(aggregates.finite(total) if self.function == "sum" else aggregates.finite(total / max(self.members, 1), there))
        total = np.array([self.total], object)
        if self.function == "sum":
            return opened(aggregates.sums_in(self.kind, total))
        return opened(aggregates.means_in(self.kind, total, np.array([self.members])))
