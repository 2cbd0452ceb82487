"""Show a job: what it reads and writes, when it runs, its parameters and limits, and which promise each of its targets gets."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from datahub.cli.output import Stop, give

if TYPE_CHECKING:
    from datahub.project.binding import From
    from datahub.project.model import Config


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
    from datahub.runner.jobs.transform import text_of_parameter

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
    rows += [["parameters", ", ".join(f"{name} = {text_of_parameter(value)}" for name, value in declared.parameters.items())]]
    for name in ("tolerance", "guards", "retry", "retention"):
        rows.append([name, _said(getattr(declared, name))])
    rows += [["missed times", _said(one, "catch_up", "grace", "most", "jitter")] for one in declared.schedule]
    rows += [
        ["last runs" if not at else "", f"{run.id}  {run.status.value.replace('_', ' ')}  {run.reason}"] for at, run in enumerate(runs)
    ]
    give(table([row for row in rows if row[1]]))


def _said(told: Config, *only: str) -> str:
    """What is said of a part of the job otherwise than where nothing is said."""
    given = [name for name in type(told).model_fields if name in told.model_fields_set and (not only or name in only)]
    return ", ".join(f"{name} {_shown(getattr(told, name))}" for name in given)


def _shown(value: object) -> str:
    from datahub.project.model import shown_length

    match value:
        case timedelta():
            return shown_length(value)
        case Decimal():
            return f"{(value * 100).normalize():f} %"
        case _:
            return str(value)


def _whence(told: From) -> str:
    from datahub.project.binding import EntityFrom

    return f"the rows of {told.entity} that the project remembers" if isinstance(told, EntityFrom) else told.connection
