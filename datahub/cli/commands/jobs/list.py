"""List the jobs of the project: when each runs next or what starts it, and how its last run ended."""

from __future__ import annotations

from typing import Annotated

import typer

from datahub.cli.listings import Listing, give_json, run_facts
from datahub.cli.output import give, say


def command(
    env: Annotated[str, typer.Option(help="The environment, dhm.ENV.toml.", metavar="ENV", show_default=False)] = "",
    output: Annotated[Listing, typer.Option(help="A table, or one JSON document.")] = Listing.TEXT,
) -> None:
    from datahub.cli.instants import local
    from datahub.cli.project import ledger, project
    from datahub.cli.schedules import clocks, next_of, started_by
    from datahub.cli.tables import table

    loaded = project(env)
    zone = loaded.project.project.timezone
    if not loaded.project.jobs and output is Listing.TEXT:
        say("the project has no job; declare one: `[jobs.NAME]`")
        return
    store = ledger(loaded)
    switches = store.switches.all()
    rows, facts = [], []
    for name, job in loaded.project.jobs.items():
        on = switches.get(name, job.enabled)
        runs = store.runs.list(name, limit=1)
        last = f"{runs[0].status.value.replace('_', ' ')} {local(runs[0].ended or runs[0].started or runs[0].as_of, zone)}" if runs else ""
        upcoming = next_of(clocks(loaded, name)) if on else None
        starts = local(upcoming, zone) or ", ".join(started_by(job) if on else [])
        rows.append([name, "on" if on else "off", starts, last, " ".join(job.description.split())])
        events = started_by(job) if on else []
        ran = run_facts(runs[0], runs[0].reason) if runs else None
        facts.append({"job": name, "on": on, "next": upcoming, "starts": events, "last_run": ran, "description": job.description})
    store.close()
    if output is Listing.JSON:
        give_json(facts)
        return
    give(table(rows, head=("job", "", f"next ({zone})", "last run", "")))
