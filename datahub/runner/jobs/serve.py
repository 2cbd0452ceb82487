"""The loop of `dhm serve`: what is due becomes runs, runs that can go on get a process each, and a signal ends it gently.

It holds nothing that the ledger does not: any number of such loops may run over one ledger, each may be killed at any
instant, and their processes go on without them.
"""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from datahub.events.due import Clock, due, following
from datahub.project.job import Job
from datahub.records import record
from datahub.runner.jobs.schedules import watched_from
from datahub.runner.jobs.starting import started
from datahub.state.owner import this_process
from datahub.state.records import Admission, Fire, FireKind, Overlap, Run, RunStatus
from datahub.state.store import LedgerUnusable, StateStore

POLL = 1.0
"""How often the ledger is asked for runs that others have let go on, in seconds."""
PAUSE = 0.05
"""How long what wakes the loop gathers before it is looked at, in seconds."""
GRACE = 30.0
"""How long processes may take to come to a good place once they are told to end."""
STARTING = 20.0
"""For how many seconds other loops leave it to one to start a run of a job."""
_WAITS = (1.0, 5.0, 30.0, 120.0, 300.0)
_REMINDS = timedelta(minutes=10)
"""How often it is said again that no run can begin."""
_TELLS = (0, 1, 2, 75)
"""A process that ends so has told itself what became of its run, and what to do about it."""

Launch = Callable[[str, str], subprocess.Popen[bytes]]
"""Starts a process that goes on with a run of a job."""


class Tell(Protocol):
    """Told of something that happened, and to which job; of a run with its id."""

    def __call__(self, job: str, what: str, run: str = "", /) -> None: ...


@record(frozen=True, slots=True)
class Scheduled:
    """A job that may start by itself, with its schedules."""

    job: Job
    clocks: Sequence[Clock]


Jobs = Callable[[], Mapping[str, Scheduled]]
"""The jobs as they are declared now."""
Look = Callable[[str, Job, datetime], None]
"""Looks, or begins to look, for what may start a job and takes time to find."""


@dataclass(slots=True)
class _Child:
    job: str
    run: str
    process: subprocess.Popen[bytes]
    epoch: int = 0
    """Of the lease under which it was started; 0 where there is none."""


