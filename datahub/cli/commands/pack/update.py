"""Take the newest versions that suit everybody, and write dhm.lock.

NAMES are the packs that are renewed, all of them where none is named. Where a pack has changed below an override, `dhm check` tells it.

Exit codes: 0 done, 1 no version suits everybody or a pack may not be used, 75 a server did not answer.
"""

from __future__ import annotations

from typing import Annotated

import typer

from datahub.cli.output import Stop


def command(names: Annotated[list[str] | None, typer.Argument(help="The packs to renew.", show_default=False)] = None) -> None:
    from datahub.cli.packs import lock_again, project_or_stop
    from datahub.diagnostics.suggest import listed

    project = project_or_stop()
    known = {*project.asked, *(one.name for one in (project.lock.pack if project.lock is not None else ()))}
    for name in names or []:
        if name not in known:
            raise Stop(f"the project has no pack `{name}`", f"it has {listed(sorted(known))}" if known else "`dhm pack add` adds one")
    lock_again(project, names or None)
