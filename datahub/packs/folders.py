"""What a script uses, read from disk: files beside it, and packs from the folders where packs lie."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from datahub.document import Document
from datahub.packs.versions import allows
from datahub.resources import folder

_PACK = re.compile(r"^\s*pack\s+(?P<name>[\w.]+)\s+(?P<version>\d+\.\d+\.\d+)", re.MULTILINE)


class Folders:
    """A loader of scripts and packs on disk; the same file is the same document, however it is named.

    A pack is a folder with `pack.dhm`; `djust.core` lies in `djust/core` or `djust.core` below one of `roots`,
    and the standard packs lie below them all.
    """

    def __init__(self, roots: Sequence[Path] = ()) -> None:
        self._roots = (*roots, folder("stdlib_mappings"))
        self._known: dict[Path, Document] = {}

    def document(self, path: Path, shown: str = "") -> Document:
        """The document of the file at `path`, called `shown`; OSError and UnicodeDecodeError are the caller's."""
        place = path.resolve()
        if place not in self._known:
            self._known[place] = Document(shown or str(path), place.read_bytes().decode("utf-8-sig"))
        return self._known[place]

    def file(self, path: str, beside: Document) -> Document | None:
        return self._readable(Path(beside.path).parent / path)

    def pack(self, name: str, versions: str) -> tuple[Document, ...] | None:
        for root in self._roots:
            for place in (root / name, root.joinpath(*name.split("."))):
                head = self._readable(place / "pack.dhm")
                if head is not None and self._is(head, name, versions):
                    return (head, *self._files(place))
        return None

    def siblings(self, document: Document) -> tuple[Document, ...]:
        place = Path(document.path).parent
        head = self._readable(place / "pack.dhm")
        if head is None or Path(document.path).suffix != ".dhm":
            return ()
        return tuple(one for one in (head, *self._files(place)) if not _same(one, document))

    def _files(self, place: Path) -> tuple[Document, ...]:
        """The files of a pack but its head, by name."""
        rest = sorted(path for path in place.glob("*.dhm") if path.name != "pack.dhm")
        return tuple(document for path in rest if (document := self._readable(path)) is not None)

    def _readable(self, path: Path) -> Document | None:
        try:
            return self.document(path)
        except (OSError, UnicodeDecodeError):
            return None

    def _is(self, head: Document, name: str, versions: str) -> bool:
        declared = _PACK.search(head.text)
        return declared is not None and declared["name"] == name and allows(versions, declared["version"])


def _same(one: Document, other: Document) -> bool:
    return one is other or Path(one.path).resolve() == Path(other.path).resolve()
