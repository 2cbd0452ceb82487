"""What `dhm check` says of packs beside their scripts: files that no pack may hold, drift below overrides, and a lock that is behind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from datahub.diagnostics.diagnostic import Diagnostic
    from datahub.document import Document
    from datahub.packs.folders import Folders
    from datahub.project.failures import DataHubError


def lock_findings(scripts: Iterable[Document], loader: Folders, locked: bool, *, told: bool = False) -> list[Diagnostic]:
    """The findings; with `locked` those about the lock are errors, and it must be there.

    `told` is whether somebody else tells of a project that cannot be read.
    """
    ordered = sorted(scripts, key=lambda one: one.path)
    found: list[Diagnostic] = []
    for one in (*_packs(ordered), *_locks(ordered, loader, locked, told=told)):
        if one not in found:
            found.append(one)
    return found


def _packs(scripts: Iterable[Document]) -> Iterator[Diagnostic]:
    """What stands in the folders of packs besides what the compiler looks at."""
    for folder in dict.fromkeys(Path(one.path).parent for one in scripts):
        if (folder / "pack.dhm").is_file():
            # Few have one, and the others need not wait for what looks at them.
            from datahub.packs.contents import NotAPack
            from datahub.packs.open import examined, open_pack

            try:
                examined(open_pack(folder))
            except NotAPack as problem:
                # What the head lacks is the compiler's to tell.
                yield from (one for one in problem.findings if one.rule.code in ("DHM121", "DHM122"))


def _locks(scripts: Iterable[Document], loader: Folders, locked: bool, *, told: bool) -> Iterator[Diagnostic]:
    from datahub.project.failures import DataHubError

    looked_at: set[Path] = set()
    for script in scripts:
        try:
            project = loader.project(Path(script.path))
        except DataHubError as problem:
            if not told:
                yield _unreadable(script, problem)
            continue
        if project is None or (project.lock is None and not locked):
            continue
        from datahub.packs.locked import drift, stale, strict

        drifted = drift(script, loader, project)
        yield from strict(drifted) if locked else drifted
        if locked and project.folder not in looked_at:
            looked_at.add(project.folder)
            yield from strict(stale(project, loader))


def _unreadable(script: Document, problem: DataHubError) -> Diagnostic:
    """A project whose packs cannot be read: told where its scripts are, since the file may not even be TOML."""
    from datahub.diagnostics.diagnostic import Diagnostic, Label
    from datahub.document import Span
    from datahub.packs.rules_lock import LOCK_STALE

    return Diagnostic(LOCK_STALE, problem.message, Label(Span(script, 0, 0), "its project"), help=problem.help or None)
