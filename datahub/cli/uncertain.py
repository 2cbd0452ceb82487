"""Batches of a run of which nobody knows whether they have arrived, until a person says it."""

from __future__ import annotations

from collections.abc import Sequence

from datahub.cli.output import Stop, counted
from datahub.state.records import Batch, BatchState, Run
from datahub.state.store import StateStore


def unknown(store: StateStore, run: Run) -> Sequence[Batch]:
    """Those batches."""
    return [one for one in store.deliveries.batches(run.id) if one.state is BatchState.UNKNOWN]


def answered(store: StateStore, run: Run, batches: Sequence[Batch], arrived: bool, resend: bool, command: str) -> None:
    """Write down what a person says of them; `Stop` where nothing is said, or both."""
    if arrived == resend:
        first = f"rows {batches[0].first + 1} to {batches[0].last} for `{batches[0].target}`"
        raise Stop(
            f"nobody knows whether {counted(len(batches), 'batch', 'batches')} of run {run.id} arrived: {first}",
            f"look there, then say `dhm runs {command} {run.id} --arrived` or `dhm runs {command} {run.id} --resend`",
        )
    store.deliveries.settle(run.id, BatchState.DONE if arrived else BatchState.PLANNED)
