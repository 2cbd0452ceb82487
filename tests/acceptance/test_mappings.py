"""The mappings of this folder as scripts: nothing is wrong with them, they have the one style, and their own tests pass."""

from __future__ import annotations

import pytest

import datahub
from datahub.diagnostics.rule import Severity
from tests.acceptance.conftest import MAPPINGS

SCRIPTS = sorted(MAPPINGS.glob("*.dhm"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_nothing_is_wrong_with_a_mapping(script):
    assert [] == [one for one in datahub.check(script) if one.level is not Severity.NOTE]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_every_column_that_is_declared_is_read(script):
    assert [] == [one for one in datahub.check(script) if one.rule.name == "column-unused"]


def test_the_commands_say_so_too(dhm):
    assert 0 == dhm("check", *SCRIPTS).code
    assert 0 == dhm("fmt", "--check", *SCRIPTS).code


def test_their_own_tests_pass(dhm):
    ended = dhm("test", MAPPINGS)
    assert 0 == ended.code, ended.out + ended.err
