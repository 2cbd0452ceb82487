"""The tokens of a text, before and after newlines are thinned out."""

from __future__ import annotations

from dataclasses import field

from datahub.records import record

ODD = "ODD"
"""The kind of a word that may be a keyword in another language's spelling, or just a name."""

BLANKS = " \t\u00a0\u202f\u2009"
"""Spaces; the ones that do not break come with text pasted from elsewhere."""


@record(slots=True)
class Tokens:
    """The tokens of a text, as lists side by side; the places of its comments; where texts and patterns are not closed."""

    kinds: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    comments: list[tuple[int, int]] = field(default_factory=list)
    unclosed: list[int] = field(default_factory=list)
    stop: int = 0

    def put(self, kind: str, start: int, end: int) -> None:
        """Add a token."""
        self.kinds.append(kind)
        self.starts.append(start)
        self.ends.append(end)
