"""How names are compared: `$parseInteger`, `parse_integer!` and `PARSE INTEGER()` are one."""

from __future__ import annotations

import re
from collections.abc import Iterator

_PARTS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+|[^\W_]+")
_FRONTS = frozenset(
    (
        "array",
        "arrays",
        "list",
        "str",
        "string",
        "map",
        "json",
        "jsonb",
        "try",
        "safe",
        "to",
        "as",
        "is",
        "parse",
        "get",
        "math",
        "dt",
        "regexp",
    ),
)
"""What other tools put before a name that says the same without it: `array_max`, `try_to_date`, `str.lower`."""


_SMALL = frozenset(("jq", "pandas", "lodash", "dbt", "tidyr", "babel", "pint", "polars", "numpy"))
"""Tools that are written without a capital."""


def spelled(name: str) -> str:
    """A name in small letters, without what stands between its words or around it; a mark such as `++` stays as it is."""
    small = name.casefold().strip()
    return "".join(one for one in small if one.isalnum()) or small


def bare(name: str) -> str:
    """The name without the tool before it: `VRL upcase`. A tool has a capital; `running total` has none."""
    tool, _, rest = name.partition(" ")
    return rest if tool[:1].isupper() or tool in _SMALL else ""


def shorter(name: str) -> Iterator[str]:
    """What a name may mean where nothing is called so: its last part behind a point, and it without the words in front that say little."""
    last = re.split(r"\.|::", name.rstrip("!?()"))[-1]
    if last and last != name:
        yield last
    words = _PARTS.findall(last)
    while len(words) > 1 and words[0].casefold() in _FRONTS:
        words = words[1:]
        yield " ".join(words)
