"""Try connections: reach the host, see who it is, log in, and look.

Without a NAME all connections of the project are tried.

Exit codes: 0 all answer; 1 one of them refuses, or is not who it should be; 75 one of them does not answer now.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from datahub.cli.connections import Env, Set
from datahub.cli.output import Exit, Paint, counted, give, say

if TYPE_CHECKING:
    from datahub.project.load import Loaded


def command(
    names: Annotated[list[str] | None, typer.Argument(help="The connections.", metavar="[NAME]...", show_default=False)] = None,
    env: Env = "",
    set: Set = None,
) -> None:
    from datahub.cli.connections import declared
    from datahub.cli.connections import names as all_names
    from datahub.cli.project import project
    from datahub.project.failures import DataHubError, TransientError

    read = project(env, given=set or [])
    asked = names or all_names(read)
    for name in asked:
        declared(read, name)
    ends: list[Exit] = []
    paint, wide = Paint(sys.stdout), max(map(len, asked), default=0)
    for name in asked:
        begun = time.monotonic()
        try:
            answer = _try(read, name)
        except DataHubError as problem:
            ends.append(Exit.LATER if isinstance(problem, TransientError) else Exit.WRONG)
            give(f"{name:<{wide}}  {paint('1;31', 'failed')}  {problem.message}\n")
            if problem.help:
                say(f"{'':<{wide}}  {paint('1', 'help')}: {problem.help}")
        else:
            give(f"{name:<{wide}}  {paint('1;32', 'ok')}      {answer} in {time.monotonic() - begun:.2f} s\n")
    # What has to be mended counts before what may pass by itself.
    raise typer.Exit(min(ends, default=Exit.DONE))


def _try(project: Loaded, name: str) -> str:
    """What a connection answers; a failure of the world where it does not."""
    from datahub.cli.connections import connection, place
    from datahub.connectors.declare import Missing

    project.usable(name)
    one, connector = connection(project, name)
    if connector.test is not None:
        return connector.test(one, place(project))
    assert connector.files is not None
    opened = connector.files(one, place(project))
    try:
        entries = list(opened.list(""))
        return f"{counted(len(entries), 'entry', 'entries')}"
    except Missing:
        root = getattr(one, "root", "")
        raise Missing(f"there is no folder `{root}`", "make it, or name another `root`") from None
    finally:
        opened.close()
