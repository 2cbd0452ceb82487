"""The rejects of a run that a command means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datahub.cli.ledger_runs import one_run
from datahub.cli.output import Stop

if TYPE_CHECKING:
    from pathlib import Path

    from datahub.state.records import Rejects, Run
    from datahub.state.store import StateStore

_MOST = 10_000
_LISTED = "`dhm rejects ls` lists the runs that rejected some"


def chosen(store: StateStore, text: str, source: str) -> tuple[Run, Rejects]:
    """A run and the rejects of one source of it; `last` is the newest that has any."""
    run = meant(store, text, source)
    found = [one for one in store.rejects.list(run.id) if source in ("", one.source)]
    if not found:
        raise Stop(f"run {run.id} rejected no row{f' of `{source}`' if source else ''}", _LISTED)
    if len(found) > 1:
        raise Stop(f"run {run.id} rejected rows of {', '.join(one.source for one in found)}", "name one with `--source`")
    return run, found[0]


def meant(store: StateStore, text: str, source: str = "") -> Run:
    """The run that `text` names; `last` is the newest that rejected rows."""
    if text == "last":
        for one in store.rejects.list(limit=_MOST if source else 1):
            if source in ("", one.source) and (run := store.runs.get(one.run)) is not None:
                return run
    return one_run(store, text)


def not_there(path: Path) -> Stop:
    """What is said of a file of rejected rows that is not where the ledger has it."""
    return Stop(
        f"there is no file `{path}`",
        "`dhm runs prune` removes those of runs that are older than `retention.rejects`; of a younger run, somebody has moved it, or `runs`"
        " beside the ledger",
    )
