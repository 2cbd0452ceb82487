"""Run a job over rejected rows once more: over the file as it is, or over one in which they were corrected.

What a target refused (`--source refused-TARGET`) goes to that target alone, past the script. The columns that the file has beside those of
the rows are passed over. Of rows that are wrong still the run makes rejects of its own, and delivers the others, whatever the job
tolerates. A target at which each run takes the place of all that was there is given none. With `--code` and `--key` those of the rows
that are so go alone; the others, and rows that the file leaves out, stay to be replayed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from datahub.cli.output import Exit, Stop, counted

if TYPE_CHECKING:
    from datahub.runner.jobs.job_context import JobContext
    from datahub.state.records import Run
    from datahub.state.store import StateStore


_SENT = (
    "what that run rejected is in its own rejects, `dhm rejects show {}`; leave its rows out of the file of `dhm rejects show {}`;"
    " `--approve` sends them all the same"
)


def command(
    run: Annotated[str, typer.Argument(help="The beginning of a run's id, or `last`: the newest that rejected some.", show_default=False)],
    file: Annotated[Path | None, typer.Option(help="The corrected rows.", show_default="as they were rejected")] = None,
    source: Annotated[str, typer.Option(help="The source, where several have rejects.", show_default=False)] = "",
    code: Annotated[str, typer.Option(help="Only rows with this code, such as R104; `R1*` is a family.", show_default=False)] = "",
    key: Annotated[str, typer.Option(help="Only rows with this in their key.", show_default=False)] = "",
    approve: Annotated[
        bool, typer.Option("--approve", help="Send rows that may come twice: of a run that delivered nothing, or that went again.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but what went wrong.")] = False,
    env: Annotated[str, typer.Option(help="The environment, dhm.ENV.toml.", metavar="ENV", show_default=False)] = "",
) -> None:
    from tempfile import TemporaryDirectory

    from datahub.cli.following import follow
    from datahub.cli.job_run import Asked, ended, exit_of
    from datahub.cli.ledger_runs import opened
    from datahub.cli.project import plan_of
    from datahub.cli.rejected import chosen, not_there
    from datahub.cli.waits import waits_told
    from datahub.runner.jobs.bind import bind
    from datahub.runner.jobs.picked_rejects import picked
    from datahub.runner.jobs.refused import target_of
    from datahub.runner.jobs.rejected_rows import Wanted
    from datahub.runner.jobs.replay import Busy, replay
    from datahub.runner.jobs.replay_refused import replay_refused
    from datahub.runner.jobs.replayed import SentBefore
    from datahub.runner.jobs.undelivered import undelivered

    with opened(env) as (loaded, store):
        found, rejects = chosen(store, run, source)
        if not approve and (no := undelivered(store, found, rejects)) is not None:
            raise Stop(f"nothing was replayed: {no.reason}", f"{no.help}; `--approve` sends them all the same")
        some = bool(code or key)
        if some and file is not None:
            raise Stop("`--code` and `--key` choose among the rows as they were rejected", "leave `--file` out, or choose in the file")
        path = file or Path(rejects.path)
        if not path.is_file():
            raise Stop(f"there is no file `{path}`") if file else not_there(path)
        context = bind(loaded, found.job, plan_of(loaded, found.job), store)
        _takes_rows(context, target_of(rejects.source))
        with TemporaryDirectory() as folder:
            places = None
            if some:
                path, places = picked(context, rejects, Wanted(code, key=key), Path(folder))
                if not places:
                    raise Stop("none of the rejected rows is so", f"`dhm rejects find --job {found.job}` shows them with code and key")
            try:
                with waits_told(quiet=quiet):
                    again = replay_refused if target_of(rejects.source) else replay
                    made = again(context, rejects, path, places=places, twice=approve)
            except Busy:
                raise _nothing(store, found) from None
            except SentBefore as sent:
                went = f"{counted(sent.rows, 'row')} of these went again as run {sent.run}"
                raise Stop(f"nothing was replayed: {went}", _SENT.format(sent.run, found.id)) from None
        asked = Asked(found.job, env, quiet=quiet)
        ended(context, made, asked)
        end = exit_of(made, asked)
    follow(asked)
    raise typer.Exit(end)


def _takes_rows(context: JobContext, only: str) -> None:
    """Refuse where the rows would take the place of all that their target has."""
    from datahub.runner.jobs.replacing import replacing

    targets = {target: told for target, told in context.job.targets.items() if only in ("", target)}
    for target, why in replacing(context.plan, context.ways, targets):
        raise Stop(
            f"nothing was replayed: what `{target}` is given takes the place of all that it has ({why}), and these rows are but a few",
            f"correct them where they come from, put the whole input there again, and `dhm run {context.name}` delivers all of it",
        )


def _nothing(store: StateStore, run: Run) -> Stop:
    """Why nothing was replayed: trying again helps once what comes first has ended."""
    from datahub.cli.queued import met

    again = f"`dhm rejects replay {run.id}` again"
    if (first := store.runs.first(run.job)) is None:
        return Stop("nothing was replayed: the job was busy until now", again, code=Exit.LATER)
    state, advice = met(store, first)
    return Stop(f"nothing was replayed: run {first.id} {state}", f"{advice}; once it has ended, {again}", code=Exit.LATER)
