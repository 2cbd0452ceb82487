"""Secrets that stand in the file where no model looks for one: in addresses, and under keys whose names say what they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.project.layers import Setting
from datahub.project.places import Path
from datahub.project.rules import LITERAL_SECRET
from datahub.project.secrets import has_reference, only_refers

NAMED = re.compile(
    r"(^|[_-])(pass(word|phrase|wd)?|secret|token|api[_-]?key|apikey|(access|account|private|shared)[_-]?key|connection[_-]?string"
    r"|credential|authorization)s?$",
    re.IGNORECASE,
)
_IN_ADDRESS = re.compile(r"\w+://[^/\s:@]*:(?P<password>[^/\s@]+)@")
ISSUED = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bxox[abpr]-[A-Za-z0-9-]{10,}"
    r"|\bwhsec_[A-Za-z0-9+/=]{24,}|\bsk_live_[A-Za-z0-9]{16,}"
)


def literal_secrets(values: Mapping[str, Any], settings: Mapping[Path, Setting]) -> Iterator[Diagnostic]:
    """What looks like a secret and is none of the fields that a model knows to be one."""
    for path, text in _texts(values, ()):
        what = _secret(path, text)
        if what and path in settings:
            label = Label(settings[path].place.value, what)
            advice = "put it where few can read it, and write `${env:NAME}` or `${file:PATH}` here"
            yield Diagnostic(LITERAL_SECRET, f"`{path[-1]}` holds a secret", label, help=advice)


def _secret(path: Path, text: str) -> str:
    if only_refers(text):
        return ""
    address = _IN_ADDRESS.search(text)
    if address and not only_refers(address["password"]):
        return "this address has a password in it"
    if ISSUED.search(text):
        return "this is a key"
    # Fields of models are told by the models; free tables (`options`, `parameters`, `headers`) have no model.
    # A connection string says more than its key.
    told = has_reference(text) and "string" in str(path[-1]).lower()
    if len(path) > 3 and NAMED.search(str(path[-1])) and text and not told:
        return "its name says that this is a secret"
    return ""


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
