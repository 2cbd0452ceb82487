"""Switching a job on and off: a fact of the ledger, so that the project file need not be touched at night."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime

from datahub.cli.output import Stop, say


def switch(job: str, env: str, *, on: bool) -> None:
    """Switch a job of the project on or off."""
    from datahub.cli.project import ledger, project
    from datahub.project.failures import TerminalError
    from datahub.runner.jobs.bind import job_of

    loaded = project(env)
    try:
        job_of(loaded, job)
    except TerminalError as problem:
        raise Stop(problem.message, problem.help) from problem
    store = ledger(loaded)
    store.switches.turn(job, on, person(), datetime.now(UTC))
    store.close()
    say(f"`{job}` is {'on' if on else 'off'}{f' in {env}' if env else ''}")


def person() -> str:
    """Who types, for the record."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"
