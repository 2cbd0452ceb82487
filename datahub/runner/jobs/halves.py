"""Which entities that live and die together go to an API as rows: it answers for each by itself, and may have taken the half of them."""

from __future__ import annotations

from collections.abc import Iterator

from datahub.plan.operators import Plan
from datahub.records import record
from datahub.runner.jobs.bind import targets_written
from datahub.runner.jobs.documents import entities_of
from datahub.runner.jobs.job_context import Ways


@record(frozen=True, slots=True)
class Half:
    """An owner and what it owns that go different ways, and the target at which a part of them may end."""

    owner: str
    owned: str
    target: str


def halves(ways: Ways, plan: Plan) -> Iterator[Half]:
    """Owners and owned of which an API gets rows; in a document all of an owner goes at once."""
    rows = {target: entities_of(plan, target) for target in targets_written(plan) if target not in ways.documents}
    alone = {name for entities in rows.values() for name in entities}
    apart = {name: target for target, entities in rows.items() if target in {*ways.senders, *ways.posters} for name in entities}
    for shape in plan.entities:
        for owned, _ in shape.owns:
            if {shape.name, owned} <= alone and (target := apart.get(owned) or apart.get(shape.name)):
                yield Half(shape.name, owned, target)
