"""List the files of rejected rows, the newest first, with how often each code is in them."""

from __future__ import annotations

from typing import Annotated

import typer

from datahub.cli.listings import Listing, give_json
from datahub.cli.output import give, say


def command(
    run: Annotated[str, typer.Argument(help="The beginning of a run's id, or `last`; all where none is named.", show_default=False)] = "",
    number: Annotated[int, typer.Option("-n", help="How many.", min=1, max=10_000)] = 20,
    env: Annotated[str, typer.Option(help="The environment, dhm.ENV.toml.", metavar="ENV", show_default=False)] = "",
    output: Annotated[Listing, typer.Option(help="A table, or one JSON document.")] = Listing.TEXT,
) -> None:
    import json

    from datahub.cli.ledger_runs import one_run, opened
    from datahub.cli.tables import table

    with opened(env) as (_, store):
        found = store.rejects.list(one_run(store, run).id if run else "", number)
    if output is Listing.JSON:
        several = [(one, json.loads(one.codes)) for one in found]
        give_json(
            [
                {"run": one.run, "source": one.source, "rows": one.rows, "codes": codes, "file": one.path, "again_as": one.replayed_as}
                for one, codes in several
            ]
        )
        return
    if not found:
        say("no rows were rejected")
        return
    rows = []
    for one in found:
        codes = ", ".join(f"{code} {count:,}" for code, count in json.loads(one.codes).items())
        rows.append([one.run, one.source, f"{one.rows:,}", codes, f"again as {one.replayed_as}" if one.replayed_as else ""])
    give(table(rows, right=(2,), head=("run", "source", "rows", "codes", "")))
