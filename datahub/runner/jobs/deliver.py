"""The way out: everything that is to be sent is written down with its key, then sent, then marked, and goes on after any interruption."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, field, replace
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from datahub.connectors.declare import Answer, Choosy, DataHubError, Refusal, Sender, Uncertain
from datahub.durable import to_disk
from datahub.faults import reach
from datahub.records import record
from datahub.reports.report import Report, WrittenFile
from datahub.runner.jobs.backoff import patiently
from datahub.runner.jobs.broken_off import Before, known_before
from datahub.runner.jobs.documents import Document, Documents
from datahub.runner.jobs.files_of_run import FilesOfRun, digest_of, values_of
from datahub.runner.jobs.hold import Hold
from datahub.runner.jobs.job_context import JobContext
from datahub.runner.jobs.made import files_made, written
from datahub.runner.jobs.pieces import Piece, cut
from datahub.runner.jobs.place import continuing, known, replaces, sending_of, torn, whole_before
from datahub.runner.jobs.refused import refused_by, refused_files, refused_rows
from datahub.runner.jobs.transform import Failed, Held
from datahub.state.records import Batch, BatchState, Claim, FireKind, OutFile, Rejects, Run, Sending
from datahub.state.store import StateStore

UNMADE = "DOCUMENT"
"""The code under which rows are refused of which no document can be made."""
REJECTS = "rejects"
"""The name under which the files of rejected rows are delivered."""


@record(slots=True)
class Planned:
    """All that a run is going to send, before any of it is."""

    batches: list[Batch] = field(default_factory=list)
    files: list[OutFile] = field(default_factory=list)
    sendings: list[Sending] = field(default_factory=list)
    looked: list[Sending] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    """What a person has to hear of it."""

    @property
    def unmade(self) -> int:
        """How many rows there are of which nothing can be made to be sent."""
        return refused_rows(self.batches)

    def write_down(self, store: StateStore, claim: Claim) -> None:
        """Make it durable, with all keys."""
        store.deliveries.plan(claim, self.batches, self.files, self.sendings)
        store.deliveries.looked(claim, self.looked)


def plan(context: JobContext, run: Run, report: Report) -> Planned:
    """What is going to be sent where."""
    made = Planned()
    for target in context.ways.documents:
        if target in context.ways.senders:
            made.batches += _sent(context, run, target, made)
        else:
            filed, unmade = _documents_filed(context, run, target)
            made.files += filed
            made.batches += unmade
    for one in report.written:
        if one.target in context.ways.documents:
            continue
        if one.target in context.ways.senders:
            made.batches += _sent(context, run, one.target, made)
        elif one.target in context.ways.sinks and (one.rows or run.kind is not FireKind.REPLAY):
            # That none of the rows that went again was right is news to nobody else.
            made.files.append(_file(context, run, one.target, one))
    if REJECTS in context.ways.sinks:
        made.files += [_file(context, run, REJECTS, one) for one in report.rejects]
    return made


def deliver(context: JobContext, run: Run, claim: Claim, hold: Hold) -> None:
    """Send what is not done yet: files are set down where nobody sees them, batches are sent, and then the files shown."""
    files = FilesOfRun(context, run, claim, hold)
    files.stage()
    tables: dict[str, _Rows] = {}
    for batch in context.store.deliveries.batches(claim.run):
        if batch.state is not BatchState.DONE:
            if batch.target not in tables:
                tables[batch.target] = _Rows(context, run, batch.target)
            _send(context, claim, hold, batch, _borrowed(context, run, batch.target, batch) if batch.body_of else tables[batch.target])
    _refusals(context, run, claim)
    files.stage()
    files.show()


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


# ---------------------------------------------------------------------------------------------------------- batches


class _Rows:
    """What is sent to a target, made again of what the run made, batch by batch in order."""

    def __init__(self, context: JobContext, run: Run, target: str, files: Mapping[str, Path] | None = None) -> None:
        self.sender = context.ways.senders[target]
        self._run, self._target = run, target
        self._documents = context.ways.documents.get(target)
        self._files = files or made_files(context, run, target)
        if not self._files:
            raise Failed("CHANGED", f"what the run made for `{target}` is not there any more: `{context.folders.run(run.id) / 'out'}`")
        self._path = next(iter(self._files.values()))
        self._made: Iterator[Document] = iter(())
        self._next = -1
        self._last: Document | None = None

    @property
    def whole(self) -> bool:
        """Whether all is there that is sent."""
        return self._path.is_file() and (self._documents is None or self._documents.row.entity in self._files)

    def of(self, batch: Batch) -> bytes:
        """The body of a batch."""
        first = int(batch.body_of.rpartition("/")[2]) if batch.body_of else batch.first
        return self.body(first, first + batch.last - batch.first)

    def body(self, first: int, last: int) -> bytes:
        try:
            return self.sender.render(self._table(first, last)) if self._documents is None else self._document(self._documents, first).body
        except (OSError, pa.ArrowException) as problem:
            raise Failed("CHANGED", f"`{self._path}` is not what the run made: {problem}") from problem

    def about(self) -> Mapping[str, str] | None:
        """The values of the row that a document is about, right after its body was made."""
        return self._last.values if self._last is not None else None

    def _document(self, documents: Documents, number: int) -> Document:
        if number != self._next:
            self._made = documents.made(self._files, values_of(self._run, self._target), number)
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


def _borrowed(context: JobContext, run: Run, target: str, batch: Batch) -> _Rows:
    """The rows of the run that made a batch first: whoever knows its key knows it by its body."""
    earlier, theirs, _ = batch.body_of.split("/")
    return _Rows(context, run, target, files_made(context.folders, earlier, theirs))


def _can_be_made(context: JobContext, run: Run, target: str, batch: Batch) -> bool:
    """Whether a batch that was on its way has the body that it had: another version of DataHub may write it otherwise."""
    rows = _borrowed(context, run, target, batch)
    return rows.whole and hashlib.sha256(rows.of(batch)).hexdigest() == batch.sha256


def _sent(context: JobContext, run: Run, target: str, made: Planned) -> Iterator[Batch]:
    """The batches of a target, and beside them in `made` what is known of its place."""
    sending = sending_of(context, run, target)
    if replaces(context.plan, context.ways, target):
        made.sendings.append(sending)
        batches = list((_documents_sent if target in context.ways.documents else _batches)(context, run, target, None))
        yield from whole_before(context, sending, batches)
        return
    before = known_before(context, run, sending, made_files(context, run, target))
    if before is not None:
        before = before.keeping([one for one in before.on_the_way if _can_be_made(context, run, target, one.batch)])
        made.looked += before.looked
        made.told += torn(context, target, before)
        sending = continuing(sending, before)
    made.sendings.append(sending)
    yield from (_documents_sent if target in context.ways.documents else _batches)(context, run, target, before)


def _batches(context: JobContext, run: Run, target: str, before: Before | None) -> Iterator[Batch]:
    rows, count = _Rows(context, run, target), made_rows(context, run, target)
    size = max(1, rows.sender.rows)
    pieces = cut(before.labels, before.on_the_way, size) if before else (Piece(at, min(at + size, count)) for at in range(0, count, size))
    for number, piece in enumerate(pieces):
        batch = Batch(run.id, target, number, piece.first, piece.last, "", "")
        # What has arrived is not sent, however much of it there is; what was on its way has its body.
        if piece.label < 0 and piece.way is None:
            sha256 = hashlib.sha256(rows.body(piece.first, piece.last)).hexdigest()
            batch = replace(batch, sha256=sha256, key=key(context, run, target, str(number), sha256))
        yield known(context, batch, before, piece.label, piece.way) if before else batch


def _documents_sent(context: JobContext, run: Run, target: str, before: Before | None) -> Iterator[Batch]:
    ways = {one.first: one.batch for one in before.on_the_way} if before else {}
    for one in context.ways.documents[target].made(made_files(context, run, target), values_of(run, target)):
        batch = _document(context, run, target, one)
        if one.problem:
            yield _unmade(batch, one.problem)
        elif before:
            yield known(context, batch, before, int(before.labels[one.number]), ways.get(one.number))
        else:
            yield batch


def _document(context: JobContext, run: Run, target: str, one: Document) -> Batch:
    sha256 = hashlib.sha256(one.body).hexdigest()
    return Batch(run.id, target, one.number, one.number, one.number + 1, key(context, run, target, str(one.number), sha256), sha256)


def _unmade(batch: Batch, problem: str) -> Batch:
    """A row of which no document can be made: it is refused before it is sent."""
    answer = json.dumps(asdict(Answer("", (Refusal(0, UNMADE, problem),))))
    return replace(batch, state=BatchState.DONE, answer=answer)


def _documents_filed(context: JobContext, run: Run, target: str) -> tuple[list[OutFile], list[Batch]]:
    """Each document as a file of its own, under the name that it will have; and the rows that make none."""
    folder = context.folders.run(run.id) / "out" / "documents" / target
    folder.mkdir(parents=True)
    files, unmade = [], []
    meant: dict[str, tuple[tuple[str, ...], ...]] = {}
    sink = context.ways.sinks[target]
    for one in context.ways.documents[target].made(made_files(context, run, target), values_of(run, target)):
        if problem := one.problem or (sink.unnameable(one.name) if isinstance(sink, Choosy) else ""):
            unmade.append(_unmade(_document(context, run, target, one), problem))
            continue
        path = folder / one.name
        if meant.setdefault(one.name, one.meant) != one.meant:
            problem = f"a file for {_of(one.meant)} is called `{one.name}`, as that for {_of(meant[one.name])} is"
            unmade.append(_unmade(_document(context, run, target, one), problem))
            continue
        if path.exists():
            raise Failed("OUTPUT", f"two documents for `{target}` are called `{one.name}`: put the key of the row into `name`")
        path.write_bytes(one.body)
        to_disk(path)
        files.append(_file(context, run, target, WrittenFile(one.name, str(path), 1, target)))
    to_disk(folder)
    return files, unmade


def _of(meant: tuple[tuple[str, ...], ...]) -> str:
    return ", ".join(f"`{value}`" for several in meant for value in several)


def made_files(context: JobContext, run: Run, target: str) -> dict[str, Path]:
    """The files of a target that a run made by the entities whose rows they hold, the one that documents are about first."""
    found = files_made(context.folders, run.id, target)
    documents = context.ways.documents.get(target)
    return found if documents is None else {documents.row.entity: found[documents.row.entity], **found}


def made_rows(context: JobContext, run: Run, target: str) -> int:
    """How many rows a run made for a target; none where it found nothing new."""
    return sum(one["rows"] for one in written(context.folders, run.id) if one["target"] == target)


def _send(context: JobContext, claim: Claim, hold: Hold, batch: Batch, rows: _Rows) -> None:
    store, sender = context.store, rows.sender
    hold.check()
    if batch.state in (BatchState.SENDING, BatchState.UNKNOWN) and _settled(context, claim, batch, sender):
        return
    body = rows.of(batch)
    if hashlib.sha256(body).hexdigest() != batch.sha256:
        raise Failed(
            "CHANGED",
            f"batch {batch.number + 1} for `{batch.target}` is not what it was when it was planned",
            f"bring back how it was made (the template, the binding, the version of DataHub), then `dhm runs resume {claim.run}`;"
            f" `dhm run {context.name}` sends what has not arrived as it is made now",
        )
    again = sender.keyed or context.job.on_unknown == "resend"
    # Where it would not be sent again in doubt, no attempt before this one has arrived.
    batch = batch if again else replace(batch, state=BatchState.PLANNED)
    with hold.effect():
        store.deliveries.mark(claim, batch, BatchState.SENDING)
        reach("send")
        hold.check()
        try:
            answer = patiently(context, hold, partial(sender.send, body, batch.key, rows.about()), again=again)
        except Uncertain as problem:
            # Where it may be sent again, the run is: later, as after any failure that may pass.
            if again or not _settled(context, claim, batch, sender, str(problem)):
                raise
            return
        except DataHubError as problem:
            if problem.untouched:
                store.deliveries.refused(claim, batch)
            elif not again:
                store.deliveries.mark(claim, batch, BatchState.PLANNED)
            raise
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
        f"nobody knows whether batch {batch.number + 1} for `{batch.target}` has arrived ({why}); look there for rows "
        f"{batch.first + 1} to {batch.last}, then say `dhm runs resume {claim.run} --arrived` or `--resend`"
    )


# ---------------------------------------------------------------------------------------------------------- keys


def key(context: JobContext, run: Run, target: str, part: str, sha256: str) -> str:
    """What tells the other side that this was sent before: the same on every attempt of a run, another for all else."""
    told = json.dumps([context.store.hub, run.id, target, part, sha256])
    return base64.b32encode(hashlib.sha256(told.encode()).digest()[:20]).decode().lower()
