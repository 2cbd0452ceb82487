"""What all models of `dhm.toml` are: closed, immutable, documented field by field, and with references put in before they are read."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import PydanticCustomError

from datahub.project.secrets import NoReference, Secret, Undefined, Vault, has_reference
from datahub.project.telltale import NAMED


class Config(BaseModel):
    """A table of `dhm.toml`."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        # What was written may be a secret in the wrong place; it is shown from the file, with care, or not at all.
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
    )

    @field_validator("*", mode="before")
    @classmethod
    def _put_references_in(cls, value: Any, info: ValidationInfo) -> Any:
        """`${env:PORT}` becomes what it stands for, so that it is read in the type of its field; secrets stay references."""
        vault = (info.context or {}).get("vault")
        annotation = cls.model_fields[info.field_name].annotation if info.field_name else None
        if isinstance(value, bool) and annotation in (int, float):
            raise PydanticCustomError("int_type", "a number is neither true nor false")
        if not isinstance(vault, Vault) or holds(annotation, Secret):
            return value
        return _filled(value, vault, nested=not holds(annotation, Config))


def _filled(value: Any, vault: Vault, nested: bool, name: str = "") -> Any:
    if isinstance(value, str):
        try:
            # What a table that is free to say anything calls a secret is one.
            return vault.reveal(value) if NAMED.search(name) and has_reference(value) else vault.fill(value)
        except Undefined as missing:
            told = "unknown_reference" if isinstance(missing, NoReference) else "undefined_reference"
            raise PydanticCustomError(told, "{message}", {"message": missing.message, "help": missing.help}) from None
    if nested and isinstance(value, list):
        return [_filled(one, vault, nested, name) for one in value]
    if nested and isinstance(value, dict):
        return {key: _filled(one, vault, nested, str(key)) for key, one in value.items()}
    return value


def mistake(code: str, message: str, *, key: str | tuple[str | int, ...] = "", help: str = "") -> PydanticCustomError:
    """What a model says of a value that it does not take: `key` leads from it to where the mistake stands, and `help` says what to do."""
    return PydanticCustomError(code, "{message}", {"message": message, "key": key, "help": help})


def holds(annotation: Any, wanted: type) -> bool:
    """Whether a type is `wanted` or has it somewhere inside: `dict[str, Secret] | None` holds `Secret`."""
    if isinstance(annotation, type) and issubclass(annotation, wanted):
        return True
    return any(holds(part, wanted) for part in getattr(annotation, "__args__", ()))


_LONGEST = 100 * 366 * 86400
_UNITS = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400}
_LENGTH = re.compile(r"\s*(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>ms|s|min|h|d)?\s*")


def _length(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        if not 0 <= value < _LONGEST:
            raise mistake("length_of_time", "a length of time is neither negative nor longer than a hundred years")
        return timedelta(seconds=value)
    if isinstance(value, str):
        found = _LENGTH.fullmatch(value)
        if found is None:
            raise mistake("length_of_time", "this is not a length of time such as `30 s`, `5 min`, `1 h` or `2 d`")
        return _length(float(found["number"]) * _UNITS[found["unit"] or "s"])
    return value


def shown_length(value: timedelta) -> str:
    """A length of time as a person writes it."""
    seconds = value.total_seconds()
    for unit in ("d", "h", "min", "s"):
        if seconds and seconds % _UNITS[unit] == 0:
            return f"{int(seconds / _UNITS[unit])} {unit}"
    return f"{seconds:g} s"


Length: TypeAlias = Annotated[
    timedelta,
    BeforeValidator(_length),
    PlainSerializer(shown_length),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*(ms|s|min|h|d)?\s*$"}, {"type": "number", "minimum": 0}]}),
]
"""A length of time: a number of seconds, or `30 s`, `5 min`, `1 h`, `2 d`."""


def _some_time(value: timedelta) -> timedelta:
    if not value:
        raise mistake("no_time", "this takes more than no time")
    return value


SomeTime: TypeAlias = Annotated[Length, AfterValidator(_some_time)]
"""A length of time that is not nothing: how long something may take."""
