"""Let a held or failed run go on: now with `dhm run`, or by `dhm serve` where that is at work.

--approve lets an input through that a guard does not believe, or that is older than what a later run has delivered. --arrived and --resend
say what became of a batch of which nobody knows whether it arrived.
"""

from __future__ import annotations

from typing import Annotated

import typer

from datahub.cli.output import Stop, say


def command(
    run: Annotated[str, typer.Argument(help="The beginning of its id, or `last`.", show_default=False)],
    approve: Annotated[bool, typer.Option("--approve", help="Let its input through.")] = False,
    arrived: Annotated[bool, typer.Option("--arrived", help="What was uncertain has arrived.")] = False,
    resend: Annotated[bool, typer.Option("--resend", help="What was uncertain is sent again.")] = False,
    later: Annotated[bool, typer.Option("--later", help="Only let it go on; leave the work to `dhm serve`.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but what went wrong.")] = False,
    env: Annotated[str, typer.Option(help="The environment, dhm.ENV.toml.", metavar="ENV", show_default=False)] = "",
) -> None:
    from datetime import UTC, datetime

    from datahub.cli.job_run import Asked, run_job
    from datahub.cli.ledger_runs import one_run, opened
    from datahub.cli.queued import ahead, copies, met, orphaned, other_way, ways_on
    from datahub.cli.switching import person
    from datahub.cli.uncertain import answered, unknown
    from datahub.runner.jobs.fetch import gone
    from datahub.runner.jobs.overtaken import known_since
    from datahub.state.records import RunStatus

    with opened(env) as (loaded, store):
        found, now = one_run(store, run), datetime.now(UTC)
        if not found.ended_for_good and found.job not in loaded.project.jobs:
            raise Stop(f"run {found.id} cannot go on", orphaned(found))
        # One that is at work is another process's; one whose process is gone waits for anybody.
        stopped = found.status not in (RunStatus.HELD, RunStatus.RETRYABLE)
        waiting = stopped and any(one.id == found.id for one in store.runs.upcoming(found.job, now))
        waiting |= found.status in (RunStatus.PENDING, RunStatus.CRASHED)
        if waiting and approve:
            before = ahead(store, found)
            advice = f"before it is run {before.id}, which {met(store, before)[0]}" if before else "without `--approve` it is worked on"
            raise Stop(f"run {found.id} waits and is not held: there is nothing of it to approve", advice)
        if found.status is RunStatus.CANCELLED:
            raise Stop(f"run {found.id} was cancelled, and its input was given back", f"`dhm run {found.job}` reads what is there now")
        failed = found.status in (RunStatus.FAILED, RunStatus.OVER_LIMIT)
        if failed and not approve and (newer := store.runs.overtaken(found.id)):
            # It would arrive behind that, as if it were newer.
            told = f"{known_since(store, found, newer)}, and what it made would arrive behind newer rows"
            raise Stop(told, f"{other_way(store, found)}; `--approve` delivers it all the same")
        if not store.deliveries.planned(found.id) and (lost := gone(store.items.taken(found.id))):
            raise Stop(
                f"run {found.id} cannot go on: the copy of `{lost[0]}` that was landed is not there any more",
                f"`dhm run {found.job}` reads what is there now; `dhm runs prune` removes copies that are older than `retention.payloads`;"
                " of a younger run, somebody has moved `landed` beside the ledger",
            )
        if batches := unknown(store, found):
            answered(store, found, batches, arrived, resend, "resume")
        if found.status is RunStatus.HELD and not batches and not approve:
            raise Stop(f"run {found.id} is held: {found.reason}", ways_on(found))
        if not waiting and not store.runs.reopen(found.id, now, approved=approve or found.approved):
            raise Stop(f"run {found.id} is {found.status.value.replace('_', ' ')}: there is nothing to go on with")
        if not quiet and stopped and not waiting and (reads := copies(store, found)):
            say(f"run {found.id} goes on with {reads}; {other_way(store, found)}")
        said = "approve" if approve else "arrived" if arrived else "resend" if resend else "resume"
        store.audit(person(), said, found.id, now)
    if later:
        say(f"run {found.id} goes on when `dhm serve` or `dhm run {found.job}` comes to it")
        return
    raise typer.Exit(run_job(Asked(found.job, env, claimed=found.id, quiet=quiet)))
