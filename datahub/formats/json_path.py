"""Where the rows of a JSON document are."""

from __future__ import annotations

from datahub.formats.declare import BadInput
from datahub.semantic.row_path import row_path

Keys = tuple[str, ...]


def keys_of(path: str, name: str) -> Keys:
    """The members on the way to the rows: `$.a.b[*]` gives `a`, `b`."""
    keys = row_path(path)
    if keys is None:
        raise BadInput("R006", f"`{path}` leads to no rows of `{name}`", "write a path such as `$.orders[*]`", path=name)
    return keys
