"""Patterns as RE2 reads them, by Python's `re`: digits, words and spaces are those of ASCII, `$` is the very end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from typing import Any


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    found, inside, at = "", False, 0
    while at < len(pattern):
        sign = pattern[at]
        if sign == "\\":
            following = pattern[at + 1 : at + 2]
            found += r"\Z" if following == "z" else sign + following
            at += 2
            continue
        if sign == "[" and not inside:
            inside = True
        elif sign == "]" and inside and pattern[at - 1] not in "[^":
            inside = False
        found += r"\Z" if sign == "$" and not inside and not re.match(r"\(\?[a-z]*m", pattern) else sign
        at += 1
    return re.compile(found, re.ASCII)


def every_match(regex: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """All matches; RE2 passes over an empty one where the match before has just ended."""
    end = -1
    for match in regex.finditer(text):
        if match.end() > end:
            yield match
            end = match.end()


def substituted(regex: re.Pattern[str], by: Callable[[re.Match[str]], str], text: str, count: int = 0) -> str:
    """The text with all matches replaced, or the first `count`."""
    found, end = "", 0
    for match in islice(every_match(regex, text), count or None):
        found += text[end : match.start()] + by(match)
        end = match.end()
    return found + text[end:]


def expanded(match: re.Match[str], new: str) -> str:
    """`$1` and `${name}` are groups, `$$` is a dollar sign."""

    def one(mark: re.Match[str]) -> str:
        name: Any = mark.group(1) or mark.group(2)
        return "$" if mark.group() == "$$" else match.group(int(name) if name.isdigit() else name) or ""

    return re.sub(r"\$\$|\$(\d)|\$\{(\w+)\}", one, new)
