"""Print the rejected rows of a run as they came, with what is wrong with each, and say where the file is."""

from __future__ import annotations

from typing import Annotated

import typer

from datahub.cli.output import counted, give, say


def command(
    run: Annotated[
        str, typer.Argument(help="The beginning of a run's id, or `last`: the newest that rejected some.", show_default=False)
    ] = "last",
    source: Annotated[str, typer.Option(help="The source, where several have rejects.", show_default=False)] = "",
    number: Annotated[int, typer.Option("-n", help="How many lines at most.", min=1)] = 20,
    env: Annotated[str, typer.Option(help="The environment, dhm.ENV.toml.", metavar="ENV", show_default=False)] = "",
) -> None:
    from itertools import islice
    from pathlib import Path

    from datahub.cli.ledger_runs import opened
    from datahub.cli.rejected import chosen, not_there
    from datahub.runner.jobs.undelivered import undelivered

    with opened(env) as (_, store):
        one, found = chosen(store, run, source)
        no = undelivered(store, one, found)
    path = Path(found.path)
    if not path.is_file():
        raise not_there(path)
    say(f"{counted(found.rows, 'row')} of `{found.source}`: {path}")
    if no is not None:
        say(f"not to be replayed: {no.reason}\n  {no.help}")
    if path.suffix in (".parquet", ".arrow"):
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        give("".join(islice(file, number + 1)))
