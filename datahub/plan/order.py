"""The operators of a plan in order, every one after those it reads, each once; and plans made anew in that order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import assert_never

from datahub.plan import operators as op


def topological(roots: Iterable[op.Operator]) -> list[op.Operator]:
    """All operators below `roots`, inputs first; shared ones once, told apart by identity."""
    found: list[op.Operator] = []
    seen: set[int] = set()
    for root in roots:
        waiting: list[tuple[op.Operator, bool]] = [(root, False)]
        while waiting:
            operator, ready = waiting.pop()
            if ready:
                found.append(operator)
            elif id(operator) not in seen:
                seen.add(id(operator))
                waiting.append((operator, True))
                waiting.extend((source, False) for source in reversed(op.inputs(operator)))
    return found


def over(operator: op.Operator, done: Mapping[int, op.Operator]) -> op.Operator:
    """`operator` over what its inputs have become, told apart by identity."""
    match operator:
        case op.Read():
            return operator
        case op.Join(left=left, right=right):
            return replace(operator, left=done[id(left)], right=done[id(right)])
        case op.Union(inputs=several) | op.Graph(inputs=several):
            return replace(operator, inputs=tuple(done[id(one)] for one in several))
        case op.Surviving(graph=graph):
            rows = done[id(graph)]
            assert isinstance(rows, op.Graph)
            return replace(operator, graph=rows)
        case (
            op.Filter(input=source)
            | op.Compute(input=source)
            | op.Rename(input=source)
            | op.Fill(input=source)
            | op.Expand(input=source)
            | op.Group(input=source)
            | op.Windowed(input=source)
            | op.Unique(input=source)
            | op.Sort(input=source)
            | op.Check(input=source)
            | op.SetCheck(input=source)
            | op.Key(input=source)
            | op.Settle(input=source)
        ):
            return replace(operator, input=done[id(source)])
        case _:
            assert_never(operator)


def rerooted(plan: op.Plan, done: Mapping[int, op.Operator]) -> op.Plan:
    """`plan` with what its feeds and outputs have become."""
    return replace(
        plan,
        feeds=tuple(replace(feed, rows=done[id(feed.rows)]) for feed in plan.feeds),
        outputs=tuple(replace(output, rows=done[id(output.rows)]) for output in plan.outputs),
    )


def roots(plan: op.Plan) -> list[op.Operator]:
    """The last operators of a plan: those whose rows feed lookups, and those whose rows are written."""
    return [*(feed.rows for feed in plan.feeds), *(output.rows for output in plan.outputs)]
