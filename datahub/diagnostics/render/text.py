"""Findings for people: the line, the place in it, the other place that explains it, facts, and what to do."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import field

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.diagnostics.rule import Severity
from datahub.document import Document, Span
from datahub.records import record

_WIDEST = 140
_BEFORE = 60
_MOST_LINES = 6
"""A place over more lines than these is shown by its first and last two."""


def render(found: Sequence[Diagnostic], paths: Sequence[str] = (), *, colour: bool = False) -> str:
    """All findings, a blank line between two of them."""
    return "\n".join(render_one(finding, colour=colour) for finding in found)


def render_one(finding: Diagnostic, *, colour: bool = False) -> str:
    """One finding, as `dhm check` prints it."""
    paint = _Paint(colour)
    labels = (finding.at, *finding.also)
    gutter = max(len(str(_last_line(label.span))) for label in labels)
    rule, level = finding.rule, finding.level
    lines = [paint.level(level, f"{level}[{rule.code}]") + paint.bold(f": {_clean(finding.message)}")]
    for position, places in enumerate(_by_line(labels)):
        span = places[0].span
        arrow = "-->" if position == 0 else ":::"
        lines.append(f"{' ' * gutter}{paint.frame(arrow)} {span}")
        lines.append(paint.bar(gutter))
        if _last_line(span) > span.line:
            for number, place in enumerate(places):
                lines += _bracket(place, gutter, paint, level if position == number == 0 else None)
        else:
            lines += _snippet(places, gutter, paint, level if position == 0 else None)
    lines.append(paint.bar(gutter))
    lines += _remarks(finding, gutter, paint)
    return "\n".join(lines) + "\n"


def _by_line(labels: Iterable[Label]) -> list[list[Label]]:
    """Labels that stand on one line (or on the same several ones) together, in the order in which the lines are first named."""
    grouped: dict[tuple[Document, int, int], list[Label]] = {}
    for label in labels:
        grouped.setdefault((label.span.document, label.span.line, _last_line(label.span)), []).append(label)
    return list(grouped.values())


def _snippet(labels: Sequence[Label], gutter: int, paint: _Paint, level: Severity | None) -> list[str]:
    number = labels[0].span.line
    shown = _Shown.of(labels[0].span)
    lines = [f"{paint.frame(f'{number:>{gutter}} |')} {shown.text}".rstrip()]
    for position, label in enumerate(labels):
        primary = level is not None and position == 0
        start, width = shown.extent(label.span)
        mark = ("^" if primary else "-") * width
        words = f"{mark} {_clean(label.text)}".rstrip()
        painted = paint.level(level, words) if primary and level else paint.frame(words)
        lines.append(f"{paint.bar(gutter)} {' ' * start}{painted}")
    return lines


def _last_line(span: Span) -> int:
    """The line on which the last character of `span` stands that is no space."""
    text = span.text.rstrip()
    return span.document.place(span.start + max(len(text) - 1, 0))[0]


def _bracket(label: Label, gutter: int, paint: _Paint, level: Severity | None) -> list[str]:
    """A place over several lines: its first and last ones, with a bar beside them from the first to what is said of it."""
    first, last, document = label.span.line, _last_line(label.span), label.span.document
    numbers = range(first, last + 1) if last - first < _MOST_LINES else (first, first + 1, last - 1, last)
    bar = paint.level(level, "|") if level else paint.frame("|")
    lines, before = [], first - 1
    for number in numbers:
        if number != before + 1:
            lines.append(paint.frame("…".rjust(gutter)))
        start = document.line_starts[number - 1]
        shown = _Shown.of(Span(document, max(start, label.span.start) if number == first else start, start))
        lines.append(f"{paint.frame(f'{number:>{gutter}} |')} {' ' if number == first else bar} {shown.text}".rstrip())
        if number == first:
            at = shown.extent(Span(document, label.span.start, label.span.start + 1))[0]
            edge = f" {'_' * (at + 1)}{'^' if level else '-'}"
            lines.append(f"{paint.bar(gutter)} {paint.level(level, edge) if level else paint.frame(edge)}")
        before = number
    words = f"|_{'^' if level else '-'} {_clean(label.text)}".rstrip()
    lines.append(f"{paint.bar(gutter)} {paint.level(level, words) if level else paint.frame(words)}")
    return lines


def _remarks(finding: Diagnostic, gutter: int, paint: _Paint) -> list[str]:
    remarks = [("note", note) for note in finding.notes]
    if advice := advice_of(finding):
        remarks.append(("help", advice))
    remarks.append(("more", f"dhm explain {finding.rule.name}"))
    lines = []
    for word, text in remarks:
        head = f"{' ' * gutter} {paint.frame('=')} {paint.bold(word)}: "
        indent = " " * (gutter + len(" = ") + len(word) + len(": "))
        first, *rest = [_clean(line) for line in text.split("\n")]
        lines += [head + first, *(f"{indent}{line}".rstrip() for line in rest)]
    return lines


def advice_of(finding: Diagnostic) -> str:
    """The help of `finding`, and whether the machine can do it."""
    fix = finding.fix
    advice = finding.help or (fix.title if fix else "")
    return f"{advice} (`dhm check --fix` does this)" if fix and fix.safe and advice else advice


@record(frozen=True, slots=True)
class _Shown:
    """A line as it is shown: tabs as spaces, no control characters, cut where it is too long for a screen.

    `columns` are the cells at which the characters of the line begin on the screen.
    """

    text: str
    columns: tuple[int, ...] = field(repr=False)
    document: Document = field(repr=False)
    number: int

    @classmethod
    def of(cls, span: Span) -> _Shown:
        line = span.document.line(span.line)
        pieces, columns, cell = [], [], 0
        for character in line:
            columns.append(cell)
            piece = " " * (4 - cell % 4) if character == "\t" else _visible(character)
            pieces.append(piece)
            cell += len(piece) if character == "\t" else _cells(piece)
        columns.append(cell)
        if cell <= _WIDEST:
            return cls("".join(pieces), tuple(columns), span.document, span.line)
        return cls._cut(pieces, columns, span)

    @classmethod
    def _cut(cls, pieces: Sequence[str], columns: Sequence[int], span: Span) -> _Shown:
        middle = columns[min(span.column - 1, len(pieces))]
        low = max(0, min(middle - _BEFORE, columns[-1] - _WIDEST))
        kept = [at for at in range(len(pieces)) if low <= columns[at] and columns[at + 1] <= low + _WIDEST]
        before, after = ("… " if kept[0] > 0 else ""), (" …" if kept[-1] < len(pieces) - 1 else "")
        shift = len(before) - columns[kept[0]]
        last = columns[kept[-1] + 1]
        moved = tuple(min(max(column, columns[kept[0]]), last) + shift for column in columns)
        text = before + "".join(pieces[kept[0] : kept[-1] + 1]) + after
        return cls(text, moved, span.document, span.line)

    def extent(self, span: Span) -> tuple[int, int]:
        """The cell at which `span` begins, and how many it takes; at least one, and none of the lines after."""
        line_start = self.document.line_starts[self.number - 1]
        first = min(span.start - line_start, len(self.columns) - 1)
        last = min(max(span.end - line_start, first), len(self.columns) - 1)
        return self.columns[first], max(1, self.columns[last] - self.columns[first])


def _visible(character: str) -> str:
    """The character, or a mark for one that would disturb the screen or hide what the line says."""
    return "�" if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") else character


def _clean(text: str) -> str:
    return "".join(" " if character == "\n" else _visible(character) for character in text)


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


@record(frozen=True, slots=True)
class _Paint:
    """Colours of a terminal, or none."""

    on: bool

    def level(self, level: Severity, text: str) -> str:
        colours = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.NOTE: "1;36"}
        return self._in(colours[level], text)

    def frame(self, text: str) -> str:
        return self._in("34", text)

    def bold(self, text: str) -> str:
        return self._in("1", text)

    def bar(self, gutter: int) -> str:
        return f"{' ' * gutter} {self.frame('|')}"

    def _in(self, colour: str, text: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self.on else text
