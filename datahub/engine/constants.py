"""Expressions that give the same for every row: they are evaluated once a run."""

from __future__ import annotations

from typing import Any

import numpy as np

from datahub.frames.frame import Column
from datahub.semantic import ir

VARYING = (ir.Column, ir.Present, ir.RowFact, ir.WindowCall, ir.Recover)
"""What makes an expression no constant: rows, and uses that are counted a row."""


def may_be_constant(node: Any) -> bool:
    """Whether `node` gives the same for every row if its parts do."""
    return not isinstance(node, VARYING) and not (isinstance(node, ir.Aggregate | ir.Collect) and not isinstance(node.over, ir.Loop))


def repeated(column: Column, length: int) -> Column:
    """The column of a constant expression, for `length` rows."""
    if not column.failures:
        return column
    if not length:
        return Column(column.values)
    every, none = np.arange(length, dtype=np.int64), np.zeros(length, np.int64)
    return Column(column.values, tuple(failure.reordered(none, every) for failure in column.failures))
