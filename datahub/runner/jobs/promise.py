"""Which promise a job can hold for each of its targets, in the words that `dhm check` and `dhm jobs show` use."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol, runtime_checkable

from datahub.connectors.declare import Sender, Sink
from datahub.plan.hanging import Hanging, hanging
from datahub.plan.operators import Plan
from datahub.project.job import Job
from datahub.records import record
from datahub.runner.jobs.documents import entities_of
from datahub.runner.jobs.job_context import Ways
from datahub.runner.jobs.place import replaces
from datahub.runner.jobs.replacing import replacing


@record(frozen=True, slots=True)
class Promise:
    """How often a target gets a row, and why. `once`: whatever happens, exactly one time."""

    target: str
    once: bool
    why: str
    but: str = ""
    """Why rows may come again where a run has failed after some of them had arrived."""
    whole: bool = False
    """Whether what a run delivers takes the place of all that was there."""

    @property
    def told(self) -> str:
        said = f"{self.target}: {'effect once' if self.once else 'at least once'} ({self.why})"
        said = f"{said}; at least once after a failure ({self.but})" if self.but else said
        return f"{said}; {_WHOLE}" if self.whole else said


_WHOLE = "each run takes the place of all that was there, so rejected rows are not replayed to it"
_AT_ONCE = "runs at once may read the same rows, and each delivers them under keys and names of its own; `overlap` lets them"
_MESSAGES = "each row is a message under an id of its own, sent until it is taken; who drops ids that they know takes it once"


def promises(job: Job, ways: Ways, plan: Plan) -> tuple[Promise, ...]:
    """What each target of a job gets."""
    files = [_promise(job, target, way) for target, way in ways.sinks.items()]
    sent = [replace(one, but=_again(ways, plan, one.target)) for one in (_promise(job, *both) for both in ways.senders.items())]
    rows = [Promise(target, False, _AT_ONCE if job.overlap == "allow" else _MESSAGES) for target in sorted(ways.posters)]
    whole = {target for target, _ in replacing(plan, ways, {one: told for one, told in job.targets.items() if one not in ways.posters})}
    return tuple(replace(one, whole=one.target in whole) for one in (*files, *sent, *rows))


def _again(ways: Ways, plan: Plan, target: str) -> str:
    """Why a row that has arrived by a run which failed may not be known again; empty where it is."""
    if replaces(plan, ways, target):
        return ""
    hangs, entities = hanging(plan), entities_of(plan, target)
    about = ways.documents[target].row.entity if target in ways.documents else next(iter(entities), "")
    key = next((one.key for one in plan.entities if one.name == about), ())
    if not key:
        return f"`{about}` has no key: its rows are known only where all that the other had read is read again as it was by the same job"
    for entity in entities:
        found = hangs.get(entity, Hanging())
        named = [*found.mixed, *(one for one in key if entity == about and one in found.stamps)]
        if named:
            return f"`{named[0]}` of `{entity}` hangs on the time of the run{' and on its row' if found.mixed else ''}"
    return ""


def _promise(job: Job, target: str, way: Sink | Sender) -> Promise:
    if job.overlap == "allow":
        # Before anything that the target can do: it knows what one run sends twice, not what two runs say.
        return Promise(target, False, _AT_ONCE)
    if not isinstance(way, Sender):
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
