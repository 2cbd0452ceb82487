"""The documents that a target of a job takes: one for each row of an entity, with what it owns, named by the row's fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from datahub.connectors.declare import TerminalError
from datahub.connectors.file_names import filled, temporary
from datahub.diagnostics.suggest import listed, nearest
from datahub.documents.plain import Plain
from datahub.documents.rows import documents
from datahub.documents.shapes import RowShape, row_shape
from datahub.documents.template import Template, read_template
from datahub.documents.told import extension, kind_of
from datahub.documents.written import text_of
from datahub.plan.operators import Plan
from datahub.project.binding import DocumentsTo, FilesTo
from datahub.project.slots import OF_RUN, slots_of
from datahub.records import record


@record(frozen=True, slots=True)
class Document:
    """What one row makes, and the name of the file that will hold it, where it is one; or why it makes none."""

    number: int
    name: str
    body: bytes
    problem: str = ""
    values: Mapping[str, str] | None = None
    """What names and paths can say of the row."""
    meant: tuple[tuple[str, ...], ...] = ()
    """What the name was made of, a key field by field, with what no file can be called: it tells rows apart whose names are one."""


class Documents:
    """What makes the documents of one target."""

    def __init__(self, target: str, told: DocumentsTo, row: RowShape, folder: Path) -> None:
        self._target, self.row = target, row
        kind = told.document or kind_of(told.template)
        self._maker: Template | Plain = (
            read_template(folder / told.template, told.template, row, kind)
            if told.template
            else Plain(row, kind, str(getattr(told, "envelope", "")))
        )
        self.manner = self._maker.manner
        """What says how they are made."""
        self._format = extension(kind, told.template)
        # The body of a request has no name.
        self._name = (told.name or "{{KEY}}.{{FORMAT}}") if isinstance(told, FilesTo) else ""
        self._filled("name", self._name, (*OF_RUN, "FORMAT"))
        self._filled("path", str(getattr(told, "path", "")), ())

    def made(self, files: Mapping[str, Path], values: Mapping[str, str], first: int = 0) -> Iterator[Document]:
        """The documents of all rows from number `first` on; `values` fill names beside the row's fields."""
        for number, row in enumerate(documents(self.row, files, first), first):
            try:
                mine = self._values(row)
                slots = {**mine, **values, "FORMAT": self._format}
                name = filled(self._name, slots) if self._name else ""
                if temporary(name) and not temporary(self._name):
                    raise TerminalError(f"`{name}` is what files are called that are being written: nobody takes it")
                yield Document(number, name, self._maker.render(row), values=mine, meant=self._meant(row, slots))
            except TerminalError as problem:
                # It is one row that cannot be written so; the others can.
                yield Document(number, "", b"", problem.message)

    def _filled(self, key: str, template: str, known: tuple[str, ...]) -> None:
        """`TerminalError` for a slot that no row fills, before there is data."""
        fields = {form for name, _ in self.row.fields for form in (name.upper(), name.upper().replace("_", ""))} | {"KEY"}
        for slot in slots_of(template):
            if slot not in fields and slot not in known:
                near = nearest(slot, [*fields, *known])
                advice = (
                    f"did you mean `{{{{{near}}}}}`?"
                    if near
                    else f"`{self.row.name}` has {listed([name for name, _ in self.row.fields], 12)}"
                )
                raise TerminalError(f"the `{key}` of the target `{self._target}` has `{{{{{slot}}}}}`, which nothing fills", advice)

    def _values(self, row: Mapping[str, Any]) -> dict[str, str]:
        """What names can say of a row: each field that is one value, by its name in capitals, with `_` or without."""
        told = {name.upper(): text_of(row.get(name)) for name, _ in self.row.fields if not isinstance(row.get(name), (list, dict))}
        bare = {name.replace("_", ""): value for name, value in told.items()}
        key = "-".join(text_of(row.get(name)) for name in self.row.key)
        return {**bare, **told, "KEY": key or "document"}

    def _meant(self, row: Mapping[str, Any], slots: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
        key = tuple(text_of(row.get(name)) for name in self.row.key)
        return tuple(key if slot == "KEY" else (slots[slot],) for slot in slots_of(self._name) if slot not in (*OF_RUN, "FORMAT"))


def documents_of(target: str, told: DocumentsTo, plan: Plan, folder: Path) -> Documents:
    """What makes the documents of `target`; `TerminalError` where they could not be made of what the script writes there."""
    of_api(plan, target, "it takes documents")
    return Documents(target, told, row_shape(target, entities_of(plan, target), plan.entities), folder)


def of_api(plan: Plan, target: str, why: str) -> None:
    """`TerminalError` where the script says of a target what its files are, and the job makes none."""
    shape = next((one for one in plan.targets if one.name == target), None)
    if shape is not None and shape.kind != "api":
        raise TerminalError(
            f"the script says that `{target}` is `{shape.kind}`, and {why}",
            f"write `target {target}: api {{}}`: what its rows are in is then said by the job alone",
        )


def entities_of(plan: Plan, target: str) -> list[str]:
    """The entities whose rows go to a target."""
    if plan.flow is None:
        return [target]
    return list(dict.fromkeys(name for item in plan.flow.writes if item.target == target for name in item.entities))
