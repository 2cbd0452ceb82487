"""Packs for commands: opened or the command ends, with all that is wrong told."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from datahub.cli.files import replace_text
from datahub.cli.output import Exit, Stop, colourful, counted, say
from datahub.packs.contents import NotAPack
from datahub.packs.lock import Lock, LockedPack
from datahub.packs.open import OpenedPack, examined, open_pack
from datahub.packs.project import ProjectPacks, project_packs
from datahub.packs.resolve import Conflict
from datahub.packs.rules_lock import VERSION_CONFLICT
from datahub.project.failures import DataHubError, TransientError


@contextmanager
def failures_told() -> Iterator[None]:
    """Turn what packs and their places fail with into the end of the command; findings are told first."""
    from datahub.diagnostics.render.text import render

    try:
        yield
    except DataHubError as problem:
        findings = problem.findings if isinstance(problem, NotAPack) else ()
        if findings:
            say(render(list(findings), colour=colourful(sys.stderr)))
        message = problem.message
        if isinstance(problem, Conflict):
            say(conflict_table(problem))
            message += f" ({VERSION_CONFLICT.code})"
        code = Exit.LATER if isinstance(problem, TransientError) else Exit.WRONG
        raise Stop(message, problem.help, code=code) from None


def conflict_table(problem: Conflict) -> str:
    """Who requires which versions of the pack that none suits all."""
    rows = [("who requires it", problem.name), *problem.rows()]
    wide = max(len(who) for who, _ in rows)
    lines = [f"  {who:<{wide}}  {versions}" for who, versions in rows]
    return "\n".join((lines[0], "  " + "-" * max(map(len, lines)), *lines[1:], ""))


def opened_or_stop(path: Path) -> OpenedPack:
    """The pack at `path`, examined."""
    with failures_told():
        return examined(open_pack(path))


def project_or_stop(start: Path | None = None) -> ProjectPacks:
    """The packs of the project around the current folder."""
    with failures_told():
        found = project_packs(start or Path.cwd())
    if found is None:
        raise Stop("there is no dhm.toml here, nor in a folder above", 'a project begins with one: `[project]` and `name = "…"`')
    return found


def lock_again(project: ProjectPacks, renew: Iterable[str] | None = (), *, accept: bool = False) -> Lock:
    """Make the lock of the project anew, write it, and say what changed."""
    from datahub.packs.lock import NAME, written_lock
    from datahub.packs.locking import make_lock

    with failures_told():
        lock = make_lock(project, renew, accept=accept)
    place = project.folder / NAME
    text = written_lock(lock)
    before = place.read_text(encoding="utf-8") if place.is_file() else ""
    for line in changed(project.lock, lock):
        say(line)
    if text == before:
        say("dhm.lock is up to date")
    else:
        replace_text(place, text) if before else place.write_text(text, encoding="utf-8")
        say(f"wrote dhm.lock: {counted(len(lock.pack), 'pack')}, {counted(len(lock.override), 'override')}")
    return lock


def changed(before: Lock | None, after: Lock) -> Iterator[str]:
    """What is other in a lock than in the one before it."""
    old = {one.name: one for one in before.pack} if before is not None else {}
    new = {one.name: one for one in after.pack}
    for name in sorted({*old, *new}):
        match old.get(name), new.get(name):
            case None, LockedPack() as now:
                yield f"  + {name} {now.version}  {now.origin}"
            case LockedPack() as then, None:
                yield f"  - {name} {then.version}"
            case LockedPack() as then, LockedPack() as now if then != now:
                means = "means the same" if then.meaning == now.meaning else "means something else"
                step = f"{then.version} -> {now.version}" if then.version != now.version else f"{now.version}{_beside(then, now)}"
                yield f"  ~ {name} {step}; {means}"


def _beside(then: LockedPack, now: LockedPack) -> str:
    """What is other in a pack whose version is the same."""
    if then.files != now.files:
        return ", its files changed"
    return f", from {now.origin}" if then.origin != now.origin else ", what it requires changed"


def version_or_stop(text: str) -> OpenedPack:
    """A pack at a path, or `name@version` out of the project's index, or the one that is locked under a name."""
    from datahub.project.versions import NoRange, parse_version

    if Path(text).exists():
        return opened_or_stop(Path(text))
    project = project_or_stop()
    name, _, version = text.partition("@")
    with failures_told():
        try:
            pack = project.fetched(name, parse_version(version)) if version else project.open(name)
        except NoRange as problem:
            raise Stop(str(problem)) from None
        except KeyError:
            raise Stop(f"there is no {name} {version}") from None
    if pack is None or (version and str(pack.manifest.version) != version):
        there = f"; there is {pack.manifest.version}" if pack is not None else ""
        raise Stop(f"there is no `{text}`{there}", "give a folder, an archive, or `name@version` of a pack that comes from an index")
    return pack
