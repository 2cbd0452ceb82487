"""Every example of every function is an expression of the language that gives what the function's page says it gives."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from datahub.functions import load
from datahub.functions.declare import Example
from datahub.reports.function_examples import shown_examples
from datahub.reports.function_search import reject_codes
from datahub.testing.expressions import answer

EXAMPLES = [
    pytest.param(one, id=f"{function.name}-{at}") for function in load().values() for at, one in enumerate(shown_examples(function))
]
WITHOUT_NULL = {
    "if": "its condition is never null",
    "and": "a condition is never null",
    "or": "a condition is never null",
    "not": "a condition is never null",
    "pi": "it takes nothing",
    "enum_rank": "it is written as a comparison of an enumeration's members",
} | dict.fromkeys(("omit", "merge", "distinct_by", "index_by", "group_by"), "a null that is written out has no fields")
"""Functions that show no null, and why."""
UNSHOWN = dict.fromkeys(
    ("avg", "median", "percentile", "vat_of", "gross_of", "net_of", "round_money", "proration", "mod", "round_down", "trunc"),
    "R602 takes a number of more digits than a literal has",
)
"""Functions that show all of their codes but one, and why."""


def plain(value: Any) -> Any:
    """A value in a form that compares: numbers by value, the rest as it is printed."""
    match value:
        case bool() | None:
            return value
        case int() | float() | Decimal():
            return Decimal(str(value)).normalize()
        case date() | datetime() | time():
            return value.isoformat()
        case list() | tuple():
            return [plain(one) for one in value]
        case dict():
            return {name: plain(one) for name, one in value.items()}
        case _:
            return value


def agrees(expected: Any, found: Any) -> bool:
    """Whether what is printed is the value expected; decimals are printed as text."""
    if isinstance(expected, Decimal) and isinstance(found, str):
        return expected == Decimal(found)
    if isinstance(expected, dict) and isinstance(found, dict):
        return list(expected) == list(found) and all(agrees(one, found[name]) for name, one in expected.items())
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(agrees, expected, found))
    return bool(expected == plain(found))


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_gives_what_it_says(example: Example) -> None:
    found = answer(example.expression).as_json()
    if example.rejected:
        assert example.rejected == found.get("rejected"), found
    elif example.result is None:
        assert found.get("null") is True, found
    else:
        assert agrees(plain(example.result), found.get("value")), found


@pytest.mark.parametrize("name", load())
def test_a_page_shows_null_and_every_reject(name: str) -> None:
    function = load()[name]
    shown = shown_examples(function)
    assert any("null" in one.expression for one in shown) is (name not in WITHOUT_NULL)
    missing = set(reject_codes(function)) - {one.rejected for one in shown}
    assert missing == ({"R602"} if name in UNSHOWN else set())
