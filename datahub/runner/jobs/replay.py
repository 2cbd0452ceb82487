"""Rejected rows once more: a file of them, corrected or as it is, becomes the input of a new run of the same job."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from datahub.durable import write_whole
from datahub.runner.jobs.fetch import input_digest
from datahub.runner.jobs.job_context import JobContext
from datahub.runner.jobs.perform import Ending, perform
from datahub.runner.jobs.piled_up import portion
from datahub.runner.jobs.reject_places import Held, held
from datahub.runner.jobs.replayed import noted
from datahub.runner.jobs.undelivered import place_of_replay
from datahub.state.owner import this_process
from datahub.state.records import Admission, Claim, Fire, FireKind, Item, ItemStatus, Overlap, Rejects, RunStatus


class Busy(Exception):
    """Another run of the job is to be done before anything is replayed."""


def replay(context: JobContext, rejects: Rejects, file: Path, *, places: Sequence[int] | None = None, twice: bool = False) -> Ending:
    """Run the job over `file` in the place of the source's own files; `Busy`, and nothing was done, where another run comes first.

    `places` are those of its rows among the rejected ones, where it does not say so itself; the others are still to be replayed.
    `SentBefore` where another replay has delivered some of them, unless they are to go `twice`.
    """
    store, now = context.store, context.clock()
    rows = held(context, rejects, file) if places is None else Held(len(places), places)
    # It came from nowhere that it could be moved away from.
    items = [(rejects.read_by, _landed(context, rejects, file)), *_beside(context)]
    # With its input, or not at all: one without would take what is new.
    with claimed(context, rejects, now) as claim:
        for source, item in items:
            store.items.disposed(claim, [store.items.stage(claim, source, item).id])
        digest = input_digest(store.items.taken(claim.run))
        generation = store.runs.generation(context.name, digest)
        store.runs.advance(claim, RunStatus.STAGED, now, input_digest=digest, generation=generation)
        noted(store, rejects, rows, claim.run, items[0][1].sha256, twice=twice)
    found = store.runs.get(claim.run)
    assert found is not None
    return perform(context, claim, found)


@contextmanager
def claimed(context: JobContext, rejects: Rejects, now: datetime) -> Iterator[Claim]:
    """A new run that replays, before those that wait, and with it what the block writes down; `Busy` where one is at work or held."""
    store = context.store
    with store.together():
        earlier = store.runs.get(rejects.run)
        parameters = earlier.parameters if earlier is not None else "{}"
        admission = Admission(Overlap.QUEUE_ALL, parameters=parameters, approved=True, precedes=True, alone=True)
        run = store.runs.submit(Fire(context.name, FireKind.REPLAY, now), admission, now)
        assert run is not None
        found = store.runs.claim(context.name, this_process(), now, run.id)
        if found is None:
            raise Busy
        yield found[0]


def _beside(context: JobContext) -> Iterator[tuple[str, Item]]:
    """What the other sources have, such as tables that rows are looked up in."""
    for name, source in context.ways.sources.items():
        if name in context.driving:
            continue
        for split in portion(context, "", name, list(source.splits())):
            landed = source.land(split, context.folders.landed)
            yield name, Item(0, context.places[name], landed.name, landed.size, landed.sha256, ItemStatus.STAGED, str(landed.path))


def _landed(context: JobContext, rejects: Rejects, file: Path) -> Item:
    data = file.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    folder = context.folders.landed
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(folder / digest, data)
    place = place_of_replay(rejects)
    return Item(0, place, file.name, len(data), digest, ItemStatus.STAGED, str(folder / digest))
