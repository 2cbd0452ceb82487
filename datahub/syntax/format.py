"""The one style of scripts: the same tree and the same comments, laid out as everybody's."""

from __future__ import annotations

from datahub.diagnostics.diagnostic import Diagnostic
from datahub.diagnostics.rule import Severity
from datahub.document import Document
from datahub.syntax import ast
from datahub.syntax.parser import parse_fully
from datahub.syntax.printing.declarations import Printer


def format_script(document: Document) -> str:
    """Give the script in the one style; one that holds mistakes is given back as it is."""
    found: list[Diagnostic] = []
    parsed = parse_fully(document, found.append)
    if any(diagnostic.level == Severity.ERROR for diagnostic in found):
        return document.text
    printer = Printer(parsed, document.text)
    page = printer.page
    before: ast.Declaration | None = None
    for declaration in parsed.script.declarations:
        if before is not None and _apart(before, declaration):
            page.lines.append("")
            page.fresh = True
        printer.declaration(declaration)
        before = declaration
    page.put_comments(len(document.text) + 1, "")
    return "\n".join(page.lines) + "\n" if page.lines else ""


def _apart(before: ast.Declaration, after: ast.Declaration) -> bool:
    """Whether a blank line parts two declarations even where their author wrote none."""
    return _tall(before) or _tall(after) or type(before) is not type(after)


def _tall(node: ast.Declaration) -> bool:
    """Whether a declaration is one that commonly takes several lines."""
    match node:
        case ast.Use() | ast.Param() | ast.TypeDecl():
            return False
        case ast.Fn(lets=lets):
            return bool(lets)
        case ast.Source(columns=columns) | ast.Target(columns=columns):
            return bool(columns)
        case _:
            return True
