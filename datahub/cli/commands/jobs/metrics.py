"""Print how each job does in Prometheus' form: what `dhm serve` gives at `/metrics`, for jobs that another scheduler starts.

A collector of text files takes it: `dhm jobs metrics > datahub.prom.new && mv datahub.prom.new datahub.prom`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from datahub.cli.output import give


def command(
    env: Annotated[str, typer.Option(help="The environment, dhm.ENV.toml.", metavar="ENV", show_default=False)] = "",
) -> None:
    from datetime import UTC, datetime

    from datahub.cli.ledger_runs import opened
    from datahub.cli.schedules import clocks
    from datahub.runner.jobs.operations import figures
    from datahub.runner.jobs.serve import Scheduled

    with opened(env) as (loaded, store):
        jobs = {name: Scheduled(job, clocks(loaded, name)) for name, job in loaded.project.jobs.items()}
        give(figures(store, jobs, datetime.now(UTC)))
