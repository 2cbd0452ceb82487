"""Expressions that give the same for every row: they are evaluated once a run."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from datahub.frames.frame import Column
from datahub.semantic import ir
from datahub.semantic.walk import inside

if TYPE_CHECKING:
    from datahub.engine.scope import RunState

VARYING = (ir.Column, ir.Present, ir.RowFact, ir.WindowCall, ir.Recover)
"""What makes an expression no constant: rows, and uses that are counted a row."""


def is_constant(node: Any, run: RunState) -> bool:
    """Whether a canonical node gives the same for every row."""
    if isinstance(node, VARYING) or (isinstance(node, ir.Aggregate) and not isinstance(node.over, ir.Loop)):
        return False
    return all(run.once(part, "constant", partial(is_constant, part, run)) for part in inside(node))


def repeated(column: Column, length: int) -> Column:
    """The column of a constant expression, for `length` rows."""
    if not column.failures:
        return column
    if not length:
        return Column(column.values)
    every, none = np.arange(length, dtype=np.int64), np.zeros(length, np.int64)
    return Column(column.values, tuple(failure.reordered(none, every) for failure in column.failures))
