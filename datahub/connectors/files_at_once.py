"""Many files of one source at once: each worker fetches over a connection of its own, so that small files do not wait for one another."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from datahub.connectors.declare import DataHubError, FileSystem, Landed, Split
from datahub.connectors.files_in import FilesIn
from datahub.connectors.landing import Batch, batches
from datahub.project.binding import FilesFrom

_WORTH = 8
"""How many files there must be for each connection: to log in costs more than to fetch a few."""


class FilesAtOnce(FilesIn):
    """One source of a job that is bound to files of a host which lets us in several times; `most` says how often."""

    def __init__(self, source: str, open_files: Callable[[], FileSystem], told: FilesFrom, most: int) -> None:
        super().__init__(source, open_files(), told)
        self._open_files, self._most = open_files, most

    def land_all(self, splits: Sequence[Split], folder: Path) -> Iterator[Sequence[Landed]]:
        """Each of `splits` as `land` does, in their order; after an error nothing more is begun."""
        others = [_Worker(FilesIn(self._source, self._open_files(), self._told)) for _ in range(1, self._workers(len(splits)))]
        idle: SimpleQueue[_Worker] = SimpleQueue()
        for worker in (_Worker(self, proved=True), *others):
            idle.put(worker)
        pool = ThreadPoolExecutor(1 + len(others), "dhm-land")
        underway: deque[Future[Batch]] = deque()
        try:
            for some in batches(splits, 1 + len(others)):
                underway.append(pool.submit(_landed, idle, some, folder))
                if len(underway) > 1 + len(others):
                    yield from underway.popleft().result().given()
            while underway:
                yield from underway.popleft().result().given()
        finally:
            pool.shutdown(cancel_futures=True)
            for worker in others:
                worker.files.close()

    def _workers(self, files: int) -> int:
        return max(1, min(self._most, files // _WORTH))


class _Worker:
    """A source with a connection of its own. `proved`: it has fetched something, so that what fails is not for want of a way in."""

    def __init__(self, files: FilesIn, *, proved: bool = False) -> None:
        self.files, self.proved = files, proved


def _landed(idle: SimpleQueue[_Worker], splits: Sequence[Split], folder: Path) -> Batch:
    """The splits by whichever worker is free. One that the host does not let in is not asked again, and another does its work."""
    while True:
        worker = idle.get()
        try:
            batch = worker.files.landing.several(splits, folder)
        except DataHubError:
            if worker.proved:
                idle.put(worker)
                raise
            continue
        except BaseException:
            idle.put(worker)
            raise
        worker.proved = True
        idle.put(worker)
        return batch
