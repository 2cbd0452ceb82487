"""Text to tree: never an exception, every mistake told, and the best tree that could be made."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from datahub.diagnostics.diagnostic import Emit
from datahub.document import Document, Span
from datahub.records import record
from datahub.syntax import ast
from datahub.syntax.automaton import Steps, read, steps
from datahub.syntax.hygiene import readable
from datahub.syntax.layout import Laid, lay_out
from datahub.syntax.lexer import lex
from datahub.syntax.nodes import ACTIONS
from datahub.syntax.nodes.building import Building
from datahub.syntax.nodes.expressions import tell_sets
from datahub.syntax.report import Report
from datahub.syntax.rules import SYNTAX
from datahub.syntax.tokens import Tokens


@record(frozen=True, slots=True)
class Comment:
    """A comment, from its `#` to the end of its line; `alone` where nothing stands before it."""

    text: str
    alone: bool
    span: Span


@record(frozen=True, slots=True)
class Parsed:
    """A tree and what stands beside it: comments, tokens, and which expressions stood in parentheses."""

    script: ast.Script
    comments: tuple[Comment, ...]
    laid: Laid
    wrapped: frozenset[int]


def parse(document: Document, emit: Emit) -> ast.Script:
    """Read a script; mistakes go to `emit`, and what they leave readable is in the tree."""
    return parse_fully(document, emit).script


def parse_fully(document: Document, emit: Emit) -> Parsed:
    """Read a script, and keep what the tree does not say."""
    report = Report(document)
    text = readable(report)
    tokens = Tokens() if text is None else lex(text, _begin(text), len(text), report)
    building = _build(text or "", tokens, report, flat=False)
    made = read(building.laid, "start", _steps(), building, report)
    tell_sets(building)
    report.send(emit)
    script = made if isinstance(made, ast.Script) else ast.Script((), report.span(0, len(document.text)))
    script = replace(script, broken=tuple(one.at.span for one in report.found if one.rule is SYNTAX))
    return Parsed(script, _comments(document, tokens), building.laid, frozenset(building.wrapped))


def parse_expression(document: Document, emit: Emit) -> ast.Expr | None:
    """Read one expression, which may run over lines; None where there is none."""
    report = Report(document)
    text = readable(report)
    made: Any = None
    if text is not None:
        building = _build(text, lex(text, _begin(text), len(text), report), report, flat=True)
        made = read(building.laid, "expression", _steps(), building, report)
        tell_sets(building)
    report.send(emit)
    return made  # type: ignore[no-any-return]


def comments(document: Document) -> tuple[Comment, ...]:
    """The comments of a script, in order."""
    report = Report(document)
    text = readable(report)
    return () if text is None else _comments(document, lex(text, _begin(text), len(text), report))


@cache
def _steps() -> Steps:
    return steps(ACTIONS)


def _begin(text: str) -> int:
    return 1 if text.startswith("\ufeff") else 0


def _build(text: str, tokens: Tokens, report: Report, *, flat: bool) -> Building:
    laid = lay_out(tokens, text, report, flat=flat)

    def read_hole(start: int, end: int) -> tuple[ast.Expr | None, int]:
        inside = lex(text, start, end, report, hole=True)
        if inside.stop >= end:
            return None, end
        within = _build(text, inside, report, flat=True)
        made = read(within.laid, "expression", _steps(), within, report)
        tell_sets(within)
        building.wrapped.update(within.wrapped)
        building.nesting.update(within.nesting)
        return made, inside.stop

    building = Building(text, laid, report, frozenset(tokens.unclosed), read_hole)
    return building


def _comments(document: Document, tokens: Tokens) -> tuple[Comment, ...]:
    text = document.text
    return tuple(
        Comment(text[start:end], not text[text.rfind("\n", 0, start) + 1 : start].strip(), Span(document, start, end))
        for start, end in sorted(tokens.comments)
    )
