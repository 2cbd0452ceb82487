"""List the files of rejected rows, the newest first, with how often each code is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from datahub.cli.listings import Listing, give_json
from datahub.cli.output import give, say

if TYPE_CHECKING:
    from datahub.runner.jobs.replayed import Replayed


def command(
    run: Annotated[str, typer.Argument(help="The beginning of a run's id, or `last`; all where none is named.", show_default=False)] = "",
    number: Annotated[int, typer.Option("-n", help="How many.", min=1, max=10_000)] = 20,
    env: Annotated[str, typer.Option(help="The environment, dhm.ENV.toml.", metavar="ENV", show_default=False)] = "",
    output: Annotated[Listing, typer.Option(help="A table, or one JSON document.")] = Listing.TEXT,
) -> None:
    import json

    from datahub.cli.ledger_runs import opened
    from datahub.cli.rejected import meant
    from datahub.cli.tables import table
    from datahub.runner.jobs.replayed import replayed

    with opened(env) as (_, store):
        found = store.rejects.list(meant(store, run).id if run else "", number)
        again = [replayed(store, one) for one in found]
    if output is Listing.JSON:
        keys = ("run", "source", "rows", "codes", "file", "again_as", "again_status", "again", "left")
        several = (
            (one.run, one.source, one.rows, json.loads(one.codes), one.path, *_as(made)) for one, made in zip(found, again, strict=True)
        )
        give_json([dict(zip(keys, one, strict=True)) for one in several])
        return
    if not found:
        say("no rows were rejected")
        return
    rows = []
    for one, made in zip(found, again, strict=True):
        codes = ", ".join(f"{code} {count:,}" for code, count in json.loads(one.codes).items())
        rows.append([one.run, one.source, f"{one.rows:,}", codes, made.told()])
    give(table(rows, right=(2,), head=("run", "source", "rows", "codes", "")))


def _as(made: Replayed) -> tuple[object, ...]:
    """The last of the runs that tell how it is, with its status; all tries; and how many rows are left, where that is known."""
    tries = [{"run": one.replay, "status": run.status.value if run else "", "rows": one.rows} for one, run in made.tries]
    last = [{"run": one.replay, "status": run.status.value if run else ""} for one, run in made.shown][-1:]
    name, status = (last[0]["run"], last[0]["status"]) if last else ("", "")
    return name, status, tries, made.left if made.certain else None
