"""Empty lists, patterns that match nothing, options that are null: what has nothing in it has an answer of its own."""

from __future__ import annotations

import pytest

from datahub.testing.expressions import answer


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("all(x > 0 for x in [])", True),
        ("any(x > 0 for x in [])", False),
        ("sum(x for x in [])", 0),
        ("count(x for x in [])", 0),
        ("avg(x for x in [])", None),
        ("[x for x in [] where x > 0]", []),
        ("[x * 2 for x in []]", []),
        ("first([])", None),
        ("first([]) = 1", False),
        ("max([]) default 3", 3),
    ],
)
def test_the_elements_of_an_empty_list_are_of_no_type_and_break_nothing(expression, value):
    given = answer(expression)
    assert (value, (), "") == (given.value, given.refused, given.rejected)


@pytest.mark.parametrize("expression", ["avg([], [])", "max([], [])", "count([], [], [])"])
def test_an_argument_too_many_is_told_though_the_lists_are_empty(expression):
    assert ["DHM106"] == [one.rule.code for one in answer(expression).refused]


@pytest.mark.parametrize("pattern", ["/b*/", r"/\b/", "/^/", "/x?$/", "/.*?/", "/(?:a|)/i"])
def test_a_pattern_that_may_match_nothing_splits_nothing(pattern):
    assert ["DHM106"] == [one.rule.code for one in answer(f'split("abc", {pattern})').refused]


@pytest.mark.parametrize("pattern", ["/b+/", r"/\bb?c/", "/,/", r"/\s*,\s*/"])
def test_a_pattern_that_needs_a_character_splits(pattern):
    assert () == answer(f'split("abc", {pattern})').refused


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('replace("abc", /b*/, "-")', "-a-c-"),
        ('replace("abc", /^/, "-")', "-abc"),
        ('replace("abc", /.*?/, upper("x"))', "XaXbXcX"),
        ('replace("a-b", /-/, left("$0", 2))', "a$0b"),
    ],
)
def test_what_matches_nothing_is_replaced_where_it_stands(expression, value):
    assert value == answer(expression).value


@pytest.mark.parametrize("new", ["$1", "${1}", "${name}", "\\\\1"])
def test_a_group_that_the_pattern_does_not_have_is_refused(new):
    assert ["DHM106"] == [one.rule.code for one in answer(f'replace("abc", /b/, "{new.replace("{", "{{").replace("}", "}}")}")').refused]


@pytest.mark.parametrize(
    "expression", ['replace("hello", "l", "1", null)', 'split("a,b", ",", null)', 'mid("hello", 2, null)', 'slice("hello", 2, null)', 'trim("xax", null)']
)  # fmt: skip
def test_an_option_that_is_null_makes_the_result_null(expression):
    assert answer(expression).value is None


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('replace("hello", "l", "1", -1)', "he11o"),
        ('replace("hello", /l/, "1", -1)', "he11o"),
        ('split("a,b,c", ",", -3)', ["a", "b", "c"]),
        ('split("a,b,c", /,/, -3)', ["a", "b", "c"]),
        ('split("abc", "", -1)', ["a", "b", "c"]),
    ],
)
def test_a_count_below_zero_is_all_of_them(expression, value):
    assert value == answer(expression).value


@pytest.mark.parametrize(
    "expression",
    [
        'replace_each(null, ["a"], ["b"])',
        "extract(null, /[0-9]+/)",
        "extract_groups(null, /([0-9]+)/)",
        "extract_all(null, /[0-9]+/)",
        "redact(null, [/[0-9]+/])",
        "split_lengths(null, [2, 5])",
        'duration_in(null, "h")',
        'date_part("year", null)',
        'start_of("month", null)',
    ],
)
def test_a_null_that_is_written_out_is_taken_by_every_function(expression):
    given = answer(expression)
    assert (None, (), "") == (given.value, given.refused, given.rejected)


@pytest.mark.parametrize("width", ["1000001", "2000000000", "9223372036854775807"])
@pytest.mark.parametrize("pad", ["pad_left", "pad_right"])
def test_a_width_beyond_reach_is_a_reject_of_the_row(pad, width):
    assert answer(f'{pad}("a", {width})').rejected == answer(f'{pad}("a", {width}, "ab")').rejected == "R603"
