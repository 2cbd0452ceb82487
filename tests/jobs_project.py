"""A project on disk whose jobs are run in this process: what `dhm serve` does, turn by turn, without a process for each run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from datahub.cli.project import plan_of, project
from datahub.plan.operators import Plan
from datahub.runner.jobs.bind import bind, folders_of
from datahub.runner.jobs.perform import Ending, perform
from datahub.runner.jobs.starting import started
from datahub.state.owner import this_process
from datahub.state.records import Admission, Fire, FireKind, Overlap
from datahub.state.sqlite.ledger import SqliteLedger


class Projected:
    """The project in a folder."""

    def __init__(self, folder: Path, files: Mapping[str, str]) -> None:
        self.folder = folder
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        self.loaded = project(start=folder)
        self.store = SqliteLedger(folders_of(self.loaded).ledger)
        self._plans: dict[tuple[str, str], Plan] = {}

    def put(self, name: str, text: str) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text, encoding="utf-8")

    def context(self, job: str):
        mapping = self.folder / self.loaded.project.jobs[job].mapping
        known = (job, mapping.read_text(encoding="utf-8") if mapping.exists() else "")
        if known not in self._plans:
            self._plans[known] = plan_of(self.loaded, job)
        return bind(self.loaded, job, self._plans[known], self.store)

    def by_hand(self, job: str) -> Ending:
        """Run a job as a person does."""
        now = datetime.now(UTC)
        self.store.runs.submit(Fire(job, FireKind.MANUAL, now), Admission(Overlap.QUEUE_ALL), now)
        (ending,) = self.work(job)
        return ending

    def fired(self) -> list[str]:
        """The jobs that events start now."""
        found = []
        for name, job in self.loaded.project.jobs.items():
            found += [run.job for run in started(self.store, name, job, datetime.now(UTC))]
        return found

    def work(self, job: str) -> list[Ending]:
        """Do all that waits of a job."""
        context, ended = self.context(job), []
        while (found := self.store.runs.claim(job, this_process(), datetime.now(UTC))) is not None:
            ended.append(perform(context, *found))
        return ended

    def settle(self) -> None:
        """Let events start jobs, and work, until nothing is left to do."""
        for _ in range(20):
            jobs = dict.fromkeys(self.fired())
            if not jobs:
                return
            for job in jobs:
                self.work(job)
        raise AssertionError("it does not come to an end")

    def rows(self, folder: str) -> list[list[dict[str, object]]]:
        """What lies in a folder of JSON lines: the rows of each file, in the order in which they were made."""
        paths = sorted((self.folder / folder).glob("*.jsonl"), key=lambda path: path.stat().st_mtime_ns)
        return [[json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] for path in paths]

    def close(self) -> None:
        self.store.close()
