"""How the tests of the syntax read: a text in, a tree and the mistakes out, each as `line:column code message`."""

from __future__ import annotations

from datahub.diagnostics.diagnostic import Diagnostic
from datahub.document import Document
from datahub.syntax import ast
from datahub.syntax.parser import parse, parse_expression


def read(text: str) -> tuple[ast.Script, list[Diagnostic]]:
    """The tree of a script, and what was found."""
    found: list[Diagnostic] = []
    return parse(Document("x.dhm", text), found.append), found


def told(text: str) -> list[str]:
    """What was found in a script."""
    return [line(diagnostic) for diagnostic in read(text)[1]]


def line(diagnostic: Diagnostic) -> str:
    span = diagnostic.at.span
    return f"{span.line}:{span.column} {diagnostic.rule.code} {diagnostic.message}"


def expression(text: str) -> ast.Expr:
    """An expression that holds no mistake."""
    found: list[Diagnostic] = []
    made = parse_expression(Document("x", text), found.append)
    assert [] == [line(diagnostic) for diagnostic in found]
    assert made is not None
    return made


def told_of(text: str) -> list[str]:
    """What was found in an expression."""
    found: list[Diagnostic] = []
    parse_expression(Document("x", text), found.append)
    return [line(diagnostic) for diagnostic in found]


def mended(text: str) -> str:
    """The text with every safe fix applied."""
    edits = [edit for diagnostic in read(text)[1] if diagnostic.fix and diagnostic.fix.safe for edit in diagnostic.fix.edits]
    for edit in sorted(edits, key=lambda edit: (edit.span.start, edit.span.end), reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def one(text: str) -> ast.Declaration:
    """The only declaration of a script without a mistake."""
    script, found = read(text)
    assert [] == [line(diagnostic) for diagnostic in found]
    assert len(script.declarations) == 1
    return script.declarations[0]


def mapped(expression: str) -> str:
    """A script with the expression as its only field."""
    return f"map P from r in x {{\n  a: {expression}\n}}\n"
