"""What operators ask `dhm serve`: whether it can work, how much there is to do, and how each job does, in Prometheus' form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from datahub.events.due import following
from datahub.runner.jobs.lateness import punctuality
from datahub.runner.jobs.serve import Scheduled
from datahub.state.records import ENDED, RunStatus
from datahub.state.store import LedgerUnusable, StateStore

LATE = timedelta(minutes=15)
"""How long after its time a run should be done, where nobody says it otherwise."""
_RAN = tuple(ENDED - {RunStatus.SKIPPED, RunStatus.MISFIRED})
_FATES = ("read", "written", "rejected", "filtered", "merged", "empty", "looked_up")

Sample = tuple[Mapping[str, str], float]
"""A figure, with the labels that tell it from the others of its name."""


def why_not(store: StateStore, stopping: bool) -> str:
    """Why nothing should be sent here; empty where messages can be taken."""
    if stopping:
        return "stopping"
    try:
        store.inbox.counts()
    except LedgerUnusable as problem:
        return problem.message
    return ""


def metrics(store: StateStore, jobs: Mapping[str, Scheduled], processes: tuple[int, int], now: datetime) -> str:
    """The figures of a process that serves; `processes`: at work and at most."""
    busy, most = processes
    samples = [({"kind": "busy"}, busy), ({"kind": "most"}, most)]
    return _gauge("dhm_processes", "Processes for runs, at work and at most.", samples) + figures(store, jobs, now)


def figures(store: StateStore, jobs: Mapping[str, Scheduled], now: datetime) -> str:
    """What there is, from the ledger. Nothing of it names a secret or a value of a file."""
    waits = (RunStatus.PENDING, RunStatus.HELD, RunStatus.RETRYABLE)
    waiting = [({"status": one.value}, len(store.runs.list("", [one], 10_000))) for one in waits]
    boxes = [({"box": box, "state": state}, count) for box, several in _boxes(store) for state, count in several.items()]
    parts = [
        _gauge("dhm_runs_waiting", "Runs that are not done, by what they wait for.", waiting),
        _gauge("dhm_messages", "Messages that came in, and that go out, by what became of them.", boxes),
    ]
    return "".join((*parts, *_of_jobs(store, jobs, now)))


def _boxes(store: StateStore) -> Iterator[tuple[str, Mapping[str, int]]]:
    yield from (("in", store.inbox.counts()), ("out", store.outbox.counts()))


def _of_jobs(store: StateStore, jobs: Mapping[str, Scheduled], now: datetime) -> Iterator[str]:
    """How each job does: what an alarm is made of, also for the run that never began."""
    switches = store.switches.all()
    on = {name: switches.get(name, one.job.enabled) for name, one in jobs.items()}
    how = {name: punctuality(store, name, jobs[name].clocks, now, LATE) for name in jobs}
    last = {name: found[0] for name in jobs if (found := store.runs.list(name, _RAN, 1))}
    ended = {name: (run, run.ended) for name, run in last.items() if run.ended is not None}
    succeeded = {name: at for name, one in how.items() if (at := one.succeeded) is not None}
    upcoming = {name: min(times) for name in jobs if on[name] and (times := _coming(jobs[name], now))}
    took = {name: (at - run.started).total_seconds() for name, (run, at) in ended.items() if run.started is not None}
    rows = [({"job": name, "fate": fate}, getattr(run.counts, fate)) for name, run in last.items() for fate in _FATES]
    yield _gauge("dhm_job_enabled", "Whether a job may start by itself.", _by_job(on))
    yield _gauge(
        "dhm_job_last_run_succeeded",
        "Whether the last run of a job that ended was a success.",
        _by_job({name: run.status is RunStatus.SUCCESS for name, run in last.items()}),
    )
    yield _gauge("dhm_job_last_run_timestamp_seconds", "When it ended.", _by_job({name: at.timestamp() for name, (_, at) in ended.items()}))
    yield _gauge("dhm_job_last_run_duration_seconds", "How long it took.", _by_job(took))
    yield _gauge("dhm_job_last_run_rows", "Its rows, by what became of them; those that were read are all the others.", rows)
    yield _gauge(
        "dhm_job_last_success_timestamp_seconds",
        "When a job last ended with success, with something new or without.",
        _by_job({name: at.timestamp() for name, at in succeeded.items()}),
    )
    yield _gauge(
        "dhm_job_next_run_timestamp_seconds",
        "When the schedule of a job starts it next.",
        _by_job({name: at.timestamp() for name, at in upcoming.items()}),
    )
    yield _gauge(
        "dhm_job_late",
        "Whether a job has not done in a quarter of an hour what its schedule asked for.",
        _by_job({name: one.late for name, one in how.items() if on[name] and jobs[name].clocks}),
    )


def _coming(one: Scheduled, now: datetime) -> list[datetime]:
    return [at for clock in one.clocks if (at := following(clock, now)) is not None]


def _by_job(values: Mapping[str, float]) -> list[Sample]:
    return [({"job": name}, value) for name, value in values.items()]


def _gauge(name: str, help: str, samples: Iterable[Sample]) -> str:
    lines = [f"# HELP {name} {help}", f"# TYPE {name} gauge"]
    for labels, value in samples:
        said = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        lines.append(f"{name}{{{said}}} {float(value):.15g}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
