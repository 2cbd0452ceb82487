"""The plan cut where rows must meet: which operators a worker runs on one batch, and which need more than that.

A *segment* begins at a source or at an operator that needs more than one batch, and holds all operators that can go
on batch by batch from there. Its *exits* are where frames leave it: into an operator of the second kind, or out.
"""

from __future__ import annotations

from dataclasses import field

from datahub.engine.undecided import Ahead, ahead
from datahub.plan import operators as op
from datahub.plan.expressions import lookups_used
from datahub.plan.order import roots, topological
from datahub.records import record


@record(frozen=True, eq=False, slots=True)
class Exit:
    """Frames of `rows` leave their segment: into input number `port` of `into`, into a lookup, or as an entity's output."""

    root: op.Operator
    rows: op.Operator
    into: op.Operator | None
    port: int
    lookup: str = ""
    entity: str = ""
    joins: frozenset[int] = frozenset()
    lookups: frozenset[str] = frozenset()


@record(frozen=True, slots=True)
class Segments:
    """All segments of a plan: the exits by the segment's first operator, and every operator once, inputs first."""

    ordered: list[op.Operator]
    exits: dict[int, list[Exit]] = field(default_factory=dict)
    watched: frozenset[int] = frozenset()
    """The operators behind which somebody must know what fell: those that lead to a graph, or to groups that must be whole."""
    ahead: dict[int, tuple[Ahead, ...]] = field(default_factory=dict)


def is_local(operator: op.Operator) -> bool:
    """Whether one batch at a time is enough for `operator`."""
    match operator:
        case op.Compute() | op.Rename() | op.Filter() | op.Expand() | op.Check():
            return True
        case op.Join():
            return True
        case op.Settle(input=source):
            return not isinstance(source, op.Key)
        case _:
            return False


def passes_on(operator: op.Operator) -> bool:
    """Whether an operator at which rows meet lets each batch go on as it comes, and has nothing to say when all were there."""
    match operator:
        case op.Settle() | op.Unique(keep="first"):
            return True
        case _:
            return False


def cut(plan: op.Plan) -> Segments:
    """The segments of `plan`."""
    ordered = topological(roots(plan))
    segments = Segments(ordered, watched=_watched(ordered), ahead=ahead(ordered, plan.entities))
    fed = frozenset(feed.lookup for feed in plan.feeds)
    for operator in segments.ordered:
        for port, source in enumerate(_gathered(operator)):
            _leave(segments, source, operator, port, fed)
    for feed in plan.feeds:
        _leave(segments, feed.rows, None, 0, fed, lookup=feed.lookup)
    for output in plan.outputs:
        _leave(segments, output.rows, None, 0, fed, entity=output.entity)
    return segments


def _watched(ordered: list[op.Operator]) -> frozenset[int]:
    found: set[int] = set()
    waiting: list[op.Operator] = [one for one in ordered if isinstance(one, op.Graph) or (isinstance(one, op.Group) and not one.partial)]
    while waiting:
        operator = waiting.pop()
        if id(operator) not in found:
            found.add(id(operator))
            # What falls on the right side of a join was never to be one of the rows.
            waiting.extend([operator.left] if isinstance(operator, op.Join) else op.inputs(operator))
    return frozenset(found)


def _gathered(operator: op.Operator) -> tuple[op.Operator, ...]:
    """The inputs of which `operator` needs more than a batch; a join needs its right side whole (port 0)."""
    match operator:
        case op.Join(right=right):
            return (right,)
        case op.Settle(input=op.Key(input=source)):
            return (source,)
        case op.Read() | op.Key() | op.Surviving():
            return ()
        case _:
            return () if is_local(operator) else op.inputs(operator)


def _leave(
    segments: Segments, rows: op.Operator, into: op.Operator | None, port: int, fed: frozenset[str], lookup: str = "", entity: str = ""
) -> None:
    """Note an exit, with the joins and fed lookups that its rows pass on the way (those must be ready before)."""
    joins: set[int] = set()
    lookups: set[str] = set()
    operator = rows
    while is_local(operator):
        lookups.update(name for name in lookups_used(operator) if name in fed)
        if isinstance(operator, op.Join):
            joins.add(id(operator))
        operator = op.inputs(operator)[0]
    used = lookups_used(into) if into is not None else ()
    lookups.update(name for name in used if name in fed)
    exit = Exit(operator, rows, into, port, lookup, entity, frozenset(joins), frozenset(lookups))
    segments.exits.setdefault(id(operator), []).append(exit)
