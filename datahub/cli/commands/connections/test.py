"""Try connections: reach the host, see who it is, log in, and look.

Without a NAME all connections of the project are tried.

Exit codes: 0 all answer; 1 one of them refuses, or is not who it should be; 75 one of them does not answer now.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datahub.cli.connections import Env, Json, Output, Set
from datahub.cli.listings import Listing, give_json
from datahub.cli.output import Exit, Paint, counted, give, say

if TYPE_CHECKING:
    from datahub.project.load import Loaded


def command(
    names: Annotated[list[str] | None, typer.Argument(help="The connections.", metavar="[NAME]...", show_default=False)] = None,
    env: Env = "",
    set: Set = None,
    output: Output = Listing.TEXT,
    as_json: Json = False,
) -> None:
    from datahub.cli.connections import declared, written
    from datahub.cli.connections import names as all_names
    from datahub.cli.project import project
    from datahub.project.failures import DataHubError, TransientError

    read = project(env, given=set or [])
    asked = names or all_names(read)
    for name in asked:
        declared(read, name)
    ends: list[Exit] = []
    facts: list[dict[str, Any]] = []
    wide, people = max(map(len, asked), default=0), not as_json and output is Listing.TEXT
    for name in asked:
        begun = time.monotonic()
        fact: dict[str, Any] = {"name": name, "kind": written(read, name)["kind"], "ok": True}
        try:
            fact["message"] = _try(read, name)
        except DataHubError as problem:
            later = isinstance(problem, TransientError)
            ends.append(Exit.LATER if later else Exit.WRONG)
            fact |= {"ok": False, "message": problem.message, "help": problem.help, "may_pass": later}
        fact["seconds"] = round(time.monotonic() - begun, 3)
        facts.append(fact)
        if people:
            _tell(fact, wide)
    if not people:
        give_json(facts)
    # What has to be mended counts before what may pass by itself.
    raise typer.Exit(min(ends, default=Exit.DONE))


def _tell(fact: dict[str, Any], wide: int) -> None:
    """What came of one connection, for people, as soon as it is known."""
    paint, name = Paint(sys.stdout), fact["name"]
    if fact["ok"]:
        give(f"{name:<{wide}}  {paint('1;32', 'ok')}      {fact['message']} in {fact['seconds']:.2f} s\n")
        return
    give(f"{name:<{wide}}  {paint('1;31', 'failed')}  {fact['message']}\n")
    if fact["help"]:
        say(f"{'':<{wide}}  {paint('1', 'help')}: {fact['help']}")


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
