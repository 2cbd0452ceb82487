"""Findings as SARIF 2.1.0, which code-scanning dashboards read."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from urllib.parse import quote

from datahub.diagnostics.diagnostic import Diagnostic, Fix, Label
from datahub.diagnostics.render.places import fingerprint, place_of
from datahub.diagnostics.render.text import advice_of
from datahub.diagnostics.rule import Rule
from datahub.document import Span

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render(found: Sequence[Diagnostic], paths: Sequence[str], example: Callable[[str], str] | None = None) -> str:
    """One run of the tool `dhm`, with the rules that were broken, each with its `example` in Markdown, and every finding."""
    rules = list({finding.rule.code: finding.rule for finding in found}.values())
    seen: dict[tuple[str, str, str], int] = {}
    run = {
        "tool": {"driver": {"name": "dhm", "rules": [_rule(rule, example) for rule in rules]}},
        # Columns count characters, not UTF-16 units.
        "columnKind": "unicodeCodePoints",
        "artifacts": [{"location": _artifact(path)} for path in paths],
        "results": [_result(finding, rules.index(finding.rule), seen) for finding in found],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2) + "\n"


def _rule(rule: Rule, example: Callable[[str], str] | None) -> dict[str, object]:
    helps = {"text": f"{rule.explanation}\n\ndhm explain {rule.name}"}
    if example is not None:
        helps["markdown"] = f"{rule.explanation}\n\n{example(rule.code)}"
    return {
        "id": rule.code,
        "name": "".join(part.capitalize() for part in rule.name.split("-")),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.explanation},
        "help": helps,
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _result(finding: Diagnostic, rule_index: int, seen: dict[tuple[str, str, str], int]) -> dict[str, object]:
    words = [finding.message, *finding.notes]
    if advice := advice_of(finding):
        words.append(f"help: {advice}")
    result: dict[str, object] = {
        "ruleId": finding.rule.code,
        "ruleIndex": rule_index,
        "level": finding.level.value,
        "message": {"text": "\n".join(words)},
        "locations": [_location(finding.at)],
        "partialFingerprints": {"primaryLocationLineHash": fingerprint(finding.rule.code, finding.at.span, seen)},
    }
    if finding.also:
        result["relatedLocations"] = [_location(label) for label in finding.also]
    if finding.fix:
        result["fixes"] = [_fix(finding.fix)]
    return result


def _location(label: Label) -> dict[str, object]:
    location: dict[str, object] = {
        "physicalLocation": {"artifactLocation": _artifact(label.span.document.path), "region": _region(label.span)}
    }
    return {**location, "message": {"text": label.text}} if label.text else location


def _region(span: Span) -> dict[str, int]:
    place = place_of(span)
    return {
        "startLine": place["line"],
        "startColumn": place["column"],
        "endLine": place["end_line"],
        "endColumn": place["end_column"],
    }


def _fix(fix: Fix) -> dict[str, object]:
    paths = list(dict.fromkeys(edit.span.document.path for edit in fix.edits))
    changes = [
        {
            "artifactLocation": _artifact(path),
            "replacements": [
                {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}
                for edit in fix.edits
                if edit.span.document.path == path
            ],
        }
        for path in paths
    ]
    return {"description": {"text": fix.title}, "artifactChanges": changes}


def _artifact(path: str) -> dict[str, str]:
    return {"uri": quote(path.replace("\\", "/"), safe="/:")}
