"""How much of what a run made has arrived, as long as it is no success."""

from __future__ import annotations

from collections.abc import Iterator

from datahub.state.records import BatchState, FileState, Run, RunStatus
from datahub.state.store import StateStore

_ALL = (RunStatus.SUCCESS, RunStatus.DELIVERED, RunStatus.DISPOSED)


def has_arrived(run: Run) -> bool:
    """Whether all of it has, and with it the messages of its rows, which are written down at that moment."""
    return run.status in _ALL


def arrived(store: StateStore, run: Run) -> str:
    """In words; empty where all of it has, or nothing was made."""
    if has_arrived(run) or not run.counts.written:
        return ""
    pieces = [*_pieces(store, run)]
    if any(done for done, _ in pieces):
        return ", ".join(f"{done:,} of {total:,} {what}" for (done, total), what in zip(pieces, ("batches", "files"), strict=True) if total)
    return "nothing"


def arrived_rows(store: StateStore, run: Run) -> str:
    """How many of the rows that a run has made are there, briefly; rows are counted where they come from, not piece by piece."""
    how = arrived(store, run)
    made = f"{run.counts.written:,}"
    return made if not how else f"{'0' if how == 'nothing' else 'some'} of {made}"


def _pieces(store: StateStore, run: Run) -> Iterator[tuple[int, int]]:
    batches = [one.state is BatchState.DONE for one in store.deliveries.batches(run.id)]
    files = [one.state is FileState.DONE for one in store.deliveries.files(run.id)]
    yield from ((sum(states), len(states)) for states in (batches, files))
