"""What operators ask `dhm serve`: whether it can work, and how much there is to do, in Prometheus' form."""

from __future__ import annotations

from collections.abc import Mapping

from datahub.state.records import RunStatus
from datahub.state.store import LedgerUnusable, StateStore


def why_not(store: StateStore, stopping: bool) -> str:
    """Why nothing should be sent here; empty where messages can be taken."""
    if stopping:
        return "stopping"
    try:
        store.inbox.counts()
    except LedgerUnusable as problem:
        return problem.message
    return ""


def metrics(store: StateStore, workers: int, busy: int) -> str:
    """What there is, from the ledger; nothing of it names a secret or a value of a file."""
    runs = {status: len(store.runs.list("", [status], 10_000)) for status in (RunStatus.PENDING, RunStatus.HELD, RunStatus.RETRYABLE)}
    parts = [
        _gauge("dhm_runs_waiting", "Runs that are not done, by what they wait for.", "status", {one.value: n for one, n in runs.items()}),
        _gauge("dhm_messages", "Messages in the inbox, by what became of them.", "state", store.inbox.counts()),
        _gauge("dhm_processes", "Processes for runs, at work and at most.", "kind", {"busy": busy, "most": workers}),
    ]
    return "".join(parts)


def _gauge(name: str, help: str, label: str, values: Mapping[str, int]) -> str:
    lines = [f"# HELP {name} {help}", f"# TYPE {name} gauge", *(f'{name}{{{label}="{key}"}} {count}' for key, count in values.items())]
    return "\n".join(lines) + "\n"
