"""What means something else in another version of a pack, and in the scripts that use it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from datahub.diagnostics.diagnostic import Diagnostic
from datahub.diagnostics.rule import Severity
from datahub.document import Document
from datahub.packs.changed_lines import changed_lines, one_line
from datahub.packs.contents import NotAPack
from datahub.packs.folders import Folders
from datahub.packs.open import OpenedPack
from datahub.records import record
from datahub.semantic.elaborate import Elaborated, elaborate_whole
from datahub.semantic.loaders import Unusable
from datahub.semantic.meaning import meanings, written
from datahub.semantic.pack_meaning import pack_meanings, pack_texts
from datahub.syntax.parser import parse


@record(frozen=True, slots=True)
class Difference:
    """An item that means something else: how it was written before and now, empty where it was not there."""

    item: str
    before: str
    now: str
    lines: tuple[str, ...] = ()
    """Where it is written over several lines, those that differ."""


class Instead(Folders):
    """A loader for which one pack is the one it is given."""

    def __init__(self, pack: OpenedPack, started: Path | None = None) -> None:
        super().__init__(started=started)
        self._name = pack.manifest.name
        self._version = pack.called.replace(" ", "-")
        scripts = [path for path in sorted(pack.contents.files) if path.endswith(".dhm") and "/" not in path and path != "pack.dhm"]
        # Two versions of a folder are shown apart.
        self.documents = tuple(Document(f"{self._version}/{path}", pack.contents.document(path).text) for path in ("pack.dhm", *scripts))

    def pack(self, name: str, versions: str, beside: Document) -> tuple[Document, ...] | Unusable | None:
        if name == self._name:
            return self.documents
        return super().pack(name, versions, beside)

    def siblings(self, document: Document) -> tuple[Document, ...]:
        if document in self.documents:
            return tuple(one for one in self.documents if one is not document)
        return super().siblings(document)


def mistakes(pack: OpenedPack, started: Path) -> list[Diagnostic]:
    """Why the scripts of a pack do not compile, beside the packs of the project in which one `started`; nothing where they do."""
    found: list[Diagnostic] = []
    loader = Instead(pack, started)
    elaborate_whole(parse(loader.documents[0], found.append), loader, found.append)
    return [one for one in found if one.level is Severity.ERROR]


def pack_differences(before: OpenedPack, now: OpenedPack) -> list[Difference]:
    """What a pack declares or overrides that means something else in the other version."""
    return list(_between(_of_pack(before), _of_pack(now)))


@record(frozen=True, slots=True)
class _Items:
    means: Mapping[str, str]
    texts: Mapping[str, str]


def _of_pack(pack: OpenedPack) -> _Items:
    loader = Instead(pack)
    made = _compiled(loader.documents[0], loader, pack.called)
    return _Items(pack_meanings(made), pack_texts(made))


def field_differences(script: Path, before: OpenedPack, now: OpenedPack) -> list[Difference]:
    """The fields that a script gives, with its overrides laid on, which mean something else with the other version of a pack."""
    return list(_between(_of_script(script, before), _of_script(script, now)))


def _of_script(script: Path, pack: OpenedPack) -> _Items:
    loader = Instead(pack)
    made = _compiled(loader.document(script, script.as_posix()), loader, f"`{script.name}` with {pack.called}")
    means: dict[str, str] = {}
    texts: dict[str, str] = {}
    for unit in made.units:
        prefix = unit.full("")
        spelled = {item: span.text for item, span in written(unit).items()}
        for found, into in ((meanings(made, unit, through_all=True), means), (spelled, texts)):
            for item, value in found.items():
                kind, _, name = item.partition(" ")
                if kind == "map" and "." in name and not name.partition(".")[2].startswith("let "):
                    into[f"{prefix}{name}"] = value
                elif kind == "map" and "." not in name and into is means:
                    into[f"{prefix}{name} (which rows there are)"] = value
    return _Items(means, texts)


def _compiled(document: Document, loader: Instead, called: str) -> Elaborated:
    """What a script declares. What cannot be read or found means nothing, and would be no difference: it is told instead."""
    found: list[Diagnostic] = []
    made = elaborate_whole(parse(document, found.append), loader, found.append)
    if wrong := [one for one in found if one.level is Severity.ERROR]:
        raise NotAPack(f"{called} does not compile", wrong)
    return made


def _between(before: _Items, now: _Items) -> Iterator[Difference]:
    for item in sorted({*before.means, *now.means}):
        if before.means.get(item) != now.means.get(item):
            there = item in before.means, item in now.means
            old, new = (one.texts.get(item, "") for one in (before, now))
            lines = tuple(changed_lines(old, new)) if all(there) else ()
            yield Difference(item, one_line(old) if there[0] else "", one_line(new) if there[1] else "", lines)
