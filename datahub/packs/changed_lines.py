"""The lines in which two ways of writing something differ, for people: of a table its rows."""

from __future__ import annotations

from difflib import SequenceMatcher

MOST = 12
"""So many lines are shown; the rest is counted."""


def one_line(text: str) -> str:
    """A text of several lines on one."""
    return " ".join(text.split())


def changed_lines(before: str, now: str) -> list[str]:
    """The lines that are gone, each behind `-`, and those that are new, behind `+`; none where both are one line, or all is new."""
    old, new = ([one_line(line) for line in text.splitlines() if line.strip()] for text in (before, now))
    if not old or not new or max(len(old), len(new)) == 1:
        return []
    found: list[str] = []
    for what, start, end, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what != "equal":
            found += [f"- {line}" for line in old[start:end]] + [f"+ {line}" for line in new[first:last]]
    return found if len(found) <= MOST else [*found[: MOST - 1], f"… and {len(found) - MOST + 1} lines more"]
