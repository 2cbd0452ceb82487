"""Findings as a JUnit report: every file is a suite, every finding a failed case, so that any build server shows them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from datahub.diagnostics.diagnostic import Diagnostic
from datahub.diagnostics.render.text import render_one
from datahub.diagnostics.rule import Severity

_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(found: Sequence[Diagnostic], paths: Sequence[str]) -> str:
    """A suite a file; a file without errors is one passed case, and warnings are its output."""
    named = list(dict.fromkeys([*paths, *(finding.at.span.document.path for finding in found)]))
    suites = [_suite(path, [finding for finding in found if finding.at.span.document.path == path]) for path in named]
    errors = sum(finding.level is Severity.ERROR for finding in found)
    cases = sum(cases for _, cases in suites)
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="dhm check" tests="{cases}" failures="{errors}" errors="0">\n'
    return head + "".join(text for text, _ in suites) + "</testsuites>\n"


def _suite(path: str, found: Sequence[Diagnostic]) -> tuple[str, int]:
    errors = [finding for finding in found if finding.level is Severity.ERROR]
    rest = [finding for finding in found if finding.level is not Severity.ERROR]
    cases = [_failure(finding) for finding in errors] or [f"    <testcase classname={_attribute(path)} name={_attribute('dhm check')}/>\n"]
    output = f"    <system-out>{_text(chr(10).join(map(render_one, rest)))}</system-out>\n" if rest else ""
    head = f'  <testsuite name={_attribute(path)} tests="{len(cases)}" failures="{len(errors)}" errors="0" skipped="0">\n'
    return head + "".join(cases) + output + "  </testsuite>\n", len(cases)


def _failure(finding: Diagnostic) -> str:
    span = finding.at.span
    name = f"{finding.rule.code} {finding.rule.name} line {span.line}"
    case = f'    <testcase classname={_attribute(span.document.path)} name={_attribute(name)} line="{span.line}">\n'
    failure = f"      <failure type={_attribute(finding.rule.code)} message={_attribute(finding.message)}>"
    return f"{case}{failure}{_text(render_one(finding))}</failure>\n    </testcase>\n"


def _text(text: str) -> str:
    return escape(_UNFIT.sub("�", text))


def _attribute(text: str) -> str:
    return quoteattr(_UNFIT.sub("�", text))
