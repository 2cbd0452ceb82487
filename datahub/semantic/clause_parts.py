"""The expressions of a clause."""

from __future__ import annotations

from typing import assert_never

from datahub.semantic import ir


def expressions_of(clause: ir.Clause) -> tuple[ir.Expression, ...]:
    """The expressions that `clause` reads rows with."""
    match clause:
        case ir.WhereClause(condition=condition):
            return (condition,)
        case ir.GroupClause(keys=keys):
            return tuple(key.value for key in keys)
        case ir.EachClause(over=over):
            return (over,)
        case ir.UniqueClause(keys=keys):
            return keys
        case ir.JoinClause(left=left, right=right, also=also):
            return (*left, *right) if also is None else (*left, *right, also)
        case ir.FillClause(by=by):
            return by
        case ir.OrderClause(keys=sorting):
            return tuple(key.value for key in sorting)
        case _:
            assert_never(clause)
