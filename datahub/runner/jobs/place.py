"""The place that a target sends to, what its rows are known by there, and what becomes of those that are known."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq

from datahub.documents.shapes import RowShape
from datahub.plan.hanging import Hanging, hanging
from datahub.plan.operators import Plan
from datahub.plan.whole import written_whole
from datahub.runner.jobs.broken_off import Before, broken_at
from datahub.runner.jobs.job_context import JobContext, Ways
from datahub.runner.jobs.made import files_made
from datahub.runner.jobs.pieces import UNKNOWN
from datahub.runner.jobs.refused import refused_rows
from datahub.runner.jobs.row_digests import Sameness
from datahub.state.records import Batch, BatchState, Run, Sending


def sending_of(context: JobContext, run: Run, target: str) -> Sending:
    """What a run sends by a target: where to, and what tells its rows apart."""
    files = files_made(context.folders, run.id, target)
    documents, sender = context.ways.documents.get(target), context.ways.senders[target]
    hangs = hanging(context.plan)
    if documents is not None:
        same = replace(_of_document(documents.row, files, hangs), manner=f"{sender.manner} {documents.manner}")
    else:
        entity = next(iter(files))
        shape = next((one for one in context.plan.entities if one.name == entity), None)
        key = shape.key if shape is not None else ()
        same = _of(entity, key, files, hangs, sender.manner)
    told = {"job": run.job, "connection": context.job.targets[target].connection, "same": same.told(), "continues": []}
    return Sending(run.id, target, sender.address, json.dumps(told))


def continuing(sending: Sending, before: Before) -> Sending:
    """What a run sends, and which runs it goes on with."""
    return replace(sending, rows=json.dumps({**json.loads(sending.rows), "continues": before.continues})) if before.continues else sending


def replaces(plan: Plan, ways: Ways, target: str) -> bool:
    """Whether a place deletes what it is not given: then it is given all there is."""
    whole = dict(written_whole(plan.targets, plan.entities, plan.flow)) if plan.flow is not None else {}
    return target in whole or ways.senders[target].replaces


def known(context: JobContext, batch: Batch, before: Before, label: int, way: Batch | None) -> Batch:
    """A batch with what is known of it: that it has arrived by an earlier run, was on its way there, or that nobody knows."""
    if label >= 0:
        return replace(batch, state=BatchState.DONE, sent_by=before.runs[label])
    if way is not None:
        batch = replace(batch, key=way.key, sha256=way.sha256, body_of=way.body_of)
    doubtful = label == UNKNOWN and not context.ways.senders[batch.target].keyed
    return replace(batch, state=BatchState.UNKNOWN) if doubtful else batch


def whole_before(context: JobContext, sending: Sending, batches: Sequence[Batch]) -> Sequence[Batch]:
    """The one batch that a place is given whole, as it was if it is the last that a run which broke off has given it."""
    broken = {one.run for one in broken_at(context, sending)}
    if not broken or len(batches) != 1:
        return batches
    last = max(
        (one for _, several in context.store.deliveries.sent_to(sending.place, 0) for one in several),
        key=lambda one: one.sent,
        default=None,
    )
    if last is None or last.run not in broken or last.sha256 != batches[0].sha256:
        return batches
    if last.state is BatchState.DONE and not refused_rows([last]):
        return [replace(batches[0], state=BatchState.DONE, sent_by=last.sent_by or last.run)]
    return [replace(batches[0], key=last.key)]


def torn(context: JobContext, target: str, before: Before) -> Iterator[str]:
    """That rows may come twice: the batch in which they were on their way cannot be sent again as it was."""
    if before.torn and context.ways.senders[target].keyed:
        rows = "1 row" if before.torn == 1 else f"{before.torn:,} rows"
        yield (
            f"{rows} for `{target}` may arrive a second time: the batch that was on its way when an earlier run ended had others "
            "beside them, which are not as they were"
        )


def _of_document(row: RowShape, files: Mapping[str, Path], hangs: Mapping[str, Hanging]) -> Sameness:
    owned = tuple((one.by, _of_document(one.rows, files, hangs)) for one in row.owned)
    return replace(_of(row.entity, row.key, files, hangs), owned=owned)


def _of(entity: str, key: tuple[str, ...], files: Mapping[str, Path], hangs: Mapping[str, Hanging], manner: str = "") -> Sameness:
    hanging = hangs.get(entity, Hanging())
    # Where the place is not told the key, or each run has another, rows have none there.
    there = set(pq.read_schema(files[entity]).names) - {*hanging.stamps, *hanging.mixed}
    return Sameness(entity, key if set(key) <= there else (), hanging.stamps, manner=manner)
