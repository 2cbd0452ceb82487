"""Runs as commands name them: by the beginning of their id, or `last`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from datahub.cli.output import Stop

if TYPE_CHECKING:
    from datahub.project.load import Loaded
    from datahub.state.records import Run
    from datahub.state.store import StateStore


@contextmanager
def opened(env: str) -> Iterator[tuple[Loaded, StateStore]]:
    """The project and its ledger, closed behind the command; what stands in the way of the ledger ends it."""
    from datahub.cli.output import Exit
    from datahub.cli.project import ledger, project
    from datahub.project.failures import DataHubError, TransientError
    from datahub.state.store import LedgerUnusable

    loaded = project(env)
    store = ledger(loaded)
    try:
        yield loaded, store
    except LedgerUnusable as problem:
        raise Stop(problem.message, problem.help, code=Exit.LATER if problem.later else Exit.WRONG) from problem
    except TransientError as problem:
        raise Stop(problem.message, problem.help, code=Exit.LATER) from problem
    except DataHubError as problem:
        raise Stop(problem.message, problem.help) from problem
    finally:
        store.close()


def one_run(store: StateStore, text: str) -> Run:
    """The run that `text` names."""
    found = store.runs.find(text)
    if not found:
        raise Stop(f"there is no run `{text}`", "`dhm runs ls` lists them")
    if len(found) > 1:
        raise Stop(f"`{text}` is the beginning of {len(found)} runs", f"write more of it: {', '.join(run.id for run in found[:4])}")
    return found[0]
