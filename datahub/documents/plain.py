"""A document of a row without a template: all of the row, as one JSON object or one XML element."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from datahub.documents.shapes import RowShape
from datahub.documents.told import Kind
from datahub.documents.written import Unwritable, as_json, in_xml, text_of, well_formed
from datahub.project.failures import TerminalError

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


class Plain:
    """All of a row: fields by their names, then what it owns as lists by the entities' names; `envelope` is a name around it."""

    def __init__(self, row: RowShape, kind: Kind, envelope: str = "") -> None:
        self.row, self.kind, self._envelope = row, kind, envelope
        if kind == "text":
            raise TerminalError("a document of text needs a template", 'write `template = "…"`, or make it `json` or `xml`')

    @property
    def manner(self) -> str:
        """What says how documents are made of rows."""
        return f"{self.kind} {self._envelope}"

    def render(self, row: dict[str, Any]) -> bytes:
        if self.kind == "json":
            return as_json({self._envelope: row} if self._envelope else row).encode() + b"\n"
        try:
            inner = "".join(_element(self.row.name, row))
            made = _HEAD + (f"<{self._envelope}>{inner}</{self._envelope}>" if self._envelope else inner) + "\n"
            well_formed(made, "xml")
        except Unwritable as problem:
            raise TerminalError(f"a `{self.row.name}` makes {problem}", problem.help) from None
        return made.encode()


def _element(name: str, value: Any) -> Iterator[str]:
    """A value as an element; a list is one element for each of its values, null is none."""
    match value:
        case None:
            return
        case list():
            for one in value:
                yield from _element(name, one)
        case dict():
            yield f"<{name}>"
            for inner, one in value.items():
                yield from _element(inner, one)
            yield f"</{name}>"
        case _:
            yield f"<{name}>{in_xml(text_of(value))}</{name}>"
