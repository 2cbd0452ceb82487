"""Which promise a job can hold for each of its targets, in the words that `dhm check` and `dhm jobs show` use."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from datahub.connectors.declare import Sender, Sink
from datahub.project.job import Job
from datahub.records import record
from datahub.runner.jobs.job_context import Ways


@record(frozen=True, slots=True)
class Promise:
    """How often a target gets a row, and why. `once`: whatever happens, exactly one time."""

    target: str
    once: bool
    why: str

    @property
    def told(self) -> str:
        return f"{self.target}: {'effect once' if self.once else 'at least once'} ({self.why})"


_MESSAGES = "each row is a message under an id of its own, sent until it is taken; who drops ids that they know takes it once"


def promises(job: Job, ways: Ways) -> tuple[Promise, ...]:
    """What each target of a job gets."""
    both: dict[str, Sink | Sender] = {**ways.sinks, **ways.senders}
    rows = [Promise(target, False, _MESSAGES) for target in sorted(ways.posters)]
    return (*(_promise(job, target, way) for target, way in both.items()), *rows)


def _promise(job: Job, target: str, way: Sink | Sender) -> Promise:
    if not isinstance(way, Sender):
        if job.overlap == "allow":
            return Promise(target, False, "runs at once may read the same file, and each writes its own; `overlap` lets them")
        return Promise(target, True, "a file is set down under a hidden name and shown in one step")
    if way.keyed:
        return Promise(target, True, way.why if isinstance(way, Explained) else "each batch bears a key that the other side does once")
    if job.on_unknown == "resend":
        return Promise(target, False, "the other side knows no keys, and a batch whose answer was lost is sent again")
    if isinstance(way, Asked) and way.asks:
        return Promise(target, True, "the other side knows no keys, and is asked for a batch whose answer was lost")
    return Promise(target, False, "the other side knows no keys; a run is held where the answer to a batch was lost")


@runtime_checkable
class Explained(Protocol):
    """A sender that says itself what keeps a batch from being done twice."""

    @property
    def why(self) -> str: ...


@runtime_checkable
class Asked(Protocol):
    """A sender that can be asked whether a batch has arrived."""

    @property
    def asks(self) -> bool: ...
