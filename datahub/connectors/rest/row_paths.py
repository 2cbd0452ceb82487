"""Paths that name the row which is sent: `orders/{{ORDERID}}/ship`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from datahub.connectors.rest.paths import SLOT
from datahub.connectors.rest.values import text_of


class NoPath(Exception):
    """A row whose values make no path: it would lead to another thing than is meant."""


def filled_path(path: str, values: Mapping[str, str]) -> str:
    """The path with the values of a row in it; a value adds no folder and no query, and is there."""
    made, end = "", 0
    for slot in SLOT.finditer(path):
        name = slot[1].upper()
        value = values.get(name)
        if not value or value.strip(".") == "":
            has = "no such field" if value is None else "nothing there" if not value else f"`{value}` there"
            raise NoPath(f"the path has `{slot[0]}`, and the row has {has}")
        made += path[end : slot.start()] + quote(value, safe="")
        end = slot.end()
    return made + path[end:]


def named_values(row: Mapping[str, Any]) -> dict[str, str]:
    """The values of a row as slots name them: in capitals, with `_` or without."""
    told = {name.upper(): text_of(value) for name, value in row.items() if not isinstance(value, (list, dict))}
    return {**{name.replace("_", ""): value for name, value in told.items()}, **told}
