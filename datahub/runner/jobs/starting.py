"""What starts jobs beside schedules: messages, the end of another job, and rows that entered a status become runs, once each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import assert_never

from datahub.events.endpoint import parameters
from datahub.project.job import Job
from datahub.project.trigger import AfterJob, FileArrived, StatusEntered, Webhook
from datahub.runner.jobs.schedules import watched_from
from datahub.runner.jobs.watching import POSITION, entries_of
from datahub.state.records import ENDED, Admission, Fire, FireKind, Message, MessageState, Overlap, Run, RunStatus
from datahub.state.store import StateStore

AT_ONCE = 100
OPEN = tuple(status for status in RunStatus if status not in ENDED)
ROUNDS = 20
"""How often in a turn the inbox is asked: of the messages about one thing each time gives the first."""


def started(store: StateStore, name: str, job: Job, now: datetime) -> Iterator[Run]:
    """The runs that a job's events start now; each event starts one, whoever asks, and however often."""
    for trigger in job.triggers:
        match trigger:
            case Webhook():
                yield from _of_messages(store, name, job, trigger, now)
            case AfterJob():
                yield from _after(store, name, job, trigger, now)
            case StatusEntered():
                yield from _entered(store, name, job, trigger, now)
            case FileArrived():
                # Whoever looks at folders tells of it: that takes time.
                continue
            case _:
                assert_never(trigger)


def _of_messages(store: StateStore, name: str, job: Job, hook: Webhook, now: datetime) -> Iterator[Run]:
    for _ in range(ROUNDS):
        # The run and the message that it is for are one fact: there is no instant at which only one of them is there.
        with store.together():
            claimed = store.inbox.claim(hook.path, now, AT_ONCE)
            runs = [_of_message(store, name, job, hook, message, now) for message in claimed]
        yield from (run for run in runs if run is not None)
        if not claimed:
            return


def _of_message(store: StateStore, name: str, job: Job, hook: Webhook, message: Message, now: datetime) -> Run | None:
    if message.version and message.key and store.inbox.newest(hook.path, message.key, message.version) > message.version:
        store.inbox.mark(message.id, MessageState.SUPERSEDED, reason="a newer version was seen before")
        return None
    run = store.runs.submit(Fire(name, FireKind.EVENT, message.received, _key(message)), _admission(job, hook, message), now)
    store.inbox.mark(message.id, MessageState.DONE, reason=f"run {run.id}" if run is not None else "")
    return run


def _key(message: Message) -> str:
    """What tells the run of a message from any other, also where a person has it taken up again."""
    return message.id if message.attempts <= 1 else f"{message.id} #{message.attempts}"


def _admission(job: Job, hook: Webhook, message: Message) -> Admission:
    """As the job says; but a run that has its parameters from a message stands for no other message."""
    if not hook.parameters:
        return Admission(Overlap(job.overlap), job.most_waiting)
    given = json.dumps(parameters(hook, message.body))
    return Admission(Overlap(job.overlap), job.most_waiting, given, alone=True)


def _after(store: StateStore, name: str, job: Job, trigger: AfterJob, now: datetime) -> Iterator[Run]:
    # What the other job did before anybody asked for this is not made up for.
    since = watched_from(store, f"{name} after {trigger.job}", "", now)
    for earlier in reversed(store.runs.list(trigger.job, [RunStatus.SUCCESS], AT_ONCE)):
        if earlier.ended is None or earlier.ended < since or earlier.code or earlier.window:
            continue
        fire = Fire(name, FireKind.EVENT, earlier.ended, earlier.id)
        run = store.runs.submit(fire, Admission(Overlap(job.overlap), job.most_waiting), now)
        if run is not None:
            yield run


def _entered(store: StateStore, name: str, job: Job, trigger: StatusEntered, now: datetime) -> Iterator[Run]:
    """A run for what entered a status since it was read last; what enters while one is at work is left to the next."""
    latest = store.entries.latest(name, trigger.entity)
    read = int(store.cursors.value(entries_of(name, trigger.entity), POSITION) or 0)
    if latest is None or latest.number <= read or store.runs.list(name, OPEN, 1):
        return
    # The same for whoever looks, so that it is fired once; a run that failed is let go on by a person, or with the next row.
    fire = Fire(name, FireKind.EVENT, latest.at or now, f"{trigger.entity} {read}-{latest.number}")
    run = store.runs.submit(fire, Admission(Overlap(job.overlap), job.most_waiting), now)
    if run is not None:
        yield run
