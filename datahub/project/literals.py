"""Secrets that stand in the file where no model looks for one: in addresses, and under keys whose names say what they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.document import Span
from datahub.project.addresses import NO_USER, WITH_USER
from datahub.project.layers import Setting
from datahub.project.places import Path
from datahub.project.rules import LITERAL_SECRET, WRONG_VALUE
from datahub.project.secrets import has_reference, header_only_refers, only_refers, without_references
from datahub.project.telltale import IN_ADDRESS, ISSUED, NAMED


def literal_secrets(values: Mapping[str, Any], settings: Mapping[Path, Setting]) -> Iterator[Diagnostic]:
    """What looks like a secret and is none of the fields that a model knows to be one."""
    for path, text in _texts(values, ()):
        if path not in settings:
            continue
        place = settings[path].place.value
        if _takes_no_user(path) and IN_ADDRESS.search(without_references(text)):
            yield with_user(str(path[-1]), place, text)
        elif what := _secret(path, text):
            advice = "put it where few can read it, and write `${env:NAME}` or `${file:PATH}` here"
            yield Diagnostic(LITERAL_SECRET, f"`{path[-1]}` holds a secret", Label(place, what), help=advice)


def with_user(key: str, place: Span, text: str) -> Diagnostic:
    """That an address has a user in it, and perhaps a password; `text` is how it is written."""
    if _password(text):
        return Diagnostic(LITERAL_SECRET, f"`{key}` holds a secret", Label(place, "this address has a password in it"), help=NO_USER)
    return Diagnostic(WRONG_VALUE, WITH_USER, Label(place, "there is a user before the host"), help=NO_USER)


def _takes_no_user(path: Path) -> bool:
    """Whether it is an address of ours: what other libraries are told is theirs, and a proxy has no other place for its user."""
    return path[0] == "connections" and (len(path) == 3 or path[2] == "auth") and str(path[-1]).endswith("url")


def _secret(path: Path, text: str) -> str:
    if only_refers(text) or (len(path) > 3 and path[-2] == "headers" and header_only_refers(text)):
        return ""
    if _password(text):
        return "this address has a password in it"
    if ISSUED.search(text):
        return "this is a key"
    # Fields of models are told by the models; free tables (`options`, `parameters`, `headers`) have no model.
    # A connection string says more than its key.
    told = has_reference(text) and "string" in str(path[-1]).lower()
    if len(path) > 3 and NAMED.search(str(path[-1])) and text and not told:
        return "its name says that this is a secret"
    return ""


def _password(text: str) -> bool:
    """Whether an address has a password in it that is not given by reference alone."""
    address = IN_ADDRESS.search(without_references(text))
    return address is not None and bool((address["password"] or "").strip("\0:"))


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    match value:
        case str():
            yield path, value
        case dict():
            for key, inner in value.items():
                yield from _texts(inner, (*path, key))
        case list():
            for number, inner in enumerate(value):
                yield from _texts(inner, (*path, number))
        case _:
            return
