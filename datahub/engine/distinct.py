"""Expressions of one column, worked out once for each value that the column holds, not once for each row that holds it.

Columns of trade repeat themselves: brands, currencies, flags, dates. A whole tree of calls over one of them is evaluated on its
distinct values and given to the rows; and since the same values come again in the next block, what a thread worked out for
them is kept for as long as there are few.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.engine.failures import union
from datahub.frames.frame import Column, Frame, Rows, take_column
from datahub.functions.columns import Judgement
from datahub.functions.declare import REGISTRY
from datahub.records import record
from datahub.semantic import ir
from datahub.types import model as t
from datahub.types.sizes import check_given, checked, total_bytes

if TYPE_CHECKING:
    from datahub.engine.scope import Scope

FEW = 8
"""What was worked out is kept where a block has at least so many rows for each value."""
MOST, MOST_BYTES = 20_000, 4 << 20
"""How many values of a column, and bytes of them, are kept at most."""

NONE, SEVERAL = "", "*"
"""What stands for the column of an expression that reads none, and of one for which it does not pay to look at distinct values."""

_BY_VALUE = (ir.Call, ir.Logic, ir.Choose, ir.Default, ir.Convert, ir.Fit, ir.Field, ir.LookUp, ir.InLookUp, ir.Decision)
"""The expressions that depend on nothing but the values of their parts."""


def column_of(node: Any, parts: Sequence[str]) -> str:
    """The one column that `node` depends on, given those of its parts."""
    match node:
        case ir.Column(name=name):
            return name
        case ir.Constant() | ir.Parameter():
            return NONE
        case _ if not isinstance(node, _BY_VALUE) and not (isinstance(node, ir.Recover) and node.how == "reject"):
            return SEVERAL
        case _:
            pass
    names = {part for part in parts if part != NONE}
    return names.pop() if len(names) == 1 else SEVERAL if names else NONE


def is_worth_it(node: Any, parts: Sequence[bool]) -> bool:
    """Whether `node` costs more than to look up what it gives."""
    match node:
        case ir.Call(function=name):
            return REGISTRY[name].distinct or any(parts)
        case ir.Convert(type=kind):
            return not isinstance(t.base_of(kind), t.Text | t.ListOf | t.MapOf | t.Struct)
        case ir.LookUp() | ir.InLookUp() | ir.Decision():
            return True
        case _:
            return any(parts)


@record(slots=True)
class Known:
    """The values of one column that a thread has met, and what expressions gave for them."""

    name: str
    values: pa.Array
    given: dict[int, tuple[Any, Column, int]] = field(default_factory=dict)
    _scope: Scope | None = None
    _start: int = 0

    def places(self, values: pa.Array) -> pa.Array | None:
        """Where each of `values` stands among those known, which they join; None where that would be too many."""
        found = pc.index_in(values, value_set=self.values)
        if not found.null_count:
            return found
        fresh = values.filter(pc.is_null(found))
        if len(self.values) + len(fresh) > MOST or self.values.nbytes + fresh.nbytes > MOST_BYTES:
            return None
        self.values = pa.concat_arrays([self.values, fresh])
        return pc.index_in(values, value_set=self.values)

    def column(self, node: Any, scope: Scope) -> Column:
        """What `node` gives for all values that are known; worked out for those it was not worked out for before."""
        _, column, done = self.given.get(id(node), (node, None, 0))
        if column is not None and done == len(self.values):
            return column
        if self._scope is None or self._start != done or self._start + self._scope.length != len(self.values):
            self._scope, self._start = alone(self.name, self.values.slice(done), scope), done
        made = self._scope.evaluate(node)
        whole = made if column is None else _joined(column, done, made, self._scope.length)
        self.given[id(node)] = (node, whole, len(self.values))
        return whole


def _joined(column: Column, length: int, more: Column, count: int) -> Column:
    left, right = column.array(length), more.array(count)
    checked(total_bytes(left) + total_bytes(right), length + count)
    if left.type != right.type:
        left, right = (left.cast(right.type), right) if pa.types.is_null(left.type) else (left, right.cast(left.type))
    moved = tuple(replace(failure, rows=failure.rows + length) for failure in more.failures)
    return Column(pa.concat_arrays([left, right]), union(column.failures, moved))


@record(frozen=True, slots=True)
class Coded:
    """A column by its distinct values: for each row which of them it holds. It must not know the scope that keeps it."""

    values: Known | Scope
    positions: Rows
    picked: pa.Array

    def column(self, node: Any, scope: Scope) -> Column:
        """What `node` gives, for each row."""
        if isinstance(self.values, Known):
            made, length = self.values.column(node, scope), len(self.values.values)
        else:
            made, length = self.values.evaluate(node), self.values.length
        if isinstance(made.values, pa.Scalar) and not made.failures:
            return made
        check_given(made.values, self.picked)
        return take_column(made, self.positions, self.picked, length)


def coded(name: str, scope: Scope) -> Coded | None:
    """The column `name` by its distinct values; None where it does not repeat itself, or where it would not help."""
    column = scope.column(name)
    values = column.values
    if column.failures or not isinstance(values, pa.Array) or not pa.types.is_string(values.type):
        return None
    judgements: dict[str, Judgement] = scope.run.memory.__dict__.setdefault("judgements", {})
    if not judgements.setdefault(name, Judgement()).repeats(values):
        return None
    encoded = values.dictionary_encode(null_encoding="encode")
    known = places = None
    if len(encoded.dictionary) * FEW <= len(values):
        known, places = _met(name, encoded.dictionary, scope)
    if known is None or places is None:
        return Coded(alone(name, encoded.dictionary, scope), encoded.indices.to_numpy(), encoded.indices)
    picked = places.take(encoded.indices)
    return Coded(known, picked.to_numpy(), picked)


def _met(name: str, values: pa.Array, scope: Scope) -> tuple[Known | None, pa.Array | None]:
    """What this thread knows of the column, and where `values` stand in it."""
    held: dict[str, Known] = scope.run.memory.__dict__.setdefault("known", {})
    known = held.get(name)
    places = None if known is None else known.places(values)
    if places is None:
        if values.nbytes > MOST_BYTES or len(values) > MOST:
            return None, None
        known = held[name] = Known(name, values)
        places = pa.array(np.arange(len(values), dtype=np.int32))
    return known, places


def alone(name: str, values: pa.Array, scope: Scope) -> Scope:
    """A scope whose rows are the distinct values of one column."""
    inner = type(scope)(Frame({name: Column(values)}, len(values), np.zeros(len(values), np.int64)), scope.run)
    inner.distinct = True
    return inner
