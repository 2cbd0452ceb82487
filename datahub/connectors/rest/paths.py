"""Paths into answers, `$.data[0].id`, and slots of texts, `{{call.path}}`: how they are written, before there is an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, WithJsonSchema

from datahub.connectors.declare import TerminalError
from datahub.project.model import mistake

_STEP = re.compile(r"\.([A-Za-z_@][\w@-]*)|\[(\d+|\*|-1)\]|\['([^']+)'\]")
SLOT = re.compile(r"\{\{\s*([A-Za-z_][^{}]*?)\s*\}\}")
_HELP = "write such as `$.data.orders`, `$.items[0].id`, `$.shops[*].name`, `$['odd name']`"


@lru_cache(256)
def steps(path: str) -> tuple[str | int | None, ...]:
    """The keys and places that a path leads through; None is every element."""
    rest = path.removeprefix("$")
    if rest and rest[0] not in ".[":
        rest = f".{rest}"
    place = 0
    found: list[str | int | None] = []
    while place < len(rest):
        step = _STEP.match(rest, place)
        if step is None:
            raise TerminalError(f"`{path}` is no path", _HELP)
        place = step.end()
        found.append(None if step[2] == "*" else int(step[2]) if step[2] is not None else step[1] or step[3])
    return tuple(found)


def _path(text: str) -> str:
    if not text:
        return text
    if not text.startswith("$"):
        raise mistake("path", f"`{text}` is no path into an answer: it begins with `$`", help=f"write `$.{text}`")
    try:
        steps(text)
    except TerminalError as problem:
        raise mistake("path", problem.message, help=_HELP) from None
    return text


AnswerPath: TypeAlias = Annotated[
    str, AfterValidator(_path), WithJsonSchema({"type": "string", "pattern": rf"^(\$({_STEP.pattern})*)?$|\$\{{"})
]
"""Where an answer has something: `$.data[0].id`; `$` is all of it."""


def slots(text: str) -> list[str]:
    """What a text asks for."""
    return [found[1] for found in SLOT.finditer(text)]


def asked(value: Any, at: tuple[str | int, ...]) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """What all texts of a value ask for, and where each stands; a brace that closes nothing, or is not closed, is a mistake."""
    match value:
        case str():
            if re.search(r"\{\{|\}\}", SLOT.sub("", value)):
                raise mistake(
                    "slot", f"a slot of `{value}` is not whole", key=at, help="write such as `{{CURSOR}}` or `{{status.urlFile}}`"
                )
            yield from ((slot, at) for slot in slots(value))
        case Mapping():
            for name, one in value.items():
                yield from asked(one, (*at, str(name)))
        case list():
            for place, one in enumerate(value):
                yield from asked(one, (*at, place))
        case _:
            return
