"""Where the rows of a JSON document are: `$.orders[*]`."""

from __future__ import annotations

import re

_PATH = re.compile(r"\$?((?:\.[^.\[\]*']+|\['[^']*'\])*)(\[\*\])?")
_PART = re.compile(r"\.([^.\[\]*']+)|\['([^']*)'\]")


def row_path(text: str) -> tuple[str, ...] | None:
    """The members on the way to the rows: `$.a.b[*]` gives `a`, `b`; None where `text` is no such path."""
    found = _PATH.fullmatch(text.strip())
    return None if found is None else tuple(plain or quoted for plain, quoted in _PART.findall(found.group(1)))
