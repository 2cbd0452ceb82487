"""Copy a job under another name, switched off, into dhm.toml; comments and order of the file stay."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from datahub.cli.files import replace_text
from datahub.cli.output import Stop, say


def command(
    job: Annotated[str, typer.Argument(help="The job.", show_default=False)],
    name: Annotated[str, typer.Argument(help="What the copy is called.", show_default=False)],
) -> None:
    import copy

    import tomlkit

    from datahub.cli.project import project
    from datahub.project.failures import TerminalError
    from datahub.project.load import NAME
    from datahub.runner.jobs.bind import job_of

    loaded = project()
    try:
        job_of(loaded, job)
    except TerminalError as problem:
        raise Stop(problem.message, problem.help) from problem
    if name in loaded.project.jobs:
        raise Stop(f"there is a job `{name}`")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name):
        raise Stop(f"`{name}` is no name of a job", "a name has letters, digits, `-` and `_`")
    path = loaded.folder / NAME
    document = tomlkit.parse(path.read_text(encoding="utf-8"))
    made = copy.deepcopy(document["jobs"][job])
    made["enabled"] = False
    document["jobs"].add(tomlkit.nl())
    document["jobs"][name] = made
    replace_text(path, tomlkit.dumps(document))
    say(f"`{name}` is a copy of `{job}`, and off; `dhm jobs enable {name}` lets it start by itself")
