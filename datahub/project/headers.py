"""Headers that a connection sends: what is secret by reference, and what is none, such as `Accept`, as it is."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BeforeValidator, ValidationInfo, WithJsonSchema

from datahub.project.model import mistake
from datahub.project.secrets import Secret, has_reference, header_only_refers
from datahub.project.telltale import CODED, ISSUED, signs

_NAME = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]*$"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_OWN = ("content-length", "host", "transfer-encoding", "connection")
"""What a request says of itself."""


def _header(text: str) -> str:
    if not re.match(_NAME, text):
        raise mistake("header", f"`{text}` is no name of a header", help="it has letters, digits and `-`: `X-Api-Key`")
    return text


HeaderName: TypeAlias = Annotated[str, AfterValidator(_header), WithJsonSchema({"type": "string", "pattern": _NAME})]
"""The name of a header."""


class Plain(Secret):
    """A value that is no secret: it may be shown, and nothing is taken out of texts for it."""

    __slots__ = ()

    def reveal(self) -> str:
        """The value, with what it refers to."""
        return self._vault.fill(self.reference)


def _plain_where_it_is(given: Any, info: ValidationInfo) -> Any:
    if not isinstance(given, dict):
        return given
    vault = (info.context or {}).get("vault")
    return {
        name: (Secret if has_reference(value) else Plain)(value, vault)
        if isinstance(value, str) and isinstance(name, str) and (header_only_refers(value) or not _looks_secret(name, value))
        else value
        for name, value in given.items()
    }


def _sendable(headers: dict[str, Secret]) -> dict[str, Secret]:
    for name, value in headers.items():
        if name.lower() in _OWN:
            raise mistake("own_header", f"`{name}` is what each request says of itself", key=name, help="leave it out")
        if isinstance(value, Plain) and not (value.reference.isascii() and value.reference.isprintable()):
            raise mistake(
                "header_value", f"`{name}` has characters that no header has", key=name, help="it takes those of ASCII, on one line"
            )
    return headers


Headers: TypeAlias = Annotated[
    dict[HeaderName, Secret],
    BeforeValidator(_plain_where_it_is),
    AfterValidator(_sendable),
    WithJsonSchema({"type": "object", "additionalProperties": {"type": "string"}}),
]
"""Headers by their names. One that looks like a secret is a reference."""


def _looks_secret(name: str, value: str) -> bool:
    """Whether a header's name, or what stands there, is that of a key, a token, a password."""
    return bool(signs(name) or ISSUED.search(value) or (CODED.fullmatch(value) and not _UUID.fullmatch(value)))
