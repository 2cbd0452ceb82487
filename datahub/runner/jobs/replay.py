"""Rejected rows once more: a file of them, corrected or as it is, becomes the input of a new run of the same job."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from datahub.runner.jobs.fetch import input_digest
from datahub.runner.jobs.job_context import JobContext
from datahub.runner.jobs.perform import Ending, perform
from datahub.state.owner import this_process
from datahub.state.records import Admission, Fire, FireKind, Item, ItemStatus, Overlap, Rejects, Run, RunStatus


def replay(context: JobContext, rejects: Rejects, file: Path) -> Ending | Run:
    """Run the job over `file` in the place of the source's own files; the run that waits, where the job is busy."""
    store, now = context.store, context.clock()
    fire = Fire(context.name, FireKind.REPLAY, now)
    run = store.runs.submit(fire, Admission(Overlap.QUEUE_ALL, most_waiting=1 << 30, approved=True), now)
    assert run is not None
    claimed = store.runs.claim(context.name, this_process(), now, run.id)
    if claimed is None:
        store.runs.cancel(run.id, "the job is busy", now)
        return run
    claim, run = claimed
    item = store.items.stage(claim, rejects.source, _landed(context, rejects, file))
    # It came from nowhere that it could be moved away from.
    store.items.disposed(claim, item.id)
    for name, source in context.ways.sources.items():
        if name in context.driving:
            continue
        for split in source.splits():
            landed = source.land(split, context.folders.landed)
            beside = Item(0, context.places[name], landed.name, landed.size, landed.sha256, ItemStatus.STAGED, str(landed.path))
            store.items.disposed(claim, store.items.stage(claim, name, beside).id)
    digest = input_digest(store.items.taken(claim.run))
    generation = store.runs.generation(context.name, digest)
    store.runs.advance(claim, RunStatus.STAGED, now, input_digest=digest, generation=generation)
    store.rejects.replayed(rejects.run, rejects.source, claim.run)
    found = store.runs.get(claim.run)
    assert found is not None
    return perform(context, claim, found)


def _landed(context: JobContext, rejects: Rejects, file: Path) -> Item:
    data = file.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    folder = context.folders.landed
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = folder / f".{os.getpid()}.replay.part"
    with part.open("wb") as copy:
        copy.write(data)
        copy.flush()
        os.fsync(copy.fileno())
    part.replace(folder / digest)
    place = f"replay:{rejects.run}:{rejects.source}"
    return Item(0, place, file.name, len(data), digest, ItemStatus.STAGED, str(folder / digest))
