"""Switching a job on and off: a fact of the ledger, so that the project file need not be touched at night."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime

from datahub.cli.output import say


def switch(job: str, env: str, *, on: bool) -> None:
    """Switch a job of the project on or off."""
    from datahub.cli.ledger_runs import opened
    from datahub.runner.jobs.bind import job_of

    with opened(env) as (loaded, store):
        job_of(loaded, job)
        store.switches.turn(job, on, person(), datetime.now(UTC))
    say(f"`{job}` is {'on' if on else 'off'}{f' in {env}' if env else ''}")


def person() -> str:
    """Who types, for the record."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"
