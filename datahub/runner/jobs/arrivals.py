"""Files that arrive: folders are looked at by threads, which may have to wait, and what is ready and was not read starts a run."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from datetime import datetime

from datahub.connectors.declare import DataHubError, Split
from datahub.project.binding import FilesFrom
from datahub.project.job import Job
from datahub.project.load import Loaded
from datahub.project.trigger import FileArrived
from datahub.records import record
from datahub.runner.jobs.bind import place_of, source_alone
from datahub.runner.jobs.fetch import read_as, renewed_after
from datahub.runner.jobs.starting import OPEN
from datahub.state.records import Admission, Fire, FireKind, Item, Overlap, Run
from datahub.state.store import LedgerUnusable, StateStore


class Arrivals:
    """Looks into the folders of jobs. `loaded` gives the project as it is declared now, `tell` is told what happens to which job."""

    def __init__(self, store: StateStore, loaded: Callable[[], Loaded], tell: Callable[[str, str], None], wake: Callable[[], None]) -> None:
        self._store, self._loaded, self._tell, self._wake = store, loaded, tell, wake
        self._next: dict[str, datetime] = {}
        self._looking: dict[str, threading.Thread] = {}
        self._trouble: dict[str, str] = {}

    def look(self, name: str, job: Job, now: datetime) -> None:
        """Begin to look for files of a job where it is time; returns at once."""
        for trigger in job.triggers:
            if not isinstance(trigger, FileArrived) or self._next.get(name, now) > now:
                continue
            before = self._looking.get(name)
            if before is not None and before.is_alive():
                continue
            self._next[name] = now + trigger.every
            thread = threading.Thread(target=self._look, args=(name, job, trigger, now), name=f"dhm-files-{name}", daemon=True)
            self._looking[name] = thread
            thread.start()

    def _look(self, name: str, job: Job, trigger: FileArrived, now: datetime) -> None:
        try:
            run = arrived(self._store, self._loaded(), name, job, trigger, now)
        except (DataHubError, LedgerUnusable) as problem:
            # The same trouble is told once, not at every look.
            if self._trouble.get(name) != problem.message:
                self._trouble[name] = problem.message
                self._tell(name, f"its files cannot be looked at: {problem.message}{f'; {problem.help}' if problem.help else ''}")
            return
        if self._trouble.pop(name, ""):
            self._tell(name, "its files can be looked at again")
        if run is not None:
            self._wake()


def arrived(store: StateStore, loaded: Loaded, name: str, job: Job, trigger: FileArrived, now: datetime) -> Run | None:
    """The run that files of a job start now; the same files start one, whoever looks, and however often."""
    if store.runs.list(name, OPEN, 1):
        # It may be reading them.
        return None
    found = list(_new(store, loaded, name, job, trigger, now))
    if not found:
        return None
    told = json.dumps(sorted(map(_told, found)))
    times = [one.split.modified for one in found if one.split.modified is not None]
    if all(one.split.fingerprint for one in found) and times:
        fire = Fire(name, FireKind.EVENT, max(times), f"files {hashlib.sha256(told.encode()).hexdigest()[:16]}")
    else:
        # Where a listing tells too little, only reading the files shows whether they are new.
        fire = Fire(name, FireKind.EVENT, now, "files")
    return store.runs.submit(fire, Admission(Overlap(job.overlap), job.most_waiting), now)


@record(frozen=True, slots=True)
class _Found:
    """A file that is to be read, and what its name had last."""

    split: Split
    before: Item | None


def _told(one: _Found) -> tuple[str, ...]:
    """What tells a file from all that started a run before: one that is again what it was is another, once something else was read."""
    split = (one.split.source, one.split.name, one.split.fingerprint)
    return split if one.before is None else (*split, f"{one.before.id} {one.before.read_at}")


def _new(store: StateStore, loaded: Loaded, name: str, job: Job, trigger: FileArrived, now: datetime) -> Iterator[_Found]:
    for source, told in job.sources.items():
        if not isinstance(told, FilesFrom) or trigger.source not in ("", source):
            continue
        files, place, met = source_alone(loaded, source, told), place_of(name, source, told), list[int]()
        try:
            for split in files.splits():
                item = read_as(store, place, split)
                if item is None:
                    yield _Found(split, store.items.latest(place, split.name))
                else:
                    met.append(item.id)
            # As long as nothing new comes no run meets them.
            store.items.listed(place, met, now, renewed_after(job))
        finally:
            files.close()
