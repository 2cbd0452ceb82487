"""Patterns that stand for several columns of a header: which names are such, the name that one makes of a key, and the key of a name."""

from __future__ import annotations

import re

from datahub.types import model as t
from datahub.types.model import Type


def is_pattern(name: str) -> bool:
    """Whether the name of a target's column is a pattern such as `/^CF_(.+)$/`, to be filled with keys or numbers."""
    return len(name) > 2 and name.startswith("/") and name.endswith("/")


def by_number_and_name(pattern: str, item: Type) -> bool:
    """Whether each field of each item of a list stands under a name of its own, not each item."""
    return pattern.count("(") > 1 and isinstance(t.base_of(item), t.Struct)


def filled(pattern: str, *parts: str) -> str:
    """The column name that `pattern` matches with `parts` in the places of its groups."""
    waiting = list(parts)
    made = []
    for token in re.findall(r"\((?:[^()\\]|\\.)*\)|\\d[+*]|\\.|.", pattern[1:-1]):
        if token in ("^", "$"):
            continue
        slot = token.startswith("(") or token in (r"\d+", r"\d*")
        made.append((waiting.pop(0) if waiting else "") if slot else token.removeprefix("\\"))
    return "".join(made)


def key_of(found: re.Match[str]) -> str:
    """What tells one matching name from another: the pattern's group, else its digits, else the whole."""
    if found.re.groups:
        return str(found.group(1) or "").strip()
    digits = re.findall(r"\d+", found.string)
    return digits[-1] if digits else found.string
