"""Whole scripts for tests: what is told of them, and the programs they make."""

from __future__ import annotations

from typing import Any

from datahub.diagnostics.rule import Severity
from datahub.document import Document
from datahub.lint.advise import advise
from datahub.semantic.elaborate import Elaborated, elaborate_whole
from datahub.syntax.parser import parse

ROWS = """\
source rows: csv {
  columns {
    sku   : text          at "REF"
    price : decimal(12,2) at "PRIX"
    tags  : [text]        at "TAGS" @split("|")
    note  : text?
  }
}
"""
OFFER = """\
entity Offer {
  key sku
  sku   : text
  price : decimal(12,2)
  note  : text?
}
"""


class Files:
    """A loader whose files and packs are given by name."""

    def __init__(self, files: dict[str, str]) -> None:
        self.documents = {name: Document(name, text) for name, text in files.items()}

    def file(self, path: str, beside: Document) -> Document | None:
        return self.documents.get(path)

    def siblings(self, document: Document) -> tuple[Document, ...]:
        return ()

    def pack(self, name: str, versions: str, beside: Document) -> tuple[Document, ...] | None:
        wanted = f"{name} {versions}".strip()
        found = tuple(one for key, one in self.documents.items() if key == wanted or key.startswith(f"{wanted}/"))
        return found or None


def elaborated(text: str, **files: str) -> tuple[Elaborated, list[Any]]:
    """The program of a script, and what is told of it; `files` by name, `_dhm` standing for the end of a file's name."""
    found: list[Any] = []
    loader = Files({name.replace("_dhm", ".dhm").replace("__", " "): one for name, one in files.items()})
    return elaborate_whole(parse(Document("main.dhm", text), found.append), loader, found.append), found


def findings(text: str, **files: str) -> list[tuple[str, str]]:
    """The code and the place of everything that is told of a script, but notes."""
    return [(one.rule.code, one.at.span.text) for one in elaborated(text, **files)[1] if one.level is not Severity.NOTE]


def messages(text: str, **files: str) -> list[str]:
    """The message of everything that is told of a script, but notes."""
    return [one.message for one in elaborated(text, **files)[1] if one.level is not Severity.NOTE]


def program(text: str, **files: str) -> Any:
    """The program of a script of which nothing is told but notes."""
    made, found = elaborated(text, **files)
    assert [] == [str(one.message) for one in found if one.level is not Severity.NOTE]
    return made.program


def advice(text: str, **files: str) -> list[tuple[str, str]]:
    """The code and the place of what lints tell of a script without errors, notes among them."""
    made, found = elaborated(text, **files)
    assert [] == [one.message for one in found if one.level is Severity.ERROR]
    told: list[Any] = []
    advise(made, told.append)
    return [(one.rule.code, one.at.span.text) for one in told]
