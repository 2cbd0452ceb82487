"""Fixes laid on the text: the safe ones, and never two on one stretch."""

from __future__ import annotations

from collections.abc import Iterable

from datahub.diagnostics.diagnostic import Diagnostic, Edit, Fix
from datahub.document import Document


def mend(document: Document, found: Iterable[Diagnostic]) -> tuple[str, int]:
    """The text of `document` with every safe fix that no other one crosses, and how many those are.

    A fix that reaches into another document is left to a person.
    """
    taken: list[Edit] = []
    applied = 0
    for finding in found:
        if (fix := finding.fix) and _applies(fix, document) and not any(_cross(new, old) for new in fix.edits for old in taken):
            taken.extend(fix.edits)
            applied += 1
    text = document.text
    for edit in sorted(taken, key=lambda edit: (edit.span.start, edit.span.end), reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text, applied


def _applies(fix: Fix, document: Document) -> bool:
    changes = any(edit.span.text != edit.text for edit in fix.edits)
    return fix.safe and changes and all(edit.span.document is document for edit in fix.edits)


def _cross(left: Edit, right: Edit) -> bool:
    """Whether two edits touch; two that insert at one place cross as well, for their order would be chance."""
    if left == right:
        return True
    if left.span.start == right.span.start:
        return True
    return left.span.start < right.span.end and right.span.start < left.span.end
