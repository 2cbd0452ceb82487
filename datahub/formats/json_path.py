"""Where the rows of a JSON document are."""

from __future__ import annotations

import re

from datahub.formats.declare import BadInput

_PATH = re.compile(r"\$?((?:\.[^.\[\]*']+|\['[^']*'\])*)(\[\*\])?")
_PART = re.compile(r"\.([^.\[\]*']+)|\['([^']*)'\]")

Keys = tuple[str, ...]


def keys_of(path: str, name: str) -> Keys:
    """The members on the way to the rows: `$.a.b[*]` gives `a`, `b`."""
    found = _PATH.fullmatch(path.strip())
    if found is None:
        raise BadInput("R006", f"`{path}` leads to no rows of `{name}`", "write a path such as `$.orders[*]`", path=name)
    return tuple(plain or quoted for plain, quoted in _PART.findall(found.group(1)))
