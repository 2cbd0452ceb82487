"""Find rows that were rejected here or refused by a target over all runs, the newest first: by code, entity, key or job."""

from __future__ import annotations

from typing import Annotated

import typer

from datahub.cli.output import counted, give, say


def command(
    code: Annotated[str, typer.Option(help="The code, such as R104; `R1*` is a family.", show_default=False)] = "",
    entity: Annotated[str, typer.Option(help="The entity.", show_default=False)] = "",
    key: Annotated[str, typer.Option(help="A part of the key of the row.", show_default=False)] = "",
    job: Annotated[str, typer.Option(help="The job.", show_default=False)] = "",
    number: Annotated[int, typer.Option("-n", help="How many rows at most.", min=1, max=100_000)] = 50,
    env: Annotated[str, typer.Option(help="The environment, dhm.ENV.toml.", metavar="ENV", show_default=False)] = "",
) -> None:
    from datahub.cli.ledger_runs import opened
    from datahub.cli.tables import table
    from datahub.runner.jobs.bind import folders_of
    from datahub.runner.jobs.rejected_rows import Wanted, rejected_rows

    wanted = Wanted(code, entity, key, job)
    with opened(env) as (loaded, store):
        found, runs = rejected_rows(store, folders_of(loaded), wanted, number)
    if not found:
        say(f"no such row was rejected in {counted(runs, 'run')}")
        return
    head = ("run", "job", "file", "line", "code", "entity", "key", "field", "value", "")
    give(table(found, right=(3,), head=head))
    if len(found) == number:
        say(f"these are the newest {number}; `-n` shows more")
