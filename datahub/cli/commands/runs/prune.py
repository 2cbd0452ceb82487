"""Remove what old runs left, as far back as each job's `retention` says: records, landed files, results, rejects, messages.

What several jobs have taken goes once none of them wants it.

Runs that are not done keep everything, and the last good run of each job stays, for the guards to compare with. `dhm serve` does it by
itself, every hour.
"""

from __future__ import annotations

from typing import Annotated

import typer

from datahub.cli.output import say


def command(
    env: Annotated[str, typer.Option(help="The environment, dhm.ENV.toml.", metavar="ENV", show_default=False)] = "",
) -> None:
    from datetime import UTC, datetime

    from datahub.cli.ledger_runs import opened
    from datahub.runner.jobs.bind import folders_of
    from datahub.runner.jobs.prune import prune

    with opened(env) as (loaded, store):
        gone = prune(store, folders_of(loaded), loaded.project.jobs, datetime.now(UTC))
    say(f"removed {gone.told}")
