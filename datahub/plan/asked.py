"""What a plan is asked for, beside what it works out because that lives and dies with it."""

from __future__ import annotations

from datahub.plan import operators as op
from datahub.semantic import ir
from datahub.semantic.walk import columns_read


def asked_for(flow: ir.FlowBody) -> frozenset[str]:
    """The entities that a flow writes, or counts in what it says of when to abort."""
    written = {entity for item in flow.writes for entity in item.entities}
    counted = {name.partition("(")[2].removesuffix(")") for item in flow.aborts for name in columns_read(item.condition)}
    return frozenset(written | counted)


def delivered(plan: op.Plan) -> tuple[str, ...]:
    """The entities of which rows go on from the run: not those that only say what of the others falls."""
    made = tuple(output.entity for output in plan.outputs)
    if plan.flow is None:
        return made
    names = asked_for(plan.flow)
    return tuple(name for name in made if name in names)


def beside(plan: op.Plan) -> frozenset[str]:
    """The entities that are worked out, and go nowhere."""
    return frozenset(output.entity for output in plan.outputs) - {*delivered(plan)}
