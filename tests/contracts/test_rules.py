"""Every kind of mistake shows itself: its bad script has it and no other error, its good script has not."""

from __future__ import annotations

import pytest

from datahub.compiler import check
from datahub.diagnostics.diagnostic import Diagnostic
from datahub.diagnostics.rule import Rule, Severity
from datahub.diagnostics.suppress import suppress
from datahub.document import Document
from datahub.packs.folders import Folders
from datahub.reports.catalogue import rule as rule_called
from datahub.reports.catalogue import rules

SHOWN = [rule for rule in rules().values() if rule.bad]


def found(text: str) -> list[Diagnostic]:
    document = Document("script.dhm", text)
    told: list[Diagnostic] = []
    check(document, Folders(), told.append)
    return suppress(told, [document])


@pytest.mark.parametrize("rule", SHOWN, ids=lambda rule: f"{rule.code} {rule.name}")
def test_the_bad_script_has_the_mistake_and_no_other(rule: Rule) -> None:
    codes = [(one.rule.code, one.message) for one in found(rule.bad) if one.level is not Severity.NOTE or one.rule.code == rule.code]
    assert {rule.code} == {code for code, _ in codes}, codes


@pytest.mark.parametrize("rule", [rule for rule in SHOWN if rule.good], ids=lambda rule: f"{rule.code} {rule.name}")
def test_the_good_script_has_no_mistake(rule: Rule) -> None:
    left = [one for one in found(rule.good) if one.level is not Severity.NOTE or one.rule.code == rule.code]
    assert [] == [(one.rule.code, one.message) for one in left]


def test_a_rule_is_found_by_its_code_and_by_its_name_in_any_case():
    assert rule_called("DHM901") is rule_called("dhm901") is rule_called("unused-allowance")
    assert rule_called("DHM000") is None
