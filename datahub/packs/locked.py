"""What a project uses held against its lock: versions, files, and what overrides were written against."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.diagnostics.rule import Rule, Severity
from datahub.document import Document, Span
from datahub.packs.changed_lines import changed_lines, one_line
from datahub.packs.folders import Folders
from datahub.packs.lock import NAME, Lock, LockedBase, LockedPack
from datahub.packs.locking import overriding, project_scripts, script_bases
from datahub.packs.manifest import used_in
from datahub.packs.project import ProjectPacks
from datahub.packs.rules_lock import DRIFT, LOCK_STALE, TAMPERED, VERSION_CONFLICT
from datahub.project.failures import DataHubError
from datahub.project.versions import NoRange, Range, parse_range, parse_version
from datahub.semantic.bases import Base


def drift(script: Document, loader: Folders, project: ProjectPacks) -> Iterator[Diagnostic]:
    """Where a script overrides what its pack says otherwise than when the override was locked; shown are before, now, and the override."""
    known = {(one.by, one.pack, one.item): one for one in project.lock.override} if project.lock is not None else {}
    for base in script_bases(script, loader) if known else ():
        locked = known.get((overriding(base, project), base.pack, base.item))
        if locked is not None and locked.meaning != base.meaning:
            yield _drifted(base, locked, project)


def _drifted(base: Base, locked: LockedBase, project: ProjectPacks) -> Diagnostic:
    now = f"{base.pack} {_version_now(base.pack, project)}".rstrip()
    before = f"{base.pack} {locked.version}"
    also = (Label(base.written, f"now, in {now}"),) if base.written is not None else ()
    lines = changed_lines(locked.text, base.written.text) if base.written is not None else []
    notes = [f"since {before}: {line}" for line in lines] or [f"before, in {before}: {one_line(locked.text) or 'nothing of this name'}"]
    if base.written is None:
        notes.append(f"now, in {now}: nothing of this name")
    elif locked.text == base.written.text:
        notes.append("it is written as before, and what it calls or reads means something else")
    message = f"`{base.item}` of `{base.pack}` has changed since it was overridden"
    helps = "look whether the override is still what you mean; `dhm pack lock --accept` takes the pack as it is now"
    return Diagnostic(DRIFT, message, Label(base.at, "yours"), also, tuple(notes), helps)


def stale(project: ProjectPacks, loader: Folders) -> Iterator[Diagnostic]:
    """Everything in which dhm.lock does not say what the project uses."""
    if project.lock is None:
        yield _at(project.folder / "dhm.toml", "", LOCK_STALE, f"there is no `{NAME}`", "`dhm pack lock` writes it")
        return
    place = project.folder / NAME
    lock = project.lock
    for name, versions, by in _required(project, lock):
        locked = lock.of(name)
        if locked is None:
            yield _at(place, "", LOCK_STALE, f"`{name}` is required by {by}, and not locked", "`dhm pack lock`")
        elif not versions.suits(parse_version(locked.version)):
            message = f"{by} requires `{name}` {versions}, and {locked.version} is locked"
            yield _at(place, name, VERSION_CONFLICT, message, f"`dhm pack update {name}`")
    tampered = [one for locked in lock.pack for one in _tampered(locked, project, place)]
    yield from tampered
    if not tampered:
        # Of a pack that cannot be used it is not known what is overridden.
        yield from _unrecorded(project, loader, place)


def _version_now(name: str, project: ProjectPacks) -> str:
    """The version that is used now: of a folder that is worked on another one than what is locked."""
    try:
        pack = project.open(name)
    except DataHubError:
        pack = None
    locked = project.lock.of(name) if project.lock is not None else None
    return str(pack.manifest.version) if pack is not None else locked.version if locked is not None else ""


def _required(project: ProjectPacks, lock: Lock) -> Iterator[tuple[str, Range, str]]:
    for one in project.required():
        yield one.name, one.versions, one.by
    for pack in lock.pack:
        for said in pack.requires:
            name, _, text = said.partition(" ")
            yield name, _range(text), f"{pack.name} {pack.version}"
    for path in project_scripts(project):
        document = Document(path.as_posix(), path.read_bytes().decode("utf-8-sig", "replace"))
        for name, versions in used_in(document):
            if lock.of(name) is not None or project.origin(name, ()) is not None:
                yield name, versions, path.relative_to(project.folder).as_posix()


def _range(text: str) -> Range:
    try:
        return parse_range(text)
    except NoRange:
        return Range("")


def _tampered(locked: LockedPack, project: ProjectPacks, place: Path) -> Iterator[Diagnostic]:
    try:
        pack = project.open(locked.name)
    except DataHubError as problem:
        yield _at(place, locked.name, TAMPERED, problem.message, problem.help)
        return
    if pack is not None and pack.contents.digest != locked.files:
        there = "" if str(pack.manifest.version) == locked.version else f", and are those of {pack.manifest.version} now"
        message = f"the files of {locked.name} {locked.version} are not those that were locked{there}"
        hashes = (f"locked: {locked.files}", f"found:  {pack.contents.digest}")
        yield replace(_at(place, locked.name, TAMPERED, message, "`dhm pack lock` takes the change, where it is meant"), notes=hashes)


def _unrecorded(project: ProjectPacks, loader: Folders, place: Path) -> Iterator[Diagnostic]:
    """Overrides that the lock does not know, and such as it knows and nobody writes any more."""
    assert project.lock is not None
    known = {(one.by, one.pack, one.item) for one in project.lock.override}
    there: set[tuple[str, str, str]] = set()
    for path in project_scripts(project):
        for base in script_bases(loader.document(path, path.as_posix()), loader):
            key = (overriding(base, project), base.pack, base.item)
            if key not in known and key not in there:
                message = f"`{base.item}` of `{base.pack}` is overridden, and not in the lock"
                yield Diagnostic(LOCK_STALE, message, Label(base.at, "not locked"), help="`dhm pack lock`")
            there.add(key)
    for by, pack, item in sorted(known - there):
        yield _at(place, "", LOCK_STALE, f"{by} does not override `{item}` of `{pack}` any more", "`dhm pack lock`")


def _at(place: Path, name: str, rule: Rule, message: str, help: str) -> Diagnostic:
    """A finding in the lock file, at the line of a pack."""
    text = place.read_text(encoding="utf-8") if place.is_file() else ""
    shown = place.relative_to(Path.cwd()) if place.is_relative_to(Path.cwd()) else place
    document = Document(shown.as_posix(), text)
    start = max(text.find(f'name = "{name}"'), 0) if name else 0
    end = text.find("\n", start)
    return Diagnostic(rule, message, Label(Span(document, start, end if end >= 0 else len(text)), "here"), help=help)


def strict(found: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """Findings as errors: with `--locked` what has drifted stops the line as well."""
    for one in found:
        yield Diagnostic(one.rule, one.message, one.at, one.also, one.notes, one.help, one.fix, Severity.ERROR)
