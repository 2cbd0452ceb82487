"""The files of a pack, in memory: read from a folder, checked to be nothing but data, and told apart by one hash."""

from __future__ import annotations

import hashlib
import os
import stat
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.document import Document, Span
from datahub.packs.rules import NO_DATA
from datahub.project.failures import TerminalError
from datahub.records import record

SUFFIXES = (".dhm", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".md", ".txt")
PLAIN = ("LICENSE", "NOTICE")
LARGEST = 50 << 20
"""Bytes of all files of a pack."""
MOST_FILES = 10_000
_RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{name}{number}" for name in ("com", "lpt") for number in range(1, 10))})


class NotAPack(TerminalError):
    """Files that are no pack, or that no pack may hold; `findings` say all that is wrong."""

    def __init__(self, message: str, findings: Iterable[Diagnostic] = (), help: str = "") -> None:
        super().__init__(message, help)
        self.findings = tuple(findings)


@record(frozen=True, slots=True)
class Contents:
    """The files of a pack by path, and where they come from, for messages."""

    shown: str
    files: Mapping[str, bytes]

    @property
    def digest(self) -> str:
        """The hash of all names and bytes, whatever they were packed in."""
        whole = hashlib.sha256()
        for path in sorted(self.files):
            name, data = unicodedata.normalize("NFC", path).encode(), self.files[path]
            # Lengths stand before what they count, so that no two trees are written alike.
            whole.update(b"%d:%s%d:" % (len(name), name, len(data)))
            whole.update(data)
        return f"sha256:{whole.hexdigest()}"

    def document(self, path: str) -> Document:
        """A file as text; what is not UTF-8 in it is replaced."""
        return Document(f"{self.shown}/{path}", self.files[path].decode("utf-8-sig", "replace"))


def from_folder(folder: Path, shown: str = "", *, beside: frozenset[str] = frozenset()) -> Contents:
    """The files in `folder`; hidden ones, what other tools leave, and folders that are a pack or project of their own are no part of it.

    Files called as those `beside` are no part of it either.
    """
    label = shown or folder.as_posix()
    if folder.is_symlink():
        raise NotAPack(f"`{label}` is a link", [finding(label, "", "links are not followed")])
    found: dict[str, bytes] = {}
    wrong: list[Diagnostic] = []
    total = 0
    for path in _below(folder):
        if path.name in beside:
            continue
        name = path.relative_to(folder).as_posix()
        reason = wrong_kind(path.lstat().st_mode) or wrong_name(name)
        if reason:
            wrong.append(finding(label, name, reason))
            continue
        total += path.stat().st_size
        if total > LARGEST or len(found) >= MOST_FILES:
            raise too_large(label)
        found[name] = path.read_bytes()
    return whole(label, found, wrong)


def _below(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        linked = [name for name in folders if (Path(place) / name).is_symlink()]
        inner = (name for name in folders if not name.startswith((".", "__pycache__")) and name not in linked)
        folders[:] = sorted(name for name in inner if not _stands_alone(Path(place) / name))
        yield from (Path(place) / name for name in sorted([*files, *linked]) if not name.startswith("."))


def _stands_alone(folder: Path) -> bool:
    """Whether a folder inside a pack is a pack, or a project that shows how it is used."""
    return (folder / "pack.dhm").is_file() or (folder / "dhm.toml").is_file()


def whole(shown: str, files: Mapping[str, bytes], wrong: Iterable[Diagnostic]) -> Contents:
    """The contents of a pack, if nothing is wrong with its files; `NotAPack` says all that is."""
    told = [*wrong, *_alike(shown, files), *_unreadable(shown, files)]
    if told:
        raise NotAPack(f"`{shown}` holds what no pack may hold", told)
    if "pack.dhm" not in files:
        raise NotAPack(f"`{shown}` has no `pack.dhm`", help="a pack says in `pack.dhm` what it is: `dhm pack init` writes one")
    return Contents(shown, dict(sorted(files.items())))


def wrong_kind(mode: int) -> str:
    """Why what has this mode is no file of a pack; empty where it is one."""
    if stat.S_ISLNK(mode):
        return "it is a link, and links are not followed"
    return "" if stat.S_ISREG(mode) else "it is no plain file"


def wrong_name(name: str) -> str:
    """Why a pack has no file of this name; empty where it may."""
    path = PurePosixPath(name)
    if not name or name.startswith("/") or "\\" in name or ":" in name or any(part in ("", ".", "..") for part in name.split("/")):
        return "its name leaves the pack"
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in name):
        return "its name has letters that cannot be seen"
    if unicodedata.normalize("NFC", name) != name:
        return "its name is written with accents apart (NFD), and is another on other machines"
    if any(part.startswith(".") for part in path.parts):
        return "it is hidden"
    if any(part.rstrip(". ") != part or part.partition(".")[0].casefold() in _RESERVED for part in path.parts):
        return "its name means something else on Windows"
    if len(name) > 200:
        return "its name is longer than 200 letters"
    if path.suffix not in SUFFIXES and path.name not in PLAIN:
        return f"`{path.suffix}` files are no data" if path.suffix else "a file without an ending is no data"
    return ""


def _alike(shown: str, files: Mapping[str, bytes]) -> Iterator[Diagnostic]:
    """Names that are one and the same where case does not count; a file cannot be the folder of another either."""
    first: dict[str, str] = {}
    for name in sorted(files):
        other = first.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
        if other != name:
            yield finding(shown, name, f"on other machines it is the same file as `{other}`")


def _unreadable(shown: str, files: Mapping[str, bytes]) -> Iterator[Diagnostic]:
    """Scripts whose bytes are no text: what is looked at and what is run must be the same."""
    for name, data in files.items():
        if not name.endswith(".dhm"):
            continue
        try:
            data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            yield finding(shown, name, f"it is not UTF-8 at byte {error.start + 1}")


def finding(shown: str, name: str, reason: str) -> Diagnostic:
    """A file that no pack may hold."""
    document = Document(f"{shown}/{name}" if name else shown, "")
    help = f"take it out; a pack holds {', '.join(SUFFIXES)}, {' and '.join(PLAIN)}" if "no data" in reason else None
    return Diagnostic(NO_DATA, f"`{name or shown}` cannot be in a pack: {reason}", Label(Span(document, 0, 0), "not data"), help=help)


def too_large(shown: str) -> NotAPack:
    return NotAPack(f"`{shown}` is larger than a pack may be: {LARGEST >> 20} MB, {MOST_FILES:,} files")
