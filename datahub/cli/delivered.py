"""What a run has delivered, in words: a line for each target, and all in one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from datahub.cli.output import counted

if TYPE_CHECKING:
    from datahub.runner.jobs.job_context import JobContext
    from datahub.state.records import Run

_MOST_FILES = 5
"""Files to one target that are told of one by one."""


def delivered(context: JobContext, run: Run) -> str:
    """What went to which target, a line each."""
    from datahub.cli.tables import table

    return table(list(targets(context, run)), right=(1,))


def targets(context: JobContext, run: Run) -> Iterator[tuple[str, str, str]]:
    from datahub.runner.jobs.arrived import has_arrived
    from datahub.runner.jobs.deliver import made_rows
    from datahub.runner.jobs.pieces import arrived_before
    from datahub.runner.jobs.refused import refused_rows, unmade

    files = [one for one in context.store.deliveries.files(run.id) if one.state == "done"]
    for target, several in groupby(files, key=lambda one: one.target):
        shown = [(one, json.loads(one.receipt)["locator"]) for one in several]
        if len(shown) > _MOST_FILES:
            folder = shown[0][1].rpartition("/")[0] or "."
            yield target, counted(sum(one.rows for one, _ in shown), "row"), f"{counted(len(shown), 'file')} in {folder}"
            continue
        yield from ((target, counted(one.rows, "row"), locator) for one, locator in shown)
    for target in context.ways.posters if has_arrived(run) else ():
        if count := made_rows(context, run, target):
            yield target, counted(count, "row"), f"as {counted(count, 'message')}"
    sent = [one for one in context.store.deliveries.batches(run.id) if one.state == "done"]
    for target in dict.fromkeys(one.target for one in sent):
        mine = [one for one in sent if one.target == target and not unmade(one)]
        lacking = sum(one.target == target for one in sent) - len(mine)
        for earlier, rows in arrived_before(mine).items():
            yield target, counted(rows, "row"), f"had arrived by run {earlier}"
        mine = [one for one in mine if not one.sent_by]
        if lacking:
            yield (
                target,
                counted(lacking, "row"),
                "refused: no document can be made of it" if lacking == 1 else "refused: no documents can be made of them",
            )
        if not mine:
            continue
        count = sum(one.last - one.first for one in mine)
        refused = refused_rows(mine)
        said = f", {counted(refused, 'row')} refused" if refused else ""
        yield target, counted(count, "row"), f"in {counted(len(mine), 'batch', 'batches')}{said}"


def done(context: JobContext, run: Run) -> str:
    """What a run that is done has done, in a line."""
    from datahub.runner.jobs.deliver import made_rows
    from datahub.runner.jobs.pieces import arrived_before
    from datahub.runner.jobs.refused import refused_rows, rejected_rows, unmade

    files = context.store.deliveries.files(run.id)
    batches = context.store.deliveries.batches(run.id)
    rejected = rejected_rows(context.store, run)
    said = [f"{counted(run.counts.read, 'row')} read", *([f"{counted(rejected, 'row')} rejected"] if rejected else [])]
    if files:
        said.append(f"{counted(len(files), 'file')} delivered")
    if sent := [one for one in batches if not unmade(one) and not one.sent_by]:
        said.append(f"{counted(len(sent), 'batch', 'batches')} delivered")
    said += [f"{counted(rows, 'row')} had arrived by run {earlier}" for earlier, rows in arrived_before(batches).items()]
    if messages := sum(made_rows(context, run, target) for target in context.ways.posters):
        said.append(counted(messages, "message") + " written down")
    if refused := refused_rows(batches):
        said.append(f"{counted(refused, 'row')} refused")
    return ", ".join(said if len(said) > 1 else [*said, "nothing to deliver"])
