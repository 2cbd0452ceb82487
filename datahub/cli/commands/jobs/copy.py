"""Copy a job under another name, switched off, into dhm.toml; comments and order of the file stay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any

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
    addresses = list(_addressed_anew(made, name))
    document["jobs"].add(tomlkit.nl())
    document["jobs"][name] = made
    replace_text(path, tomlkit.dumps(document))
    say(f"`{name}` is a copy of `{job}`, and off; `dhm jobs enable {name}` lets it start by itself")
    for address in addresses:
        say(f"  it takes messages at `/hooks/{address}`: one address starts one job")


def _addressed_anew(made: Any, name: str) -> Iterator[str]:
    """Give each webhook of a copy an address of its own, named after it."""
    triggers = made.get("triggers", [])
    hooks = [one for one in (triggers if isinstance(triggers, list) else [triggers]) if one.get("kind") == "webhook"]
    for number, hook in enumerate(hooks, 1):
        hook["path"] = name[:60] if number == 1 else f"{name[:60]}-{number}"
        yield hook["path"]
