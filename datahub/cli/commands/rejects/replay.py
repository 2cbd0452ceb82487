"""Run a job over rejected rows once more: over the file as it is, or over one in which they were corrected.

What a target refused (`--source refused-TARGET`) goes to that target alone, past the script. The columns that the file has beside those of
the rows are passed over.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from datahub.cli.output import Exit, Stop

if TYPE_CHECKING:
    from datahub.state.records import Run
    from datahub.state.store import StateStore


def command(
    run: Annotated[str, typer.Argument(help="The beginning of a run's id, or `last`.", show_default=False)],
    file: Annotated[Path | None, typer.Option(help="The corrected rows.", show_default="as they were rejected")] = None,
    source: Annotated[str, typer.Option(help="The source, where several have rejects.", show_default=False)] = "",
    env: Annotated[str, typer.Option(help="The environment, dhm.ENV.toml.", metavar="ENV", show_default=False)] = "",
) -> None:
    from datahub.cli.job_run import Asked, ended, exit_of
    from datahub.cli.ledger_runs import one_run, opened
    from datahub.cli.project import plan_of
    from datahub.cli.rejected import chosen
    from datahub.cli.waits import waits_told
    from datahub.runner.jobs.bind import bind
    from datahub.runner.jobs.refused import target_of
    from datahub.runner.jobs.replay import Busy, replay
    from datahub.runner.jobs.replay_refused import replay_refused

    with opened(env) as (loaded, store):
        found = one_run(store, run)
        rejects = chosen(store, found, source)
        path = file or Path(rejects.path)
        if not path.is_file():
            raise Stop(f"there is no file `{path}`")
        context = bind(loaded, found.job, plan_of(loaded, found.job), store)
        try:
            with waits_told():
                made = replay_refused(context, rejects, path) if target_of(rejects.source) else replay(context, rejects, path)
        except Busy:
            raise _nothing(store, found) from None
        asked = Asked(found.job, env)
        ended(context, made, asked)
        raise typer.Exit(exit_of(made, asked))


def _nothing(store: StateStore, run: Run) -> Stop:
    """Why nothing was replayed: trying again helps once what comes first has ended."""
    from datahub.cli.queued import met, next_of

    again = f"`dhm rejects replay {run.id}` again"
    if (first := next_of(store, run.job)) is None:
        return Stop("nothing was replayed: the job was busy until now", again, code=Exit.LATER)
    state, advice = met(store, first)
    return Stop(f"nothing was replayed: run {first.id} {state}", f"{advice}; once it has ended, {again}", code=Exit.LATER)
