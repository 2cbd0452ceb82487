"""The rules of text show themselves."""

from __future__ import annotations

import pytest

from datahub.reports.examples import example
from datahub.syntax import rules
from tests.unit.syntax.reading import read

OF_TEXT = [rule for rule in rules.RULES if rule not in (rules.UNKNOWN_TABLE_COLUMN, rules.CELL_NOT_OF_TYPE)]


@pytest.mark.parametrize("rule", OF_TEXT, ids=lambda rule: rule.name)
def test_the_bad_example_is_known_by_its_text_alone(rule):
    assert [rule] == [diagnostic.rule for diagnostic in read(example(rule.code).bad.files[0].text)[1]]


def test_the_codes_are_those_of_the_language():
    assert ["DHM001", "DHM002", "DHM003", "DHM004", "DHM005", "DHM010", "DHM011"] == [rule.code for rule in rules.RULES]
