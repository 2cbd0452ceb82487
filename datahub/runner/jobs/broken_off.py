"""What runs that broke off have sent to a place is not sent there again, as long as it is the last that the place was told."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from datahub.connectors.declare import DOUBTFUL
from datahub.engine.keys import Hashes
from datahub.project.binding import FilesFrom
from datahub.records import record
from datahub.runner.jobs.job_context import JobContext
from datahub.runner.jobs.looked_at import keep, left
from datahub.runner.jobs.made import files_made
from datahub.runner.jobs.pieces import NEW, UNKNOWN, OnTheWay
from datahub.runner.jobs.row_digests import Rows, Sameness, about, pieces, places, said, sameness
from datahub.state.records import Batch, BatchState, Run, RunStatus, Sending

Files = Mapping[str, Path]
Mask = npt.NDArray[np.bool_]
_Sent: TypeAlias = "tuple[Sending, Sequence[Batch]]"


@record(frozen=True, slots=True)
class Before:
    """What is known of the rows of a target before they are sent."""

    labels: Rows
    """For each row the run by which it has arrived, by its place in `runs`; `NEW`, or `UNKNOWN` where nobody knows whether it has."""
    runs: tuple[str, ...] = ()
    on_the_way: tuple[OnTheWay, ...] = ()
    """Batches that were on their way, and come again as they were."""
    looked: tuple[Sending, ...] = ()
    continues: tuple[str, ...] = ()
    """Runs whose rows without a key are gone on with."""
    torn: int = 0
    """Rows that were on their way in batches that cannot be sent again as they were."""

    def keeping(self, on_the_way: Sequence[OnTheWay]) -> Before:
        """With these batches alone as they were."""
        lost = sum(one.last - one.first for one in self.on_the_way if one not in on_the_way)
        return replace(self, on_the_way=tuple(on_the_way), torn=self.torn + lost)


@record(frozen=True, slots=True)
class _Standing:
    """Rows that runs which broke off have sent: what they are about and say, and when they were sent."""

    about: Hashes
    said: Hashes
    order: Rows
    run: Rows
    """By which run."""
    row: Rows
    """Where among its rows."""
    sending: Rows
    """Which of the runs that broke off has them among its rows."""
    way: Rows
    """In which batch that was on its way; -1 where they have arrived."""

    def only(self, chosen: Mask) -> _Standing:
        both = (self.about[:, chosen], self.said[:, chosen])
        return _Standing(*both, *(getattr(self, name)[chosen] for name in _BESIDE))


_BESIDE = ("order", "run", "row", "sending", "way")


def known_before(context: JobContext, run: Run, sending: Sending, files: Files) -> Before | None:
    """What is known of the rows that a run is going to send; None where no run at its place broke off."""
    broken = broken_at(context, sending)
    return _Look(context, run, sending, files).before(broken) if broken else None


def broken_at(context: JobContext, sending: Sending) -> Sequence[Sending]:
    """What runs that broke off have sent by the same connection to the same place."""
    # By another connection, others may be meant at the same address; what they say there still counts as said later.
    broken = context.store.deliveries.broken_off(sending.place)
    return [one for one in broken if one.run != sending.run and _told(one, "connection") == _told(sending, "connection")]


class _Look:
    """One look at what was sent to a place."""

    def __init__(self, context: JobContext, run: Run, sending: Sending, files: Files) -> None:
        self._context, self._run, self._sending, self._files = context, run, sending, files
        self._same = sameness(json.loads(sending.rows)["same"])
        self._ways: list[Batch] = []
        self._spoilt: set[int] = set()
        self._runs: list[str] = []

    def before(self, broken: Sequence[Sending]) -> Before:
        """What the runs that broke off leave to this one."""
        if self._same.key:
            return self._keyed([one for one in broken if self._mine(_same(one).entity) and self._alike(_same(one))])
        mine = [one for one in broken if not _same(one).key and self._own(one)]
        ended = [one for one in mine if self._gone_on_with(one)]
        again = [one for one in mine if one not in ended and self._reads_again(one)]
        return self._matched(again, self._standing(again), tuple(replace(one, closed=True) for one in ended))

    # ------------------------------------------------------------ rows with a key

    def _mine(self, entity: str) -> bool:
        """Whether rows can be of my entity: it may have had another name, which the script does not have any more."""
        return entity == self._same.entity or all(entity != one.name for one in self._context.plan.entities)

    def _alike(self, same: Sameness) -> bool:
        """Whether keys of others can be keys of mine."""
        return len(same.key) == len(self._same.key)

    def _keyed(self, broken: Sequence[Sending]) -> Before:
        standing, folders = self._standing(broken), self._context.folders
        unknown = np.isin(standing.sending, [number for number, one in enumerate(broken) if left(folders, one) is None])
        known = [one.looked for one in broken if left(folders, one) is not None]
        after = min([*known, *([int(standing.order[unknown].min()) - 1] if unknown.any() else [])], default=0)
        sent = self._context.store.deliveries.sent_to(self._sending.place, after, *self._beside())
        stands = standing.order >= self._last(broken, standing, sent)
        # Of a batch that was on its way each row must be the last that was said, or it is not sent again as it was.
        self._spoilt = {*standing.way[~stands].tolist()}
        standing = standing.only(stands)
        until = max((batch.sent for _, several in sent for batch in several), default=after)
        open = set(standing.sending.tolist())
        looked = tuple(replace(one, looked=until, closed=number not in open) for number, one in enumerate(broken))
        for number, (one, now) in enumerate(zip(broken, looked, strict=True)):
            keep(folders, one, now, standing.row[standing.sending == number])
        return self._matched(broken, standing, looked)

    def _beside(self) -> Sequence[str]:
        """The places below this one and above it: an item is changed or deleted where it is, and its collection is told of it too."""
        here = self._sending.place
        return [one for one in self._context.store.deliveries.places() if _below(one, here) or _below(here, one)]

    def _last(self, broken: Sequence[Sending], standing: _Standing, sent: Sequence[tuple[Sending, Sequence[Batch]]]) -> Rows:
        """When something was sent last about what each row is about."""
        last = np.zeros(len(standing.order), np.int64)
        by = [(_told(one, "job"), _same(one).entity) for one in broken]
        for job, entity in set(by):
            mine = np.isin(standing.sending, [number for number, one in enumerate(by) if one == (job, entity)])
            rows = standing.only(mine)
            told = np.zeros(len(rows.order), np.int64)
            for sending, batches in sent:
                if sending.place != self._sending.place:
                    self._tell_beside(told, rows, (sending, batches), sent)
                # A job knows its entities at one place apart; what another means by a key, nobody knows.
                elif _told(sending, "job") != job or _same(sending).entity in (entity, self._same.entity):
                    self._tell(told, rows, sending, batches)
            last[mine] = told[places(rows.about, rows.about)]
        return last

    def _tell(self, told: Rows, rows: _Standing, sending: Sending, batches: Sequence[Batch]) -> None:
        """Write down when the batches of a run said something about what each row is about, at the first of those that are about it."""
        same, files = _same(sending), files_made(self._context.folders, sending.run, sending.target)
        if not _there(same, files) or not self._alike(same):
            # Nobody knows what it was about: rather twice than never.
            np.maximum(told, max(one.sent for one in batches), out=told)
            return
        sent, batch = _rows_of(batches)
        # Who would not have a row was not told of it.
        taken = ~np.isin(sent, _refused_for_certain(batches))
        sent, batch = sent[taken], batch[taken]
        found = places(about(same, files)[:, sent], rows.about)
        times = np.array([one.sent for one in batches], np.int64)[batch]
        np.maximum.at(told, found[found >= 0], times[found >= 0])

    def _tell_beside(self, told: Rows, rows: _Standing, one: _Sent, sent: Sequence[_Sent]) -> None:
        """Write down what was said at a place below or above, but for rows that the same run has sent here as well: it says both
        whenever it says one."""
        sending, batches = one
        if not self._alike(_same(sending)):
            return
        beside, here = np.zeros_like(told), np.zeros_like(told)
        self._tell(beside, rows, sending, batches)
        for other, several in sent:
            if other.run == sending.run and other.place == self._sending.place:
                self._tell(here, rows, other, several)
        np.maximum(told, np.where(here > 0, 0, beside), out=told)

    # ------------------------------------------------------------ rows without a key

    def _own(self, one: Sending) -> bool:
        told = self._context.store.runs.get(one.run)
        return told is not None and told.job == self._context.name and told.window == self._run.window

    def _gone_on_with(self, one: Sending) -> bool:
        """Whether a run that succeeded has done what another had left."""
        since = self._context.store.runs.planned_since(self._context.name, one.run)
        good = [run.id for run in since if run.status is RunStatus.SUCCESS]
        sendings = (sending for sending, _ in self._context.store.deliveries.sent_to(self._sending.place, -1) if sending.run in good)
        return any(one.run in json.loads(sending.rows)["continues"] for sending in sendings)

    def _reads_again(self, one: Sending) -> bool:
        """Whether all that a run has read is read again as it was: movements that are alike are no repetition, but in the same file."""
        job, store = self._context.job, self._context.store
        files = [name for name in self._context.driving if isinstance(job.sources.get(name), FilesFrom)]
        mine, theirs = ({taken.item.id for taken in store.items.taken(which) if taken.source in files} for which in (self._run.id, one.run))
        if not theirs <= mine or len(files) == len(self._context.driving):
            return bool(theirs) and theirs <= mine
        # What an API gives is read anew from where it began, until a run succeeds.
        since = store.runs.planned_since(self._context.name, one.run)
        return all(run.status is not RunStatus.SUCCESS or run.kind in ("replay", "backfill") for run in since)

    # ------------------------------------------------------------ both

    def _standing(self, broken: Sequence[Sending]) -> _Standing:
        """What runs that broke off have sent, whatever came after it."""
        none, rows = np.zeros((2, 0), np.uint64), np.zeros(0, np.int64)
        sent = [self._sent_by(number, one) for number, one in enumerate(broken)]
        found = [_Standing(none, none, *[rows] * len(_BESIDE)), *(one for one in sent if one is not None)]
        return _Standing(
            np.concatenate([one.about for one in found], axis=1),
            np.concatenate([one.said for one in found], axis=1),
            *(np.concatenate([getattr(one, name) for one in found]) for name in _BESIDE),
        )

    def _sent_by(self, number: int, one: Sending) -> _Standing | None:
        same, files = _same(one), files_made(self._context.folders, one.run, one.target)
        batches = [batch for batch in self._context.store.deliveries.batches(one.run) if batch.target == one.target and _may_stand(batch)]
        if not same.key:
            # What was known to have arrived stands with the run that sent it.
            batches = [batch for batch in batches if not batch.sent_by]
        if not batches or not _there(same, files):
            return None
        rows, batch = _rows_of(batches)
        taken = ~np.isin(rows, [row for one in batches for row, _ in _refused(one)])
        if (known := left(self._context.folders, one)) is not None:
            taken &= np.isin(rows, known) | (np.array([one.sent for one in batches], np.int64)[batch] > one.looked)
        rows, batch = rows[taken], batch[taken]
        way = np.array([self._way(one) for one in batches], np.int64)
        order = np.array([one.begun if self._others_between(one) else one.sent for one in batches], np.int64)
        digests = said(same, files)[:, rows]
        named = about(same, files)[:, rows] if same.key else digests
        run = np.array([self._arrived_by(one) for one in batches], np.int64)
        return _Standing(named, digests, order[batch], run[batch], rows, np.full(len(rows), number), way[batch])

    def _arrived_by(self, batch: Batch) -> int:
        run = batch.sent_by or batch.run
        if run not in self._runs:
            self._runs.append(run)
        return self._runs.index(run)

    def _way(self, batch: Batch) -> int:
        if batch.state is BatchState.DONE:
            return -1
        self._ways.append(batch)
        return len(self._ways) - 1

    def _others_between(self, batch: Batch) -> bool:
        """Whether another run has sent something between two attempts at a batch: which of them the place took, nobody knows."""
        if batch.begun == batch.sent:
            return False
        sent = self._context.store.deliveries.sent_to(self._sending.place, batch.begun)
        return any(one.run != batch.run and one.begun < batch.sent for _, several in sent for one in several)

    def _matched(self, broken: Sequence[Sending], standing: _Standing, looked: tuple[Sending, ...]) -> Before:
        mine = said(self._same, self._files)
        named = about(self._same, self._files) if self._same.key else mine
        labels = np.full(mine.shape[1], NEW, np.int64)
        arrived, ways = standing.only(standing.way < 0), standing.only(standing.way >= 0)
        _label(labels, (named, mine), arrived)
        found, torn = [], 0
        for way in dict.fromkeys(ways.way.tolist()):
            rows, batch = ways.only(ways.way == way), self._ways[way]
            # A batch of which some rows were found out before is not there as a whole any more.
            whole = way not in self._spoilt and len(rows.row) == batch.last - batch.first
            first = _stretch(labels, mine, rows.said) if whole else None
            if first is None:
                torn += _label(labels, (named, mine), rows, UNKNOWN)
            else:
                made = replace(batch, body_of=batch.body_of or f"{batch.run}/{batch.target}/{batch.first}")
                found.append(OnTheWay(first, first + rows.said.shape[1], made))
                labels[first : first + rows.said.shape[1]] = UNKNOWN
        continues = () if self._same.key else tuple(one.run for one in broken)
        return Before(labels, tuple(self._runs), tuple(found), looked, continues, torn)


def _label(labels: Rows, mine: tuple[Hashes, Hashes], rows: _Standing, label: int | None = None) -> int:
    """Mark those of my rows that say the same about the same as others, one for one, by the run of those; how many they are."""
    if not len(rows.run):
        return 0
    found = places(mine[0], rows.about)
    alike = (found >= 0) & (labels == NEW)
    for some in pieces(len(labels)):
        here = np.flatnonzero(alike[some]) + some.start
        alike[here] = (mine[1][:, here] == rows.said[:, found[here]]).all(axis=0)
    # Rows without a key may be alike: so many of them as there are on the other side, the first ones.
    counts = np.bincount(places(rows.about, rows.about), minlength=len(rows.run))
    alike[alike] = _rank(found[alike]) < counts[found[alike]]
    labels[alike] = rows.run[found[alike]] if label is None else label
    return int(alike.sum())


def _rank(values: Rows) -> Rows:
    """For each value how many like it stand before it."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    begins = np.searchsorted(ordered, ordered)
    ranks = np.empty(len(values), np.int64)
    ranks[order] = np.arange(len(values)) - begins
    return ranks


