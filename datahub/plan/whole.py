"""What is written whole or not at all: whoever takes it deletes what it lacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from datahub.semantic import ir


def written_whole(
    targets: Iterable[ir.TargetShape], entities: Iterable[ir.EntityShape], flow: ir.FlowBody | None
) -> Iterator[tuple[str, str]]:
    """Each target, and each entity that the flow writes whole to it: as the target says with `whole`, else the entity with `@whole`."""
    said = {target.name: dict(target.options).get("whole") for target in targets}
    replacing = {shape.name for shape in entities if shape.replaces}
    for item in flow.writes if flow is not None else ():
        whole = said.get(item.target)
        yield from ((item.target, entity) for entity in item.entities if (entity in replacing if whole is None else whole))
