"""What a run lacks: the rows that each entity lost, and joins and tables that found nothing where rows were rejected."""

from __future__ import annotations

from collections.abc import Iterator

from datahub.engine.execution import Execution
from datahub.engine.run_state import RunState
from datahub.engine.side import Flowed, right_of
from datahub.plan import operators as op


def rejected_rows(execution: Execution) -> dict[str, int]:
    """The rows that each entity lost: those rejected at its boundary, and those that were rejected on their way to it."""
    found: dict[str, int] = {}
    last = {one.entity: one for one in execution.operators if isinstance(one, op.Settle | op.Surviving)}
    for entity, operator in last.items():
        found[entity] = sum(_lost(one, grouped, execution.flowed.get(id(one), Flowed())) for one, grouped in _behind(operator))
    return found


def _lost(operator: op.Operator, grouped: bool, flowed: Flowed) -> int:
    """How many rows of an entity are missing for what an operator rejected; `grouped` where its rows become whole groups."""
    match operator:
        case op.Group(partial=False):
            # A group falls as one row, where it would have gone on; here those are counted that were never there.
            return 0 if grouped else flowed.lost
        case op.Group():
            return 0
        case op.Read():
            return flowed.rejected
        case _:
            return 0 if grouped else flowed.rejected


def _behind(operator: op.Operator) -> list[tuple[op.Operator, bool]]:
    """`operator` and all that lead to its rows, with whether they are grouped behind; not those of entities that they may fall with."""
    found: dict[int, tuple[op.Operator, bool]] = {}
    waiting = [(operator, False)]
    while waiting:
        one, grouped = waiting.pop()
        if id(one) not in found:
            found[id(one)] = one, grouped
            own = [one.graph.inputs[one.graph.entities.index(one.entity)]] if isinstance(one, op.Surviving) else _own(one)
            grouped = grouped or (isinstance(one, op.Group) and not one.partial)
            waiting.extend((before, grouped) for before in own)
    return list(found.values())


def _own(operator: op.Operator) -> tuple[op.Operator, ...]:
    """The inputs whose rows become those of an operator: what a join finds does not."""
    return (operator.left,) if isinstance(operator, op.Join) else op.inputs(operator)


def missed(plan: op.Plan, execution: Execution, state: RunState) -> Iterator[str]:
    """The joins and tables that found nothing for some rows, while rows that feed them were rejected: those may be what was looked for."""
    for operator in execution.operators:
        if not isinstance(operator, op.Join):
            continue
        alone = execution.flowed.get(id(operator), Flowed()).alone
        gone = execution.flowed.get(right_of(operator), Flowed()).rejected + _gone(operator.right, execution)
        if alone and gone:
            nothing = "finds nothing for one row" if alone == 1 else f"finds nothing for {alone:,} rows"
            rejected = "one row that it looks among is" if gone == 1 else f"{gone:,} rows that it looks among are"
            yield f"the join on line {operator.origin.line} of {operator.origin.script} {nothing}, and {rejected} rejected"
    for feed in plan.feeds:
        gone = execution.lacking[feed.lookup] + _gone(feed.rows, execution)
        if state.unfound[feed.lookup] and gone:
            rejected = "one row that feeds it is" if gone == 1 else f"{gone:,} rows that feed it are"
            yield f"`{feed.lookup}` answers with its `otherwise` where it finds nothing, and {rejected} rejected"


def _gone(operator: op.Operator, execution: Execution) -> int:
    """How many rows were rejected on their way to an operator."""
    return sum(_lost(one, grouped, execution.flowed.get(id(one), Flowed())) for one, grouped in _behind(operator))
