"""What a script uses, read from disk: files beside it, and packs from its project or from the folders where packs lie."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from datahub.document import Document
from datahub.project.versions import suits
from datahub.resources import folder
from datahub.semantic.loaders import Unusable

if TYPE_CHECKING:
    from datahub.packs.open import OpenedPack
    from datahub.packs.project import ProjectPacks
    from datahub.project.failures import DataHubError

_PACK = re.compile(r"^\s*pack\s+(?P<name>[\w.]+)\s+(?P<version>\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)", re.MULTILINE)
_MANIFEST = "dhm.toml"


class Folders:
    """A loader of scripts and packs on disk; the same file is the same document, however it is named.

    A pack is a folder with `pack.dhm`. A script in a project takes the packs of the project; else, and for those that the project says
    nothing of, `djust.core` lies in `djust/core` or `djust.core` below one of `roots`, around the script, below the standard packs, or
    in an installed distribution.
    """

    def __init__(self, roots: Sequence[Path] = (), started: Path | None = None) -> None:
        """`started` is where a command was typed: a script that is in no project takes the packs of the one there."""
        self._roots = (*roots, folder("stdlib_mappings"))
        self._started = () if started is None else (started.resolve(), *started.resolve().parents)
        self._known: dict[Path, Document] = {}
        self._projects: dict[Path, ProjectPacks | None] = {}
        self._users: dict[Document, Document] = {}
        """For each document of a pack the script for whose sake it was read: the project of that one is asked."""
        self._together: dict[Document, tuple[Document, ...]] = {}
        self._contents: dict[Path, str] = {}
        self.files: dict[str, str] = {}
        """Every file that was looked for, with the SHA-256 of what is in it, or nothing where it cannot be read."""
        self.folders: dict[str, list[str]] = {}
        """Every folder whose scripts were asked for, with their names."""
        self.beyond = False
        """Whether something was taken from elsewhere: from what a project locks, or from an installed distribution."""

    def sees(self, files: Mapping[str, str], folders: Mapping[str, Sequence[str]]) -> bool:
        """Whether files and folders are as another loader found them."""
        return all(_sha256(Path(path)) == there for path, there in files.items()) and all(
            _scripts(Path(path)) == there for path, there in folders.items()
        )

    def document(self, path: Path, shown: str = "") -> Document:
        """The document of the file at `path`, called `shown`; OSError and UnicodeDecodeError are the caller's."""
        place = path.resolve()
        # Where it leads may be another file the next time.
        self.files[str(path.absolute())] = ""
        if place not in self._known:
            content = place.read_bytes()
            self._contents[place] = hashlib.sha256(content).hexdigest()
            self._known[place] = Document(shown or str(path), content.decode("utf-8-sig"))
        self.files[str(path.absolute())] = self._contents[place]
        return self._known[place]

    def file(self, path: str, beside: Document) -> Document | None:
        return self._readable(Path(beside.path).parent / path)

    def pack(self, name: str, versions: str, beside: Document) -> tuple[Document, ...] | Unusable | None:
        user = self._users.get(beside, beside)
        found = self._of_project(name, versions, user)
        if found is None:
            found = self._of_folders(name, versions, user) or self._installed(name, versions)
        if isinstance(found, tuple):
            for document in found:
                self._users.setdefault(document, user)
                self._together[document] = found
        return found

    # ------------------------------------------------------------ projects

    def in_project(self, project: ProjectPacks) -> None:
        """Take `project` for what its folder holds."""
        self._projects[project.folder] = project

    def project(self, script: Path) -> ProjectPacks | None:
        """The packs of the project that a script belongs to; `DataHubError` where it cannot be read."""
        place = script.parent.resolve()
        # What packs of projects need is loaded by those that are in one.
        around = next((one for one in (place, *place.parents, *self._started) if (one / _MANIFEST).is_file()), None)
        if around is None:
            self.files |= {str(one / _MANIFEST): "" for one in (place, *place.parents)}
            return None
        self.beyond = True
        if around not in self._projects:
            from datahub.packs.project import project_packs

            self._projects[around] = project_packs(around)
        return self._projects[around]

    def _of_project(self, name: str, versions: str, user: Document) -> tuple[Document, ...] | Unusable | None:
        from datahub.project.failures import DataHubError

        try:
            project = self.project(Path(user.path))
            pack = project.open(name) if project is not None else None
        except DataHubError as problem:
            return _unusable(problem)
        if pack is None or project is None:
            return None
        if not suits(versions, str(pack.manifest.version)):
            reason = f"the project has version {pack.manifest.version}, and this asks for {versions}"
            return Unusable(reason, "a project has one version of a pack: change the range here, or that in `[packs]` of dhm.toml")
        return self._documents(pack)

    def _documents(self, pack: OpenedPack) -> tuple[Document, ...]:
        """The scripts of a pack: files where it lies in a folder."""
        place = Path(pack.contents.shown)
        head = self._readable(place / "pack.dhm")
        if head is not None:
            return (head, *self._files(place))
        rest = sorted(path for path in pack.contents.files if path.endswith(".dhm") and "/" not in path and path != "pack.dhm")
        known = {document.path: document for document in self._users}
        # Read again for another script, it is the same document.
        made = [pack.contents.document(path) for path in ("pack.dhm", *rest)]
        return tuple(known[one.path] if one.path in known and known[one.path].text == one.text else one for one in made)

    # ------------------------------------------------------------ folders

    def _of_folders(self, name: str, versions: str, user: Document) -> tuple[Document, ...] | None:
        around = Path(user.path).resolve().parents
        places: Iterable[Path] = (
            *(place for root in self._roots[:-1] for place in (root / name, root.joinpath(*name.split(".")))),
            *around,
            *(self._roots[-1] / name, self._roots[-1].joinpath(*name.split("."))),
        )
        for place in places:
            head = self._readable(place / "pack.dhm")
            if head is not None and self._is(head, name, versions):
                return (head, *self._files(place))
        return None

    def _installed(self, name: str, versions: str) -> tuple[Document, ...] | Unusable | None:
        from datahub.packs.origins import installed
        from datahub.project.failures import DataHubError

        try:
            origin = installed(name)
            offered = origin.offers(name)[0] if origin is not None else None
            if origin is None or offered is None or not suits(versions, str(offered.version)):
                return None
            self.beyond = True
            return self._documents(origin.open(name, offered.version))
        except DataHubError as problem:
            return _unusable(problem)

    def siblings(self, document: Document) -> tuple[Document, ...]:
        if document in self._together:
            return tuple(one for one in self._together[document] if one is not document)
        place = Path(document.path).parent
        head = self._readable(place / "pack.dhm")
        if head is None or Path(document.path).suffix != ".dhm":
            return ()
        return tuple(one for one in (head, *self._files(place)) if not _same(one, document))

    def _files(self, place: Path) -> tuple[Document, ...]:
        """The files of a pack but its head, by name."""
        names = self.folders[str(place.absolute())] = _scripts(place)
        rest = (place / name for name in names if name != "pack.dhm")
        return tuple(document for path in rest if (document := self._readable(path)) is not None)

    def _readable(self, path: Path) -> Document | None:
        try:
            return self.document(path)
        except (OSError, UnicodeDecodeError):
            return None

    def _is(self, head: Document, name: str, versions: str) -> bool:
        declared = _PACK.search(head.text)
        return declared is not None and declared["name"] == name and suits(versions, declared["version"])


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _scripts(place: Path) -> list[str]:
    return sorted(path.name for path in place.glob("*.dhm"))


def _same(one: Document, other: Document) -> bool:
    return one is other or Path(one.path).resolve() == Path(other.path).resolve()


def _unusable(problem: DataHubError) -> Unusable:
    """Why a pack cannot be used: the first of its files that says so, where it is one."""
    from datahub.packs.contents import NotAPack

    if isinstance(problem, NotAPack) and problem.findings:
        first = problem.findings[0]
        return Unusable(first.message, first.help or problem.help)
    return Unusable(problem.message, problem.help)
