"""Which targets are written whole or not at all: whoever takes what they write deletes what it lacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from datahub.semantic import ir


def written_whole(targets: Iterable[ir.TargetShape], flow: ir.FlowBody | None) -> Iterator[tuple[str, str]]:
    """Each target with `whole true`, and each entity that the flow writes to it."""
    whole = {target.name for target in targets if dict(target.options).get("whole")}
    for item in flow.writes if flow is not None else ():
        if item.target in whole:
            yield from ((item.target, entity) for entity in item.entities)
