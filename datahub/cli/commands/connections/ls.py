"""List a folder of a connection, as a job would see it.

PATH starts from the root of the connection.
"""

from __future__ import annotations

from typing import Annotated

import typer

from datahub.cli.connections import Env, Json, Name, Output, Set
from datahub.cli.listings import Listing, give_json
from datahub.cli.output import give


def command(
    name: Name,
    path: Annotated[str, typer.Argument(help="The folder.", metavar="PATH", show_default=False)] = "",
    env: Env = "",
    set: Set = None,
    output: Output = Listing.TEXT,
    as_json: Json = False,
) -> None:
    from datahub.cli.connections import files
    from datahub.cli.project import project
    from datahub.connectors.file_names import shown

    with files(project(env, given=set or []), name) as opened:
        entries = list(opened.list(path.strip("/") if path != "/" else ""))
    times = {one.path: one.modified.strftime("%Y-%m-%d %H:%M:%SZ") if one.modified else "" for one in entries}
    if as_json or output is Listing.JSON:
        told = [
            {"path": shown(one.path), "kind": one.kind, "size": one.size, "modified": one.modified and one.modified.isoformat()}
            for one in entries
        ]
        give_json(told)
        return
    sizes = {one.path: "" if one.size is None or one.kind != "file" else f"{one.size:,}" for one in entries}
    wide = max(map(len, sizes.values()), default=0)
    for one in entries:
        mark = {"file": "", "folder": "/", "link": "@", "other": "?"}[one.kind]
        give(f"{sizes[one.path]:>{wide}}  {times[one.path]:<20}  {shown(one.name)}{mark}\n")
