"""What follows from a mistake and is none of its own: names that are missing because their declaration could not be read, or is misspelt.

A declaration in which something could not be read is not whole: that a name is missing in it, or in what names it, is
no news. Everything else that is found there is told. A name that is missing at several places is one mistake, told where it is
missed first.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.diagnostics.rule import Severity
from datahub.document import Document
from datahub.semantic.rules import FIELD_NOT_MAPPED, UNKNOWN_FIXTURE
from datahub.semantic.rules_packs import NOTHING_TO_OVERRIDE
from datahub.semantic.rules_types import BAD_ARGUMENTS, NOT_AGGREGATED, TYPE_MISMATCH, UNKNOWN_FUNCTION, UNKNOWN_NAME
from datahub.syntax.rules import FOREIGN_SPELLING, SYNTAX

MISSING = (UNKNOWN_NAME, UNKNOWN_FIXTURE, FIELD_NOT_MAPPED, NOT_AGGREGATED, NOTHING_TO_OVERRIDE)
"""What is said of something that is not there."""
_REPEATED = (UNKNOWN_NAME, UNKNOWN_FUNCTION, UNKNOWN_FIXTURE)
_MOST_PLACES = 4
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
        self._foreign: set[int] = set()
        self._missed: dict[tuple[str, int], list[Diagnostic]] = {}
        self._heads: list[re.Match[str]] | None = None
        self._unsafe: frozenset[int] = frozenset()

    def reading(self, diagnostic: Diagnostic) -> None:
        """Take what was found while the text was read."""
        if diagnostic.rule is SYNTAX and diagnostic.at.span.document is self._document:
            self._broken.append(diagnostic.at.span.start)
        if diagnostic.rule is FOREIGN_SPELLING and diagnostic.level is Severity.ERROR:
            self._foreign.add(diagnostic.at.span.end)
        self._emit(diagnostic)

    def __call__(self, diagnostic: Diagnostic) -> None:
        span = diagnostic.at.span
        if span.document is not self._document:
            self._emit(diagnostic)
        elif (self._broken and self._follows(diagnostic, span.start)) or (diagnostic.rule is TYPE_MISMATCH and span.start in self._foreign):
            return
        elif diagnostic.rule in _REPEATED:
            self._missed.setdefault(self._of(diagnostic), []).append(diagnostic)
        else:
            self._emit(diagnostic)

    def finish(self) -> None:
        """Tell of what is missing, each once."""
        for found in self._missed.values():
            # A test that names it misses what the rest of the script misses.
            found.sort(key=lambda one: (one.rule is UNKNOWN_FIXTURE, one.at.span.start))
            self._emit(_at_all(found))
        self._missed = {}

    def _of(self, diagnostic: Diagnostic) -> tuple[str, int]:
        """What is missing: one name, in the whole script or, where it is that of a row or a value, in one declaration."""
        message = diagnostic.message
        word = message.rstrip("`").rpartition("`")[2] if message.endswith("`") else message
        return word, self._part(self._known_heads(), diagnostic.at.span.start) if message.endswith(" here") else -1

    def _known_heads(self) -> list[re.Match[str]]:
        if self._heads is None:
            self._heads = list(_HEAD.finditer(self._document.text))
            self._unsafe = self._reached(self._heads)
        return self._heads

    def _follows(self, diagnostic: Diagnostic, at: int) -> bool:
        """Whether something found at an offset follows from what could not be read: on the same line anything, else what is missing."""
        line = self._line(at)
        if any(self._line(one) == line for one in self._broken):
            return True
        heads = self._known_heads()
        part = self._part(heads, at)
        if diagnostic.rule is BAD_ARGUMENTS:
            # What a declaration lacks, as a source its columns; a call in what names it is another matter.
            return part in {self._part(heads, one) for one in self._broken}
        return diagnostic.rule in MISSING and part in self._unsafe

    def _line(self, at: int) -> int:
        return self._document.text.count("\n", 0, at)

    def _part(self, heads: Sequence[re.Match[str]], at: int) -> int:
        return bisect_right([head.start() for head in heads], at) - 1

    def _reached(self, heads: Sequence[re.Match[str]]) -> frozenset[int]:
        """The declarations that could not be read whole, and those that name one of them."""
        text = self._document.text
        ends = [*(head.start() for head in heads[1:]), len(text)][: len(heads)]
        words = [frozenset(re.findall(r"\w+", text[head.start() : end])) for head, end in zip(heads, ends, strict=True)]
        names = [head.group(1).rpartition(".")[2] for head in heads]
        found = {self._part(heads, at) for at in self._broken}
        while True:
            said = {names[part] for part in found if part >= 0}
            more = {part for part, known in enumerate(words) if known & said} - found
            if not more:
                return frozenset(found)
            found |= more


def _at_all(found: Sequence[Diagnostic]) -> Diagnostic:
    """One of several that are the same, with the places of the others."""
    first, others = found[0], found[1:]
    if not others:
        return first
    more = len(others) - _MOST_PLACES
    notes = (f"and at {more} more places",) if more > 1 else ("and at one more place",) if more == 1 else ()
    labels = tuple(Label(one.at.span, "missing here, too") for one in others[:_MOST_PLACES])
    fixes = [one.fix for one in found]
    fix = replace(fixes[0], edits=tuple(edit for one in fixes if one for edit in one.edits)) if fixes[0] and all(fixes) else first.fix
    return replace(first, also=(*first.also, *labels), notes=(*first.notes, *notes), fix=fix)
