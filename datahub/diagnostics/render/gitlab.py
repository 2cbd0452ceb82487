"""Findings as a GitLab code quality report, which shows in merge requests."""

from __future__ import annotations

import json
from collections.abc import Sequence

from datahub.diagnostics.diagnostic import Diagnostic
from datahub.diagnostics.render.places import fingerprint, place_of
from datahub.diagnostics.rule import Severity

_LEVELS = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def render(found: Sequence[Diagnostic], paths: Sequence[str]) -> str:
    """One entry a finding; the fingerprint tells the server which ones it knows already."""
    seen: dict[tuple[str, str, str], int] = {}
    return json.dumps([_entry(finding, seen) for finding in found], ensure_ascii=False, indent=2) + "\n"


def _entry(finding: Diagnostic, seen: dict[tuple[str, str, str], int]) -> dict[str, object]:
    place = place_of(finding.at.span)
    return {
        "description": f"{finding.rule.code}: {finding.message}",
        "check_name": finding.rule.name,
        "fingerprint": fingerprint(finding.rule.code, finding.at.span, seen),
        "severity": _LEVELS[finding.level],
        "location": {
            "path": place["path"],
            "positions": {
                "begin": {"line": place["line"], "column": place["column"]},
                "end": {"line": place["end_line"], "column": place["end_column"]},
            },
        },
    }
