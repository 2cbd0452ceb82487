"""What a run that broke off has sent is not sent again: the next run of its job knows its rows, and the keys of what was on its way."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from datahub.plan.whole import written_whole
from datahub.records import record
from datahub.runner.jobs.job_context import JobContext
from datahub.state.records import Batch, BatchState, FireKind, Run, RunStatus

_APART = (FireKind.REPLAY, FireKind.BACKFILL)
_AT_ONCE = 10_000


@record(frozen=True, slots=True)
class Piece:
    """Rows of a target that lie side by side: those that have arrived by an earlier run, or those that are to be sent at once."""

    first: int
    last: int
    arrived: bool = False


@record(frozen=True, slots=True)
class BrokenOff:
    """The last run of a job that came to sending and will not go on, with its batches."""

    run: Run
    batches: Sequence[Batch]

    def pieces(self, target: str, theirs: Path, mine: Path, size: int) -> Sequence[Piece]:
        """The rows of a target in the file `mine`, cut so that nothing of `theirs` is sent again: what has arrived stands apart, and
        what was on its way is sent as the batch that it was.

        Rows are known by all that they say, and count one by one.
        """
        before, rows = _digests(theirs), _digests(mine)
        arrived: Counter[bytes] = Counter()
        on_the_way: dict[bytes, Sequence[bytes]] = {}
        for one in self.batches:
            if one.target != target or one.last > len(before):
                continue
            if one.state is BatchState.DONE:
                refused = {one.first + number for number in _refused(one)}
                arrived.update(before[row] for row in range(one.first, one.last) if row not in refused)
            elif one.attempts and one.last > one.first:
                on_the_way[before[one.first]] = before[one.first : one.last]
        return tuple(_cut(rows, arrived, on_the_way, size))


def broken_off(context: JobContext, run: Run) -> BrokenOff | None:
    """What broke off before `run`; None where the last run that came to sending has arrived, or is another matter."""
    if run.kind in _APART or run.window or context.job.overlap == "allow":
        return None
    last = context.store.runs.last_planned(context.name)
    if last is None or last.status is RunStatus.SUCCESS or not last.ended_for_good:
        return None
    batches = context.store.deliveries.batches(last.id)
    return BrokenOff(last, batches) if any(one.state is not BatchState.PLANNED for one in batches) else None


def by_rows(context: JobContext, target: str) -> bool:
    """Whether some rows of a target may be left out of what is sent: not where all others are deleted by it."""
    plan = context.plan
    whole = dict(written_whole(plan.targets, plan.entities, plan.flow)) if plan.flow is not None else {}
    return target not in whole and getattr(context.job.targets[target], "mode", "") != "replace"


def keys_kept(batches: Sequence[Batch], before: BrokenOff | None) -> Sequence[Batch]:
    """Batches under the keys that those of the same content had in a run that broke off: what has arrived of it is known by them.

    Nothing has arrived since that could have replaced it: else the same content is news, and has a key of its own.
    """
    if before is None:
        return batches
    keys = {place: one.key for place, one in zip(_places(before.batches), before.batches, strict=True)}
    return [replace(one, key=keys.get(place, one.key)) for place, one in zip(_places(batches), batches, strict=True)]


def _cut(rows: Sequence[bytes], arrived: Counter[bytes], on_the_way: Mapping[bytes, Sequence[bytes]], size: int) -> Iterator[Piece]:
    first = at = 0
    arriving = False
    while at < len(rows):
        here, sent = arrived[rows[at]] > 0, on_the_way.get(rows[at], ())
        again = bool(sent) and not here and rows[at : at + len(sent)] == sent
        if at > first and (here != arriving or again or at - first == size):
            yield Piece(first, at, arriving)
            first = at
        arriving = here
        if again:
            at = at + len(sent)
            yield Piece(first, at)
            first = at
            continue
        arrived[rows[at]] -= here
        at += 1
    if at > first:
        yield Piece(first, at, arriving)


def _digests(path: Path) -> list[bytes]:
    """A digest of all that each row says, in their order."""
    found: list[bytes] = []
    with pq.ParquetFile(path) as file:
        for several in file.iter_batches(_AT_ONCE):
            found += map(_digest, pa.table(several.columns, names=several.schema.names).to_pylist())
    return found


def _digest(row: Mapping[str, object]) -> bytes:
    return hashlib.blake2b(json.dumps(row, default=repr).encode(), digest_size=16).digest()


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
