"""What a run that broke off has sent is not sent again: a later run of its job knows its rows, and the keys of what was on its way."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from datahub.plan.whole import written_whole
from datahub.project.binding import FilesFrom
from datahub.records import record
from datahub.runner.jobs.job_context import JobContext
from datahub.state.records import Batch, BatchState, FireKind, Run, RunStatus

Row: TypeAlias = tuple[bytes, object]
"""A digest of all that a row says, and what it is about: its key, or all that it says where it has none."""
_APART = (FireKind.REPLAY, FireKind.BACKFILL)
_AT_ONCE = 10_000


@record(frozen=True, slots=True)
class Piece:
    """Rows of a target that lie side by side: those that have arrived by an earlier run, or those that are to be sent at once."""

    first: int
    last: int
    arrived: bool = False


@record(frozen=True, slots=True)
class Sent:
    """What of a target has arrived by runs that broke off, and what was on its way, by its first row."""

    arrived: Counter[bytes] = field(default_factory=Counter)
    on_the_way: dict[bytes, Sequence[bytes]] = field(default_factory=dict)
    keys: dict[tuple[bytes, ...], str] = field(default_factory=dict)


def broken_off(context: JobContext, run: Run) -> Sequence[Run]:
    """The runs that broke off of which `run` reads something again, the latest first.

    These are those that took a file of a name that it takes, and, as an API names nothing twice, the last that came to sending.
    """
    if run.kind in _APART or run.window or context.job.overlap == "allow":
        return ()
    last = context.store.runs.last_planned(context.name)
    if last is None:
        return ()
    files = [one.item.id for one in context.store.items.taken(run.id) if one.source in context.driving]
    took = [one for one in context.store.runs.planned_with(context.name, files) if one.status is not RunStatus.SUCCESS]
    asked = any(not isinstance(context.job.sources.get(name), FilesFrom) for name in context.driving)
    open = [last] if asked and last.status is not RunStatus.SUCCESS and last.id not in {one.id for one in took} else []
    return tuple(one for one in (*open, *took) if one.ended_for_good)


def sent_before(context: JobContext, run: Run, broken: Sequence[Run], target: str, made: Mapping[str, Mapping[str, Path]]) -> Sent:
    """What counts as sent of the runs that broke off; `made` are the files of each run that came to sending, the latest first.

    What any run has sent later about the same thing has taken its place: then it is news, though it is as it was before.
    """
    sent, seen, wanted = Sent(), set[object](), {one.id for one in broken}
    for id, files in made.items():
        if not wanted:
            break
        batches = [
            one for one in context.store.deliveries.batches(id) if one.target == target and one.attempts + (one.state is BatchState.DONE)
        ]
        if not batches:
            wanted.discard(id)
            continue
        entity, path = next(iter(files.items()), ("", Path()))
        if not path.is_file():
            # Nobody knows any more what was sent then: rather twice than never.
            break
        rows = rows_of(context, entity, path)
        if id in wanted:
            # What has no key is the same only where it comes of the same file: movements that are alike are no repetition.
            if any(digest != about for digest, about in rows) or _same_files(context, run, id):
                _add(sent, rows, batches, seen)
            wanted.discard(id)
        # What has no key takes the place of nothing.
        seen.update(about for one in batches for digest, about in rows[one.first : one.last] if about != digest)
    return sent


def _same_files(context: JobContext, run: Run, id: str) -> bool:
    """Whether a run reads all files that another has read; what an API gives is read anew from where that one began."""
    files = [name for name in context.driving if isinstance(context.job.sources.get(name), FilesFrom)]
    mine, theirs = ({one.item.id for one in context.store.items.taken(which) if one.source in files} for which in (run.id, id))
    return theirs <= mine


def by_rows(context: JobContext, target: str) -> bool:
    """Whether some rows of a target may be left out of what is sent: not where all others are deleted by it."""
    plan = context.plan
    whole = dict(written_whole(plan.targets, plan.entities, plan.flow)) if plan.flow is not None else {}
    return target not in whole and getattr(context.job.targets[target], "mode", "") != "replace"


def keys_kept(batches: Sequence[Batch], before: Sequence[Batch]) -> Sequence[Batch]:
    """Batches under the keys that those of the same content have in `before`: what has arrived of it is known by them."""
    keys = {place: one.key for place, one in zip(_places(before), before, strict=True)}
    return [replace(one, key=keys.get(place, one.key)) for place, one in zip(_places(batches), batches, strict=True)]


def rows_of(context: JobContext, entity: str, path: Path) -> Sequence[Row]:
    """The rows of a file that a run has made, in their order."""
    shape = next((one for one in context.plan.entities if one.name == entity), None)
    found: list[Row] = []
    with pq.ParquetFile(path) as file:
        key = [*shape.key] if shape is not None and shape.key and set(shape.key) <= set(file.schema_arrow.names) else []
        for several in file.iter_batches(_AT_ONCE):
            for row in pa.Table.from_batches([several]).to_pylist():
                digest = hashlib.blake2b(json.dumps(row, default=repr).encode(), digest_size=16).digest()
                found.append((digest, tuple(map(repr, map(row.get, key))) if key else digest))
    return found


def cut(rows: Sequence[bytes], sent: Sent, size: int) -> Iterator[Piece]:
    """Rows cut so that nothing is sent again: what has arrived stands apart, and what was on its way is sent as the batch that it was.

    Rows count one by one.
    """
    left, first, at, arriving = Counter(sent.arrived), 0, 0, False
    while at < len(rows):
        here, way = left[rows[at]] > 0, sent.on_the_way.get(rows[at], ())
        again = bool(way) and not here and rows[at : at + len(way)] == way
        if at > first and (here != arriving or again or at - first == size):
            yield Piece(first, at, arriving)
            first = at
        arriving = here
        if again:
            at = at + len(way)
            yield Piece(first, at)
            first = at
            continue
        left[rows[at]] -= here
        at += 1
    if at > first:
        yield Piece(first, at, arriving)


def _add(sent: Sent, rows: Sequence[Row], batches: Sequence[Batch], seen: set[object]) -> None:
    for one in batches:
        mine = rows[one.first : one.last]
        if one.state is BatchState.DONE:
            refused = set(_refused(one))
            sent.arrived.update(digest for number, (digest, about) in enumerate(mine) if number not in refused and about not in seen)
        elif mine and not any(about in seen for _, about in mine):
            digests = [digest for digest, _ in mine]
            sent.on_the_way[digests[0]] = digests
            sent.keys[tuple(digests)] = one.key


def _refused(batch: Batch) -> Iterator[int]:
    if batch.answer.startswith("{"):
        yield from (int(one["row"]) for one in json.loads(batch.answer)["refused"])


def _places(batches: Sequence[Batch]) -> Sequence[tuple[str, str, int]]:
    """What tells batches apart in any run: target, content, and which of those of one content it is."""
    seen: Counter[tuple[str, str]] = Counter()
    places = []
    for one in batches:
        content = (one.target, one.sha256)
        places.append((*content, seen[content]))
        seen[content] += 1
    return places
