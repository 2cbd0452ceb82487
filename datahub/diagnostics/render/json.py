"""Findings as one JSON document, for tools: the same words as the text form, and every place in numbers."""

from __future__ import annotations

import json
from collections.abc import Sequence

from datahub.diagnostics.diagnostic import Diagnostic, Fix, Label
from datahub.diagnostics.render.places import place_of
from datahub.diagnostics.rule import Severity


def render(found: Sequence[Diagnostic], paths: Sequence[str]) -> str:
    """All findings, and how many there are of each severity."""
    counts = {severity.value: sum(finding.level is severity for finding in found) for severity in Severity}
    document = {"version": 1, "files": list(paths), "counts": counts, "findings": [_finding(finding) for finding in found]}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _finding(finding: Diagnostic) -> dict[str, object]:
    return {
        "code": finding.rule.code,
        "name": finding.rule.name,
        "severity": finding.level.value,
        "message": finding.message,
        "at": _label(finding.at),
        "also": [_label(label) for label in finding.also],
        "notes": list(finding.notes),
        "help": finding.help,
        "fix": _fix(finding.fix) if finding.fix else None,
    }


def _label(label: Label) -> dict[str, object]:
    return {**place_of(label.span), "label": label.text}


def _fix(fix: Fix) -> dict[str, object]:
    edits = [{**place_of(edit.span), "text": edit.text} for edit in fix.edits]
    return {"title": fix.title, "safe": fix.safe, "edits": edits}
