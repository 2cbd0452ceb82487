"""Say for which packs there is a newer version, and whether the ranges allow it.

Exit codes: 0 every pack has the newest version that is allowed, 1 one has not, 75 a server did not answer.
"""

from __future__ import annotations

import sys

import typer

from datahub.cli.output import Exit, Paint, Stop, give, say


def command() -> None:
    from datahub.cli.packs import failures_told, project_or_stop
    from datahub.packs.locking import project_scripts, script_requirements
    from datahub.project.versions import parse_version

    project = project_or_stop()
    if project.lock is None:
        raise Stop("there is no dhm.lock yet", "`dhm pack lock` writes it")
    paint = Paint(sys.stdout)
    rows = []
    behind = False
    with failures_told():
        allowed = project.resolved(script_requirements(project, project_scripts(project)), renew=None)
        for one in project.lock.pack:
            origin = project.origin(one.name, project.requirers(one.name))
            offers = [offer.version for offer in (origin.offers(one.name) if origin is not None else ()) if not offer.withdrawn]
            newest = max((version for version in offers if version.prerelease is None), default=None)
            suits = allowed[one.name].offered.version if one.name in allowed else None
            behind = behind or (suits is not None and suits > parse_version(one.version))
            if (suits is not None and str(suits) != one.version) or (newest is not None and newest > parse_version(one.version)):
                rows.append((one.name, one.version, str(suits or "-"), str(newest or "-")))
    if not rows:
        say("every pack has its newest version")
        return
    table = [("pack", "locked", "allowed", "newest"), *rows]
    wide = [max(len(row[at]) for row in table) for at in range(4)]
    for number, row in enumerate(table):
        line = "  ".join(cell.ljust(wide[at]) for at, cell in enumerate(row)).rstrip()
        give((paint("1", line) if number == 0 else line) + "\n")
    say("`dhm pack update` takes what is allowed; for the newest, widen the range in dhm.toml")
    raise typer.Exit(Exit.WRONG if behind else Exit.DONE)
