"""Patterns that stand for several columns of a header: which names are such, and the name that one makes of a key."""

from __future__ import annotations

import re


def is_pattern(name: str) -> bool:
    """Whether the name of a target's column is a pattern such as `/^CF_(.+)$/`, to be filled with keys or numbers."""
    return len(name) > 2 and name.startswith("/") and name.endswith("/")


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
