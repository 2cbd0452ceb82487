"""The cells of decision tables and lookups: tests, and keys, typed later by their column.

A cell is `-`, or tests with commas, any of which may hold: `null`, a value, `not` and a test or several in parentheses,
a comparison such as `>= 5`, an interval such as `(0.5..30]`, or a pattern. A value is raw text, in quotes where it
holds a comma, a bar or blanks at its ends, or where it looks like one of the others.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias, cast

from datahub.diagnostics.diagnostic import Diagnostic, Edit, Emit, Fix, Label
from datahub.document import Span
from datahub.records import record
from datahub.syntax import ast
from datahub.syntax.ast import place
from datahub.syntax.literals import unescape
from datahub.syntax.oddities import FOREIGN_MARKS
from datahub.syntax.report import Report
from datahub.syntax.rules import FOREIGN_SPELLING, SYNTAX


@record(frozen=True, slots=True)
class AnyValue:
    """`-`: whatever it is, null among it."""

    span: Span = place()


@record(frozen=True, slots=True)
class IsNull:
    """`null`."""

    span: Span = place()


@record(frozen=True, slots=True)
class Equals:
    """A value; `quoted` where it was written in quotes."""

    text: str
    quoted: bool
    span: Span = place()


@record(frozen=True, slots=True)
class Compare:
    """`<= 0.5`."""

    operator: Literal["<", "<=", ">", ">="]
    text: str
    span: Span = place()


@record(frozen=True, slots=True)
class Interval:
    """`(0.5..30]`; an end that is None is open for ever."""

    low: str | None
    low_closed: bool
    high: str | None
    high_closed: bool
    span: Span = place()


@record(frozen=True, slots=True)
class CellPattern:
    """`/…/i`, which must match the whole value."""

    source: str
    flags: str
    span: Span = place()


@record(frozen=True, slots=True)
class Not:
    """`not FR`, `not (FR, BE)`: none of the tests holds."""

    tests: tuple[CellTest, ...]
    span: Span = place()


CellTest: TypeAlias = AnyValue | IsNull | Equals | Compare | Interval | CellPattern | Not

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_END = rf"{_QUOTED}|(?:(?!\.\.)[^,\[\]()\"])*?"
_INTERVAL = re.compile(rf"(?P<open>[\[(])?\s*(?P<low>{_END})\s*\.\.\s*(?P<high>{_END})\s*(?P<close>[\])])?\s*(?=,|\)|$)")
_COMPARE = re.compile(rf"(?P<mark><=|>=|<>|!=|==|=<|<|>|=)\s*(?P<value>{_QUOTED}|[^,]*)")
_PATTERN = re.compile(r"/((?:[^/\\\[]|\\.|\[\^?\]?(?:[^\]\\]|\\.)*+\])++)/([imsx]*)(?=\s*(?:,|\)|$))")
_TEXT = re.compile(rf"(?P<quoted>{_QUOTED})(?=\s*(?:,|\)|$))|(?P<raw>[^,]+)")
_NEGATION = re.compile(r"not(?![\w-])\s*")
_BLANK = re.compile(r"\s*")


def parse_cell(cell: ast.Cell, emit: Emit) -> tuple[CellTest, ...]:
    """Read the tests of a decision table's cell; it holds where one of them does."""
    if cell.quoted:
        return (Equals(cell.text, True, cell.span),)
    if not cell.text:
        message, helps = "a test of the decision table is empty", "write `-` for any value, `null` for none"
        emit(Diagnostic(SYNTAX, message, Label(cell.span, "nothing is tested here"), help=helps))
        return (AnyValue(cell.span),)
    return _Cell(cell, emit).tests()


def parse_keys(cell: ast.Cell, emit: Emit) -> tuple[Equals, ...]:
    """Read the keys of a lookup's cell, which share its row; none where it is empty."""
    if cell.quoted:
        return (Equals(cell.text, True, cell.span),)
    return _Cell(cell, emit).keys()


