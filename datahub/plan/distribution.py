"""How an operator needs its input spread over workers: what decides where rows must meet."""

from __future__ import annotations

from typing import TypeAlias, assert_never

from datahub.plan import operators as op
from datahub.plan.text import shown
from datahub.records import record


@record(frozen=True, slots=True)
class AnyBatch:
    """Each batch stands alone: any worker, any order."""


@record(frozen=True, slots=True)
class HashPartitioned:
    """Rows with equal keys must meet; `keys` are their expressions as text."""

    keys: tuple[str, ...]


@record(frozen=True, slots=True)
class Broadcast:
    """Every worker needs all rows of the right input."""

    keys: tuple[str, ...]


@record(frozen=True, slots=True)
class SinglePartition:
    """All rows must meet, in the order of the input."""


Distribution: TypeAlias = AnyBatch | HashPartitioned | Broadcast | SinglePartition


def required_distribution(operator: op.Operator) -> Distribution:
    """How `operator` needs its input to be spread."""
    match operator:
        case op.Read() | op.Compute() | op.Rename() | op.Filter() | op.Expand() | op.Check() | op.Settle() | op.Surviving():
            return AnyBatch()
        case op.Join(right_keys=keys):
            return Broadcast(tuple(map(shown, keys)))
        case op.Group(keys=group_keys):
            return HashPartitioned(tuple(shown(key.value) for key in group_keys))
        case op.Unique(keys=unique_keys):
            return HashPartitioned(tuple(map(shown, unique_keys)))
        case op.Key(columns=columns):
            return HashPartitioned(columns)
        case op.Fill(by=by):
            return HashPartitioned(tuple(map(shown, by)))
        case op.Windowed() | op.SetCheck() | op.Sort() | op.Union() | op.Graph():
            return SinglePartition()
        case _:
            assert_never(operator)
