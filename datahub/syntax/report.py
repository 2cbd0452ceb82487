"""Where the mistakes of one text are gathered: told once each, in the order of the text, and not more than a person reads."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort

from datahub.diagnostics.diagnostic import Diagnostic, Edit, Emit, Fix, Label
from datahub.diagnostics.rule import Rule, Severity
from datahub.document import Document, Span
from datahub.syntax.rules import FOREIGN_SPELLING, SYNTAX

HEAD = re.compile(r"\n(?=(?:pack|use|param|type|source|target|entity|lookup|decide|fn|view|map|rules|checks|flow|override|test)[ \t])")
"""The line end before what begins a declaration."""
MOST = 100
"""After so many mistakes in one file the rest of them is not told."""


class Report:
    """The mistakes found so far in one text."""

    __slots__ = ("document", "endless", "found", "hard", "opened", "strays")

    def __init__(self, document: Document) -> None:
        self.document = document
        self.found: list[Diagnostic] = []
        self.hard: list[int] = []
        self.strays: dict[int, Diagnostic] = {}
        self.opened: dict[int, bool] = {}
        self.endless: set[int] = set()

    @property
    def full(self) -> bool:
        """Whether so much was found that nothing more needs to be."""
        return len(self.found) >= 4 * MOST

    def add(self, diagnostic: Diagnostic) -> None:
        """Take a mistake."""
        if not self.full:
            self.found.append(diagnostic)

    def tell(
        self,
        rule: Rule,
        start: int,
        end: int,
        message: str,
        label: str,
        *,
        also: tuple[Label, ...] = (),
        notes: tuple[str, ...] = (),
        help: str | None = None,
        fix: Fix | None = None,
    ) -> None:
        """Take a mistake at a stretch of the text."""
        self.add(Diagnostic(rule, message, Label(self.span(start, end), label), also, notes, help, fix))

    def broken(
        self,
        start: int,
        end: int,
        message: str,
        label: str,
        *,
        also: tuple[Label, ...] = (),
        help: str | None = None,
        fix: Fix | None = None,
    ) -> None:
        """Take a mistake after which the rest of the statement is not to be trusted."""
        self.distrust(start)
        self.tell(SYNTAX, start, end, message, label, also=also, help=help, fix=fix)

    def distrust(self, start: int) -> None:
        """Tell nothing more of the statement that stands at an offset."""
        insort(self.hard, start)

    def unopened(self, start: int, *, block: bool) -> None:
        """Note that a bracket is missing, or is one too many: what is found behind `start` may follow from that.

        Where it is a `block` it reaches to the end of the declaration, else to that of the line.
        """
        self.opened[start] = block or self.opened.get(start, False)

    def stray(self, start: int, mark: str) -> None:
        """Take a closing bracket that closes nothing; it may turn out to follow from another mistake."""
        label = Label(self.span(start, start + 1), "nothing is open here")
        self.strays[start] = Diagnostic(SYNTAX, f"`{mark}` closes nothing", label, help=f"take out `{mark}`")

    def forget_strays(self, start: int, end: int) -> None:
        """Leave out the closing brackets between two offsets, since what was told there explains them."""
        for at in [at for at in self.strays if start <= at <= end]:
            del self.strays[at]

    def forget_foreign(self, start: int, end: int) -> None:
        """Leave out the foreign spellings between two offsets, since what follows tells them with more around them."""
        self.found = [d for d in self.found if d.rule is not FOREIGN_SPELLING or not start <= d.at.span.start < end]

    def foreign(
        self,
        start: int,
        end: int,
        better: str,
        *,
        severity: Severity | None = None,
        message: str | None = None,
        title: str | None = None,
        note: str | None = None,
        edit_from: int | None = None,
    ) -> None:
        """Take a spelling of another language, with what to write instead ("" where it is to be left out)."""
        text = self.document.text[start:end]
        shown = text if len(text) <= 40 else text[:39] + "…"
        told = better.strip()
        said = message or (f"`{shown}` is written `{told}` here" if told else f"`{shown}` is not written here")
        helps = title or (f"write `{told}`" if told else f"leave out `{shown}`")
        fix = Fix(helps, (Edit(self.span(start if edit_from is None else edit_from, end), better),))
        label = Label(self.span(start, end), "a spelling of other languages")
        self.add(Diagnostic(FOREIGN_SPELLING, said, label, notes=(note,) if note else (), help=helps, fix=fix, severity=severity))

    def span(self, start: int, end: int) -> Span:
        return Span(self.document, start, end)

    def trusted(self, start: int, end: int) -> bool:
        """Whether no statement-breaking mistake was told between the two offsets."""
        at = bisect_left(self.hard, start)
        return at >= bisect_right(self.hard, end)

    def send(self, emit: Emit) -> None:
        """Tell what was found, in the order of the text."""
        seen = set()
        told = 0
        found = [*self.found, *self.strays.values()]
        if self.opened or self.endless:
            found = [one for one in found if not self._follows(one)]
        for diagnostic in sorted(found, key=lambda d: (d.at.span.start, d.at.span.end)):
            key = (diagnostic.rule.code, diagnostic.at.span.start, diagnostic.at.span.end)
            if key not in seen and told < MOST:
                seen.add(key)
                told += 1
                emit(diagnostic)

    def _follows(self, diagnostic: Diagnostic) -> bool:
        """Whether a mistake follows from another: from a text without an end on its line, or a bracket before it."""
        start, text = diagnostic.at.span.start, self.document.text
        if start in self.endless:
            return False
        line = text.rfind("\n", 0, start) + 1
        if any(line <= at <= _line_end(text, start) for at in self.endless):
            return True
        if diagnostic.rule is not SYNTAX:
            return False
        stray = start in self.strays
        for at, block in self.opened.items():
            far = block or stray
            if at < start and (at >= line or (far and not HEAD.search(text, at, start + 1))):
                return True
        # What the grammar says of a bracket says more than that it is never closed.
        return (
            start in self.opened
            and any(one.at.span.start == start and one is not diagnostic for one in self.found)
            and _is_bracket(diagnostic)
        )


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _is_bracket(diagnostic: Diagnostic) -> bool:
    return diagnostic.message.endswith("is never closed")
