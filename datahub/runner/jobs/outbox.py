"""The outbox: what a run has to tell others is written down with its end, and sent after that, in order, until it is taken.

A message is sent at least once, under one id: receivers that do as Standard Webhooks says take it once.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from datahub.connectors.declare import Poster, PosterConnection, TerminalError
from datahub.connectors.rest.values import encoded
from datahub.connectors.webhook_out import Gone, NotTaken
from datahub.faults import reach
from datahub.project.job import Job
from datahub.records import record
from datahub.runner.jobs.backoff import tried
from datahub.runner.jobs.job_context import JobContext
from datahub.state.owner import Owner
from datahub.state.records import NOTHING_NEW, Message, MessageState, Run, RunStatus
from datahub.state.store import StateStore

WAITS = tuple(timedelta(seconds=seconds) for seconds in (0, 5, 300, 1800, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600))
"""How long to wait before each attempt: the schedule of Standard Webhooks, three days and four hours in all."""
LEASE = 120.0
"""For how long one process alone sends to a receiver, unless it says that it goes on."""
AT_ONCE = 20
_GROUP = 5_000
_LOOKED_AT = 100
TOLD = {RunStatus.SUCCESS: "success", RunStatus.HELD: "held", RunStatus.FAILED: "failed", RunStatus.OVER_LIMIT: "failed"}
"""What `notify` calls the ends of runs."""


# ---------------------------------------------------------------------------------------------------- written down


def of_run(store: StateStore, job: Job, run: Run, now: datetime) -> Iterator[Message]:
    """What is told of a run that has ended so, to whoever wants to hear it."""
    if not job.notify:
        return
    ends = tuple(_ends(store, run))
    for one in job.notify:
        for end in ends:
            if end not in one.on:
                continue
            counts = {
                name: getattr(run.counts, name) for name in ("read", "written", "rejected", "filtered", "merged", "empty", "looked_up")
            }
            told = {
                "job": run.job,
                "run": run.id,
                "status": run.status.value,
                "code": run.code,
                "reason": run.reason,
                "help": run.help,
                "rows": counts,
            }
            # An attempt may end held, be let go on, and end otherwise: each of these is one message.
            id = _id(f"{run.id}|{one.connection}|{end}|{run.attempt}")
            yield _message(id, one.connection, f"run.{end}", run.job, told, now)


def _ends(store: StateStore, run: Run) -> Iterator[str]:
    """What `notify` calls the end of a run, one word for each thing that somebody may wait for."""
    if run.status in TOLD:
        yield TOLD[run.status]
    if run.status is not RunStatus.SUCCESS:
        return
    if run.counts.rejected:
        yield "rejects"
    # One that found nothing new says nothing of what had failed before it.
    several = store.runs.list(run.job, [*TOLD], _LOOKED_AT)
    before = next((one for one in several if one.id != run.id and one.code != NOTHING_NEW), None)
    if before is not None and before.status is not RunStatus.SUCCESS:
        yield "recovered"


def of_rows(context: JobContext, run: Run, made: Mapping[str, Mapping[str, Path]], now: datetime) -> Iterator[list[Message]]:
    """The messages of the rows of each target that is a receiver of messages, some thousands at a time."""
    for target, files in made.items():
        bound: Any = context.job.targets[target]
        for entity, path in files.items():
            number = 0
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(_GROUP):
                    several = []
                    # A message is a value of its own: there is no column of them.
                    for row in batch.to_pylist():
                        id = _id(f"{context.store.hub}|{run.job}|{target}|{entity}|{run.generation}|{run.input_digest}|{number}")
                        key = "" if not bound.key else str(row.get(bound.key))
                        several.append(_message(id, bound.connection, bound.type, key, row, now))
                        number += 1
                    yield several


def _id(told: str) -> str:
    return "msg_" + base64.b32encode(hashlib.sha256(told.encode()).digest()[:20]).decode().lower()


def _message(id: str, channel: str, kind: str, key: str, data: object, now: datetime) -> Message:
    at = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    body = encoded({"type": kind, "timestamp": at, "data": data})
    return Message(id, channel, key, body, now, kind)


# ---------------------------------------------------------------------------------------------------- sent


@record(frozen=True, slots=True)
class Sent:
    """What became of the messages that were due to a receiver."""

    taken: int = 0
    later: int = 0
    dead: int = 0
    closed: str = ""
    """Why nothing more is sent there."""


def send(store: StateStore, channel: str, connection: PosterConnection, poster: Poster, owner: Owner) -> Sent:
    """Send what is due to one receiver, as the only one who does; nothing where another is at it."""
    scope = f"outbox:{channel}"
    epoch = store.leases.acquire(scope, owner, LEASE)
    if epoch is None:
        return Sent()
    done = Sent()
    try:
        # Only the holder of the lease sends, so what is claimed and not marked was somebody's who is gone.
        store.outbox.release_all(channel)
        while True:
            closed = store.outbox.closed(channel)
            due = () if closed else store.outbox.claim(channel, _now(), AT_ONCE, behind_dead=connection.after_dead == "go on")
            if not due:
                return replace(done, closed=closed)
            for at, message in enumerate(due):
                if not store.leases.renew(scope, epoch, LEASE):
                    return done
                became = _sent(store, connection, poster, message)
                if became == "closed":
                    for one in due[at:]:
                        store.outbox.unclaim(one.id)
                    break
                done = replace(done, **{became: getattr(done, became) + 1})
    finally:
        poster.close()
        store.leases.release(scope, epoch)


def _sent(store: StateStore, connection: PosterConnection, poster: Poster, message: Message) -> str:
    """Send one message: `taken`, `later`, `dead`, or `closed` where the receiver wants no more."""
    now = _now()
    reach("post")
    try:
        poster.post(message.id, message.body, now)
    except NotTaken as problem:
        if message.attempts >= min(connection.attempts, len(WAITS)):
            store.outbox.mark(message.id, MessageState.DEAD, reason=f"{problem.message}{tried(message.attempts)}")
            return "dead"
        wait = max(WAITS[message.attempts], timedelta(seconds=problem.wait or 0))
        store.outbox.mark(message.id, MessageState.NEW, reason=problem.message, not_before=now + wait)
        return "later"
    except Gone as problem:
        store.outbox.close_channel(message.channel, problem.message, now)
        return "closed"
    except TerminalError as problem:
        store.outbox.mark(message.id, MessageState.DEAD, reason=problem.message)
        return "dead"
    reach("posted")
    store.outbox.mark(message.id, MessageState.DONE)
    reach("post_marked")
    return "taken"


def _now() -> datetime:
    return datetime.now(UTC)
