"""Operators between written numbers and columns give what Python's fractions say, over numbers of all sizes and signs."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from tests.differential.written import Asked, asked, differences

ROUNDS = 2000
PARTS = 4


def made(part: int) -> list[tuple[Asked, random.Random]]:
    """Questions of a part, each with a die of its own, so that one can be found again."""
    dice = [random.Random(f"written {part} {at}") for at in range(ROUNDS // PARTS)]
    return [(asked(die), die) for die in dice]


@pytest.mark.parametrize("part", range(PARTS))
def test_written_numbers_meet_columns_as_their_values_say(part):
    assert [] == [told for one, die in made(part) for told in differences(one, die)]


def test_the_questions_are_of_all_kinds():
    questions = [one for part in range(PARTS) for one, _ in made(part)]
    of_type = Counter(type(one.kind).__name__ for one in questions)
    assert min(of_type[name] for name in ("Int", "Decimal", "Float", "ListOf")) > 100
    assert sum(one.inexact for one in questions) > 50
    assert sum(one.text.startswith("-") for one in questions) > 100
    assert sum(len(number.text) > 30 for one in questions for number in one.numbers) > 200
    for part in (" in [", " in (", " in x", "..", "<=", " / ", " * ", "greatest", "case", "contains"):
        assert sum(part in one.text for one in questions) > 10, part
