"""Compare two runs of a job: rows, codes, files, columns, warnings, and the script that they ran.

Where no other is named, it is compared with the last before it that delivered something.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import dropwhile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datahub.cli.listings import Listing, give_json
from datahub.cli.output import Stop, give, say

if TYPE_CHECKING:
    from datahub.state.records import Run
    from datahub.state.store import StateStore

_LOOKED_AT = 1_000


def command(
    run: Annotated[str, typer.Argument(help="The beginning of its id, or `last`.", show_default=False)] = "last",
    before: Annotated[str, typer.Argument(help="The run that it is compared with.", show_default="the last good one before it")] = "",
    env: Annotated[str, typer.Option(help="The environment, dhm.ENV.toml.", metavar="ENV", show_default=False)] = "",
    output: Annotated[Listing, typer.Option(help="A table, or one JSON document.")] = Listing.TEXT,
) -> None:
    from datahub.cli.ledger_runs import one_run, opened
    from datahub.cli.tables import table
    from datahub.runner.jobs.bind import folders_of

    with opened(env) as (loaded, store):
        after = one_run(store, run)
        earlier = one_run(store, before) if before else _good_before(store, after)
        folders = folders_of(loaded)
        facts = [dict(_facts(one, folders.run(one.id) / "out" / "run" / "report.json")) for one in (earlier, after)]
    names = sorted({*facts[0], *facts[1]}, key=lambda name: (_RANKS.get(name.split(" ")[0], len(_RANKS)), name))
    differ = [(name, facts[0].get(name, ""), facts[1].get(name, "")) for name in names if facts[0].get(name, "") != facts[1].get(name, "")]
    if output is Listing.JSON:
        several = [{"what": name, "before": one, "after": two} for name, one, two in differ]
        give_json({"before": earlier.id, "after": after.id, "differ": several})
        return
    if not differ:
        say(f"run {after.id} is as run {earlier.id} was")
        return
    give(table([[name, _shown(one), _shown(two)] for name, one, two in differ], right=(1, 2), head=("", earlier.id, after.id)))


_RANKS = {name: rank for rank, name in enumerate(("job", "status", "rows", "code", "files", "column", "warning", "parameter", "script"))}


def _good_before(store: StateStore, run: Run) -> Run:
    from datahub.state.records import NOTHING_NEW, RunStatus

    # The newest first, whatever the clock did.
    several = dropwhile(lambda one: one.id != run.id, store.runs.list(run.job, limit=_LOOKED_AT))
    earlier = (one for one in several if one.id != run.id and one.status is RunStatus.SUCCESS and one.code != NOTHING_NEW)
    found = next(earlier, None)
    if found is None:
        raise Stop(f"no run of `{run.job}` delivered something before run {run.id}", f"name another: `dhm runs diff {run.id} RUN`")
    return found


def _facts(run: Run, report: Path) -> Iterator[tuple[str, object]]:
    """What is told of a run, by what it is: all that two runs can differ in."""
    yield from (("job", run.job), ("status", run.status.value))
    for fate in ("read", "written", "rejected", "filtered", "merged", "empty", "looked_up"):
        yield f"rows {fate}", getattr(run.counts, fate)
    yield from ((f"parameter {name}", str(value)) for name, value in json.loads(run.parameters).items())
    if report.is_file():
        yield from _told(json.loads(report.read_text(encoding="utf-8")))


def _told(report: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """What the report of a run has beside its counts."""
    yield from ((f"code {one['code']}", one["count"]) for one in report["codes"])
    yield from ((f"files {one['source']}", len(one["files"])) for one in report["sources"])
    yield from ((f"column {name} of {source}", "absent") for source, names in report.get("absent", {}).items() for name in names)
    yield from ((f"warning {one}", "told") for one in report["warnings"])
    yield "script", report["plan"][:12]


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
