"""Say whether packs are what they should be: nothing but data that compiles, no host and no secret in them, as they were locked and signed.

PATHS are folders or archives of packs; who has signed them is told. Without any, the packs of the project are held against dhm.lock:
version, hash of the files, and what they require of each other.

Exit codes: 0 all is well, 1 something is not, 75 a server did not answer.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from datahub.cli.output import Exit, Paint, Stop, colourful, counted, give, say

if TYPE_CHECKING:
    from datahub.packs.open import OpenedPack


def command(
    paths: Annotated[list[Path] | None, typer.Argument(help="Folders or archives of packs.", show_default=False)] = None,
) -> None:
    from datahub.cli.packs import opened_or_stop

    paint = Paint(sys.stdout)
    if not paths:
        _project(paint)
    for path in paths or []:
        pack = opened_or_stop(path)
        _compiles(pack)
        give(f"{paint('1;32', 'ok')} {pack.called}  {path}  {pack.contents.digest}\n")
        _signatures(pack, path)


def _compiles(pack: OpenedPack) -> None:
    """Tell why the scripts of a pack do not compile, which ends the command."""
    from datahub.cli.complaints import complain
    from datahub.packs.differences import mistakes

    if found := mistakes(pack, Path.cwd()):
        complain(found)
        raise Stop(f"{pack.called} does not compile: {counted(len(found), 'error')}", code=Exit.WRONG)


def _signatures(pack: OpenedPack, path: Path) -> None:
    """Tell who has signed a pack; a signature that does not hold ends the command."""
    from datahub.cli.packs import failures_told
    from datahub.packs.signatures import ENDING, read, signers

    place = path.resolve().with_name(path.resolve().name + ENDING)
    if place.is_file():
        with failures_told():
            for key in signers(pack, read(place.read_bytes(), str(place))):
                give(f"   signed by {key}\n")


def _project(paint: Paint) -> None:
    """Hold the packs of the project against its lock."""
    from datahub.cli.packs import failures_told, project_or_stop
    from datahub.diagnostics.render.text import render
    from datahub.packs.folders import Folders
    from datahub.packs.locked import stale
    from datahub.packs.open import examined

    project = project_or_stop()
    loader = Folders()
    loader.in_project(project)
    with failures_told():
        found = list(stale(project, loader))
        wrong = {one.at.span.text for one in found}
        for one in project.lock.pack if project.lock is not None else ():
            if f'name = "{one.name}"' not in wrong and (pack := project.open(one.name)) is not None:
                examined(pack)
                give(f"{paint('1;32', 'ok')} {pack.called}  {one.origin}  {one.files}\n")
    if found:
        say(render(found, colour=colourful(sys.stderr)))
        raise Stop(f"{counted(len(found), 'thing')} in which dhm.lock and the project differ", code=Exit.WRONG)
    if not project.asked and (project.lock is None or not project.lock.pack):
        say("there are no packs in dhm.toml")
