"""The codes that scripts give to what they check: any name, but not those of the language."""

from __future__ import annotations

import re

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.semantic.rules import CODE_RESERVED_OR_REUSED
from datahub.semantic.unit import Unit
from datahub.syntax import ast
from datahub.syntax.walk import walk

_OWN = re.compile(r"(R|DHM)\d{3}")
_IN_PLACE = re.compile(r"error\s+reject\s+[`\w]")


def check_code(code: ast.Name, unit: Unit) -> str:
    """Report a code that is the language's own; give it as text."""
    if _OWN.fullmatch(code.text):
        unit.emit(
            Diagnostic(
                CODE_RESERVED_OR_REUSED,
                f"the code `{code.text}` is reserved",
                Label(code.span, "a code of the language"),
                notes=("`R` and `DHM` with three digits are the language's own",),
                help="give it another code, such as `X" + code.text.lstrip("RDHM") + "`",
            )
        )
    return code.text


def check_codes_in_place(unit: Unit) -> None:
    """Report the language's own codes after `on error reject`, wherever they stand in the module."""
    for declared in unit.module.declarations:
        # Walking a tree costs more than looking for the words in its text, and few declarations have them.
        if isinstance(declared, ast.View | ast.Map | ast.Fn | ast.Rules) and _IN_PLACE.search(declared.span.text):
            for node in walk(declared):
                if isinstance(node, ast.OnError) and node.code is not None:
                    check_code(node.code, unit)


def is_own(code: str) -> bool:
    """Whether `code` is one of the language's."""
    return _OWN.fullmatch(code) is not None


def is_platform(code: str) -> bool:
    """Whether `code` has to stand in backticks: a platform's, which tells a kind of mistake, so that several checks may have it."""
    return not code.isidentifier()
