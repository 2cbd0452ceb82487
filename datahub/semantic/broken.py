"""Names that are unknown because what declares them could not be read: told once, as the mistake of text that it is."""

from __future__ import annotations

import re

from datahub.diagnostics.diagnostic import Diagnostic, Emit
from datahub.document import Span
from datahub.semantic.modules import Module
from datahub.semantic.rules_types import UNKNOWN_FUNCTION, UNKNOWN_NAME

_NAMES = re.compile(r"[^\W\d]\w*|`[^`\n]+`")
_FOLLOWING = frozenset((UNKNOWN_NAME.code, UNKNOWN_FUNCTION.code))


def unless_broken(emit: Emit, module: Module) -> Emit:
    """`emit`, but silent on unknown names that stand in text of `module` that could not be read."""
    lost = frozenset(name.strip("`") for stretch in _stretches(module) for name in _NAMES.findall(stretch))
    if not lost:
        return emit

    def tell(diagnostic: Diagnostic) -> None:
        if diagnostic.rule.code not in _FOLLOWING or diagnostic.at.span.text.strip("`").partition(".")[0] not in lost:
            emit(diagnostic)

    return tell


def _stretches(module: Module) -> list[str]:
    """What was not read: the line of each mistake, and all between two declarations where one stands between them."""
    found = []
    for span in module.broken:
        text = span.document.text
        declared = [one.span for one in module.declarations if one.span.document is span.document]
        if any(one.start <= span.start < one.end for one in declared):
            found.append(span.document.line(span.line))
        else:
            found.append(text[_end_before(span, declared) : _start_after(span, declared)])
    return found


def _end_before(span: Span, declared: list[Span]) -> int:
    return max((one.end for one in declared if one.end <= span.start), default=0)


def _start_after(span: Span, declared: list[Span]) -> int:
    return min((one.start for one in declared if one.start >= span.start), default=len(span.document.text))
