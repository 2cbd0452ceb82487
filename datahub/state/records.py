"""What is remembered: fires, runs, files, deliveries, messages. Records are values; a store gives and takes them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from datahub.records import record


class RunStatus(StrEnum):
    """The life of a run, step by step, and its ends. A run that is `crashed` goes on where it was when somebody claims it."""

    PENDING = "pending"
    FETCHING = "fetching"
    STAGED = "staged"
    CHECKED = "checked"
    DELIVERING = "delivering"
    DELIVERED = "delivered"
    DISPOSED = "disposed"
    CRASHED = "crashed"
    RETRYABLE = "failed_retryable"
    HELD = "held"
    SUCCESS = "success"
    FAILED = "failed"
    OVER_LIMIT = "rejected_over_limit"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    MISFIRED = "misfired"


ENDED = frozenset(
    {
        RunStatus.SUCCESS,
        RunStatus.FAILED,
        RunStatus.OVER_LIMIT,
        RunStatus.CANCELLED,
        RunStatus.SKIPPED,
        RunStatus.MISFIRED,
    }
)
"""The ends that nothing follows; every other status is one that a run can be claimed in, or held in."""

DJUST_NAMES = {RunStatus.PENDING: "JOB_PENDING", RunStatus.SKIPPED: "JOB_SKIPPED"}
"""What DJUST's Data Hub calls these statuses."""


NOTHING_NEW = "NOTHING_NEW"
"""The code of a run that is a success and had nothing to do."""


class FireKind(StrEnum):
    CRON = "cron"
    EVENT = "event"
    MANUAL = "manual"
    BACKFILL = "backfill"
    REPLAY = "replay"


class Overlap(StrEnum):
    """What becomes of a fire while an earlier run of its job is not done."""

    QUEUE_ONE = "queue_one"
    SKIP = "skip"
    QUEUE_ALL = "queue_all"
    CANCEL_PREVIOUS = "cancel_previous"
    ALLOW = "allow"


@record(frozen=True, slots=True)
class Fire:
    """One reason to run a job: `key` tells apart what fires at one instant (an event's id, a person's run)."""

    job: str
    kind: FireKind
    at: datetime
    key: str = ""


@record(frozen=True, slots=True)
class Admission:
    """How a fire is let in: what to do when the job is busy, and at most how many wait."""

    overlap: Overlap = Overlap.QUEUE_ONE
    most_waiting: int = 100
    parameters: str = "{}"
    misfired: str = ""
    """Why the fire comes too late to be run; it is recorded and not run."""
    approved: bool = False
    """Whether a person vouches for the input, so that guards let it pass."""
    as_of: datetime | None = None
    """The instant that the run means by now; when it is let in where it is none."""
    window: str = ""
    """The range of time that the run reads once more."""
    precedes: bool = False
    """Whether the run goes before those that wait: its input or its parameters are of its own."""
    alone: bool = False
    """Whether no other run does what this one is for: its parameters, its input or its range are of its own. It waits, however many do."""


@record(frozen=True, slots=True)
class Counts:
    """The rows of a run by what became of them; together they are all rows read."""

    read: int = 0
    written: int = 0
    rejected: int = 0
    filtered: int = 0
    merged: int = 0
    empty: int = 0
    looked_up: int = 0

    @property
    def add_up(self) -> bool:
        return self.read == self.written + self.rejected + self.filtered + self.merged + self.empty + self.looked_up


@record(frozen=True, slots=True)
class Run:
    """One run of a job. `as_of` is the instant that the run means by now, the same on every attempt."""

    id: str
    job: str
    kind: FireKind
    fire_at: datetime
    status: RunStatus
    as_of: datetime
    attempt: int = 0
    plan: str = ""
    generation: int = 0
    input_digest: str = ""
    parameters: str = "{}"
    started: datetime | None = None
    ended: datetime | None = None
    not_before: datetime | None = None
    counts: Counts = Counts()
    code: str = ""
    reason: str = ""
    cancel: str = ""
    approved: bool = False
    """Whether a person has let it pass the guards."""
    window: str = ""
    """The range of time that a backfill reads; what the job reads otherwise is not touched then."""
    precedes: bool = False
    """Whether it goes before the runs of its job that wait."""
    failing: datetime | None = None
    """When it first failed in a way that may pass; none where it has not since it was begun, or taken up again by a person."""
    help: str = ""
    """What there is to do about how it ended."""

    @property
    def ended_for_good(self) -> bool:
        return self.status in ENDED

    @property
    def apart(self) -> bool:
        """Whether it runs a few rows or a range of the past once more: it is no measure of other runs, nor they of it."""
        return self.kind in (FireKind.REPLAY, FireKind.BACKFILL) or bool(self.window)


