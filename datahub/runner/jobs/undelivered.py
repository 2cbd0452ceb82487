"""Rejected rows of a run that delivered nothing: they are part of an input that comes again as a whole, and would come twice."""

from __future__ import annotations

from datahub.records import record
from datahub.runner.jobs.refused import target_of
from datahub.state.records import FireKind, Rejects, Run, RunStatus
from datahub.state.store import StateStore

REPLAY = "replay:"
"""What the places of files begin with that a person has corrected."""


def place_of_replay(rejects: Rejects) -> str:
    """Where a file of corrected rows comes from, in the words of the ledger."""
    return f"{REPLAY}{rejects.run}:{rejects.source}"


def origin_of(store: StateStore, run: Run) -> str:
    """The run whose rows another has run once more; nothing for one of another kind."""
    if run.kind is not FireKind.REPLAY:
        return ""
    if (again := store.rejects.replay_of(run.id)) is not None:
        return again.run
    # Older versions wrote down those alone that were over all rows; what lies beside the rows was taken after them.
    taken = store.items.taken(run.id)
    return taken[0].item.place.removeprefix(REPLAY).partition(":")[0] if taken else ""


def again_from(run: str) -> str:
    """How the rows of a run are replayed once more."""
    return f"`dhm rejects replay {run} --file …`, from `dhm rejects show {run}`; rows that cannot be corrected yet may be left out"


@record(frozen=True, slots=True)
class Undelivered:
    """Why the rejects of a run are nothing to go on with, and what is."""

    reason: str
    help: str


def undelivered(store: StateStore, run: Run, rejects: Rejects) -> Undelivered | None:
    """None where the run delivered what it had besides its rejects, or they went out and were refused."""
    if run.status is RunStatus.SUCCESS or not run.ended_for_good or target_of(rejects.source):
        return None
    said = f"run {run.id} ended as {run.status.value.replace('_', ' ')}"
    if origin := origin_of(store, run):
        return Undelivered(f"{said}, and delivered nothing of the rows that it replayed", again_from(origin))
    names = [one.item.name for one in store.items.taken(run.id) if one.source == rejects.read_by]
    what = f"`{names[0]}`" if len(names) == 1 else "its files" if names else "its input"
    return Undelivered(
        f"{said}: what it had read was given back, and these rows would come again with it",
        f"correct {what} at the source, and `dhm run {run.job}` reads it",
    )
