"""Makes the lock of a project: versions chosen, packs fetched and examined, their meaning and that of what is overridden noted."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from datahub.diagnostics.diagnostic import Diagnostic
from datahub.diagnostics.rule import Severity
from datahub.document import Document
from datahub.packs.contents import NotAPack
from datahub.packs.folders import Folders
from datahub.packs.lock import Lock, LockedBase, LockedPack
from datahub.packs.manifest import used_in
from datahub.packs.open import examined
from datahub.packs.project import ProjectPacks
from datahub.packs.resolve import Chosen, Required
from datahub.project.failures import TerminalError
from datahub.project.load import NAME as MANIFEST
from datahub.semantic.bases import Base, bases
from datahub.semantic.elaborate import elaborate_whole
from datahub.semantic.meaning import meaning
from datahub.semantic.pack_meaning import pack_meanings
from datahub.syntax.parser import parse

_SKIPPED = frozenset({"node_modules", "__pycache__", "build", "dist", "out"})


def make_lock(project: ProjectPacks, renew: Iterable[str] | None = (), *, accept: bool = False) -> Lock:
    """The lock of the project as it is now; packs in `renew` (None: all) get the newest version that suits.

    What overrides were written against stays as the lock before had it, unless `accept` takes it as it is now.
    """
    scripts = project_scripts(project)
    chosen = project.resolved(script_requirements(project, scripts), renew)
    locked = tuple(_locked(one, project) for one in chosen.values())
    made = replace(project, lock=Lock(pack=locked))
    loader = Folders()
    loader.in_project(made)
    locked = tuple(one.model_copy(update={"meaning": pack_meaning(one.name, project.folder, loader)}) for one in locked)
    lock = Lock(pack=locked)
    before = project.lock.override if project.lock is not None and not accept else ()
    return lock.model_copy(update={"override": tuple(_bases(project, scripts, loader, lock, before))})


def project_scripts(project: ProjectPacks) -> list[Path]:
    """The scripts of a project that are no files of its packs, and of no project inside it, by name."""
    held = {(project.folder / one.path).resolve() for one in project.asked.values() if one.path}
    found = []
    for place, folders, files in os.walk(project.folder):
        kept = (name for name in folders if not name.startswith(".") and name not in _SKIPPED)
        inner = (name for name in kept if not (Path(place) / name / MANIFEST).is_file())
        folders[:] = sorted(name for name in inner if (Path(place) / name).resolve() not in held)
        found += [Path(place) / name for name in sorted(files) if name.endswith(".dhm")]
    return found


def script_requirements(project: ProjectPacks, scripts: Iterable[Path]) -> Iterator[Required]:
    """What scripts use; of packs that lie around them unasked for, the compiler takes what is there."""
    for path in scripts:
        for name, versions in used_in(_read(path)):
            if project.origin(name, ()) is not None:
                yield Required(name, versions, path.relative_to(project.folder).as_posix())


def _read(path: Path) -> Document:
    try:
        return Document(path.as_posix(), path.read_bytes().decode("utf-8-sig", "replace"))
    except OSError as problem:
        raise TerminalError(f"`{path}` cannot be read: {problem.strerror}") from None


def _locked(one: Chosen, project: ProjectPacks) -> LockedPack:
    pack = examined(project.fetched(one.name, one.offered.version))
    requires = tuple(f"{name} {versions.text}".strip() for name, versions in dict.fromkeys(pack.requires))
    return LockedPack(
        name=one.name,
        version=str(one.offered.version),
        origin=one.origin.shown,
        files=pack.contents.digest,
        meaning="",
        requires=tuple(sorted(requires)),
    )


def pack_meaning(name: str, folder: Path, loader: Folders) -> str:
    """One hash of what a pack means with the packs that it requires, and of what it makes of them."""
    documents = loader.pack(name, "", Document((folder / "dhm.toml").as_posix(), ""))
    if not isinstance(documents, tuple):
        reason = documents.reason if documents is not None else "it is not there"
        raise TerminalError(f"the pack `{name}` cannot be used: {reason}", documents.help if documents is not None else "")
    told: list[Diagnostic] = []
    made = elaborate_whole(parse(documents[0], told.append), loader, told.append)
    wrong = [one for one in told if one.level is Severity.ERROR]
    if wrong:
        raise NotAPack(f"the pack `{name}` does not compile", wrong)
    return meaning(pack_meanings(made))


def _bases(
    project: ProjectPacks, scripts: Iterable[Path], loader: Folders, lock: Lock, before: Iterable[LockedBase]
) -> Iterator[LockedBase]:
    known = {(one.by, one.pack, one.item): one for one in before}
    told: set[tuple[str, str, str]] = set()
    for path in scripts:
        for base in script_bases(loader.document(path, path.as_posix()), loader):
            by = overriding(base, project)
            key = (by, base.pack, base.item)
            if key not in told:
                told.add(key)
                yield known.get(key) or locked_base(base, by, lock)


def script_bases(script: Document, loader: Folders) -> tuple[Base, ...]:
    return bases(parse(script, lambda _: None), loader)


def overriding(base: Base, project: ProjectPacks) -> str:
    """Who overrides: a pack by its name, a script by its path."""
    if base.by:
        return base.by
    path = Path(base.at.document.path).resolve()
    return path.relative_to(project.folder).as_posix() if path.is_relative_to(project.folder) else base.at.document.path


def locked_base(base: Base, by: str, lock: Lock) -> LockedBase:
    pack = lock.of(base.pack)
    text = base.written.text if base.written is not None else ""
    return LockedBase(
        by=by, pack=base.pack, item=base.item, meaning=base.meaning, version=pack.version if pack is not None else "", text=text
    )
