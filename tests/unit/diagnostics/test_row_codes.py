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


def test_a_type_that_is_known_is_named_unless_it_is_long():
    assert "is too long for text(20)" == phrase("R202", "text(20)")
    assert "is too long" == phrase("R202")
    assert "is not a member of the enumeration" == phrase("R109", f"enum({', '.join('ABCDEFGHIJKLMNOPQRSTUVWXYZ')})")
    assert "is not a number" == phrase("R104", "decimal")
