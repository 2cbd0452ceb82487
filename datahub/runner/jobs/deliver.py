"""The way out: everything that is to be sent is written down with its key, then sent, then marked, and goes on after any interruption."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from datahub.connectors.declare import Answer, Output, Receipt, Refusal, Sender, Uncertain
from datahub.durable import to_disk
from datahub.faults import reach
from datahub.reports.report import Report, WrittenFile
from datahub.runner.jobs.backoff import patiently
from datahub.runner.jobs.broken_off import Piece, Sent, broken_off, by_rows, cut, keys_kept, rows_of, sent_before
from datahub.runner.jobs.documents import Document, Documents
from datahub.runner.jobs.hold import Hold
from datahub.runner.jobs.job_context import JobContext
from datahub.runner.jobs.refused import refused_by, refused_files, refused_rows
from datahub.runner.jobs.transform import Failed, Held
from datahub.state.records import Batch, BatchState, Claim, FileState, OutFile, Rejects, Run

UNMADE = "DOCUMENT"
"""The code under which rows are refused of which no document can be made."""
REJECTS = "rejects"
"""The name under which the files of rejected rows are delivered."""


def plan(context: JobContext, run: Run, report: Report, claim: Claim) -> int:
    """Write down what is going to be sent where, before any of it is; how many rows there are of which nothing can be made to be sent."""
    files, batches, broken = [], [], broken_off(context, run)
    for target in context.ways.documents:
        if target in context.ways.senders:
            batches += list(_documents_sent(context, run, target))
        else:
            filed, unmade = _documents_filed(context, run, target)
            files += filed
            batches += unmade
    for one in report.written:
        if one.target in context.ways.documents:
            continue
        if one.target in context.ways.senders:
            batches += list(_batches(context, run, one, broken))
        elif one.target in context.ways.sinks:
            files.append(_file(context, run, one.target, one))
    if REJECTS in context.ways.sinks:
        files += [_file(context, run, REJECTS, one) for one in report.rejects]
    # What is sent as a whole is known by its content, as long as nothing was sent since.
    last = context.store.runs.last_planned(context.name)
    before = context.store.deliveries.batches(last.id) if last is not None and last in broken else ()
    context.store.deliveries.plan(claim, keys_kept(batches, before), files)
    return refused_rows(batches)


def deliver(context: JobContext, run: Run, claim: Claim, hold: Hold) -> None:
    """Send what is not done yet: files are set down where nobody sees them, batches are sent, and then the files shown."""
    for file in context.store.deliveries.files(claim.run):
        if file.state in (FileState.PLANNED, FileState.STAGING):
            _stage(context, run, claim, hold, file)
    tables: dict[str, _Rows] = {}
    for batch in context.store.deliveries.batches(claim.run):
        if batch.state is not BatchState.DONE:
            rows = tables.setdefault(batch.target, _Rows(context, run, batch.target))
            _send(context, claim, hold, batch, rows)
    _refusals(context, run, claim)
    for file in context.store.deliveries.files(claim.run):
        if file.state in (FileState.PLANNED, FileState.STAGING):
            _stage(context, run, claim, hold, file)
    for file in context.store.deliveries.files(claim.run):
        if file.state is FileState.STAGED:
            _show(context, run, claim, hold, file)


def _refusals(context: JobContext, run: Run, claim: Claim) -> None:
    """What was refused is kept to be corrected, and goes where the job's rejects go."""
    sent = {one.target for one in context.store.deliveries.batches(claim.run)}
    owners = {target: next(iter(made_files(context, run, target).values())) for target in sorted(sent)}
    for refused, codes in refused_files(context, run, owners):
        context.store.rejects.add(claim, Rejects(run.id, refused_by(refused.target), refused.path, refused.rows, json.dumps(codes)))
        if REJECTS in context.ways.sinks:
            context.store.deliveries.add(claim, _file(context, run, REJECTS, refused))


# ---------------------------------------------------------------------------------------------------------- files


def _file(context: JobContext, run: Run, target: str, one: WrittenFile) -> OutFile:
    path = Path(one.path)
    sha256 = digest_of(path)
    return OutFile(run.id, target, path.name, str(path), one.rows, sha256, key(context, run, target, path.name, sha256))


def _output(run: Run, file: OutFile) -> Output:
    return Output(file.target, Path(file.rendered), file.rows, file.key, _values(run, file.target))


def _values(run: Run, target: str) -> dict[str, str]:
    """What names of files can say of a run."""
    return {
        "JOB": run.job,
        "RUN": run.id,
        "TARGET": target,
        "TIMESTAMP": run.as_of.strftime("%Y%m%dT%H%M%SZ"),
        "DATE": run.as_of.strftime("%Y%m%d"),
    }


