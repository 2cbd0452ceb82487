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
    from datahub.cli.copied_jobs import copied
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
    text = path.read_bytes().decode()
    # Lines end as they do in the file, whatever lies between them.
    crlf = text.count("\r\n") == text.count("\n") > 0
    made, addresses = copied(text.replace("\r\n", "\n") if crlf else text, job, name)
    replace_text(path, made.replace("\n", "\r\n") if crlf else made)
    say(f"`{name}` is a copy of `{job}`, and off; `dhm jobs enable {name}` lets it start by itself")
    for address in addresses:
        say(f"  it takes messages at `/hooks/{address}`: one address starts one job")
