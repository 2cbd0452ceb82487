"""Tell whether each job has done what its schedule asked for: the alarm for runs that never began, because nobody was there to start them.

A job is late when nothing of it has succeeded since the last time at which it was to start, and --within has passed since. A run that
found nothing new counts, and so does one that a person has started. Jobs that are off, or have no schedule, are not late; nor is one of
which no run is known.
"""

from __future__ import annotations

from typing import Annotated

import typer

from datahub.cli.listings import Listing, give_json
from datahub.cli.output import Exit, Stop, counted, give, say


def command(
    job: Annotated[str, typer.Argument(help="The job; all of them where none is named.", show_default=False)] = "",
    fail_if_late: Annotated[bool, typer.Option("--fail-if-late", help="End with 1 where one is late.")] = False,
    within: Annotated[str, typer.Option(help="In what time a run should be done.", metavar="LENGTH")] = "15 min",
    env: Annotated[str, typer.Option(help="The environment, dhm.ENV.toml.", metavar="ENV", show_default=False)] = "",
    output: Annotated[Listing, typer.Option(help="A table, or one JSON document.")] = Listing.TEXT,
) -> None:
    from datetime import UTC, datetime

    from datahub.cli.instants import local
    from datahub.cli.ledger_runs import opened
    from datahub.cli.schedules import clocks, next_of
    from datahub.cli.spans import length_of
    from datahub.cli.switching import switched_on
    from datahub.cli.tables import table
    from datahub.runner.jobs.lateness import punctuality

    now, rows, facts, late = datetime.now(UTC), [], [], []
    patience = length_of(within, "--within")
    with opened(env) as (loaded, store):
        if job and job not in loaded.project.jobs:
            raise Stop(f"the project has no job `{job}`", f"it has {', '.join(loaded.project.jobs) or 'none'}")
        zone = loaded.project.project.timezone
        on = switched_on(loaded)
        for name in [job] if job else on:
            if not (several := clocks(loaded, name)):
                continue
            how = punctuality(store, name, several, now, patience)
            late += [name] if how.late and name in on else []
            said = "off" if name not in on else "late" if how.late else "on time" if how.began else "has not run yet"
            coming = next_of(several) if name in on else None
            rows.append([name, said, local(how.due, zone), local(how.succeeded, zone), local(coming, zone)])
            facts.append({"job": name, "status": said, "was_to_start": how.due, "last_success": how.succeeded, "next": coming})
    if output is Listing.JSON:
        give_json(facts)
    elif not rows:
        say(f"`{job}` has no schedule" if job else "no job that is on has a schedule")
        return
    else:
        give(table(rows, head=("job", "", f"was to start ({zone})", "last success", "next")))
    if late and fail_if_late:
        raise Stop(f"{counted(len(late), 'job is', 'jobs are')} late: {', '.join(late)}", code=Exit.WRONG)
