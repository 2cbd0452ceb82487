"""Who removes what is older than the jobs want kept, while `dhm serve` is at work: one process at a time, an hour apart, in a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from datahub.project.load import Loaded
from datahub.runner.jobs.bind import folders_of
from datahub.runner.jobs.prune import Pruned, prune
from datahub.state.owner import this_process
from datahub.state.store import LedgerUnusable, StateStore

EVERY = timedelta(hours=1)
LEASE = 3600.0
_SCOPE = "prune"


class Pruning:
    """Removes what is old. `loaded` gives the project as it is declared now, `tell` is told what a person should know."""

    def __init__(self, store: StateStore, loaded: Callable[[], Loaded], tell: Callable[[str, str], None]) -> None:
        self._store, self._loaded, self._tell = store, loaded, tell
        self._next: datetime | None = None
        self._at_work: threading.Thread | None = None

    def tend(self, now: datetime) -> None:
        """Begin to look for what is old where it is time; returns at once."""
        if self._next is not None and now < self._next:
            return
        self._next = now + EVERY
        if self._at_work is None or not self._at_work.is_alive():
            self._at_work = threading.Thread(target=self._prune, args=(now,), name="dhm-prune", daemon=True)
            self._at_work.start()

    def wait(self, seconds: float) -> None:
        """Let what is at work come to its end, for so long at most."""
        if self._at_work is not None:
            self._at_work.join(seconds)

    def _prune(self, now: datetime) -> None:
        try:
            gone = self._pruned(now)
        except (LedgerUnusable, OSError) as problem:
            self._tell("", f"what is old could not be removed: {problem}; it is tried again in an hour")
            return
        if gone is not None and (gone.runs or gone.files or gone.messages):
            self._tell("", f"removed what is older than `retention` says: {gone.told}")

    def _pruned(self, now: datetime) -> Pruned | None:
        """What was removed; None where another process is at it."""
        epoch = self._store.leases.acquire(_SCOPE, this_process(), LEASE)
        if epoch is None:
            return None
        loaded = self._loaded()
        try:
            return prune(self._store, folders_of(loaded), loaded.project.jobs, now)
        finally:
            self._store.leases.release(_SCOPE, epoch)
