"""Which targets are written whole or not at all: whoever takes what they write deletes what it lacks."""

from __future__ import annotations

from collections.abc import Iterator

from datahub.plan import operators as op


def written_whole(plan: op.Plan) -> Iterator[tuple[str, str]]:
    """Each target with `whole true`, and each entity that the flow writes to it."""
    whole = {target.name for target in plan.targets if dict(target.options).get("whole")}
    for item in plan.flow.writes if plan.flow is not None else ():
        if item.target in whole:
            yield from ((item.target, entity) for entity in item.entities)
