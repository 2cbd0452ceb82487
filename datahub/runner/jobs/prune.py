"""What old runs left is removed: their records, what they made, messages, landed files and snapshots that nothing means any more."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from datahub.project.job import Job
from datahub.project.policy import Retention
from datahub.project.trigger import Webhook
from datahub.records import record
from datahub.runner.jobs.job_context import Folders
from datahub.runner.jobs.refused import target_of
from datahub.state.records import MessageState
from datahub.state.store import StateStore

_FRESH = timedelta(hours=1)
"""A file that is younger may be one that a run has set down and not written down yet."""
REPORTS = "run"
"""Where a run has its reports and rejects, beside what it made."""


@record(frozen=True, slots=True)
class Pruned:
    runs: int
    files: int
    bytes: int
    messages: int = 0

    @property
    def told(self) -> str:
        """In words."""
        said = f"{_counted(self.runs, 'run')} and {_counted(self.files, 'file')}, {self.bytes / 1e6:,.1f} MB"
        return f"{said}; and what {_counted(self.messages, 'message')} said" if self.messages else said


def longest(several: Collection[Retention]) -> Retention:
    """What several jobs want kept of what is not one job's alone."""
    return Retention(
        payloads=max((one.payloads for one in several), default=Retention().payloads),
        rejects=max((one.rejects for one in several), default=Retention().rejects),
        fingerprints=max((one.fingerprints for one in several), default=Retention().fingerprints),
    )


def prune(store: StateStore, folders: Folders, jobs: Mapping[str, Job], now: datetime) -> Pruned:
    """Remove what is older than each job says, and what jobs that are gone left after the longest of that; runs that are not done
    keep everything."""
    keep = longest([job.retention for job in jobs.values()])
    gone = [*store.runs.forget(now - keep.rejects, besides=tuple(jobs))]
    store.items.forget(now, keep.fingerprints, besides=tuple(jobs))
    for name, job in jobs.items():
        gone += store.runs.forget(now - job.retention.rejects, name)
        store.items.forget(now, job.retention.fingerprints, name)
    messages = _messages(store, jobs, keep, now)
    store.runs.forget_fires(now - keep.fingerprints)
    removed = [*_of_runs(folders, gone), *_made(store, folders, jobs, now), *_landed(store, folders, jobs, now)]
    removed += _snapshots(store, folders, now - max(keep.payloads, _FRESH))
    return Pruned(len(gone), len(removed), sum(removed), messages)


def _of_runs(folders: Folders, gone: Sequence[str]) -> Iterator[int]:
    """Remove the folders of runs that are forgotten; the size of each."""
    for id in gone:
        folder = folders.run(id)
        if folder.exists():
            yield _size(folder)
            shutil.rmtree(folder)


def _made(store: StateStore, folders: Folders, jobs: Mapping[str, Job], now: datetime) -> Iterator[int]:
    """Remove what runs have made of their input, and leave their reports and rejects; the size of each."""
    # What was sent is told from what is to be sent by what was made of it.
    open = {one.run for place in store.deliveries.places() for one in store.deliveries.broken_off(place)}
    for out in (folders.state / "runs").glob("*/out"):
        run = store.runs.get(out.parent.name)
        if run is None or run.ended is None or run.ended > now - _kept(jobs, [run.job]).payloads:
            continue
        if run.id in open or any(target_of(one.source) for one in store.rejects.list(run.id)):
            # Rows that a target refused are sent again with the types that they had.
            continue
        for path in out.iterdir():
            if path.name != REPORTS:
                yield _size(path)
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _landed(store: StateStore, folders: Folders, jobs: Mapping[str, Job], now: datetime) -> Iterator[int]:
    """Remove landed files that no job which took them wants any more; the size of each."""
    needed, takers = set(store.items.needed()), store.items.takers()
    for path in _files(folders.landed):
        keep = _kept(jobs, takers.get(str(path), ()))
        if str(path) not in needed and (found := _older(path, now - max(keep.payloads, _FRESH))) is not None:
            yield found


def _snapshots(store: StateStore, folders: Folders, before: datetime) -> Iterator[int]:
    """Remove what was remembered and is not any more; the size of each."""
    meant = {f"{digest}.parquet" for digest in (*store.snapshots.files(), *store.entries.files())}
    for path in _files(folders.snapshots):
        if path.name not in meant and (found := _older(path, before)) is not None:
            yield found


def _kept(jobs: Mapping[str, Job], several: Collection[str]) -> Retention:
    """What those of several jobs that there are want kept; what all do where none of them is there."""
    known = [name for name in several if name in jobs]
    return longest([jobs[name].retention for name in known or jobs])


def _files(folder: Path) -> Sequence[Path]:
    return list(folder.iterdir()) if folder.exists() else []


def _older(path: Path, than: datetime) -> int | None:
    """Remove a file that is older; its size."""
    found = path.stat()
    if found.st_mtime >= than.timestamp():
        return None
    path.unlink()
    return found.st_size


def _size(path: Path) -> int:
    return sum(one.stat().st_size for one in (path.rglob("*") if path.is_dir() else [path]) if one.is_file())


def _messages(store: StateStore, jobs: Mapping[str, Job], keep: Retention, now: datetime) -> int:
    """Remove what messages said once they are done, and much later that they came; how many said nothing any more, or are gone."""
    changed = 0
    for box, channels in ((store.inbox, _read_by(jobs)), (store.outbox, _sent_by(jobs))):
        changed += box.forget(now - keep.fingerprints)
        for channel, told in ((None, keep), *((one, _kept(jobs, names)) for one, names in channels.items())):
            of = {"besides": tuple(channels)} if channel is None else {"channel": channel}
            changed += box.empty((MessageState.DONE, MessageState.SUPERSEDED), now - told.payloads, **of)
            # A dead letter may still be sent again, as rejected rows may be.
            changed += box.empty((MessageState.DEAD,), now - told.rejects, **of)
    return changed


def _read_by(jobs: Mapping[str, Job]) -> Mapping[str, Collection[str]]:
    """The jobs that the messages of each address start."""
    found: dict[str, set[str]] = {}
    for name, job in jobs.items():
        for trigger in job.triggers:
            if isinstance(trigger, Webhook):
                found.setdefault(trigger.path, set()).add(name)
    return found


def _sent_by(jobs: Mapping[str, Job]) -> Mapping[str, Collection[str]]:
    """The jobs that have something to tell each receiver."""
    found: dict[str, set[str]] = {}
    for name, job in jobs.items():
        for channel in (*(one.connection for one in job.notify), *(one.connection for one in job.targets.values())):
            found.setdefault(channel, set()).add(name)
    return found


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
