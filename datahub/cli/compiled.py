"""A script as a plan, for commands that go on from there; what is wrong with it is told and ends the command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from datahub.cli.output import Exit, Stop, counted, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datahub.cli.kept_plans import Compiled
    from datahub.diagnostics.diagnostic import Diagnostic
    from datahub.document import Document
    from datahub.packs.folders import Folders
    from datahub.semantic.elaborate import Elaborated


def compiled(path: Path, flow: str = "") -> Compiled:
    """The plan of the script at `path`; warnings are told, errors end the command with exit code 2."""
    from datahub.cli.scripts import one
    from datahub.packs.folders import Folders

    loader = Folders()
    return compiled_document(one(path, loader), loader, flow)


def compiled_document(document: Document, loader: Folders, flow: str = "") -> Compiled:
    """The plan of `document`, which `loader` has read; made, or the one that was kept."""
    from datahub.cli.kept_plans import keep, kept

    made = kept(document, loader, flow)
    if made is None:
        made = _compiled(document, loader, flow)
        keep(document, loader, flow, made)
    if made.warnings:
        say(f"note: `dhm check` has {counted(made.warnings, 'warning')} for this script")
    return made


def _compiled(document: Document, loader: Folders, flow: str) -> Compiled:
    from datahub.cli.kept_plans import Compiled
    from datahub.compiler import compile
    from datahub.diagnostics.rule import Severity
    from datahub.diagnostics.suppress import suppress
    from datahub.plan.serde import digest

    found: list[Diagnostic] = []
    try:
        plan = compile(document, loader, found.append, flow or None)
    except LookupError as error:
        raise Stop(str(error.args[0])) from error
    told = suppress(found, [document])
    if plan is None:
        from datahub.cli.scripts import errors

        _tell(told)
        raise Stop(f"`{document.path}` does not compile: {counted(errors(told), 'error')}", code=Exit.USAGE)
    return Compiled(plan, sum(one.level is Severity.WARNING for one in told), digest(plan))


def elaborated(path: Path, started: Path | None = None) -> Elaborated:
    """The typed program of the script at `path`, or of the pack in that folder; errors are told and end the command with exit code 1.

    What is in no project takes the packs of that in which the command was `started`.
    """
    from datahub.cli.scripts import errors, one
    from datahub.packs.folders import Folders
    from datahub.semantic.elaborate import elaborate_whole
    from datahub.syntax.parser import parse

    loader = Folders(started=started)
    document = one(path / "pack.dhm" if path.is_dir() else path, loader)
    found: list[Diagnostic] = []
    made = elaborate_whole(parse(document, found.append), loader, found.append)
    if wrong := errors(found):
        _tell(found)
        raise Stop(f"`{document.path}` does not compile: {counted(wrong, 'error')}", code=Exit.WRONG)
    return made


def _tell(found: Sequence[Diagnostic]) -> None:
    from datahub.cli.complaints import complain
    from datahub.diagnostics.rule import Severity

    # What only could be better is the matter of `dhm check`.
    complain(finding for finding in found if finding.level is Severity.ERROR)
