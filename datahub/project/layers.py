"""What is set where: `dhm.toml`, the overlay of an environment, variables, the command line, each over the one before it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.document import Document, Span
from datahub.project.places import Path, Place, places
from datahub.project.rules import NOT_TOML
from datahub.records import record

PREFIX = "DHM_"
"""How the variables begin that set a value: `DHM_CONNECTIONS__ERP__HOST`."""


@record(frozen=True, slots=True)
class Setting:
    """Where one value comes from: in words, and the place where it is written."""

    origin: str
    place: Place


@record(frozen=True, slots=True)
class Layered:
    """Everything that is set, and by whom; `beaten` has what a stronger layer has covered, weakest first."""

    values: dict[str, Any]
    settings: dict[Path, Setting]
    beaten: dict[Path, tuple[Setting, ...]]


class Layers:
    """Lays one tree of values on the next: tables key by key, everything else as a whole."""

    def __init__(self, documents: dict[FilePath, Document | None] | None = None) -> None:
        # A file that several layerings have in common is one document.
        self._documents = {} if documents is None else documents
        self._values: dict[str, Any] = {}
        self._settings: dict[Path, Setting] = {}
        self._beaten: dict[Path, tuple[Setting, ...]] = {}

    def file(self, path: FilePath, shown: str, emit: Emit) -> bool:
        """Lay a TOML file on what there is; False where it is none."""
        if path not in self._documents:
            self._documents[path] = read(path, shown, emit)
        document = self._documents[path]
        if document is None:
            return False
        where = places(document)
        self._lay(self._values, tomllib.loads(document.text), (), {one: Setting(shown, place) for one, place in where.items()})
        return True

    def variables(self, environment: Mapping[str, str]) -> None:
        """Lay the variables `DHM_CONNECTIONS__ERP__HOST` and the like on what there is."""
        for name in sorted(environment):
            keys = name.removeprefix(PREFIX).lower().split("__")
            if name.startswith(PREFIX) and len(keys) > 1 and all(keys):
                # As a reference, it may be a secret, and is never shown.
                self._one(self._known(tuple(keys)), f"${{env:{name}}}", f"the variable {name}")

    def assignments(self, given: Sequence[tuple[str, str]]) -> None:
        """Lay `connections.erp.host` and its value, as given to `--set`, on what there is."""
        for dotted, text in given:
            self._one(tuple(dotted.split(".")), text, f"--set {dotted}")

    def result(self) -> Layered:
        return Layered(self._values, self._settings, self._beaten)

    def _known(self, keys: tuple[str, ...]) -> tuple[str, ...]:
        """The keys as the file spells them: variables have no small letters and no hyphens."""
        found: list[str] = []
        table: Any = self._values
        for key in keys:
            spelled = next((one for one in table if one.lower().replace("-", "_") == key), key) if isinstance(table, dict) else key
            found.append(spelled)
            table = table.get(spelled) if isinstance(table, dict) else None
        return tuple(found)

    def _one(self, path: tuple[str, ...], text: str, origin: str) -> None:
        document = Document(origin, text)
        span = Span(document, 0, len(text))
        tree: Any = text
        for key in reversed(path):
            tree = {key: tree}
        self._lay(self._values, tree, (), {path: Setting(origin, Place(span, span))})

    def _lay(self, below: dict[str, Any], above: Mapping[str, Any], at: Path, settings: Mapping[Path, Setting]) -> None:
        for key, value in above.items():
            path = (*at, key)
            if isinstance(value, dict):
                if not isinstance(below.get(key), dict):
                    self._cover(path)
                    below[key] = {}
                if path in settings:
                    self._settings.setdefault(path, settings[path])
                self._lay(below[key], value, path, settings)
                continue
            self._cover(path)
            below[key] = value
            self._settings.update({one: setting for one, setting in settings.items() if one[: len(path)] == path})

    def _cover(self, path: Path) -> None:
        """What was set at `path` and below it no longer counts."""
        for one in [known for known in self._settings if known[: len(path)] == path]:
            self._beaten[one] = (*self._beaten.get(one, ()), self._settings.pop(one))


def read(path: FilePath, shown: str, emit: Emit) -> Document | None:
    """A file as a document that is TOML; what is wrong with it is told."""
    data = path.read_bytes()
    try:
        document = Document(shown, data.decode("utf-8-sig"))
    except UnicodeDecodeError as problem:
        document = Document(shown, data.decode("utf-8", "replace"))
        at = len(data[: problem.start].decode("utf-8", "replace"))
        emit(Diagnostic(NOT_TOML, f"`{shown}` is not UTF-8 text", Label(Span(document, at, at + 1), "not UTF-8"), help="save it as UTF-8"))
        return None
    try:
        tomllib.loads(document.text)
    except (ValueError, RecursionError) as problem:
        # Besides its own error the reader raises those of what it stands on: a number of thousands of digits, lists that nest without end.
        emit(_not_toml(document, "brackets nest too deep" if isinstance(problem, RecursionError) else str(problem)))
        return None
    return document


def _not_toml(document: Document, told: str) -> Diagnostic:
    """The reader says its place in words alone: `… (at line 3, column 5)`, or `… (at end of document)`."""
    found = re.search(r" \(at line (\d+), column (\d+)\)$", told)
    what = re.sub(r" \(at .*\)$", "", told)
    start = document.line_starts[int(found[1]) - 1] + int(found[2]) - 1 if found else len(document.text)
    start = min(start, len(document.text))
    words = what[:1].lower() + what[1:]
    return Diagnostic(NOT_TOML, f"`{document.path}` is not TOML", Label(Span(document, start, min(start + 1, len(document.text))), words))
