"""Print what a message says, and what became of it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from datahub.cli.output import give, printable


def command(
    message: Annotated[str, typer.Argument(help="Its id.", show_default=False)],
    env: Annotated[str, typer.Option(help="The environment, dhm.ENV.toml.", metavar="ENV", show_default=False)] = "",
) -> None:
    from datahub.cli.instants import local
    from datahub.cli.ledger_runs import opened
    from datahub.cli.messages import lacking, one_message
    from datahub.cli.tables import table
    from datahub.project.redaction import redacted

    with opened(env) as (loaded, store):
        zone = loaded.project.project.timezone
        name, found = one_message(store, message)
    rows = [
        ["message", found.id],
        ["came in at" if name == "in" else "goes to", found.channel],
        ["type", found.kind],
        ["about", found.key],
        ["lacks", lacking(loaded, found) if name == "in" else ""],
        ["since", f"{local(found.received, zone)} {zone}"],
        ["state", f"{found.state.value}{f': {found.reason}' if found.reason else ''}"],
        ["tried", str(found.attempts or "")],
        ["next try", local(found.not_before, zone)],
    ]
    give(table([row for row in rows if row[1]]))
    body = redacted(found.body.decode("utf-8", "replace")) + "\n" if found.body else ""
    # Colours would pass elsewhere, which are ours; to a file it goes as it came.
    give("\n".join(map(printable, body.split("\n"))) if sys.stdout.isatty() else body)
