"""Switching a job on and off: a fact of the ledger, so that the project file need not be touched at night."""

from __future__ import annotations

import getpass
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from datahub.cli.output import say

if TYPE_CHECKING:
    from datahub.project.load import Loaded


def switch(job: str, env: str, *, on: bool) -> None:
    """Switch a job of the project on or off."""
    from datahub.cli.ledger_runs import opened
    from datahub.runner.jobs.bind import job_of

    with opened(env) as (loaded, store):
        job_of(loaded, job)
        store.switches.turn(job, on, person(), datetime.now(UTC))
    say(f"`{job}` is {'on' if on else 'off'}{f' in {env}' if env else ''}")


def switched_on(loaded: Loaded) -> tuple[str, ...]:
    """The jobs that may start by themselves, in the order of the file: as a person has switched them, or as it says."""
    from datahub.runner.jobs.bind import folders_of
    from datahub.state.opening import opened as ledger_at

    path, switches = folders_of(loaded).ledger, {}
    if path.exists():
        with closing(ledger_at(path, look=True)) as store:
            switches = dict(store.switches.all())
    return tuple(name for name, job in loaded.project.jobs.items() if switches.get(name, job.enabled))


def person() -> str:
    """Who types, for the record."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"