class _Cell:
    """One pass over the text of a cell."""

    def __init__(self, cell: ast.Cell, emit: Emit) -> None:
        self.text = cell.text
        self.span = cell.span
        self.emit = emit
        self.at = 0
        self.end = len(cell.text)
        self.negated = False

    def keys(self) -> tuple[Equals, ...]:
        found: list[Equals] = []
        while self.skip() < self.end:
            found.append(self.value())
            self.comma()
        return tuple(found)

    def tests(self, closing: str = "") -> tuple[CellTest, ...]:
        """The tests up to the end, or to the parenthesis that closes `not (`."""
        found: list[CellTest] = []
        while True:
            found.append(self.test(closing))
            if (closing and self.text.startswith(closing, self.skip())) or not self.comma():
                return tuple(found)

    def test(self, closing: str) -> CellTest:
        start = self.skip()
        negated = _NEGATION.match(self.text, start, self.end)
        if negated and negated.end() < self.end and not self.text.startswith(",", negated.end()):
            self.at = negated.end()
            return self.negation(start, closing)
        if found := _INTERVAL.match(self.text, start, self.end):
            self.at = found.end()
            return self.interval(found)
        if found := _PATTERN.match(self.text, start, self.end):
            self.at = found.end()
            return CellPattern(found[1], found[2], self.place(start))
        if found := _COMPARE.match(self.text, start, self.end):
            self.at = found.end() if not closing else min(found.end(), self.closing_at(start))
            return self.comparison(found)
        value = self.value(closing)
        if value.quoted:
            return value
        match value.text:
            case "-":
                return AnyValue(value.span)
            case "null" | "missing":
                return IsNull(value.span)
            case _:
                return value

    def negation(self, start: int, closing: str) -> CellTest:
        if self.negated:
            value = self.value(closing)
            self.tell("`not` stands inside `not`", "the second `not`", start, "say it without the second `not`")
            return value
        self.negated = True
        group = self.text.startswith("(", self.at) and not _INTERVAL.match(self.text, self.at, self.end)
        made = self.group(start) if group else Not((self.test(closing),), self.place(start))
        self.negated = False
        return made

    def group(self, start: int) -> CellTest:
        self.at += 1
        inside = self.tests(")")
        if self.text.startswith(")", self.skip()):
            self.at += 1
        else:
            self.tell("`(` is never closed", "it is opened here", start, "write `)`")
        return Not(inside, self.place(start))

    def interval(self, found: re.Match[str]) -> CellTest:
        low, high = (self.unquoted(found, end) or None for end in ("low", "high"))
        return Interval(low, found["open"] != "(", high, found["close"] != ")", self.place(found.start()))

    def comparison(self, found: re.Match[str]) -> CellTest:
        mark, span = found["mark"], self.place(found.start())
        if mark in FOREIGN_MARKS:
            mark = FOREIGN_MARKS[mark]
            at = Span(self.span.document, span.start, span.start + len(found["mark"]))
            fix = Fix(f"write `{mark}`", (Edit(at, mark),))
            label = Label(at, "a spelling of other languages")
            self.emit(Diagnostic(FOREIGN_SPELLING, f"`{found['mark']}` is written `{mark}` here", label, help=fix.title, fix=fix))
        value = self.unquoted(found, "value", self.at)
        if not value and not found["value"].startswith('"'):
            self.tell(f"`{mark}` compares with nothing", "a value is missing here", found.start(), f"write `{mark} 5`")
        equal = Equals(value, found["value"].startswith('"'), span)
        if mark == "=":
            return equal
        if mark == "<>":
            return Not((equal,), span)
        return Compare(cast(Literal["<", "<=", ">", ">="], mark), value, span)

    def value(self, closing: str = "") -> Equals:
        start = self.skip()
        found = _TEXT.match(self.text, start, self.end)
        if found is None:
            self.tell("a value is missing between commas", "nothing stands here", start, "take out the comma")
            return Equals("", False, self.place(start))
        if found["quoted"]:
            self.at = found.end()
            return Equals(self.unquoted(found, "quoted"), True, self.place(start))
        self.at = min(found.end(), self.closing_at(start)) if closing else found.end()
        return Equals(self.text[start : self.at].strip(), False, self.place(start))

    def closing_at(self, start: int) -> int:
        """Where the group that a value stands in is closed: parentheses of its own come in pairs."""
        depth = 0
        for at in range(start, self.end):
            depth += {"(": 1, ")": -1}.get(self.text[at], 0)
            if depth < 0:
                return at
        return self.end

    def unquoted(self, found: re.Match[str], part: str, limit: int | None = None) -> str:
        raw = self.text[found.start(part) : min(found.end(part), limit or self.end)].strip()
        if not raw.startswith('"') or len(raw) < 2:
            return raw
        report = Report(self.span.document)
        text = unescape(raw[1:-1], self.span.start + found.start(part) + 1, '"', report)
        report.send(self.emit)
        return text

    def comma(self) -> bool:
        """Take a comma; whatever else stands there is told and left out."""
        start = self.skip()
        if start < self.end and self.text[start] != ",":
            self.at = self.end
            self.tell(f"`{self.text[start:]}` stands where a comma should be", "a comma is missing here", start, "part values with commas")
            return False
        self.at = start + 1
        return start < self.end

    def skip(self) -> int:
        blank = _BLANK.match(self.text, self.at)
        self.at = blank.end() if blank else self.at
        return self.at

    def place(self, start: int) -> Span:
        end = self.span.start + min(self.at, self.end)
        return Span(self.span.document, self.span.start + start, max(end, self.span.start + start))

    def tell(self, message: str, label: str, start: int, helps: str) -> None:
        self.emit(Diagnostic(SYNTAX, message, Label(self.place(start), label), help=helps))
