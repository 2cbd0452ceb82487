"""The files of a run on their way out: all are set down where nobody sees them, and their names compared, before the first is shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path

from datahub.connectors.declare import Output, Receipt
from datahub.connectors.given_names import GivenNames
from datahub.faults import reach
from datahub.runner.jobs.backoff import patiently
from datahub.runner.jobs.hold import Hold
from datahub.runner.jobs.job_context import JobContext
from datahub.runner.jobs.transform import Failed
from datahub.state.records import Claim, FileState, OutFile, Run


class FilesOfRun:
    """What a run that this process has claimed delivers as files."""

    def __init__(self, context: JobContext, run: Run, claim: Claim, hold: Hold) -> None:
        self._context, self._run, self._claim, self._hold = context, run, claim, hold
        self._store, self._sinks = context.store, context.ways.sinks

    def stage(self) -> None:
        """Set down what is not yet, under no name that another file of the run is given."""
        given = GivenNames()
        for file in self._in(FileState.STAGED):
            given.add(_receipt(self._run, file))
        for file in self._in(FileState.PLANNED, FileState.STAGING):
            given.add(self._stage(file, given))

    def show(self) -> None:
        """Give each its name."""
        for file in self._in(FileState.STAGED):
            self._show(file)

    def _in(self, *states: FileState) -> Iterator[OutFile]:
        return (file for file in self._store.deliveries.files(self._claim.run) if file.state in states)

    def _stage(self, file: OutFile, given: GivenNames) -> Receipt:
        if not Path(file.rendered).is_file() or digest_of(Path(file.rendered)) != file.sha256:
            advice = f"`dhm runs cancel {self._run.id}` gives its input back"
            raise Failed("CHANGED", f"`{file.rendered}` is not what the run made; {advice}")
        with self._hold.effect():
            self._store.deliveries.mark_file(self._claim, file, FileState.STAGING)
            reach("stage")
            self._hold.check()
            receipt = patiently(self._context, self._hold, partial(self._sinks[file.target].stage, _output(self._run, file), given))
            reach("staged_out")
            told = json.dumps({name: value for name, value in asdict(receipt).items() if name != "output"})
            self._store.deliveries.mark_file(self._claim, file, FileState.STAGED, told)
            reach("receipt")
        return receipt

    def _show(self, file: OutFile) -> None:
        receipt = _receipt(self._run, file)
        with self._hold.effect():
            reach("show")
            self._hold.check()
            patiently(self._context, self._hold, partial(self._sinks[file.target].commit, [receipt]))
            reach("shown")
            self._store.deliveries.mark_file(self._claim, file, FileState.DONE)
            reach("file_marked")


def withdraw(context: JobContext, run: Run, claim: Claim) -> None:
    """Take back what was set down and not shown; of what was sent, nothing can be. Who takes the run up again sets it down anew."""
    for file in context.store.deliveries.files(run.id):
        sink = context.ways.sinks.get(file.target)
        if sink is None or file.state not in (FileState.STAGED, FileState.STAGING):
            continue
        # Before it is gone: a file that is set down and is not there has its name already.
        context.store.deliveries.mark_file(claim, file, FileState.STAGING)
        if file.state is FileState.STAGED:
            sink.abort([_receipt(run, file)])
        else:
            # Half of it may stand there.
            sink.give_up(_output(run, file))
        reach("withdrawn")
        context.store.deliveries.mark_file(claim, file, FileState.PLANNED)


def values_of(run: Run, target: str) -> dict[str, str]:
    """What names of files can say of a run."""
    return {
        "JOB": run.job,
        "RUN": run.id,
        "TARGET": target,
        "TIMESTAMP": run.as_of.strftime("%Y%m%dT%H%M%SZ"),
        "DATE": run.as_of.strftime("%Y%m%d"),
    }


def digest_of(path: Path) -> str:
    """The digest of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _receipt(run: Run, file: OutFile) -> Receipt:
    return Receipt(output=_output(run, file), **json.loads(file.receipt))


def _output(run: Run, file: OutFile) -> Output:
    return Output(file.target, Path(file.rendered), file.rows, file.key, values_of(run, file.target))
