"""Sizes as people write them: `500MB`, `2 GiB`."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30}
_SIZE = re.compile(r"\s*(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[A-Za-z]+)\s*")


def bytes_of(text: str) -> int | None:
    """The bytes that `text` says; None where it is no size."""
    found = _SIZE.fullmatch(text)
    unit = _UNITS.get(found["unit"].upper()) if found else None
    return int(float(found["number"]) * unit) if found and unit else None


def _size(value: Any) -> Any:
    found = bytes_of(value) if isinstance(value, str) else None
    if found is None:
        raise PydanticCustomError("size", "this is no size such as `500MB` or `1GiB`")
    return found


def _shown(value: int) -> str:
    unit = next((name for name in ("GiB", "MiB", "KiB", "GB", "MB", "KB") if value and value % _UNITS[name.upper()] == 0), "B")
    return f"{value // _UNITS[unit.upper()]}{unit}"


Size: TypeAlias = Annotated[
    int,
    BeforeValidator(_size),
    PlainSerializer(_shown),
    WithJsonSchema({"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*([KMG]i?)?B\s*$"}),
]
"""A number of bytes: `500MB`, `2 GiB`."""
