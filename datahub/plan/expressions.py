"""The expressions of operators, for whoever looks at all of them."""

from __future__ import annotations

from collections.abc import Iterable

from datahub.plan import operators as op
from datahub.semantic import ir
from datahub.semantic.walk import walk


def lookups_used(operator: op.Operator) -> Iterable[str]:
    """The lookups that the expressions of `operator` read."""
    for expression in expressions_of(operator):
        for node in walk(expression):
            if isinstance(node, ir.LookUp | ir.InLookUp):
                yield node.table


def asks_facts(operators: Iterable[op.Operator]) -> bool:
    """Whether an expression asks where its row was read."""
    nodes = (node for operator in operators for expression in expressions_of(operator) for node in walk(expression))
    return any(isinstance(node, ir.RowFact) for node in nodes)


def expressions_of(operator: op.Operator) -> Iterable[ir.Expression]:
    """Every expression that `operator` evaluates."""
    match operator:
        case op.Compute(assignments=assignments) | op.Windowed(assignments=assignments):
            yield from (one.value for one in assignments)
        case op.Filter(condition=condition):
            yield condition
        case op.Expand(over=over):
            yield over
        case op.Fill(by=by):
            yield from by
        case op.Join():
            yield from (*operator.left_keys, *operator.right_keys)
            if operator.also is not None:
                yield operator.also
        case op.Group(keys=keys, assignments=assignments):
            yield from (one.value for one in (*keys, *assignments))
        case op.Unique(keys=unique_keys):
            yield from unique_keys
        case op.Sort(keys=sorting):
            yield from (key.value for key in sorting)
        case op.Check(checks=checks) | op.SetCheck(checks=checks):
            yield from (part for one in checks for part in (one.condition, one.when, one.message) if part is not None)
        case _:
            return
