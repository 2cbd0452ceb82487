"""What follows from a mistake of spelling and is none of its own: names that are missing because their declaration could not be read.

A declaration in which something could not be read is not whole: that a name is missing in it, or in what names it, is
no news. Everything else that is found there is told.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from datahub.diagnostics.diagnostic import Diagnostic, Emit
from datahub.document import Document
from datahub.semantic.rules import FIELD_NOT_MAPPED, UNKNOWN_FIXTURE
from datahub.semantic.rules_packs import NOTHING_TO_OVERRIDE
from datahub.semantic.rules_types import BAD_ARGUMENTS, NOT_AGGREGATED, UNKNOWN_NAME
from datahub.syntax.rules import SYNTAX

MISSING = (UNKNOWN_NAME, UNKNOWN_FIXTURE, FIELD_NOT_MAPPED, NOT_AGGREGATED, NOTHING_TO_OVERRIDE)
"""What is said of something that is not there."""
_HEAD = re.compile(
    r"^(?:pack|use|param|type|source|target|entity|lookup|decide|fn|view|map|rules|checks|flow|override|test)[ \t]+"
    r"(?:entity[ \t]+)?([^\s:{(]*)",
    re.MULTILINE,
)


class Aftermath:
    """Passes on what is found in a script, but for what follows from what could not be read in it."""

    def __init__(self, document: Document, emit: Emit) -> None:
        self._document, self._emit = document, emit
        self._broken: list[int] = []
        self._heads: list[re.Match[str]] | None = None
        self._unsafe: frozenset[int] = frozenset()

    def reading(self, diagnostic: Diagnostic) -> None:
        """Take what was found while the text was read."""
        if diagnostic.rule is SYNTAX and diagnostic.at.span.document is self._document:
            self._broken.append(diagnostic.at.span.start)
        self._emit(diagnostic)

    def __call__(self, diagnostic: Diagnostic) -> None:
        span = diagnostic.at.span
        if not self._broken or span.document is not self._document or not self._follows(diagnostic, span.start):
            self._emit(diagnostic)

    def _follows(self, diagnostic: Diagnostic, at: int) -> bool:
        """Whether something found at an offset follows from what could not be read: on the same line anything, else what is missing."""
        line = self._line(at)
        if any(self._line(one) == line for one in self._broken):
            return True
        if self._heads is None:
            self._heads = list(_HEAD.finditer(self._document.text))
            self._unsafe = self._reached(self._heads)
        part = self._part(self._heads, at)
        if diagnostic.rule is BAD_ARGUMENTS:
            # What a declaration lacks, as a source its columns; a call in what names it is another matter.
            return part in {self._part(self._heads, one) for one in self._broken}
        return diagnostic.rule in MISSING and part in self._unsafe

    def _line(self, at: int) -> int:
        return self._document.text.count("\n", 0, at)

    def _part(self, heads: Sequence[re.Match[str]], at: int) -> int:
        return bisect_right([head.start() for head in heads], at) - 1

    def _reached(self, heads: Sequence[re.Match[str]]) -> frozenset[int]:
        """The declarations that could not be read whole, and those that name one of them."""
        text = self._document.text
        ends = [*(head.start() for head in heads[1:]), len(text)]
        words = [frozenset(re.findall(r"\w+", text[head.start() : end])) for head, end in zip(heads, ends, strict=True)]
        names = [head.group(1).rpartition(".")[2] for head in heads]
        found = {self._part(heads, at) for at in self._broken}
        while True:
            said = {names[part] for part in found if part >= 0}
            more = {part for part, known in enumerate(words) if known & said} - found
            if not more:
                return frozenset(found)
            found |= more