def _stretch(labels: Rows, mine: Hashes, wanted: Hashes) -> int | None:
    """Where rows come again side by side, all of them."""
    length = wanted.shape[1]
    for first in np.flatnonzero((mine == wanted[:, :1]).all(axis=0) & (labels == NEW)).tolist():
        here = slice(first, first + length)
        if np.array_equal(mine[:, here], wanted) and (labels[here] == NEW).all():
            return int(first)
    return None


def _rows_of(batches: Sequence[Batch]) -> tuple[Rows, Rows]:
    """The rows of batches in their order, and of each the place of its batch."""
    first, last = (np.array([getattr(one, name) for one in batches], np.int64) for name in ("first", "last"))
    batch = np.repeat(np.arange(len(batches)), last - first)
    return np.arange(len(batch)) - np.repeat(np.cumsum(last - first) - last, last - first), batch


def _may_stand(batch: Batch) -> bool:
    """Whether a batch has arrived, or may have."""
    return batch.begun > 0 and batch.state in (BatchState.DONE, BatchState.SENDING, BatchState.UNKNOWN)


def _refused(batch: Batch) -> Iterator[tuple[int, str]]:
    """The rows that the other side would not have, with why."""
    if batch.answer.startswith("{"):
        yield from ((batch.first + int(one["row"]), str(one["code"])) for one in json.loads(batch.answer)["refused"])


def _refused_for_certain(batches: Sequence[Batch]) -> Sequence[int]:
    return [row for one in batches for row, code in _refused(one) if code not in DOUBTFUL]


def _below(place: str, other: str) -> bool:
    """Whether an address is that of another with more segments of path behind it, such as `orders/{{ID}}` and `orders`."""
    # A query is kept as a digest, of which nobody knows what it asks for.
    return place.partition(" (")[0].startswith(f"{other.partition(' (')[0].rstrip('/')}/")


def _told(sending: Sending, what: str) -> str:
    return str(json.loads(sending.rows)[what])


def _same(sending: Sending) -> Sameness:
    return sameness(json.loads(sending.rows)["same"])


def _there(same: Sameness, files: Files) -> bool:
    """Whether what a run made is there still."""
    return same.entity in files and files[same.entity].is_file() and all(_there(rows, files) for _, rows in same.owned)
