"""List the connections of the project: what they are, where they lead, and which jobs use them."""

from __future__ import annotations

from datahub.cli.connections import Env, Json, Output, Set
from datahub.cli.listings import Listing, give_json
from datahub.cli.output import give, say


def command(env: Env = "", set: Set = None, output: Output = Listing.TEXT, as_json: Json = False) -> None:
    from datahub.cli.connections import names, where, written
    from datahub.cli.project import project

    read = project(env, given=set or [])
    declared = read.project
    used: dict[str, list[str]] = {name: [] for name in names(read)}
    for job, told in declared.jobs.items():
        rejects = (told.rejects,) if told.rejects else ()
        for end in (*told.sources.values(), *told.targets.values(), *rejects):
            if end.connection and job not in used[end.connection]:
                used[end.connection].append(job)
    rows: list[tuple[str, str, str, str, str]] = []
    for name in names(read):
        if name in read.lacking:
            # What is not there is told in place of where it leads.
            table, place = written(read, name), f"({read.lacking[name][0].message})"
            rows.append((name, str(table["kind"]), place, ", ".join(used[name]), str(table.get("description", ""))))
        else:
            one = declared.connections[name]
            rows.append((name, one.kind, where(read, name), ", ".join(used[name]), one.description))
    if as_json or output is Listing.JSON:
        keys = ("name", "kind", "where", "jobs", "description")
        give_json([dict(zip(keys, (*row[:3], used[row[0]], row[4]))) for row in rows])
        return
    if not rows:
        say("the project has no connections")
    widths = [max((len(row[at]) for row in rows), default=0) for at in range(4)]
    for row in rows:
        give("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[4]]).rstrip() + "\n")
