"""What can be wrong with the file of the ledger, each with the exact way out."""

from __future__ import annotations

import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from datahub.state.store import LedgerUnusable

NETWORK = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "afs")
"""Kinds of file systems on which locks of SQLite cannot be relied on."""


@contextmanager
def trouble(path: Path, wait: float) -> Iterator[None]:
    """What SQLite raises about its file, as `LedgerUnusable`; mistakes of ours go through as they are."""
    try:
        yield
    except UnicodeDecodeError as error:
        # What SQLite itself says quotes the bytes that are damaged.
        raise damaged(path, "it has bytes that are no text where there must be text") from error
    except sqlite3.Error as error:
        if str(error).startswith("Could not decode to UTF-8"):
            raise damaged(path, "it has bytes that are no text where there must be text") from error
        name = getattr(error, "sqlite_errorname", "")
        match name.removeprefix("SQLITE_").partition("_")[0]:
            case "BUSY" | "LOCKED":
                raise _locked(path, wait) from error
            case "READONLY" | "PERM" | "CANTOPEN" | "AUTH":
                raise shut(path, str(error)) from error
            case "FULL":
                raise _full(path) from error
            case "IOERR":
                raise _unreadable(path, str(error)) from error
            case "CORRUPT" | "NOTADB":
                raise damaged(path, str(error)) from error
            case _:
                raise


@contextmanager
def arrivals_trouble(path: Path) -> Iterator[None]:
    """The same for messages on their way into the ledger."""
    try:
        with trouble(path, 0):
            yield
    except LedgerUnusable as problem:
        if not isinstance(problem.__cause__, sqlite3.DatabaseError) or problem.later:
            raise
        raise LedgerUnusable(
            f"`{path}` holds messages that were acknowledged, and cannot be used: {problem.__cause__}",
            f"set it aside, `mv {_q(path)} {_q(str(path) + '.damaged')}`, and let their senders send again what came since "
            f"{datetime.fromtimestamp(path.stat().st_ctime, UTC):%Y-%m-%d %H:%M UTC}: what is known is taken once",
        ) from problem


def identity(path: Path) -> tuple[int, int]:
    """What tells a file from another that takes its name."""
    found = path.stat()
    return found.st_dev, found.st_ino


def still(path: Path, known: tuple[int, int]) -> None:
    """Raise where a file that is open has lost its name: what is written into it is nowhere once it is closed."""
    try:
        if identity(path) == known:
            return
    except (FileNotFoundError, NotADirectoryError):
        pass
    raise LedgerUnusable(
        f"`{path}` was removed, or another was put in its place, while it was in use",
        "start again what was told so; to go back to a copy, end `dhm serve` first, and put the copy there then",
    )


def damaged(path: Path, why: str) -> LedgerUnusable:
    copy = path.with_name(f"{path.name}.backup")
    aside = f"mv {_q(path)} {_q(str(path) + '.damaged')}"
    # A journal that belongs to the damaged file would be rolled back into the one that takes its place.
    aside += f" && rm -f {_q(str(path) + '-journal')}"
    if copy.exists():
        made = datetime.fromtimestamp(copy.stat().st_mtime, UTC).strftime("%Y-%m-%d %H:%M UTC")
        advice = (
            f"go back to the copy of {made}: `{aside} && cp {_q(copy)} {_q(path)}`. What was planned by then goes on under its keys; "
            "what was read and delivered by runs after that is not known any more: take files that still lie there away first, or they "
            "arrive once more, and so do rows of APIs behind the position of then"
        )
    else:
        advice = (
            f"start a new one: `{aside}`; it knows nothing of what was delivered: what still lies in the folders, and all rows of APIs, "
            "arrive once more under other keys. Take away first what had arrived"
        )
    return LedgerUnusable(f"the ledger `{path}` is damaged: {why}", advice)


def foreign(path: Path) -> LedgerUnusable:
    return LedgerUnusable(f"`{path}` is a database, but no ledger of DataHub", "name another folder in `[project] state`, or move the file")


def newer(path: Path, version: int, known: int) -> LedgerUnusable:
    copy = before(path, known)
    back = f", or go back to the copy it made before, which knows nothing of what was done since: `cp {_q(copy)} {_q(path)}`"
    return LedgerUnusable(
        f"the ledger `{path}` has version {version}, and this `dhm` knows versions up to {known}",
        "a newer `dhm` has used it: use that one here too (`dhm --version` on the machine that has it tells which)"
        f"{back if copy.exists() else ''}",
    )


def before(path: Path, version: int) -> Path:
    """Where the copy of a ledger lies that was made when a newer version took it over."""
    return path.with_name(f"{path.name}.version-{version}")


def on_a_network(path: Path) -> None:
    """Refuse a ledger on a file system of another machine."""
    kind = _file_system(path.resolve().parent)
    if kind in NETWORK:
        raise LedgerUnusable(
            f"the ledger `{path}` would lie on a network file system ({kind}), where locks cannot be relied on",
            'name a folder of this machine in dhm.toml: `[project] state = "/var/lib/dhm"`',
        )


def _file_system(folder: Path) -> str:
    """The kind of the file system that holds `folder`; empty where nobody says."""
    try:
        lines = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    best, kind = -1, ""
    for line in lines:
        fields = line.split(" ")
        place = fields[1].replace("\\040", " ")
        if len(place) >= best and (folder == Path(place) or Path(place) in folder.parents):
            best, kind = len(place), fields[2]
    return kind


def _locked(path: Path, wait: float) -> LedgerUnusable:
    return LedgerUnusable(
        f"another process has held the ledger `{path}` for {wait:g} seconds",
        f"`fuser -v {_q(path)}` names it; a backup program or an open `sqlite3` shell does that. Nothing is lost: run again",
        later=True,
    )


def shut(path: Path, why: str) -> LedgerUnusable:
    return LedgerUnusable(
        f"the ledger `{path}` cannot be written: {why}",
        f"`ls -ld {_q(path.parent)} {_q(path)}` says who may; the user of this process needs to write both the folder "
        f"and the file. `findmnt -T {_q(path.parent)}` says whether its disk is mounted to be read only (`ro`)",
    )


def _full(path: Path) -> LedgerUnusable:
    return LedgerUnusable(
        f"there is no room for the ledger `{path}`",
        f"make room (`df -h {_q(path.parent)}`; `dhm runs prune` removes what old runs left), and run again: nothing is lost",
        later=True,
    )


def _unreadable(path: Path, why: str) -> LedgerUnusable:
    return LedgerUnusable(
        f"the disk does not serve the ledger `{path}`: {why}",
        f"`dmesg | tail` and `df -h {_q(path.parent)}` say more; nothing was marked as done that is not on the disk: run again",
        later=True,
    )


def _q(path: object) -> str:
    return shlex.quote(str(path))
