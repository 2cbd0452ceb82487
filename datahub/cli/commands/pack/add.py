"""Add a pack to `[packs]` of dhm.toml, and lock it.

PACK is its name, with a range of versions behind an `@` where not every version is taken: `acme.core@^1.4`. Without `--path` or `--index`
it is one that comes with DataHub, or with an installed Python distribution. Without a range, the newest version is taken, and its range
of compatible versions is written.

Exit codes: 0 done, 1 there is no such pack or it may not be used, 75 a server did not answer.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from datahub.cli.output import Stop, say


def command(
    pack: Annotated[str, typer.Argument(help="Its name, such as acme.core or acme.core@^1.4.")],
    path: Annotated[Path | None, typer.Option(help="A folder or archive that holds it.", show_default=False)] = None,
    index: Annotated[str, typer.Option(help="The address of an index of packs.", show_default=False)] = "",
) -> None:
    from dataclasses import replace

    from pydantic import ValidationError

    from datahub.cli.files import replace_text
    from datahub.cli.packs import failures_told, lock_again, project_or_stop
    from datahub.packs.declared import with_pack
    from datahub.project.pack import PackRequirement

    project = project_or_stop()
    name, _, versions = pack.partition("@")
    shown = _from_project(path, project.folder) if path is not None else ""
    try:
        asked = PackRequirement(version=versions, path=shown, index=index)
    except ValidationError as problem:
        raise Stop(f"`{pack}`: {problem.errors(include_input=False)[0]['msg']}", "write such as `acme.core@^1.4`") from None
    with failures_told():
        tried = replace(project, asked={**project.asked, name: asked})
        version = tried.resolved(renew=[name])[name].offered.version
    if not versions:
        # A range has the pre-releases of the version that it names alone.
        least = version if version.prerelease is not None else f"{version.major}.{version.minor}"
        asked = asked.model_copy(update={"version": f"^{least}"})
    manifest = project.folder / "dhm.toml"
    text = with_pack(manifest.read_text(encoding="utf-8"), name, asked)
    # The lock is made first: dhm.toml names no pack that cannot be had.
    lock_again(replace(project, asked={**project.asked, name: asked}), [name])
    replace_text(manifest, text)
    say(f"added {name} {asked.version} to dhm.toml")


def _from_project(path: Path, folder: Path) -> str:
    """How dhm.toml names a place: from its own folder, so that a checkout can stand anywhere; absolute and elsewhere, it stays."""
    seen = path.resolve()
    if path.is_absolute() and not seen.is_relative_to(folder):
        return str(seen)
    return Path(os.path.relpath(seen, folder)).as_posix()
