"""List the files of rejected rows, the newest first, with how often each code is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from datahub.cli.listings import Listing, give_json
from datahub.cli.output import give, say

if TYPE_CHECKING:
    from datahub.state.records import Rejects, Run


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

    with opened(env) as (_, store):
        found = store.rejects.list(meant(store, run).id if run else "", number)
        again = [store.runs.get(one.replayed_as) if one.replayed_as else None for one in found]
    if output is Listing.JSON:
        keys = ("run", "source", "rows", "codes", "file", "again_as", "again_status")
        told = ((one, run.status.value if run else "") for one, run in zip(found, again, strict=True))
        several = ((one.run, one.source, one.rows, json.loads(one.codes), one.path, one.replayed_as, status) for one, status in told)
        give_json([dict(zip(keys, one, strict=True)) for one in several])
        return
    if not found:
        say("no rows were rejected")
        return
    rows = []
    for one, run_again in zip(found, again, strict=True):
        codes = ", ".join(f"{code} {count:,}" for code, count in json.loads(one.codes).items())
        rows.append([one.run, one.source, f"{one.rows:,}", codes, _again(one, run_again)])
    give(table(rows, right=(2,), head=("run", "source", "rows", "codes", "")))


def _again(one: Rejects, run: Run | None) -> str:
    """The run that was over the rows once more; as long as that has not delivered them, with what became of it."""
    from datahub.state.records import RunStatus

    if run is None:
        return f"again as {one.replayed_as}" if one.replayed_as else ""
    status = "" if run.status is RunStatus.SUCCESS else run.status.value.replace("_", " ")
    what = f"nothing delivered: {status}" if run.ended_for_good else f"not yet: {status}"
    return f"again as {run.id}{f' ({what})' if status else ''}"
