"""Keep schedules and events from starting a job; by hand it can still be run, and a run that is at work goes on."""

from __future__ import annotations

from typing import Annotated

import typer

from datahub.cli.switching import switch


def command(
    job: Annotated[str, typer.Argument(help="The job.", show_default=False)],
    env: Annotated[str, typer.Option(help="The environment, dhm.ENV.toml.", metavar="ENV", show_default=False)] = "",
) -> None:
    switch(job, env, on=False)