def _stage(context: JobContext, run: Run, claim: Claim, hold: Hold, file: OutFile) -> None:
    if not Path(file.rendered).is_file() or digest_of(Path(file.rendered)) != file.sha256:
        raise Failed("CHANGED", f"`{file.rendered}` is not what the run made; `dhm runs cancel {run.id}` gives its input back")
    with hold.effect():
        context.store.deliveries.mark_file(claim, file, FileState.STAGING)
        reach("stage")
        hold.check()
        receipt = patiently(context, hold, partial(context.ways.sinks[file.target].stage, _output(run, file)))
        reach("staged_out")
        told = json.dumps({name: value for name, value in asdict(receipt).items() if name != "output"})
        context.store.deliveries.mark_file(claim, file, FileState.STAGED, told)
        reach("receipt")


def _show(context: JobContext, run: Run, claim: Claim, hold: Hold, file: OutFile) -> None:
    receipt = Receipt(output=_output(run, file), **json.loads(file.receipt))
    with hold.effect():
        reach("show")
        hold.check()
        patiently(context, hold, partial(context.ways.sinks[file.target].commit, [receipt]))
        reach("shown")
        context.store.deliveries.mark_file(claim, file, FileState.DONE)
        reach("file_marked")


def withdraw(context: JobContext, run: Run) -> None:
    """Take back what was set down and not shown; of what was sent, nothing can be."""
    for file in context.store.deliveries.files(run.id):
        sink = context.ways.sinks.get(file.target)
        if sink is None:
            continue
        if file.state is FileState.STAGED:
            sink.abort([Receipt(output=_output(run, file), **json.loads(file.receipt))])
        elif file.state is FileState.STAGING and Path(file.rendered).is_file():
            # Where half of it stands is known to the target once it is set down again.
            sink.abort([sink.stage(_output(run, file))])


# ---------------------------------------------------------------------------------------------------------- batches


class _Rows:
    """What is sent to a target, made again of what the run made, batch by batch in order."""

    def __init__(self, context: JobContext, run: Run, target: str) -> None:
        self.sender = context.ways.senders[target]
        self._run, self._target = run, target
        self._documents = context.ways.documents.get(target)
        self._files = made_files(context, run, target)
        self._path = next(iter(self._files.values()))
        self._made: Iterator[Document] = iter(())
        self._next = -1
        self._last: Document | None = None

    def body(self, first: int, last: int) -> bytes:
        try:
            return self.sender.render(self._table(first, last)) if self._documents is None else self._document(self._documents, first).body
        except (OSError, pa.ArrowException) as problem:
            raise Failed("CHANGED", f"`{self._path}` is not what the run made: {problem}") from problem

    def about(self, first: int) -> Mapping[str, str] | None:
        """The values of the row that a document is about, right after its body was made."""
        return self._last.values if self._documents is not None and self._last is not None and self._next == first + 1 else None

    def _document(self, documents: Documents, number: int) -> Document:
        if number != self._next:
            self._made = documents.made(self._files, _values(self._run, self._target), number)
        self._next = number + 1
        self._last = next(self._made)
        return self._last

    def _table(self, first: int, last: int) -> pa.Table:
        # A target's rows of one run fit in memory by row groups only; the file is opened anew for each batch that is sent.
        with pq.ParquetFile(self._path) as file:
            groups, start, offset = [], 0, None
            for number in range(file.num_row_groups):
                length = file.metadata.row_group(number).num_rows
                if start < last and start + length > first:
                    groups.append(number)
                    offset = start if offset is None else offset
                start += length
            table = file.read_row_groups(groups)
        return table.slice(first - (offset or 0), last - first)


def _batches(context: JobContext, run: Run, one: WrittenFile, broken: Sequence[Run]) -> Iterator[Batch]:
    rows = _Rows(context, run, one.target)
    size = max(1, rows.sender.rows)
    sent = _sent(context, run, broken, one.target)
    digests: Sequence[bytes] = [digest for digest, _ in rows_of(context, one.name, Path(one.path))] if sent else ()
    pieces = cut(digests, sent, size) if sent else (Piece(first, min(first + size, one.rows)) for first in range(0, one.rows, size))
    for number, piece in enumerate(pieces):
        sha256 = hashlib.sha256(rows.body(piece.first, piece.last)).hexdigest()
        known = sent.keys.get(tuple(digests[piece.first : piece.last])) if sent else None
        made = known or key(context, run, one.target, str(number), sha256)
        batch = Batch(run.id, one.target, number, piece.first, piece.last, made, sha256)
        yield replace(batch, state=BatchState.DONE, answer="sent by an earlier run") if piece.arrived else batch


def _sent(context: JobContext, run: Run, broken: Sequence[Run], target: str) -> Sent | None:
    """What of a target counts as sent already; None where nothing does."""
    if not broken or not by_rows(context, target):
        return None
    runs = context.store.runs.planned_since(context.name, broken[-1].id)
    sent = sent_before(context, run, broken, target, {one.id: made_files(context, one, target) for one in runs})
    return sent if sent.arrived or sent.on_the_way else None


def _documents_sent(context: JobContext, run: Run, target: str) -> Iterator[Batch]:
    for one in context.ways.documents[target].made(made_files(context, run, target), _values(run, target)):
        yield _unmade(context, run, target, one) if one.problem else _document(context, run, target, one)


