"""What a run that broke off has sent is not sent again: the next run of its job knows it by its keys, and finishes it first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from datahub.records import record
from datahub.runner.jobs.job_context import JobContext
from datahub.runner.jobs.piled_up import splittable
from datahub.state.records import Batch, BatchState, FireKind, Run, RunStatus, Taken

_LOOKED_AT = 50
_APART = (FireKind.REPLAY, FireKind.BACKFILL)


@record(frozen=True, slots=True)
class BrokenOff:
    """The last run of a job that came to sending and will not go on; `sent` tells whether anything of it may have arrived."""

    run: Run
    keys: Mapping[tuple[str, str, int], str]
    """The keys of its batches: by target, content, and which of those of one content it is."""
    sent: bool


def broken_off(context: JobContext, run: Run) -> BrokenOff | None:
    """What broke off before `run`; None where the last run that came to sending has arrived, or is another matter."""
    if run.kind in _APART or run.window or context.job.overlap == "allow":
        return None
    deliveries = context.store.deliveries
    earlier = (one for one in context.store.runs.list(context.name, limit=_LOOKED_AT) if one.id != run.id and one.kind not in _APART)
    last = next((one for one in earlier if deliveries.planned(one.id)), None)
    if last is None or last.window or last.status is RunStatus.SUCCESS or not last.ended_for_good:
        return None
    batches = deliveries.batches(last.id)
    keys = {place: one.key for place, one in zip(_places(batches), batches, strict=True)}
    return BrokenOff(last, keys, any(one.state is not BatchState.PLANNED for one in batches))


def keys_kept(batches: Sequence[Batch], before: BrokenOff | None) -> Sequence[Batch]:
    """Batches under the keys that those of the same content had in a run that broke off: what has arrived of it is known by them.

    Nothing has arrived since that could have replaced it: else the same content is news, and has a key of its own.
    """
    if before is None:
        return batches
    return [replace(one, key=before.keys.get(place, one.key)) for place, one in zip(_places(batches), batches, strict=True)]


def finished_first(context: JobContext, run: Run, taken: Sequence[Taken]) -> Mapping[str, Sequence[Taken]]:
    """Of what a run has taken, by source, what is left to the next so that what broke off is finished as it was begun.

    Rows lie in batches as they lie in files: with one more file, those behind it, or all where a script orders rows, would be
    in other batches.
    """
    before = broken_off(context, run)
    if before is None or not before.sent:
        return {}
    driving = [one for one in taken if one.source in context.driving]
    theirs = {(one.source, one.item.id) for one in context.store.items.taken(before.run.id) if one.source in context.driving}
    behind = [one for one in driving if (one.source, one.item.id) not in theirs]
    sources = {one.source for one in behind}
    if not behind or not theirs <= {(one.source, one.item.id) for one in driving}:
        return {}
    if not all(splittable(context, run, source) for source in sources):
        return {}
    return {source: [one for one in behind if one.source == source] for source in sources}


def _places(batches: Sequence[Batch]) -> Sequence[tuple[str, str, int]]:
    seen: Counter[tuple[str, str]] = Counter()
    places = []
    for one in batches:
        content = (one.target, one.sha256)
        places.append((*content, seen[content]))
        seen[content] += 1
    return places
