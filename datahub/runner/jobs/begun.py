"""What a run was begun with and its job does not have any more: it is held until a person says what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from datahub.runner.jobs.job_context import JobContext
from datahub.runner.jobs.made import files_made, written
from datahub.runner.jobs.transform import Held
from datahub.state.records import Batch, BatchState, FileState, Run, RunStatus, Taken

BRING_BACK = "bring that back"
"""What is advised of a run that lacks what it was begun with."""


def has_all(context: JobContext, run: Run, taken: Sequence[Taken]) -> None:
    """`Held` where the script or the project has been changed meanwhile, so that the run cannot go on."""
    planned = context.store.deliveries.planned(run.id)
    if gone := next(_gone(context, run, taken, planned=planned), ""):
        rest = "what has not arrived" if planned else "all"
        out = f"{BRING_BACK}, or cancel it, and the next run sends {rest}"
        raise Held(f"it was begun with {gone}, which its job does not have any more: {out}")


def lost(context: JobContext, run: Run, reason: str) -> str:
    """Why a run is held that has sent some of what it made, where the rest is not there any more; nothing where it has sent none of it."""
    sent = [one for one in context.store.deliveries.batches(run.id) if one.attempts]
    shown = [one for one in context.store.deliveries.files(run.id) if one.state is FileState.DONE]
    if not sent and not shown:
        return ""
    return f"{reason}; some of it was sent: {BRING_BACK}, or cancel it, and the next run sends all of it again"


def source_of(context: JobContext, one: Taken) -> str:
    """The source that a file came from: by its name, or by its place where it has another name now. Empty where neither is there."""
    if one.source in context.ways.sources:
        return one.source
    return next((name for name, known in context.places.items() if known == one.item.place and name in context.ways.sources), "")


def _gone(context: JobContext, run: Run, taken: Sequence[Taken], *, planned: bool) -> Iterator[str]:
    for one in taken:
        # What is yet to be read is read under its name.
        unread = not planned and one.source and one.source not in context.ways.sources
        if unread or not (one.disposed or source_of(context, one)):
            yield f"the source `{one.source}`" if one.source else f"the source of `{one.item.name}`"
    if planned and run.status is not RunStatus.DELIVERED:
        batches = context.store.deliveries.batches(run.id)
        yield from (f"the target `{target}`" for target in _targets(context, run, batches))
        for target in sorted({one.target for one in batches}.intersection(context.ways.documents)):
            files = files_made(context.folders, run.id, target)
            if context.ways.documents[target].row.entity not in files:
                yield f"documents of `{next(iter(files), target)}` for `{target}`"


def _targets(context: JobContext, run: Run, batches: Sequence[Batch]) -> Iterator[str]:
    """Targets that something is still to go to, and that are not there, or are of another kind."""
    ways, files = context.ways, context.store.deliveries.files(run.id)
    yield from (one.target for one in batches if one.state is not BatchState.DONE and one.target not in ways.senders)
    yield from (one.target for one in files if one.state is not FileState.DONE and one.target not in ways.sinks)
    planned = {*(one.target for one in batches), *(one.target for one in files)}
    for one in written(context.folders, run.id):
        # Rows for whoever takes messages are planned once all has arrived.
        if one["rows"] and one["target"] not in {*planned, *ways.senders, *ways.sinks, *ways.posters}:
            yield str(one["target"])
