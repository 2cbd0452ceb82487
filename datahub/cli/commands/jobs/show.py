"""Show a job: what it reads and writes, when it runs, and which promise each of its targets gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from datahub.cli.output import Stop, give

if TYPE_CHECKING:
    from datahub.project.binding import From


def command(
    job: Annotated[str, typer.Argument(help="The job.", show_default=False)],
    env: Annotated[str, typer.Option(help="The environment, dhm.ENV.toml.", metavar="ENV", show_default=False)] = "",
) -> None:
    from datahub.cli.project import ledger, plan_of, project
    from datahub.cli.schedules import described, started_by
    from datahub.cli.tables import table
    from datahub.project.failures import TerminalError
    from datahub.runner.jobs.bind import job_of, ways_of
    from datahub.runner.jobs.promise import promises

    loaded = project(env)
    plan = plan_of(loaded, job)
    declared = job_of(loaded, job)
    try:
        ways = ways_of(loaded, job, plan)
    except TerminalError as problem:
        raise Stop(problem.message, problem.help) from problem
    store = ledger(loaded)
    on = store.switches.all().get(job, declared.enabled)
    runs = store.runs.list(job, limit=5)
    store.close()
    rows = [["job", job], ["", declared.description], ["enabled", "yes" if on else "no"], ["script", declared.mapping]]
    rows += [["runs", text] for text in [*described(loaded, declared), *started_by(declared)] or ["when it is started by hand"]]
    rows += [["reads", f"{name} from {_whence(told)}"] for name, told in declared.sources.items()]
    rows += [["writes", one.told] for one in promises(declared, ways, plan)]
    rows += [["tells", f"{one.connection} when a run ends with {', '.join(one.on)}"] for one in declared.notify]
    rows += [["when busy", declared.overlap.replace("_", " ")]]
    rows += [
        ["last runs" if not at else "", f"{run.id}  {run.status.value.replace('_', ' ')}  {run.reason}"] for at, run in enumerate(runs)
    ]
    give(table([row for row in rows if row[1]]))


def _whence(told: From) -> str:
    from datahub.project.binding import EntityFrom

    return f"the rows of {told.entity} that the project remembers" if isinstance(told, EntityFrom) else told.connection
