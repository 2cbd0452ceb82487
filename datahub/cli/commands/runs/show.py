"""Show a run: what became of its rows, what it read, what it sent where, and what there is to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from datahub.cli.output import counted, give

if TYPE_CHECKING:
    from datahub.project.load import Loaded
    from datahub.state.records import Batch, Run, Taken
    from datahub.state.store import StateStore


def command(
    run: Annotated[str, typer.Argument(help="The beginning of its id, or `last`.", show_default=False)] = "last",
    env: Annotated[str, typer.Option(help="The environment, dhm.ENV.toml.", metavar="ENV", show_default=False)] = "",
) -> None:
    from datahub.cli.instants import local
    from datahub.cli.ledger_runs import one_run, opened
    from datahub.cli.queued import next_step, states
    from datahub.cli.tables import table
    from datahub.reports.page import NAME
    from datahub.runner.jobs.arrived import arrived
    from datahub.runner.jobs.bind import folders_of
    from datahub.runner.jobs.replayed import replayed

    with opened(env) as (loaded, store):
        zone = loaded.project.project.timezone
        found = one_run(store, run)
        counts, (why,) = found.counts, states(store, [found], loaded.project.jobs)
        rows = [
            ["run", found.id],
            ["job", f"{found.job}, started by {found.kind}, for {local(found.fire_at, zone)} {zone}"],
            _cause(loaded, store, found),
            ["status", f"{found.status.value.replace('_', ' ')}{f': {why}' if why else ''}"],
            ["help", found.help],
            ["next", next_step(store, found)],
            ["at work", f"{local(found.started, zone)} to {local(found.ended, zone)}" if found.started else ""],
            ["parameters", ", ".join(f"{name} = {value}" for name, value in json.loads(found.parameters).items())],
            ["range", found.window.replace("/", " to ")],
            ["attempts", str(found.attempt) if found.attempt > 1 else ""],
            ["next try", local(found.not_before, zone)],
        ]
        if counts.read:
            parts = ("written", "rejected", "filtered", "merged", "empty", "looked_up")
            there = arrived(store, found)
            said = {"written": "fit to be written" if there else "written", "looked_up": "looked up"}
            fates = " + ".join(f"{getattr(counts, part):,} {said.get(part, part)}" for part in parts if getattr(counts, part))
            rows.append(["rows", f"{counts.read:,} read = {fates}{'' if counts.add_up else '  (they do not add up)'}"])
            rows.append(["arrived", there])
        rows += [
            ["read", f"{_place(one)} ({one.item.size:,} bytes, sha256 {one.item.sha256[:12]}…){'' if one.source else ', known before'}"]
            for one in store.items.taken(found.id)
        ]
        rows += [["sends", f"{one.name} to {one.target}: {one.state}"] for one in store.deliveries.files(found.id)]
        rows += [
            ["sends", f"rows {one.first + 1:,} to {one.last:,} to {one.target}: {_state(one)}"]
            for one in store.deliveries.batches(found.id)
        ]
        page = folders_of(loaded).run(found.id) / "out" / "run" / NAME
        rows += _told(page.with_name("report.json"))
        rows.append(["report", str(page) if page.is_file() else ""])
        for one in store.rejects.list(found.id):
            again = replayed(store, one).told()
            rows.append(["rejects", f"{counted(one.rows, 'row')} of {one.source}: {one.path}{f' ({again})' if again else ''}"])
        give(table([row for row in rows if row[1]]))


def _place(one: Taken) -> str:
    """The name of what was read, with where it lay."""
    path = str(json.loads(one.item.split).get("locator", ""))
    return f"{one.item.name}, {path}" if path.endswith(f"/{one.item.name}") else one.item.name


def _state(batch: Batch) -> str:
    return f"had arrived by run {batch.sent_by}" if batch.sent_by else f"{batch.state}, key {batch.key[:12]}…"


def _told(report: Path) -> list[list[str]]:
    """What the run was warned of, and what else is worth a word; nothing where its report is gone."""
    told = json.loads(report.read_text(encoding="utf-8")) if report.is_file() else {}
    return [[kind, str(one)] for kind in ("warning", "note") for one in told.get(f"{kind}s", ())]


def _cause(loaded: Loaded, store: StateStore, run: Run) -> list[str]:
    """The message or the run that a run was started by."""
    from datahub.cli.messages import lacking
    from datahub.runner.jobs.piled_up import REST

    cause = store.runs.cause(run.id)
    if (message := store.inbox.get(cause)) is not None:
        said = (message.id, f"about {message.key}" if message.key else "", lacking(loaded, message))
        return ["message", ", ".join(one for one in said if one)]
    if cause.startswith(REST):
        return ["after", f"run {cause.removeprefix(REST)}, which left it some files"]
    return ["after", f"run {cause} of {earlier.job}"] if (earlier := store.runs.get(cause)) is not None else ["", ""]
