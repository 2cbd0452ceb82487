"""Findings as GitHub workflow commands, which show as annotations beside the changed lines."""

from __future__ import annotations

from collections.abc import Sequence

from datahub.diagnostics.diagnostic import Diagnostic
from datahub.diagnostics.render.places import place_of
from datahub.diagnostics.render.text import advice_of
from datahub.diagnostics.rule import Severity

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(found: Sequence[Diagnostic], paths: Sequence[str]) -> str:
    """One command a finding."""
    return "".join(_command(finding) + "\n" for finding in found)


def _command(finding: Diagnostic) -> str:
    place = place_of(finding.at.span)
    properties: dict[str, object] = {"file": place["path"], "line": place["line"], "endLine": place["end_line"]}
    # GitHub reads columns only where a finding keeps to one line.
    if place["line"] == place["end_line"]:
        properties |= {"col": place["column"], "endColumn": place["end_column"]}
    properties["title"] = f"{finding.rule.code} {finding.rule.name}"
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{_LEVELS[finding.level]} {listed}::{_data(_words(finding))}"


def _words(finding: Diagnostic) -> str:
    parts = [finding.message, *(f"note: {note}" for note in finding.notes)]
    if advice := advice_of(finding):
        parts.append(f"help: {advice}")
    return "\n".join(parts)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
