"""List runs, the newest first: how they ended, how many rows they read, wrote and rejected, and why they stopped.

Of one that has not delivered all the rows that it has made, `0 of 12` or `some of 12` are written.
"""

from __future__ import annotations

from typing import Annotated

import typer

from datahub.cli.listings import Listing, give_json, run_facts
from datahub.cli.output import Stop, give, say


def command(
    job: Annotated[str, typer.Argument(help="The job; all of them where none is named.", show_default=False)] = "",
    number: Annotated[int, typer.Option("-n", help="How many.", min=1, max=10_000)] = 20,
    status: Annotated[str, typer.Option(help="Only those that are so: held, failed, skipped …", show_default=False)] = "",
    env: Annotated[str, typer.Option(help="The environment, dhm.ENV.toml.", metavar="ENV", show_default=False)] = "",
    output: Annotated[Listing, typer.Option(help="A table, or one JSON document.")] = Listing.TEXT,
) -> None:
    from datahub.cli.instants import length, local
    from datahub.cli.ledger_runs import opened
    from datahub.cli.queued import states
    from datahub.cli.tables import table
    from datahub.runner.jobs.arrived import arrived, arrived_rows
    from datahub.runner.jobs.bind import job_of
    from datahub.state.records import DJUST_NAMES, RunStatus

    wanted = []
    if status:
        known = {one.value: one for one in RunStatus} | {name: one for one, name in DJUST_NAMES.items()}
        if status not in known:
            raise Stop(f"`{status}` is no status", f"there are {', '.join(known)}")
        wanted = [known[status]]
    with opened(env) as (loaded, store):
        zone = loaded.project.project.timezone
        rows = []
        runs = store.runs.list(job, wanted, number)
        if job and not runs:
            # A job that is gone may have runs; one that never was is a mistake of typing.
            job_of(loaded, job)
        told = list(zip(runs, states(store, runs, loaded.project.jobs), strict=True))
        if output is Listing.JSON:
            give_json(
                [{**run_facts(run, why), "arrived": arrived(store, run) or ("all" if run.counts.written else "")} for run, why in told]
            )
            return
        for run, why in told:
            took = run.ended - run.started if run.ended and run.started else None
            counts = [f"{run.counts.read:,}", arrived_rows(store, run), f"{run.counts.rejected:,}"]
            said = DJUST_NAMES.get(run.status, run.status.value.replace("_", " "))
            rows.append([run.id, run.job, run.kind, local(run.started or run.as_of, zone), length(took), said, *counts, why])
    if not rows:
        say("there are no runs")
        return
    give(table(rows, right=(4, 6, 7, 8), head=("run", "job", "by", f"started ({zone})", "took", "", "read", "written", "rejected", "")))