@dataclass(slots=True)
class Loop:
    """One loop over one ledger. `wake` lets whoever adds a run not wait for the next look."""

    store: StateStore
    jobs: Jobs
    launch: Launch
    clock: Callable[[], datetime]
    tell: Tell
    workers: int = 4
    wake: threading.Event = field(default_factory=threading.Event)
    look: Look | None = None
    warn: Tell | None = None
    """Told of what should not be; as `tell` where there is none."""
    tend: Sequence[Callable[[datetime], None]] = ()
    """What else begins when it is due: sending to others, removing what is old."""
    obstacle: Callable[[], str] | None = None
    """Why no run can begin as things are, whatever its job; nothing where they can."""
    stopping: bool = False
    _children: list[_Child] = field(default_factory=list)
    _failures: dict[str, int] = field(default_factory=dict)
    _not_before: dict[str, datetime] = field(default_factory=dict)
    _orphaned: set[str] = field(default_factory=set)
    _obstacle_told: datetime | None = None
    """When it was last said that no run can begin; nothing where they can."""

    def run(self) -> None:
        """Go round until told to stop; processes that are at work then get a while to come to a good place."""
        while not self.stopping:
            wait = POLL
            try:
                wait = self.turn(self.clock())
            except LedgerUnusable as problem:
                if not problem.later:
                    self._end()
                    raise
                self.tell("", f"{problem.message}; {problem.help}")
            if self.wake.wait(wait) and not self.stopping:
                # Many messages wake it once.
                time.sleep(PAUSE)
            self.wake.clear()
        self._end()

    def stop(self, *_: object) -> None:
        """Handles a signal: the first lets processes end well, the second ends them."""
        if self.stopping:
            for child in self._children:
                child.process.kill()
        self.stopping = True
        self.wake.set()

    @property
    def busy(self) -> int:
        """How many processes are at work."""
        return len(self._children)

    def turn(self, now: datetime) -> float:
        """Record what is due, look after processes, start what can go on; how many seconds nothing will happen."""
        jobs = self.jobs()
        switches = self.store.switches.all()
        upcoming = [now + timedelta(seconds=POLL)]
        for name, one in jobs.items():
            if switches.get(name, one.job.enabled):
                upcoming += self._fire(name, one, now)
                if self.look is not None:
                    self.look(name, one.job, now)
                for run in started(self.store, name, one.job, now):
                    self._told_of(run)
        self._bury()
        if not self._obstructed(now):
            self._start(jobs, now)
        for begin in self.tend:
            begin(now)
        return max(0.0, min((min(upcoming) - now).total_seconds(), POLL))

    # ------------------------------------------------------------ schedules

    def _fire(self, name: str, one: Scheduled, now: datetime) -> list[datetime]:
        """Record the fires of a job that have come; when the next ones will."""
        upcoming = []
        for clock in one.clocks:
            schedule = f"{clock.cron} {clock.zone}"
            since = watched_from(self.store, name, schedule, now, partial(self.tell, name))
            fires = due(clock, since, now)
            for fire in fires:
                admission = Admission(Overlap(one.job.overlap), one.job.most_waiting, misfired=fire.misfired, alone=fire.each)
                run = self.store.runs.submit(Fire(name, FireKind.CRON, fire.at), admission, now)
                if run is not None:
                    self._told_of(run)
            if fires:
                # Whoever is stopped before this finds them recorded.
                self.store.runs.watch(name, schedule, fires[-1].at)
            coming = following(clock, max(since, now))
            if coming is not None:
                upcoming.append(coming)
        return upcoming

    def _told_of(self, run: Run) -> None:
        if run.ended_for_good:
            # A fire that was not run is what a watch on the log has to find.
            (self.warn or self.tell)(run.job, f"{run.status.value}: {run.reason}", run.id)
        elif run.reason:
            self.tell(run.job, f"run {run.id} {run.reason}", run.id)

    # ------------------------------------------------------------ processes

    def _obstructed(self, now: datetime) -> bool:
        """Whether nothing is to be started: each process would find the same wrong, and say so. It is said now and then instead."""
        reason = self.obstacle() if self.obstacle is not None else ""
        if not reason:
            if self._obstacle_told is not None:
                # What kept runs from going on is over for all of them.
                self._failures.clear()
                self._not_before.clear()
            self._obstacle_told = None
            return False
        if self._obstacle_told is None or now - self._obstacle_told >= _REMINDS:
            waiting = sum(len(self.store.runs.upcoming(name, now)) for name in self.store.runs.ready(now))
            (self.warn or self.tell)("", f"{reason}{f'; {waiting} wait' if waiting else ''}")
            self._obstacle_told = now
        return True

    def _start(self, jobs: Mapping[str, Scheduled], now: datetime) -> None:
        if len(self._children) >= self.workers:
            return
        kept: set[str] = set()
        for run in self._startable(jobs, now):
            name = run.job
            if len(self._children) >= self.workers:
                return
            if name in kept or any(child.run == run.id for child in self._children):
                continue
            epoch = 0 if jobs[name].job.overlap == "allow" else self.store.leases.acquire(_starting(name), this_process(), STARTING)
            if epoch is None:
                # Another loop starts it: two processes for one run would be one for nothing.
                kept.add(name)
                continue
            self._children.append(_Child(name, run.id, self.launch(name, run.id), epoch))
            self.tell(name, f"run {run.id} starts{f', attempt {run.attempt + 1}' if run.attempt else ''}", run.id)

    def _startable(self, jobs: Mapping[str, Scheduled], now: datetime) -> list[Run]:
        """The runs that could be started, of all jobs, the oldest first: no job waits for ever behind the runs of another."""
        found: list[Run] = []
        for name in self.store.runs.ready(now):
            one = jobs.get(name)
            self._tell_orphans(name, one is None)
            busy = any(child.job == name for child in self._children)
            if one is not None and not (busy and one.job.overlap != "allow") and self._not_before.get(name, now) <= now:
                found += self.store.runs.upcoming(name, now)
        return sorted(found, key=lambda run: run.fire_at)

    def _tell_orphans(self, job: str, gone: bool) -> None:
        """Say once of runs that nobody goes on with that it is so."""
        if gone and job not in self._orphaned:
            (self.warn or self.tell)(job, "has runs that are not done, and dhm.toml has no such job any more: `dhm runs ls` lists them")
        (self._orphaned.add if gone else self._orphaned.discard)(job)

    def _bury(self) -> None:
        """See which processes have ended. One that ended without getting its run anywhere is not started again at once."""
        for child in list(self._children):
            code = child.process.poll()
            if code is None:
                continue
            self._children.remove(child)
            if child.epoch:
                self.store.leases.release(_starting(child.job), child.epoch)
            run = self.store.runs.get(child.run)
            status = run.status if run is not None else None
            settled = run is not None and (run.ended_for_good or status in (RunStatus.HELD, RunStatus.RETRYABLE))
            if not (settled and code in _TELLS):
                said = f"run {child.run} {status.value.replace('_', ' ') if status else 'is gone'}"
                self.tell(child.job, f"{said}{f': {run.reason}' if run is not None and run.reason else ''}{_died(code)}", child.run)
            if run is None or settled:
                self._failures.pop(child.job, None)
                continue
            times = self._failures[child.job] = self._failures.get(child.job, 0) + 1
            self._not_before[child.job] = self.clock() + timedelta(seconds=_WAITS[min(times, len(_WAITS)) - 1])

    def _end(self) -> None:
        if self._children:
            several = f"{len(self._children)} runs are at work, and come" if len(self._children) > 1 else "1 run is at work, and comes"
            self.tell("", f"told to end: {several} to a good place within {GRACE:.0f} s")
        for child in self._children:
            child.process.send_signal(signal.SIGTERM)
        until = self.clock() + timedelta(seconds=GRACE)
        for child in self._children:
            try:
                child.process.wait(max(0.1, (until - self.clock()).total_seconds()))
            except subprocess.TimeoutExpired:
                # It can be killed at any instant, as everything here can.
                child.process.kill()
                child.process.wait()
        self._children.clear()


def _starting(job: str) -> str:
    return f"start:{job}"


def _died(code: int) -> str:
    return f" (its process was ended by signal {-code})" if code < 0 else ""
