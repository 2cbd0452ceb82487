"""Rejected rows that went again: which of them, as which runs, and how many are still to be replayed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from datahub.records import record
from datahub.runner.jobs.refused import target_of
from datahub.runner.jobs.reject_places import Held
from datahub.runner.jobs.undelivered import REPLAY
from datahub.state.records import Again, FireKind, Rejects, Run, RunStatus
from datahub.state.store import StateStore

ALL = "*"


class SentBefore(Exception):
    """Rows that a replay has delivered would go once more: how many of those that are to go, and as which run they went."""

    def __init__(self, rows: int, run: str) -> None:
        super().__init__(run)
        self.rows, self.run = rows, run


@record(frozen=True, slots=True)
class Replayed:
    """What became of the rejects of a run: the runs that were over them, and how many rows are `left`, at least where not `certain`."""

    rejects: Rejects
    tries: tuple[tuple[Again, Run | None], ...]
    left: int
    certain: bool

    @property
    def good(self) -> tuple[tuple[Again, Run | None], ...]:
        """Those that have succeeded, as far as is known."""
        return tuple(one for one in self.tries if _good(one[1]))

    @property
    def shown(self) -> tuple[tuple[Again, Run | None], ...]:
        """Those that tell how it is: all that succeeded, or the last try."""
        return self.good or self.tries[-1:]

    def told(self) -> str:
        """In words; nothing where they were never replayed."""
        runs = ", ".join(f"{again.replay}{self._part(again)}{_became(run)}" for again, run in self.shown)
        return f"again as {runs}{self._rest()}" if runs else ""

    def _part(self, again: Again) -> str:
        return f", {again.rows} of {self.rejects.rows} rows" if _partly(again) else ""

    def _rest(self) -> str:
        if not self.good:
            return ""
        if not self.certain:
            return "; which of the rows is not known, as the file did not say it (`_dhm_row`)"
        return f"; {self.left} still to be replayed" if self.left else ""


def replayed(store: StateStore, rejects: Rejects, *, also: str = "") -> Replayed:
    """What became of the rejects, as if the run `also` had succeeded."""
    mine = [one for one in store.rejects.again(rejects.run) if one.source == rejects.source]
    tries = tuple((one, store.runs.get(one.replay)) for one in mine)
    good = [one for one, run in tries if one.replay == also or _good(run)]
    covered = {place for one in good for place in _places(one, rejects) or ()}
    unknown = [one for one in good if _places(one, rejects) is None]
    left = max(0, rejects.rows - len(covered) - sum(one.rows for one in unknown))
    return Replayed(rejects, tries, left, not unknown or len(covered) == rejects.rows)


def noted(store: StateStore, rejects: Rejects, held: Held, replay: str, sha256: str, *, twice: bool) -> None:
    """Write down that a run is over rows that are `held`, in a file with that digest; `SentBefore` where some of them were delivered by
    another, or are on their way, unless they are to go `twice`. It is part of the transaction that lets the run in."""
    mine = set(range(rejects.rows) if held.places is None else held.places)
    for one, run in () if twice else replayed(store, rejects).tries:
        if run is None or not (_on_its_way(run) or (run.status is RunStatus.SUCCESS and _sent_some(store, one, run))):
            continue
        theirs = _places(one, rejects)
        both = mine.intersection(theirs or ())
        if both and (held.places is not None or len(theirs or ()) == rejects.rows):
            raise SentBefore(len(both), one.replay)
        # Which rows they are nobody knows, but that they are the same.
        if held.rows and sha256 in _files(store, run):
            raise SentBefore(held.rows, one.replay)
    places = "" if held.places is None else ALL if len(held.places) == rejects.rows else json.dumps(list(held.places))
    store.rejects.replayed(Again(rejects.run, rejects.source, replay, held.rows, places))


def partly(store: StateStore, run: Run) -> Iterator[str]:
    """What a person has to know of a replay that was over some of the rows alone."""
    again = store.rejects.replay_of(run.id) if run.kind is FireKind.REPLAY else None
    rejects = next((one for one in store.rejects.list(again.run) if one.source == again.source), None) if again else None
    if again is None or rejects is None or not _partly(again):
        return
    found = replayed(store, rejects, also=run.id)
    rest = f"{found.left} still to be replayed" if found.certain else "which is not known, as the file did not say it (`_dhm_row`)"
    yield f"{again.rows} of {rejects.rows} rejected rows of run {again.run}{f', {rest}' if found.left or not found.certain else ''}"


def _sent_some(store: StateStore, again: Again, run: Run) -> bool:
    """Whether not all rows of a replay fell again."""
    if target_of(again.source):
        return sum(one.rows for one in store.rejects.list(run.id)) < again.rows
    return run.counts.written > 0


def _on_its_way(run: Run) -> bool:
    return not run.ended_for_good


def _files(store: StateStore, run: Run) -> set[str]:
    """The digests of what a replay was over: of rows that a target refused it is that of its input."""
    return {run.input_digest, *(one.item.sha256 for one in store.items.taken(run.id) if one.item.place.startswith(REPLAY))}


def _good(run: Run | None) -> bool:
    # Of one that was removed nobody knows better.
    return run is None or run.status is RunStatus.SUCCESS


def _partly(again: Again) -> bool:
    return again.places != ALL


def _places(again: Again, rejects: Rejects) -> Sequence[int] | None:
    if again.places == ALL:
        return range(rejects.rows)
    return json.loads(again.places) if again.places else None


def _became(run: Run | None) -> str:
    if run is None or run.status is RunStatus.SUCCESS:
        return ""
    status = run.status.value.replace("_", " ")
    return f" (nothing delivered: {status})" if run.ended_for_good else f" (not yet: {status})"
