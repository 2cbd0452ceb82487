"""What the compiler asks of whoever reads files for it."""

from __future__ import annotations

from typing import Protocol

from datahub.document import Document
from datahub.records import record


@record(frozen=True, slots=True)
class Unusable:
    """A pack that is there, and cannot be used: why, and what to do about it."""

    reason: str
    help: str = ""


class Loader(Protocol):
    """What the compiler needs from the world: the text behind a name."""

    def file(self, path: str, beside: Document) -> Document | None:
        """The script at `path`, which is written as seen from the script `beside`; the same object for the same file."""
        ...

    def pack(self, name: str, versions: str, beside: Document) -> tuple[Document, ...] | Unusable | None:
        """All scripts of the pack `name` in a version that `versions` (`^1.4`, `1.3.0`, or empty) allows, as `beside` uses it."""
        ...

    def siblings(self, document: Document) -> tuple[Document, ...]:
        """The other scripts of the pack that `document` is a file of; none where it stands alone."""
        ...


class NoLoader:
    """A loader that has nothing: for scripts that stand alone."""

    def file(self, path: str, beside: Document) -> Document | None:
        return None

    def pack(self, name: str, versions: str, beside: Document) -> tuple[Document, ...] | Unusable | None:
        return None

    def siblings(self, document: Document) -> tuple[Document, ...]:
        return ()
