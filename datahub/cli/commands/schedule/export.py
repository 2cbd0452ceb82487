"""Print the schedules for another scheduler: lines of a crontab, or units of systemd.

What `dhm serve` does besides (catching up, jitter, starts by events) is the other scheduler's matter then; the ledger still lets no two
runs of a job be at work at once. Jobs that are off are left out; one that is switched off later does nothing when it is started.
"""

from __future__ import annotations

from typing import Annotated

import typer

from datahub.cli.output import Stop, give


def command(
    crontab: Annotated[bool, typer.Option("--crontab", help="Lines of a crontab.")] = False,
    systemd: Annotated[bool, typer.Option("--systemd", help="A service and a timer for each job.")] = False,
    env: Annotated[str, typer.Option(help="The environment, dhm.ENV.toml.", metavar="ENV", show_default=False)] = "",
) -> None:
    from datahub.cli.project import project
    from datahub.cli.switching import switched_on
    from datahub.runner.jobs.other_schedulers import crontab as as_crontab
    from datahub.runner.jobs.other_schedulers import systemd as as_systemd

    if crontab == systemd:
        raise Stop("one form is wanted", "`--crontab` or `--systemd`")
    loaded = project(env)
    give((as_crontab if crontab else as_systemd)(loaded, switched_on(loaded)))
