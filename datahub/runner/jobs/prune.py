"""What old runs left is removed: their records, what they made, messages, landed files and snapshots that nothing means any more."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from datahub.project.policy import Retention
from datahub.records import record
from datahub.runner.jobs.job_context import Folders
from datahub.state.records import MessageState
from datahub.state.store import StateStore

_FRESH = timedelta(hours=1)
"""A file that is younger may be one that a run has set down and not written down yet."""


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
    """What all of several jobs want kept; files and messages are not one job's alone."""
    return Retention(
        payloads=max((one.payloads for one in several), default=Retention().payloads),
        rejects=max((one.rejects for one in several), default=Retention().rejects),
        fingerprints=max((one.fingerprints for one in several), default=Retention().fingerprints),
    )


def prune(store: StateStore, folders: Folders, jobs: Mapping[str, Retention], now: datetime) -> Pruned:
    """Remove what is older than each job says, and what jobs that are gone left after the longest of that; runs that are not done
    keep everything."""
    keep = longest(jobs.values())
    gone = [*store.runs.forget(now - keep.rejects, besides=tuple(jobs))]
    store.items.forget(now - keep.fingerprints, besides=tuple(jobs))
    for job, told in jobs.items():
        gone += store.runs.forget(now - told.rejects, job)
        store.items.forget(now - told.fingerprints, job)
    messages = _messages(store, keep, now)
    store.runs.forget_fires(now - keep.fingerprints)
    files = size = 0
    for id in gone:
        folder = folders.run(id)
        if folder.exists():
            size += sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            shutil.rmtree(folder)
            files += 1
    meant = {folders.snapshots / f"{digest}.parquet" for digest in (*store.snapshots.files(), *store.entries.files())}
    needed = set(store.items.needed())
    oldest = (now - max(keep.payloads, _FRESH)).timestamp()
    for place in (folders.landed, folders.snapshots):
        for path in place.iterdir() if place.exists() else ():
            if path not in meant and str(path) not in needed and path.stat().st_mtime < oldest:
                size += path.stat().st_size
                files += 1
                path.unlink()
    return Pruned(len(gone), files, size, messages)


def _messages(store: StateStore, keep: Retention, now: datetime) -> int:
    """Remove what messages said once they are done, and much later that they came; how many said nothing any more, or are gone."""
    changed = 0
    for box in (store.inbox, store.outbox):
        changed += box.forget(now - keep.fingerprints)
        changed += box.empty((MessageState.DONE, MessageState.SUPERSEDED), now - keep.payloads)
        # A dead letter may still be sent again, as rejected rows may be.
        changed += box.empty((MessageState.DEAD,), now - keep.rejects)
    return changed


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