@record(frozen=True, slots=True)
class Claim:
    """The right to go on with a run. It is lost when another takes the lease: then every write refuses it."""

    scope: str
    epoch: int
    run: str


class ItemStatus(StrEnum):
    STAGED = "staged"
    DONE = "done"
    QUARANTINED = "quarantined"


@record(frozen=True, slots=True)
class Item:
    """One file of a source, as it was when it was landed: `staged` is the copy that everything afterwards reads.

    `fingerprint` is what the source said of the content before it was read, `split` how the source finds it again.
    """

    id: int
    place: str
    name: str
    size: int
    sha256: str
    status: ItemStatus
    staged: str = ""
    fingerprint: str = ""
    split: str = "{}"
    crashes: int = 0
    read_at: int = 0
    """When the run had read it that was done with it and had read it last, in the order of sending."""


@record(frozen=True, slots=True)
class Taken:
    """A file that a run has taken up: for which source of the script (none where its content was read before under another
    name), and whether it is disposed of already."""

    item: Item
    source: str
    disposed: bool = False


class BatchState(StrEnum):
    PLANNED = "planned"
    SENDING = "sending"
    DONE = "done"
    UNKNOWN = "unknown"
    DEAD = "dead"


@record(frozen=True, slots=True)
class Batch:
    """Rows `first` to `last` (exclusive) of what is sent to a target at once, under a key that is durable before the first attempt."""

    run: str
    target: str
    number: int
    first: int
    last: int
    key: str
    sha256: str
    state: BatchState = BatchState.PLANNED
    attempts: int = 0
    answer: str = ""
    begun: int = 0
    """When it was sent first, counted over all that any run has sent; 0 where it was not."""
    sent: int = 0
    """… and when last."""
    sent_by: str = ""
    """The earlier run by which it has arrived; it is not sent again."""
    body_of: str = ""
    """Where its body is made from, if not of the run's own rows: run, target, and first row there, with slashes between."""


@record(frozen=True, slots=True)
class Sending:
    """What a run sends to a place by one of its targets: `rows` says as JSON which rows its batches are of, and how they are told apart."""

    run: str
    target: str
    place: str
    rows: str
    looked: int = 0
    """Up to when it is known what has taken the place of its rows."""
    closed: bool = False
    """Whether something has taken the place of them all, or the run has succeeded."""


class FileState(StrEnum):
    PLANNED = "planned"
    STAGING = "staging"
    """Some of it may stand at the target already, where nobody sees it."""
    STAGED = "staged"
    """All of it stands at the target, where nobody sees it yet; the receipt says where."""
    DONE = "done"


@record(frozen=True, slots=True)
class OutFile:
    """One file on its way to a target: `rendered` is our own copy of it, `receipt` what the target gave for it."""

    run: str
    target: str
    name: str
    rendered: str
    rows: int
    sha256: str
    key: str
    state: FileState = FileState.PLANNED
    receipt: str = ""


@record(frozen=True, slots=True)
class Rejects:
    """The rejected rows of one source of a run: where they lie, and how often each code.

    Of files with headers of their own there are several: those of `feed`, of `feed-2`.
    """

    run: str
    source: str
    path: str
    rows: int
    codes: str = "{}"

    @property
    def read_by(self) -> str:
        """The source that reads their file; names of sources have no hyphen."""
        return self.source.partition("-")[0]


@record(frozen=True, slots=True)
class Again:
    """A run that is over rejected rows once more: how many of those of a source of `run`, and which.

    `places` are as JSON their places among the rows of the file of rejects; `*` is all of them, and it is empty where nobody knows.
    """

    run: str
    source: str
    replay: str
    rows: int
    places: str = ""


class MessageState(StrEnum):
    NEW = "new"
    CLAIMED = "claimed"
    DONE = "done"
    DEAD = "dead"
    SUPERSEDED = "superseded"


@record(frozen=True, slots=True)
class Message:
    """Something that came in or goes out: `key` orders those about one thing, `id` makes a second arrival known."""

    id: str
    channel: str
    key: str
    body: bytes
    received: datetime
    kind: str = ""
    version: str = ""
    state: MessageState = MessageState.NEW
    attempts: int = 0
    not_before: datetime | None = None
    reason: str = ""


@record(frozen=True, slots=True)
class Snapshot:
    """What was last committed of an entity: the file that holds it, and how many rows the last run delivered."""

    entity: str
    sha256: str
    rows: int
    last_count: int
    run: str


@record(frozen=True, slots=True)
class Entry:
    """A row of an entity that entered a status for which a job waits: row `row` of the snapshot file `sha256`.

    `again` is empty where the first time alone counts, and else tells this time from any other.
    """

    job: str
    entity: str
    key: str
    status: str
    sha256: str
    row: int
    run: str
    again: str = ""
    number: int = 0
    at: datetime | None = None
    """When the run had arrived."""
