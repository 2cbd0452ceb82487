"""The codes of rejected rows are complete: explained, and with words for a message."""

import re

import pytest

from datahub.diagnostics.row_codes import ROW_CODES, phrase


@pytest.mark.parametrize("code", sorted(ROW_CODES))
def test_every_code_says_something_of_a_value(code):
    assert "is refused" != phrase(code)


def test_every_code_is_r_and_three_digits():
    assert [] == [code for code in ROW_CODES if not re.fullmatch(r"R[0-7]\d\d", code)]


def test_names_are_unique():
    names = [rule.name for rule in ROW_CODES.values()]
    assert sorted(set(names)) == sorted(names)


def test_a_code_of_a_script_refuses_the_value():
    assert "is refused" == phrase("P010")
