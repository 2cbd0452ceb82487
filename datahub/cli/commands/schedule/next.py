"""List the next times at which jobs run, on the clock of their zone and in UTC.

What the clock does to a time is told: it is skipped in spring, or comes twice in autumn; so is a start that `jitter` makes later.
"""

from __future__ import annotations

from typing import Annotated

import typer

from datahub.cli.listings import Listing, give_json
from datahub.cli.output import Stop, give, say


def command(
    job: Annotated[str, typer.Argument(help="The job; all of them where none is named.", show_default=False)] = "",
    number: Annotated[int, typer.Option("-n", help="How many times.", min=1, max=1000)] = 20,
    after: Annotated[str, typer.Option(help="From when on; now, if it is not said.", metavar="INSTANT", show_default=False)] = "",
    env: Annotated[str, typer.Option(help="The environment, dhm.ENV.toml.", metavar="ENV", show_default=False)] = "",
    output: Annotated[Listing, typer.Option(help="A table, or one JSON document.")] = Listing.TEXT,
) -> None:
    from datetime import UTC, datetime
    from heapq import merge
    from itertools import islice, repeat

    from datahub.cli.inputs import begun
    from datahub.cli.instants import utc
    from datahub.cli.project import project
    from datahub.cli.schedules import clocks
    from datahub.cli.switching import switched_on
    from datahub.cli.tables import table
    from datahub.events.due import starts
    from datahub.events.fires import moments
    from datahub.zones import zone_named

    loaded = project(env)
    if job and job not in loaded.project.jobs:
        raise Stop(f"the project has no job `{job}`", f"it has {', '.join(loaded.project.jobs) or 'none'}")
    start = begun(after) or datetime.now(UTC)
    on = switched_on(loaded)
    off = [name for name in loaded.project.jobs if name not in on and job in ("", name) and clocks(loaded, name)]
    chosen = [clock for name in ([job] if job else on) for clock in clocks(loaded, name)]
    if not chosen and output is Listing.TEXT:
        say(f"`{job}` has no schedule" if job else "no job that is on has a schedule")
        return
    streams = [zip(moments(clock.cron, clock.zone, start), starts(clock, start), repeat(clock)) for clock in chosen]
    times = list(islice(merge(*streams, key=lambda one: (one[0].at, one[2].job)), number))
    if output is Listing.JSON:
        give_json(
            [
                {
                    "job": clock.job,
                    "at": one.at,
                    "starts": begin,
                    "local": one.at.astimezone(zone_named(clock.zone)).isoformat(),
                    "zone": clock.zone,
                    "note": one.note,
                }
                for one, (_, begin), clock in times
            ]
        )
        return
    rows = []
    for moment, (at, begin), clock in times:
        here = moment.at.astimezone(zone_named(clock.zone)).strftime("%a %Y-%m-%d %H:%M %z")
        later = f"starts at {begin.astimezone(zone_named(clock.zone)):%H:%M:%S} (jitter)" if begin != at else ""
        rows.append([clock.job, here, clock.zone, utc(moment.at), "; ".join(filter(None, (moment.note, later)))])
    give(table(rows, head=("job", "local time", "zone", "UTC", "")))
    for name in off:
        say(f"`{name}` is off: nothing of {'this' if job else 'it'} happens until `dhm jobs enable {name}`")
