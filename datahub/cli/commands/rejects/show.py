"""Print the rejected rows of a run as they came, with what is wrong with each, and say where the file is."""

from __future__ import annotations

from typing import Annotated

import typer

from datahub.cli.output import Stop, counted, give, say


def command(
    run: Annotated[str, typer.Argument(help="The beginning of a run's id, or `last`.", show_default=False)] = "last",
    source: Annotated[str, typer.Option(help="The source, where several have rejects.", show_default=False)] = "",
    number: Annotated[int, typer.Option("-n", help="How many lines at most.", min=1)] = 20,
    env: Annotated[str, typer.Option(help="The environment, dhm.ENV.toml.", metavar="ENV", show_default=False)] = "",
) -> None:
    from itertools import islice
    from pathlib import Path

    from datahub.cli.ledger_runs import one_run, opened
    from datahub.cli.rejected import chosen

    with opened(env) as (_, store):
        found = chosen(store, one_run(store, run), source)
    path = Path(found.path)
    if not path.is_file():
        raise Stop(f"`{path}` is gone", "`dhm runs prune` removes what is older than `retention.rejects`")
    say(f"{counted(found.rows, 'row')} of `{found.source}`: {path}")
    if path.suffix in (".parquet", ".arrow"):
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        give("".join(islice(file, number + 1)))
