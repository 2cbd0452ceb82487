"""The way in: what a job's sources have that was not read before is landed, and belongs to the run from then on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from datahub.connectors.declare import Discreet, Incremental, Landed, Parallel, Recalling, Source, Split, TransientError
from datahub.connectors.leaving import Leaving
from datahub.faults import reach
from datahub.formats.declare import InputFile
from datahub.project.binding import FilesFrom
from datahub.project.job import Job
from datahub.runner.jobs.hold import Hold
from datahub.runner.jobs.job_context import JobContext
from datahub.runner.jobs.piled_up import LEFT, leave, portion
from datahub.runner.jobs.unfetched import Unfetched, land_each
from datahub.runner.jobs.watching import AGAIN, POSITION
from datahub.runner.splits import rows_alone
from datahub.state.records import Claim, Item, ItemStatus, Run, RunStatus, Taken
from datahub.state.store import StateStore

RangeOf = Callable[[str, Source], Iterator[Sequence[Landed]]]
"""What a source has of a range of time, with what came together."""


def fetch(context: JobContext, claim: Claim, run: Run, hold: Hold, range_of: RangeOf | None = None) -> tuple[str, ...]:
    """Land what is new of each source, or what `range_of` gives of those that drive the job, and freeze what the run reads.

    What a person has to hear of what did not come is given; `Unfetched` names a file that the run cannot go on without.
    """
    reach("fetch")
    context.folders.landed.mkdir(parents=True, exist_ok=True, mode=0o700)
    left: dict[str, int] = {}
    told: list[str] = []
    for name, source in context.ways.sources.items():
        if range_of is not None and name in context.driving:
            context.store.items.let_go(claim, name)
            for several in range_of(name, source):
                _take_apart(context, claim, hold, name, several)
            continue
        if isinstance(source, Incremental):
            # Asked again after an interruption, it gives what it gave, and perhaps more, as another file.
            context.store.items.let_go(claim, name)
            go_on(context, name, source)
        unread = _unread(context, name, source)
        wanted = portion(context, claim.run, name, unread)
        counted = name in context.driving and range_of is None and isinstance(context.job.sources[name], FilesFrom)
        try:
            came = land_each(
                context,
                run,
                name,
                wanted,
                partial(landed_of, source, folder=context.folders.landed),
                partial(_take, context, claim, hold, name),
            )
        except Unfetched:
            leave(context, claim, {name: len(unread) - 1})
            raise
        if counted:
            left[name] = len(unread) - len(wanted) + came.left
        told += came.told
        position = source.position() if isinstance(source, Incremental) and range_of is None else None
        if position is not None:
            context.store.cursors.propose(claim, context.places[name], POSITION, position)
            if isinstance(source, Recalling) and name in context.driving and (read := source.remembered()) is not None:
                context.store.cursors.propose(claim, context.places[name], AGAIN, read)
    taken = context.store.items.taken(claim.run)
    _complete(context, taken)
    _freeze(context, claim, taken, left)
    reach("staged")
    return tuple(told)


def narrow(context: JobContext, claim: Claim, taken: Sequence[Taken], source: str, first: int) -> None:
    """Leave the files of a source behind the `first` to the next run: they are as if they had not been looked at."""
    behind = [one for one in taken if one.source == source][first:]
    before = int(context.store.cursors.proposed(claim, context.places[source], LEFT) or 0)
    with context.store.together():
        context.store.items.give_back(claim, [one.item.id for one in behind])
        _freeze(context, claim, [one for one in taken if one not in behind], {source: before + len(behind)})
    reach("narrowed")


def _unread(context: JobContext, name: str, source: Source) -> list[Split]:
    """What a source gives that was not read before. What was is known as long as it lies there, however long ago that is."""
    if name not in context.driving:
        return list(source.splits())
    place, unread, met = context.places[name], list[Split](), list[int]()
    for split in source.splits():
        item = read_as(context.store, place, split)
        if item is None:
            unread.append(split)
        else:
            met.append(item.id)
    context.store.items.listed(place, met, context.clock(), renewed_after(context.job))
    return unread


def renewed_after(job: Job) -> timedelta:
    """How long a listing counts, of all the time that what is known of files is kept."""
    return job.retention.fingerprints / 10


def _freeze(context: JobContext, claim: Claim, taken: Sequence[Taken], left: Mapping[str, int]) -> None:
    digest = input_digest(taken)
    generation = context.store.runs.generation(context.name, digest)
    with context.store.together():
        leave(context, claim, left)
        context.store.runs.advance(claim, RunStatus.STAGED, context.clock(), input_digest=digest, generation=generation)


def go_on(context: JobContext, name: str, source: Incremental) -> None:
    """Have a source go on from where the last run that succeeded has come to."""
    source.start(context.store.cursors.value(context.places[name], POSITION))
    # Where rows are looked up in all of them are needed.
    if isinstance(source, Recalling) and name in context.driving:
        source.recall(context.store.cursors.value(context.places[name], AGAIN), apart=rows_alone(context.plan))


def _complete(context: JobContext, taken: Sequence[Taken]) -> None:
    """Raise where there is something new, and one file that it is to be read beside is not there: nothing would be found in it."""
    there = {one.source for one in taken}
    for name, bound in context.job.sources.items():
        path = getattr(bound, "path", "")
        if path and name in context.ways.sources and name not in context.driving and name not in there and there & context.driving:
            source = context.ways.sources[name]
            told = source.told(path) if isinstance(source, Discreet) else path
            raise TransientError(
                f"`{told}` is not there, and the source `{name}` is bound to it",
                "put it there; a source whose file may be missing is bound to a `folder` and a `pattern`",
            )


def fresh(context: JobContext, taken: tuple[Taken, ...]) -> bool:
    """Whether a source that drives the job has something new."""
    return any(one.source in context.driving for one in taken)


def input_files(context: JobContext, taken: tuple[Taken, ...]) -> dict[str, list[InputFile]]:
    """The landed files of each source, under the names that people know them by."""
    found: dict[str, list[InputFile]] = {name: [] for name in context.ways.sources}
    for one in taken:
        if one.source:
            found[one.source].append(InputFile(one.item.staged, one.item.name))
    return found


def gone(taken: Sequence[Taken]) -> Sequence[str]:
    """The files of a run whose landed copies are not there any more."""
    return tuple(one.item.name for one in taken if one.source and not Path(one.item.staged).is_file())


def input_digest(taken: Sequence[Taken]) -> str:
    """What the run reads, as one digest: sources, names and contents."""
    told = sorted((one.source, one.item.name, one.item.sha256) for one in taken)
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def unfetched(context: JobContext, found: Unfetched) -> Taken:
    """A file that could not be fetched, as if it had been taken up with nothing in it."""
    landed = Landed(found.split, Path(), found.split.name, 0, "")
    return Taken(_item(context.places[found.source], landed), found.source)


def landed_again(item: Item) -> Landed:
    """What the source gave for an item, for it to settle."""
    told = json.loads(item.split)
    modified = told.pop("modified")
    split = Split(**told, modified=None if modified is None else datetime.fromisoformat(modified))
    return Landed(split, Path(item.staged), item.name, item.size, item.sha256)


def landed_of(source: Source, splits: Iterable[Split], folder: Path) -> Iterator[Sequence[Landed]]:
    """The splits landed, in their order: several at once where the source can, and with what came together."""
    landed = source.land_all(list(splits), folder) if isinstance(source, Parallel) else ([source.land(one, folder)] for one in splits)
    while True:
        reach("land")
        some = next(landed, None)
        if some is None:
            return
        yield some


def read_before(context: JobContext, name: str, split: Split) -> bool:
    """Whether what the listing tells of a split says that it is what was read of this name last."""
    return name in context.driving and was_read(context.store, context.places[name], split)


def was_read(store: StateStore, place: str, split: Split) -> bool:
    """Whether a file of a place is as it was when it was read last."""
    return read_as(store, place, split) is not None


def read_as(store: StateStore, place: str, split: Split) -> Item | None:
    """What was read last of a name, where that is what the listing tells of."""
    seen = store.items.seen(place, split.name, split.fingerprint)
    return seen if seen is not None and seen.status is not ItemStatus.STAGED and _latest(store, place, seen) else None


def is_news(context: JobContext, name: str, landed: Landed) -> bool:
    """Whether a file is to be read: it is not what its name had last, with another time, nor, where the job skips that, a known content.

    What its name had earlier is news: something is as it was before.
    """
    if name not in context.driving:
        return True
    store, place = context.store, context.places[name]
    known = store.items.known(place, landed.name, landed.sha256)
    if known is not None and known.status is not ItemStatus.STAGED and _latest(store, place, known):
        return False
    skip = getattr(context.job.sources[name], "same_content", "read") == "skip"
    return not skip or store.items.same_content(place, landed.sha256) is None


def told_before(context: JobContext, run: str, taken: Sequence[Taken]) -> list[str]:
    """What a person has to know of the files of a run: how they came about, and which have what an earlier one has read."""
    # What is replayed was no split of a source.
    said = [f"{one.source}: {note}" for one in taken if one.source and (note := json.loads(one.item.split).get("note"))]
    for one in taken:
        if one.source and one.source not in context.driving:
            continue
        if (before := context.store.items.earlier(run, one.item)) is None:
            continue
        name, reader = before
        alike = f"has what run {reader} read from {'it' if name == one.item.name else f'`{name}`'}"
        said.append(f"`{one.item.name}` {alike}{', and was read again' if one.source else ': it was not read again'}")
    return said


def told_aside(taken: Sequence[Taken]) -> list[str]:
    """What is as it always is with the files of a run, and worth a word."""
    return [f"{one.source}: {said}" for one in taken if one.source and (said := json.loads(one.item.split).get("aside"))]


_NAMED = 3
"""How many files that are left are told by their names."""


def told_unready(context: JobContext) -> list[str]:
    """What the sources had that was not whole yet, where the run has read something else."""
    said = []
    for name, source in context.ways.sources.items():
        # That there is nothing for it is no news of what drives the job: another has something.
        if isinstance(source, Leaving) and (left := source.unready() if name in context.driving else source.left()):
            more = [f"and {len(left) - _NAMED:,} more"] if len(left) > _NAMED else []
            said.append(f"{name}: not taken: {'; '.join([*left[:_NAMED], *more])}")
    return said


def left_there(context: JobContext) -> str:
    """What a person has to know who sees files lie there, and the run has read none of them."""
    found = [
        f"{name}: {reason}" if len(context.driving) > 1 else reason
        for name, source in context.ways.sources.items()
        if name in context.driving and isinstance(source, Leaving)
        for reason in source.left()
    ]
    return "; ".join(found[:1]) + (f" (and {len(found) - 1} more)" if found[1:] else "")


def _take_apart(context: JobContext, claim: Claim, hold: Hold, name: str, several: Sequence[Landed]) -> None:
    """What belongs to a range stays where it is, and says nothing of what was read otherwise."""
    hold.check()
    with context.store.together():
        for landed in several:
            item = context.store.items.stage(claim, name, _item(f"{context.places[name]}:backfill", landed))
            context.store.items.disposed(claim, [item.id])
            reach("half_taken")
    reach("taken")


def _take(context: JobContext, claim: Claim, hold: Hold, name: str, several: Sequence[Landed]) -> None:
    """What landed together is the run's as one fact: a commit for each of many small files costs more than the files."""
    hold.check()
    store, place = context.store, context.places[name]
    reach("landed")
    # What was read is landed all the same: it has another time now, or another name.
    found = [(name if is_news(context, name, landed) else "", _item(place, landed)) for landed in several]
    with store.together():
        for source, item in found:
            store.items.stage(claim, source, item)
            reach("half_taken")
    reach("taken")


def _latest(store: StateStore, place: str, item: Item) -> bool:
    """Whether a file is what was last done with under its name."""
    latest = store.items.latest(place, item.name)
    return latest is None or latest.id == item.id


def _item(place: str, landed: Landed) -> Item:
    split = json.dumps(asdict(landed.split), default=str)
    return Item(0, place, landed.name, landed.size, landed.sha256, ItemStatus.STAGED, str(landed.path), landed.split.fingerprint, split)
