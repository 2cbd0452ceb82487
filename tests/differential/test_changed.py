"""The examples of functions with one constant changed are answered or refused, in the time they should take, as the reference says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from datahub.testing.expressions import answer
from tests.differential import columned
from tests.differential.changed import changed, differences, expressions
from tests.differential.columned import over_columns

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("options", "most"), [((), "3000"), (("--columns",), "1000")])
def test_examples_with_one_constant_changed_or_all_in_columns_give_what_the_reference_says(options, most, tmp_path):
    """As many as half a minute allows; `make torture` holds others, for longer."""
    noted = tmp_path / "noted"
    command = [sys.executable, "-m", "tests.differential.changed", *options, "--seconds", "25", "--most", most, "--noted", str(noted)]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    except subprocess.TimeoutExpired:
        pytest.fail(f"this takes for ever: {noted.read_text()}")
    assert done.stdout, f"{noted.read_text()}\n{done.stderr}"
    told = json.loads(done.stdout)
    assert [] == told["told"]
    assert told["held"] > 200
    assert told["of"] > 2 * int(most)


def test_a_constant_is_changed_for_others_of_its_kind_and_for_null():
    found = set(changed('left("abc", 2)'))

    assert {'left("", 2)', "left(null, 2)", 'left("abc", 9223372036854775807)', 'left("abc", null)'} <= found
    assert len({text for _, text in expressions()}) == len(expressions())


def test_constants_become_columns_all_together_and_each_by_itself():
    found = list(over_columns('left("abc", 2)'))

    assert ['left(⟦"abc"⟧, ⟦2⟧)', 'left(⟦"abc"⟧, 2)', 'left("abc", ⟦2⟧)'] == found


def test_a_text_of_columns_within_a_constant_one_is_counted_in_every_row():
    assert [] == columned.differences("count_matches", 'count_matches("banana", ⟦"an"⟧)')


WIDEST = "99999999999999999999999999999999999999 * 99999999999999999999999999999999999999"
"""A decimal of all 76 digits."""
KNOWN = [
    'mid("abcdef", 9223372036854775807, 3)',
    'char_at("été", -9223372036854775807)',
    'slice("abcdef", -9223372036854775807, -1)',
    "round(9223372036854775807, -9223372036854775807)",
    "round_half_even(2.5, -2147483649)",
    "trunc(2.789, -9223372036854775807)",
    "lcm(0, -9223372036854775807 - 1)",
    "lcm(-9223372036854775807 - 1, 1)",
    "lcm(4, -9223372036854775807 - 1)",
    f"avg([{WIDEST}])",
    f"median([{WIDEST}, {WIDEST}])",
    f"percentile([{WIDEST}], 0.5)",
    f"greatest({WIDEST}, 0.1)",
    f"if(true, {WIDEST}, 0.1)",
    f"max([{WIDEST}, 0.1])",
    f"div(7.5, {WIDEST})",
    f"mod({WIDEST}, -2)",
    f"ceil_to(12.31, {WIDEST})",
    f"floor_to(-({WIDEST}), 10)",
    f"proration({WIDEST}, [1, -1])",
    f"round_to(-10, {WIDEST})",
    "18.446744073709551615 / 0.100000000000000000",
    "div(79228162514264337593543950335, 0.0000001000000000000000000000000000)",
    'decimal("9999999999999999999.12345678901")',
    'decimal("99999999999999999999999999.999999999999")',
    "decimal(999999999999999999.999999999999)",
    "0.50000000000000000000000000000000000000 * 0.99999999999999999999999999999999999999",
    "round(4999999999999999999999999999.9999999999 * 1, 5)",
    "trunc(99999999999999999999999999.9999999999 * 10.0000000000, 5)",
    'decimal("1000000000") * decimal("1000000000") * decimal("1000000000") * decimal("1000000000")',
    'decimal("1000000000000") * decimal("1000000000000") * decimal("1000000000000") * decimal("1000000000000")',
    "proration(100.00, [])",
    "proration(100.00, compact([null]))",
    "proration(10, [null])",
    'replace("aXbXc", /X/, "-", 1, -1)',
    'replace("aXbXc", /a*/, "-", 1, 0)',
    'text(datetime("2024-05-01T10:00:00Z"), "x xx xxx X XX XXX Z", "Asia/Kolkata")',
    'text(datetime("2024-05-01T10:00:00Z"), "x X", "Asia/Tokyo")',
    "{a: null}",
    "merge({a: null, b: 2}, {b: 3})",
    'pick({a: 1, c: null}, "c")',
    'omit({a: null, b: 1}, "b")',
]


@pytest.mark.parametrize("expression", KNOWN)
def test_what_ended_a_run_is_answered(expression):
    assert not answer(expression).refused
    assert [] == differences("", expression)


REFUSED = [
    'text(date("2024-05-01"), "EEEE", null)',
    'month_name(date("2024-05-01"), null)',
    'country_name("DE", null)',
    'decimal("1 234,56", null)',
    'datetime("01/05/2024 10:00", null)',
    "top([3], null)",
    'extract("a1 b2", /[a-z](\\d)/, null)',
    'parse_bytes("4TB", null)',
    'join_text(null, upper(x) for x in ["a", "b"])',
    "found_any(null, [null])",
    'found_any("a", [/a/, null])',
    "format_number(1.5, 1000000)",
    'text(datetime("2024-05-01T10:00:00Z"), "", "Europe/Paris")',
    'text(date("2024-05-01"), "EEEE d MMMM yyyy", "sv")',
    'day_name(date("2024-05-01"), "pl")',
    'country_name("DE", "xx")',
    'date("1 maja 2024", "d MMMM yyyy", "pl")',
    'country_code("FR", "xx")',
    'format_number(12345.6, "#,##0.00", "xx")',
    'replace_each("a", ["a"], [])',
    'decimal("105", "0")',
    'decimal("1e5", "e")',
    'decimal("1 5", " ")',
    'decimal("1,5", ",", "1")',
    'float("1.5", "-")',
    'float("1", "")',
]


@pytest.mark.parametrize("expression", REFUSED)
def test_constants_that_mean_nothing_are_refused(expression):
    assert ["DHM106"] == [one.rule.code for one in answer(expression).refused]
