"""What a run of a job works with: its declaration, its plan, its ledger, its ways in and out, and its folders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime
from pathlib import Path
from random import Random

from datahub.connectors.declare import Sender, Sink, Source
from datahub.plan.operators import Plan
from datahub.project.job import Job
from datahub.records import record
from datahub.runner.jobs.documents import Documents
from datahub.runner.jobs.watching import Watched
from datahub.runner.outlet import Progress
from datahub.state.store import StateStore


@record(frozen=True, slots=True)
class Folders:
    """Where the state of one environment of a project lies."""

    state: Path

    @property
    def ledger(self) -> Path:
        return self.state / "ledger.sqlite"

    @property
    def landed(self) -> Path:
        """Files as they came, each under the digest of its content."""
        return self.state / "landed"

    @property
    def snapshots(self) -> Path:
        """What was last committed of each entity."""
        return self.state / "snapshots"

    def run(self, id: str) -> Path:
        """What a run makes before it is delivered, and what it tells afterwards."""
        return self.state / "runs" / id


@record(frozen=True, slots=True)
class Ways:
    """Where a job's files and rows come from and go to: by source, by target."""

    sources: Mapping[str, Source]
    sinks: Mapping[str, Sink]
    senders: Mapping[str, Sender]
    documents: Mapping[str, Documents] = field(default_factory=dict)
    """What makes the documents of those targets that take them; the files or requests then hold one each."""
    posters: frozenset[str] = frozenset()
    """Targets whose rows become messages."""

    def close(self) -> None:
        """Give all connections back; the next run of the job gets them anew."""
        ways: list[Source | Sink | Sender] = [*self.sources.values(), *self.sinks.values(), *self.senders.values()]
        for one in ways:
            one.close()


@record(frozen=True, slots=True)
class JobContext:
    """One job, ready to be run. `places` say of each source where it comes from, in words that hold no secret."""

    name: str
    job: Job
    plan: Plan
    store: StateStore
    folders: Folders
    ways: Ways
    places: Mapping[str, str]
    driving: frozenset[str]
    """The sources whose rows become the outputs': new files of theirs are a reason to run."""
    clock: Callable[[], datetime]
    chance: Random
    threads: int = 2
    progress: Progress | None = None
    watches: tuple[Watched, ...] = ()
    """What jobs of the project wait for."""
    zone: str = "UTC"
    """The time zone of the project's clock."""
