"""Every kind of mistake keeps its promises: its bad example has it and nothing else, its good one has nothing."""

import re

import pytest

from datahub.diagnostics.diagnostic import Diagnostic
from datahub.diagnostics.rule import Severity
from datahub.diagnostics.suppress import suppress
from datahub.document import Document
from datahub.lint.declare import advise
from datahub.reports.catalogue import rules
from datahub.semantic.elaborate import elaborate_whole
from datahub.semantic.modules import NoLoader
from datahub.syntax.parser import parse

RULES = rules()
SHOWN = [code for code, rule in RULES.items() if rule.bad]


def told(text: str) -> list[str]:
    document = Document("example.dhm", text)
    found: list[Diagnostic] = []
    made = elaborate_whole(parse(document, found.append), NoLoader(), found.append)
    if not any(one.level is Severity.ERROR for one in found):
        advise(made, found.append)
    return [one.rule.code for one in suppress(found, [document])]


@pytest.mark.parametrize("code", SHOWN)
def test_the_bad_example_has_the_mistake_and_no_other(code):
    assert {code} == set(told(RULES[code].bad))


@pytest.mark.parametrize("code", SHOWN)
def test_the_good_example_has_no_mistake(code):
    assert [] == told(RULES[code].good)


def test_names_are_unique_and_read_as_words():
    names = [rule.name for rule in RULES.values()]
    assert sorted(set(names)) == sorted(names)
    assert [] == [name for name in names if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)]
