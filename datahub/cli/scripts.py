"""The scripts a command works on: found below the paths given, read, and checked with what their comments allow."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from datahub.cli.output import Stop
from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.diagnostics.rule import Severity
from datahub.diagnostics.rules import NOT_TEXT
from datahub.document import Document, Span
from datahub.packs.folders import Folders
from datahub.records import record

_SKIPPED = frozenset({".git", ".venv", "node_modules", "__pycache__", "build", "dist", "out"})


@record(frozen=True, slots=True)
class Unreadable:
    """A file that is not text, with the finding that says so."""

    path: Path
    finding: Diagnostic


def scripts(paths: Sequence[Path]) -> list[Path]:
    """Every script at or below `paths`, each once, in the order given and by name below a folder."""
    found: dict[Path, None] = {}
    for path in paths or [Path()]:
        if path.is_dir():
            found |= dict.fromkeys(_below(path))
        elif path.is_file():
            found[path] = None
        else:
            raise Stop(f"there is no file or folder `{path}`")
    return list(found)


def _below(folder: Path) -> Iterable[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        yield from (Path(place) / name for name in sorted(files) if name.endswith(".dhm"))


def read(path: Path, loader: Folders) -> Document | Unreadable:
    """The script at `path`; what is not UTF-8 is a finding, so that the other files are still looked at."""
    try:
        return loader.document(path, shown=path.as_posix())
    except UnicodeDecodeError as error:
        return Unreadable(path, _not_text(path, error))
    except OSError as error:
        raise Stop(f"`{path}` cannot be read: {error.strerror}") from error


def one(path: Path, loader: Folders) -> Document:
    """The script at `path`, for commands that can do nothing without it."""
    if path.is_dir() or not path.exists():
        raise Stop(f"there is no script `{path}`", _nearby(path))
    match read(path, loader):
        case Unreadable(finding=finding):
            raise Stop(finding.message, finding.help or "")
        case document:
            return document


def _nearby(path: Path) -> str:
    from datahub.diagnostics.suggest import listed

    folder = path if path.is_dir() else path.parent
    there = sorted(found.as_posix() for found in folder.glob("*.dhm")) if folder.is_dir() else []
    return f"{'there is' if len(there) == 1 else 'there are'} {listed(there)}" if there else ""


def _not_text(path: Path, error: UnicodeDecodeError) -> Diagnostic:
    # What stands before the first wrong byte is text, so the line and the column are true.
    document = Document(path.as_posix(), error.object.decode("utf-8", "replace"))
    at = len(error.object[: error.start].decode("utf-8", "replace"))
    byte = error.object[error.start]
    return Diagnostic(
        NOT_TEXT,
        f"`{path.as_posix()}` is not UTF-8 text",
        Label(Span(document, at, at + 1), f"byte 0x{byte:02X} is no part of a UTF-8 character"),
        help=f"save it as UTF-8; if it is in a Western Windows encoding: `iconv -f cp1252 -t utf-8 {path.as_posix()}`",
    )


def in_order(found: Iterable[Diagnostic], paths: Sequence[str]) -> list[Diagnostic]:
    """Findings file by file in the order of `paths`, and by place in each."""
    ranks = {path: rank for rank, path in enumerate(paths)}
    last = len(ranks)
    return sorted(found, key=lambda one: (ranks.get(one.at.span.document.path, last), one.at.span.document.path, one.at.span.start))


def errors(found: Iterable[Diagnostic]) -> int:
    return sum(finding.level is Severity.ERROR for finding in found)