def _document(context: JobContext, run: Run, target: str, one: Document) -> Batch:
    sha256 = hashlib.sha256(one.body).hexdigest()
    return Batch(run.id, target, one.number, one.number, one.number + 1, key(context, run, target, str(one.number), sha256), sha256)


def _unmade(context: JobContext, run: Run, target: str, one: Document) -> Batch:
    """A row of which no document can be made: it is refused before it is sent."""
    answer = json.dumps(asdict(Answer("", (Refusal(0, UNMADE, one.problem),))))
    return replace(_document(context, run, target, one), state=BatchState.DONE, answer=answer)


def _documents_filed(context: JobContext, run: Run, target: str) -> tuple[list[OutFile], list[Batch]]:
    """Each document as a file of its own, under the name that it will have; and the rows that make none."""
    folder = context.folders.run(run.id) / "out" / "documents" / target
    folder.mkdir(parents=True)
    files, unmade = [], []
    for one in context.ways.documents[target].made(made_files(context, run, target), _values(run, target)):
        if one.problem:
            unmade.append(_unmade(context, run, target, one))
            continue
        path = folder / one.name
        if path.exists():
            raise Failed("OUTPUT", f"two documents for `{target}` are called `{one.name}`: put the key of the row into `name`")
        path.write_bytes(one.body)
        to_disk(path)
        files.append(_file(context, run, target, WrittenFile(one.name, str(path), 1, target)))
    to_disk(folder)
    return files, unmade


def made_files(context: JobContext, run: Run, target: str) -> dict[str, Path]:
    """The files of a target that a run made by the entities whose rows they hold, the one that documents are about first."""
    found = {str(one["name"]): Path(one["path"]) for one in _written(context, run) if one["target"] == target}
    documents = context.ways.documents.get(target)
    return found if documents is None else {documents.row.entity: found[documents.row.entity], **found}


def made_rows(context: JobContext, run: Run, target: str) -> int:
    """How many rows a run made for a target; none where it found nothing new."""
    return sum(one["rows"] for one in _written(context, run) if one["target"] == target)


def _written(context: JobContext, run: Run) -> list[dict[str, Any]]:
    path = context.folders.run(run.id) / "out" / "run" / "report.json"
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["written"] if path.exists() else []
    return found


def _send(context: JobContext, claim: Claim, hold: Hold, batch: Batch, rows: _Rows) -> None:
    store, sender = context.store, rows.sender
    hold.check()
    earlier = store.deliveries.delivered(batch.key)
    if earlier is not None:
        # A run that was cancelled had come so far.
        store.deliveries.mark(claim, batch, BatchState.DONE, earlier.answer if refused_rows([earlier]) else f"sent by run {earlier.run}")
        return
    if batch.state in (BatchState.SENDING, BatchState.UNKNOWN) and _settled(context, claim, batch, sender):
        return
    body = rows.body(batch.first, batch.last)
    if hashlib.sha256(body).hexdigest() != batch.sha256:
        raise Failed("CHANGED", f"batch {batch.number} for `{batch.target}` is not what it was when it was planned")
    with hold.effect():
        store.deliveries.mark(claim, batch, BatchState.SENDING)
        reach("send")
        hold.check()
        again = sender.keyed or context.job.on_unknown == "resend"
        try:
            answer = patiently(context, hold, partial(sender.send, body, batch.key, rows.about(batch.first)), again=again)
        except Uncertain as problem:
            # Where it may be sent again, the run is: later, as after any failure that may pass.
            if again or not _settled(context, claim, batch, sender, str(problem)):
                raise
            return
        reach("sent")
        store.deliveries.mark(claim, batch, BatchState.DONE, json.dumps(asdict(answer)))
        reach("marked")


def _settled(context: JobContext, claim: Claim, batch: Batch, sender: Sender, why: str = "the process ended while it was sent") -> bool:
    """Whether a batch that was on its way needs not be sent again; `Held` where nobody can know, and that is to be told."""
    if sender.keyed:
        return False
    arrived = sender.arrived(batch.key)
    if arrived:
        context.store.deliveries.mark(claim, batch, BatchState.DONE, "it had arrived")
        return True
    if arrived is None and context.job.on_unknown != "resend":
        _unknown(context, claim, batch, why)
    return False


def _unknown(context: JobContext, claim: Claim, batch: Batch, why: str) -> None:
    context.store.deliveries.mark(claim, batch, BatchState.UNKNOWN, why)
    raise Held(
        f"nobody knows whether batch {batch.number} for `{batch.target}` has arrived ({why}); look there for rows "
        f"{batch.first + 1} to {batch.last}, then say `dhm runs resume {claim.run} --arrived` or `--resend`"
    )


# ---------------------------------------------------------------------------------------------------------- keys


def key(context: JobContext, run: Run, target: str, part: str, sha256: str) -> str:
    """What tells the other side that this was sent before: the same on every attempt, another for every other content."""
    told = json.dumps([context.store.hub, run.job, target, run.generation, run.input_digest, part, sha256])
    return base64.b32encode(hashlib.sha256(told.encode()).digest()[:20]).decode().lower()


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
