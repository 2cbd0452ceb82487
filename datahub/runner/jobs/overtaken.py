"""Runs that others have overtaken: what they have read is older than what has arrived since, and arrives behind it."""

from __future__ import annotations

from collections.abc import Iterator

from datahub.runner.jobs.job_context import JobContext
from datahub.state.records import Run
from datahub.state.store import StateStore


def overtaken(context: JobContext, run: Run) -> Iterator[str]:
    """What a person has to know of a run that goes on behind newer ones; nothing where none came in between."""
    # Of runs that may be at work at once nobody asks which was first.
    later = None if context.job.overlap == "allow" else context.store.runs.overtaken(run.id)
    if later is not None:
        yield (
            f"run {later.id} has delivered since this run read its input: where both say something of the same, the older was said last;"
            " how far sources were read stays as it is"
        )


def known_since(store: StateStore, run: Run, later: Run) -> str:
    """What a later run has done since a run failed, in words: where it has read the same content, that."""
    theirs = {one.item.id for one in store.items.taken(later.id) if one.source}
    same = next((one.item.name for one in store.items.taken(run.id) if one.source and one.item.id in theirs), "")
    if same:
        return f"run {later.id} has read `{same}` since run {run.id} failed"
    return f"run {later.id} of the same job has delivered since run {run.id} failed"
