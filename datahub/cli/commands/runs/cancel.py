"""Cancel a run: one that waits ends at once, one that is at work at its next step.

What it has sent stays sent, and is not sent again; what it has not done is left for the next run. A run whose rows have all arrived
is ended well instead. Where nobody knows whether a batch has
arrived, --arrived or --resend must say it.
"""

from __future__ import annotations

from typing import Annotated

import typer

from datahub.cli.output import Stop, say


def command(
    run: Annotated[str, typer.Argument(help="The beginning of its id, or `last`.", show_default=False)],
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    arrived: Annotated[bool, typer.Option("--arrived", help="What was uncertain has arrived, and is not sent again.")] = False,
    resend: Annotated[bool, typer.Option("--resend", help="What was uncertain is left for the next run, as what has not arrived.")] = False,
    env: Annotated[str, typer.Option(help="The environment, dhm.ENV.toml.", metavar="ENV", show_default=False)] = "",
) -> None:
    import json
    from datetime import UTC, datetime

    from datahub.cli.job_run import Asked, run_job
    from datahub.cli.ledger_runs import one_run, opened
    from datahub.cli.switching import person
    from datahub.cli.uncertain import answered, unknown
    from datahub.state.records import FileState, RunStatus

    with opened(env) as (loaded, store):
        found, now = one_run(store, run), datetime.now(UTC)
        if found.ended_for_good:
            raise Stop(f"run {found.id} has ended: {found.status.value.replace('_', ' ')}")
        if batches := unknown(store, found):
            answered(store, found, batches, arrived, resend, "cancel")
        # Nobody knows any more how to reach the targets of a job that is not declared.
        orphaned = found.job not in loaded.project.jobs
        store.runs.cancel(found.id, reason or f"cancelled by {person()}", now, orphaned=orphaned)
        store.audit(person(), "cancel", found.id, now)
        left = store.runs.get(found.id)
        stays = [file for file in store.deliveries.files(found.id) if file.state in (FileState.STAGING, FileState.STAGED)]
    if left is not None and left.status is not RunStatus.CANCELLED and not orphaned:
        # Nobody may be at work on it; then this takes back what it has set down at its targets.
        run_job(Asked(left.job, env, claimed=left.id, alone=True, quiet=True))
        with opened(env) as (_, store):
            left = store.runs.get(found.id)
    done = left is not None and left.status is RunStatus.CANCELLED
    if left is not None and left.status is RunStatus.SUCCESS:
        say(f"run {found.id} is a success: all of it had arrived already, and nothing was left to be cancelled")
        return
    say(f"run {found.id} is cancelled" if done else f"run {found.id} ends at its next step")
    for file in stays if done and orphaned else ():
        place = json.loads(file.receipt or "{}").get("temporary") or f"what there is of {file.name}"
        say(f"  dhm.toml has no job `{found.job}` any more: `{place}` stays at its target `{file.target}`, and nobody takes it back")
