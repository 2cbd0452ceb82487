"""The ledger as the rest of the house sees it: what must be durable before an effect, and what is marked after it.

Every method is one transaction, or part of the one that `together` opens. What is done under a `Claim` raises `Fenced`
once another has taken the lease, and then has changed nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

from datahub.state.messages import Messages as Messages
from datahub.state.owner import Owner
from datahub.state.records import (
    Admission,
    Again,
    Batch,
    BatchState,
    Claim,
    Counts,
    Entry,
    FileState,
    Fire,
    Item,
    OutFile,
    Rejects,
    Run,
    RunStatus,
    Sending,
    Snapshot,
    Taken,
)

LEASE_SECONDS = 60.0
"""How long a run is whose it was, once its owner is silent."""


class Fenced(Exception):
    """Another has taken this run over; whoever hears it must stop without touching anything."""


class LedgerUnusable(Exception):
    """The ledger cannot be used as it is: what is wrong, and the exact way out. `later`: trying again may work."""

    def __init__(self, message: str, help: str, *, later: bool = False) -> None:
        super().__init__(message)
        self.message, self.help, self.later = message, help, later


class Leases(Protocol):
    """Who may do what alone. A lease falls to the next who asks once its owner is dead or has let it run out."""

    def acquire(self, scope: str, owner: Owner, seconds: float) -> int | None:
        """The epoch of the lease, higher than any before; None where another holds it."""
        ...

    def renew(self, scope: str, epoch: int, seconds: float) -> bool: ...
    def release(self, scope: str, epoch: int) -> None: ...
    def ending(self, scope: str, epoch: int) -> None: ...  # its owner was told to end: it counts as given back, whatever becomes of that
    def holder(self, scope: str) -> Owner | None:
        """Who holds a lease that has not run out, if they are alive."""
        ...


class Runs(Protocol):
    """Fires become runs, runs are claimed, go from step to step, and end."""

    def submit(self, fire: Fire, admission: Admission, now: datetime) -> Run | None:
        """Record a fire and the run it starts, waits with, or is skipped by; None where this fire was recorded before."""
        ...

    def claim(self, job: str, owner: Owner, now: datetime, run: str | None = None) -> tuple[Claim, Run] | None:
        """The run of a job that is to go on now: a broken one first, then one that precedes, then the one that waits longest."""
        ...

    def upcoming(self, job: str, now: datetime) -> Sequence[Run]:
        """The runs of a job that could be claimed now, in that order; one at most where they must not overlap."""
        ...

    def first(self, job: str) -> Run | None:
        """The run of a job that is to be done before all others, whether it could be claimed now or not."""
        ...

    def ready(self, now: datetime) -> Sequence[str]:
        """The jobs that have a run which could be claimed now."""
        ...

    def get(self, id: str) -> Run | None: ...
    def find(self, text: str) -> Sequence[Run]:
        """The runs whose id begins with `text`; `last` is the newest."""
        ...

    def cause(self, id: str) -> str:
        """What started a run by an event: the id of a message or of an earlier run, or words for what came; empty for all others."""
        ...

    def list(self, job: str = "", statuses: Sequence[RunStatus] = (), limit: int = 50) -> Sequence[Run]: ...
    def last_good(self, job: str) -> Run | None:
        """The last run that delivered something."""
        ...

    def overtaken(self, id: str) -> Run | None:
        """The last run of the same job by which something has arrived since a run took what it reads; None where it took nothing yet."""

    def planned_since(self, job: str, id: str) -> Sequence[Run]:
        """All that came to sending from a run on, of whatever kind, the latest first."""

    def generation(self, job: str, input_digest: str) -> int:
        """How often exactly this input was sent, but for the run that broke off last, which is gone on with."""
        ...

    def watched_from(self, job: str, schedule: str, now: datetime) -> datetime:
        """From when on fires of a schedule may be missing: what `watch` said, or when it was first seen."""
        ...

    def watch(self, job: str, schedule: str, since: datetime) -> None:
        """All fires of a schedule that is watched have been recorded up to `since`."""
        ...

    def advance(self, claim: Claim, status: RunStatus, now: datetime, **facts: str | int) -> None: ...
    def counted(self, claim: Claim, counts: Counts) -> None: ...
    def end(self, claim: Claim, status: RunStatus, now: datetime, *, code: str = "", reason: str = "", help: str = "") -> None: ...
    def retry(
        self, claim: Claim, not_before: datetime, *, code: str, reason: str, help: str = "", since: datetime | None = None
    ) -> None: ...
    def cancel(self, id: str, reason: str, now: datetime, *, orphaned: bool = False) -> RunStatus | None:
        """Ask a run to stop: one that waits ends at once, as an orphaned one does, one at work at its next step. What it was, if any.

        One whose rows have all arrived is not stopped: nothing is left that could be kept from happening.
        """
        ...

    def reopen(self, id: str, now: datetime, *, approved: bool = False) -> bool:
        """Let a held or failed run be claimed again."""
        ...

    def cancelled(self, claim: Claim) -> str:
        """Why the run is asked to stop, or nothing."""
        ...

    def forget(self, before: datetime, job: str = "", besides: Sequence[str] = ()) -> Sequence[str]:
        """Remove runs that ended before an instant, of one job or of all `besides` some; the ids of those gone."""
        ...

    def forget_fires(self, before: datetime) -> int:
        """Remove fires recorded before an instant whose runs are gone, except the latest of each job; how many."""
        ...


class Items(Protocol):
    """Files that were seen, by place, name and content."""

    def known(self, place: str, name: str, sha256: str) -> Item | None: ...
    def seen(self, place: str, name: str, fingerprint: str) -> Item | None:
        """A file that need not be read again to know that it is the one of before."""
        ...

    def latest(self, place: str, name: str) -> Item | None:
        """What a name had when it was last read by a run that was done with it."""
        ...

    def same_content(self, place: str, sha256: str) -> Item | None:
        """A file of any name that was done with, of the same content."""
        ...

    def earlier(self, run: str, item: Item) -> tuple[str, str] | None:
        """The name under which the same content was last read, by which other run that succeeded."""
        ...

    def done_at(self, place: str) -> Sequence[Item]:
        """All files of a place that were done and are known still."""
        ...

    def stage(self, claim: Claim, source: str, item: Item) -> Item:
        """A file has landed and belongs to the run; of one that was read before, for no `source`, what is known stays until it is done."""
        ...

    def let_go(self, claim: Claim, source: str) -> None:
        """What the run took from a source is not its any more: the source is asked anew, and gives it again."""
        ...

    def give_back(self, claim: Claim, items: Sequence[int]) -> None:
        """Some of what the run has taken is not its any more, and is for the next."""
        ...

    def taken(self, run: str) -> Sequence[Taken]: ...
    def disposed(self, claim: Claim, items: Sequence[int]) -> None: ...
    def crashed(self, claim: Claim) -> Sequence[Item]:
        """Count a crash against the files of a run; they are given with the new count."""
        ...

    def quarantine(self, claim: Claim) -> None:
        """The files of the run are not to be taken again until a person says so."""

    def aside(self, place: str) -> Sequence[tuple[str, str]]:
        """The files of a place that were set aside, the latest last: the name, and the run that had taken it."""

    def done(self, claim: Claim) -> None:
        """All files of the run are done."""

    def needed(self) -> Sequence[str]:
        """The landed files of runs that are not done."""
        ...

    def takers(self) -> Mapping[str, Sequence[str]]:
        """The jobs that have taken each landed file."""
        ...

    def listed(self, place: str, met: Sequence[int], now: datetime, every: timedelta) -> None:
        """A place was listed, and these of the files that were done lie there still; written down where `every` has passed since."""

    def forget(self, now: datetime, keep: timedelta, job: str = "", besides: Sequence[str] = ()) -> int:
        """Remove files that were done and belong to no run any more, of one job or of all `besides` some; how many.

        Of a place that was listed those go that were not met in all of `keep` before the last listing, and of another those that old now.
        """
        ...


class Deliveries(Protocol):
    """What is sent, batch by batch and file by file."""

    def plan(self, claim: Claim, batches: Sequence[Batch], files: Sequence[OutFile], sendings: Sequence[Sending] = ()) -> None:
        """Write down all that is going to be sent, with its keys and where to, before any of it is.

        What has arrived by an earlier run counts as sent now.
        """

    def planned(self, run: str) -> bool: ...
    def add(self, claim: Claim, file: OutFile) -> None:
        """Write down one more file, such as what came back from a target; one that is known stays as it is."""

    def batches(self, run: str) -> Sequence[Batch]: ...
    def files(self, run: str) -> Sequence[OutFile]: ...
    def broken_off(self, place: str) -> Sequence[Sending]:
        """What was sent to a place by runs that broke off, and is not closed, in the order of the runs."""

    def places(self) -> Sequence[str]: ...
    def sent_to(self, place: str, after: int, *beside: str) -> Sequence[tuple[Sending, Sequence[Batch]]]:
        """The batches sent, or begun to be, by any run to a place or others `beside` it after a moment of the order of sending; by run."""

    def looked(self, claim: Claim, sendings: Sequence[Sending]) -> None:
        """Write down how far was looked, and what is closed."""

    def mark(self, claim: Claim, batch: Batch, state: BatchState, answer: str = "") -> None: ...
    def refused(self, claim: Claim, batch: Batch) -> None:
        """The last attempt at a batch has left nothing: it is as it was before it was made."""

    def mark_file(self, claim: Claim, file: OutFile, state: FileState, receipt: str = "") -> None: ...
    def settle(self, run: str, state: BatchState) -> int:
        """A person says what became of the batches of a run, by their keys, of which nothing is known; how many there were."""


class Cursors(Protocol):
    """How far a source was read. A new value waits with its run, and counts once the run is a success; none takes the place of one
    that was read later."""

    def value(self, scope: str, stream: str) -> str | None: ...
    def propose(self, claim: Claim, scope: str, stream: str, value: str) -> None: ...
    def proposed(self, claim: Claim, scope: str, stream: str) -> str | None:
        """What waits with the run."""

    def commit(self, claim: Claim) -> None: ...


class RejectBook(Protocol):
    def put(self, claim: Claim, rejects: Sequence[Rejects]) -> None: ...
    def add(self, claim: Claim, rejects: Rejects) -> None: ...
    def list(self, run: str = "", limit: int = 100) -> Sequence[Rejects]: ...
    def replayed(self, again: Again) -> None:
        """A run is over some of these rows once more, whatever becomes of it."""

    def again(self, run: str) -> Sequence[Again]:
        """The runs that are or were over rejects of a run once more, the first of them first."""

    def replay_of(self, run: str) -> Again | None:
        """What a run that replays is over."""


class Snapshots(Protocol):
    """Which file holds what was last committed of an entity."""

    def current(self, entity: str) -> Snapshot | None: ...
    def commit(self, claim: Claim, snapshots: Sequence[Snapshot]) -> None: ...
    def files(self) -> Sequence[str]:
        """The digests of all files that are still meant."""


class Entries(Protocol):
    """Rows that entered a status, in the order in which they did, for each job that waits for it."""

    def put(self, claim: Claim, entries: Iterable[Entry], now: datetime) -> int:
        """Write down those that are new; how many were."""

    def after(self, job: str, entity: str, number: int, limit: int) -> Sequence[Entry]:
        """Those that come behind a number."""

    def latest(self, job: str, entity: str) -> Entry | None:
        """The last."""

    def files(self) -> Sequence[str]:
        """The digests of all files that hold rows which were not read yet."""


class Switches(Protocol):
    """Which jobs a person has switched on or off, whatever the project file says."""

    def all(self) -> Mapping[str, bool]: ...
    def turn(self, job: str, on: bool, actor: str, now: datetime) -> None: ...


class StateStore(Protocol):
    """One ledger."""

    @property
    def leases(self) -> Leases: ...
    @property
    def runs(self) -> Runs: ...
    @property
    def items(self) -> Items: ...
    @property
    def deliveries(self) -> Deliveries: ...
    @property
    def cursors(self) -> Cursors: ...
    @property
    def rejects(self) -> RejectBook: ...
    @property
    def inbox(self) -> Messages: ...
    @property
    def outbox(self) -> Messages: ...
    @property
    def snapshots(self) -> Snapshots: ...
    @property
    def entries(self) -> Entries: ...
    @property
    def switches(self) -> Switches: ...

    @property
    def hub(self) -> str:
        """An id of this ledger, part of every key of delivery."""

    def together(self) -> AbstractContextManager[object]:
        """Everything done within is one transaction."""

    def keep_copy(self) -> None:
        """Keep beside it what is known until now, where that is little: with it goes on whoever loses it."""

    def audit(self, actor: str, action: str, object: str, now: datetime) -> None: ...
    def close(self) -> None: ...
