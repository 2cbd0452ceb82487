"""Why a run must leave nothing written, once all of its rows are known."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

import pyarrow as pa

from datahub.engine.evaluate import evaluate
from datahub.engine.execution import Execution
from datahub.engine.nothing import unmet_of_nothing
from datahub.engine.scope import RunState, Scope
from datahub.engine.side import Flowed
from datahub.frames.frame import Column, Frame, as_mask
from datahub.plan import operators as op
from datahub.plan.whole import written_whole
from datahub.records import record
from datahub.semantic.ir import AbortItem
from datahub.semantic.walk import columns_read


class _Before(Protocol):
    @property
    def counts(self) -> Mapping[str, int]: ...


@record(frozen=True, slots=True)
class Seen:
    """What became of the rows: how many of each entity are written and rejected, what each operator saw, and what was delivered last."""

    counts: Mapping[str, int]
    rejected: Mapping[str, int]
    execution: Execution
    previous: _Before | None
    apart: bool = False
    """Whether the rows are a few of many."""
    fallen: bool = False
    """Whether all of them fell once."""


def aborted(plan: op.Plan, seen: Seen, fatal: str, state: RunState) -> str:
    """Why the run must leave nothing written, or nothing; `fatal` is what the first fatal check says that is not met."""
    unmet = tuple(unmet_of_nothing(seen.execution, state))
    nothing = (f"{one.code} {one.message} (`{one.entity}` has no rows)" for one in unmet if one.severity == "fatal")
    if reason := next(nothing, "") or fatal:
        return reason
    unread = {source.name: _unread(source.name, seen.execution) for source in plan.sources}
    for source, owner in plan.torn:
        if unread[source] and f"unread({source})" not in _asked(plan):
            return _may_be_torn(source, owner, unread[source])
    for target, entity in written_whole(plan.targets, plan.entities, plan.flow):
        if seen.rejected.get(entity, 0):
            return _not_whole(target, entity, seen.rejected[entity])
        if not seen.counts.get(entity, 0) and f"count({entity})" not in _asked(plan):
            return _of_no_rows(target, entity)
    if plan.flow is None or not plan.flow.aborts:
        return ""
    columns: dict[str, Column] = {}
    for entity, count in seen.counts.items():
        fallen = seen.rejected.get(entity, 0)
        columns[f"count({entity})"] = Column(pa.scalar(count, pa.int64()))
        columns[f"rejected({entity})"] = Column(pa.scalar(fallen, pa.int64()))
        share = (Decimal(fallen) / max(count + fallen, 1)).quantize(Decimal("1e-10"))
        before = seen.previous.counts.get(entity) if seen.previous is not None else None
        columns[f"previous_count({entity})"] = Column(pa.scalar(before, pa.int64()))
        columns[f"rejected_share({entity})"] = Column(pa.scalar(share, pa.decimal128(28, 10)))
    for name, count in unread.items():
        columns[f"unread({name})"] = Column(pa.scalar(count, pa.int64()))
    frame = Frame(columns, 1, pa.array([0]).to_numpy())
    for item in plan.flow.aborts:
        if (seen.apart and _of_how_many(item)) or (seen.fallen and _of_what_share(item)):
            continue
        answer = evaluate(item.condition, Scope(frame, state))
        if bool(as_mask(answer.values, 1)[0]):
            asked = ", ".join(f"{name} is {_shown(columns[name])}" for name in sorted(columns_read(item.condition)) if name in columns)
            return f"`abort when` on line {item.origin.line} of {item.origin.script} is true{f' ({asked})' if asked else ''}"
    return ""


def unasked(plan: op.Plan, *, fallen: bool) -> tuple[str, ...]:
    """What is not asked of a few rows of many, of which all have `fallen` once or not; a sentence for each."""
    found = []
    for item in plan.flow.aborts if plan.flow is not None else ():
        said = f"`abort when` on line {item.origin.line} of {item.origin.script} is about"
        if _of_how_many(item):
            found.append(f"{said} how many rows there are of all, and is not asked of a part")
        elif fallen and _of_what_share(item):
            found.append(f"{said} what share of all rows falls, and is not asked of rows that fell")
    return tuple(found)


def _of_how_many(item: AbortItem) -> bool:
    """Whether an `abort when` asks how many rows there are, and nothing of those that fell."""
    asked = [name.partition("(")[0] for name in columns_read(item.condition)]
    return bool({"count", "previous_count"} & set(asked)) and not {"rejected", "rejected_share", "unread"} & set(asked)


def _of_what_share(item: AbortItem) -> bool:
    """Whether an `abort when` asks which share of the rows fell."""
    return any(name.startswith("rejected_share(") for name in columns_read(item.condition))


def _shown(column: Column) -> str:
    """The value of a figure that the flow asks about."""
    value = column.values.as_py()
    if value is None:
        return "not known"
    return f"{value.normalize():f}"[:12] if isinstance(value, Decimal) else f"{value:,}"


def fatal_reason(sample: Mapping[str, object], count: int) -> str:
    """What is said of a fatal check that is not met, of the first of `count` rows."""
    more = f", and for {count - 1} more" if count > 1 else ""
    return f"{sample['code']} {sample['message']} ({sample['file']}, line {sample['line']}{more})"


def _unread(source: str, execution: Execution) -> int:
    """How many records of a source could not be read."""
    reads = (one for one in execution.operators if isinstance(one, op.Read) and one.source == source)
    return max((execution.flowed.get(id(one), Flowed()).rejected for one in reads), default=0)


def _not_whole(target: str, entity: str, rejected: int) -> str:
    rows = f"one row of `{entity}` is" if rejected == 1 else f"{rejected} rows of `{entity}` are"
    return f"{rows} rejected, and `{target}` is written whole or not at all, as whoever takes it deletes what it lacks"


def _asked(plan: op.Plan) -> set[str]:
    """What the flow asks in `abort when`."""
    return {name for item in (plan.flow.aborts if plan.flow is not None else ()) for name in columns_read(item.condition)}


def _of_no_rows(target: str, entity: str) -> str:
    what = f"there is no row of `{entity}`, and whoever takes `{target}` deletes what it lacks, which is everything"
    return f"{what}; if that is meant, say in the flow how few there may be: `abort when count({entity}) < 0`"


def _may_be_torn(source: str, owner: str, unread: int) -> str:
    some = "one record" if unread == 1 else f"{unread} records"
    what = f"{some} of `{source}` cannot be read, and may belong to any `{owner}`, which is delivered whole or not at all"
    return f"{what}; mend it, or say in the flow how many may be missing: `abort when unread({source}) > {unread}`"
