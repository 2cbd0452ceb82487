"""Make a project that runs at once: dhm.toml, a mapping, and a little data to try it on.

FOLDER is made, or must hold nothing that would be written over.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

import typer

from datahub.cli.output import Stop, give, say

_OTHER = "nothing was written; name a folder that is empty, or not there yet"


def command(
    folder: Annotated[Path, typer.Argument(help="The folder of the project.")] = Path(),
    name: Annotated[str, typer.Option(help="The name of the project.", show_default="that of the folder")] = "",
) -> None:
    from shlex import quote

    from datahub.resources import folder as packaged

    called = name or re.sub(r"[^a-z0-9_-]+", "-", folder.resolve().name.lower()).strip("-") or "project"
    if '"' in called or "\\" in called or not called.isprintable():
        raise Stop(f"`{called}` is no name of a project", 'a name is letters, digits and what else can be seen, without `"` and `\\`')
    source = packaged("scaffold")
    files = {path.relative_to(source): path.read_text(encoding="utf-8") for path in sorted(source.rglob("*")) if path.is_file()}
    made = {_shown(path): text.replace("PROJECT", called) for path, text in files.items()}
    there = [path for path in made if os.path.lexists(folder / path)]
    if there:
        raise Stop(f"`{folder / there[0]}` exists", _OTHER)
    if file := next((one for path in made for one in (folder / path).parents if os.path.lexists(one) and not one.is_dir()), None):
        raise Stop(f"`{file}` is a file, and no folder", _OTHER)
    try:
        for path, text in made.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
            give(f"{(folder / path).as_posix()}\n")
    except OSError as problem:
        raise Stop(f"`{problem.filename or folder}` cannot be written: {problem.strerror or problem}", "name another folder") from None
    go = "" if folder == Path() else f"cd {quote(folder.as_posix())} && "
    say(f"try it: {go}dhm run offers")


def _shown(path: Path) -> Path:
    """The name that a file of the scaffold gets; tools would take a file called `.gitignore` for this repository's."""
    return path.with_name(".gitignore") if path.name == "gitignore" else path
