"""The operators of a plan in order: every one after those it reads, each once."""

from __future__ import annotations

from collections.abc import Iterable

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
