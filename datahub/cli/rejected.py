"""The rejects of a run that a command means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datahub.cli.output import Stop

if TYPE_CHECKING:
    from datahub.state.records import Rejects, Run
    from datahub.state.store import StateStore


def chosen(store: StateStore, run: Run, source: str) -> Rejects:
    """The rejects of one source of a run."""
    found = [one for one in store.rejects.list(run.id) if source in ("", one.source)]
    if not found:
        raise Stop(f"run {run.id} rejected no row{f' of `{source}`' if source else ''}")
    if len(found) > 1:
        raise Stop(f"run {run.id} rejected rows of {', '.join(one.source for one in found)}", "name one with `--source`")
    return found[0]
