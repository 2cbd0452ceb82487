"""Names that are unknown for another reason than a slip: their declaration could not be read, or a pack keeps them to itself."""

from __future__ import annotations

import re
from collections.abc import Mapping

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.document import Span
from datahub.semantic.modules import Module
from datahub.semantic.rules import NOT_EXPORTED, UNKNOWN_FIXTURE
from datahub.semantic.rules_types import UNKNOWN_FUNCTION, UNKNOWN_NAME
from datahub.syntax import ast

_NAMES = re.compile(r"[^\W\d]\w*|`[^`\n]+`")
_FOLLOWING = frozenset((UNKNOWN_NAME.code, UNKNOWN_FUNCTION.code, UNKNOWN_FIXTURE.code))
_NAMELESS = re.compile(r"^(source|view|entity|lookup|decide|fn|type|param|target)[ \t]*[:({=]", re.MULTILINE)
_KINDS = {
    "source": ("source, view or entity",),
    "view": ("source, view or entity",),
    "entity": ("entity", "source, view or entity"),
    "lookup": ("function",),
    "decide": ("function",),
    "fn": ("function",),
    "type": ("type",),
    "param": ("parameter",),
    "target": ("target",),
}
"""What a declaration declares, as it is called where it is missing."""


def unless_broken(emit: Emit, module: Module) -> Emit:
    """`emit`, but silent on unknown names that stand in text of `module` that could not be read."""
    stretches = _stretches(module)
    lost = frozenset(name.strip("`") for stretch in stretches for name in _NAMES.findall(stretch))
    nameless = {kind for stretch in stretches for head in _NAMELESS.findall(stretch) for kind in _KINDS[head]}
    unsaid = tuple(f"there is no {kind} `" for kind in nameless)
    if not lost and not unsaid:
        return emit

    def tell(diagnostic: Diagnostic) -> None:
        follows = diagnostic.rule.code in _FOLLOWING
        if follows and (diagnostic.at.span.text.strip("`").partition(".")[0] in lost or diagnostic.message.startswith(unsaid)):
            return
        emit(diagnostic)

    return tell


def unless_hidden(emit: Emit, hidden: Mapping[str, ast.Name]) -> Emit:
    """`emit`, but telling of names that a pack does not export as such; `hidden` are those, as they would be written."""
    if not hidden:
        return emit

    def tell(diagnostic: Diagnostic) -> None:
        declared = hidden.get(diagnostic.at.span.text) if diagnostic.rule.code in _FOLLOWING else None
        emit(diagnostic if declared is None else _not_exported(diagnostic.at.span, declared))

    return tell


def _not_exported(at: Span, declared: ast.Name) -> Diagnostic:
    return Diagnostic(
        NOT_EXPORTED,
        f"`{at.text}` is not exported",
        Label(at, "its pack keeps it to itself"),
        (Label(declared.span, "declared here"),),
        help=f"add `{declared.text}` to the `exports` of the pack",
    )


def _stretches(module: Module) -> list[str]:
    """What was not read: the line of each mistake, and all between two declarations where one stands between them."""
    found = []
    for span in module.broken:
        text = span.document.text
        declared = [one.span for one in module.declarations if one.span.document is span.document]
        if any(one.start <= span.start < one.end for one in declared):
            found.append(span.document.line(span.line))
            found.append(_line_before(span))
        else:
            found.append(text[_end_before(span, declared) : _start_after(span, declared)])
    return found


def _line_before(span: Span) -> str:
    """The line whose end a mistake shows, where the mistake is the first thing on its own: `price: int where` and then `}`."""
    text = span.document.text[: span.start]
    return text.rstrip().rpartition("\n")[2] if not text.rpartition("\n")[2].strip() else ""


def _end_before(span: Span, declared: list[Span]) -> int:
    return max((one.end for one in declared if one.end <= span.start), default=0)


def _start_after(span: Span, declared: list[Span]) -> int:
    return min((one.start for one in declared if one.start >= span.start), default=len(span.document.text))
