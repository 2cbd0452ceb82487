"""What is wrong with a template, and what is wrong with a document that was made of one."""

from __future__ import annotations

from typing import Literal, TypeAlias

from datahub.project.failures import TerminalError
from datahub.records import record

Kind: TypeAlias = Literal["xml", "json", "text"]
CONTENT_TYPES: dict[Kind, str] = {"xml": "application/xml", "json": "application/json", "text": "text/plain; charset=utf-8"}
_ENDINGS: dict[str, Kind] = {".xml": "xml", ".json": "json"}


@record(frozen=True, slots=True)
class Problem:
    """One mistake in a template: the line (from 1), what is wrong, what to do, and the word on that line that it is about."""

    line: int
    message: str
    help: str = ""
    word: str = ""


class BadTemplate(TerminalError):
    """A template that cannot be used, with everything that is wrong with it."""

    def __init__(self, path: str, problems: tuple[Problem, ...]) -> None:
        first = problems[0]
        super().__init__(f"{path}:{first.line}: {first.message}", first.help)
        self.path, self.problems = path, problems


def kind_of(template: str) -> Kind:
    """What a template makes, by its name: `order.xml`, `order.xml.j2`; text where the name does not say."""
    name = template.removesuffix(".j2").removesuffix(".jinja")
    return next((kind for ending, kind in _ENDINGS.items() if name.lower().endswith(ending)), "text")


def extension(kind: Kind, template: str = "") -> str:
    """The ending of the files that are made: that of the template before `.j2`, or the kind's own."""
    _, dot, ending = template.removesuffix(".j2").removesuffix(".jinja").rpartition("/")[2].rpartition(".")
    return ending if dot else {"xml": "xml", "json": "json", "text": "txt"}[kind]
