"""Matches counted and chosen by number, of patterns that ask what stands before them."""

from __future__ import annotations

import pytest

from datahub.functions.chosen_matches import looks_behind
from datahub.testing.expressions import answer


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ('count_matches("aaa", /^a/)', 1),
        ('count_matches("foofoo foo", /\\bfoo/)', 2),
        ('count_matches("xfoofoo", /\\Bfoo/)', 2),
        ('count_matches("foo1foo2", /\\[x\\]|\\bfoo[0-9]/)', 1),
        ('count_matches("foofoo", /\\[?\\bfoo[]]?/)', 1),
        ('count_matches("abc", /$/)', 1),
        ('count_matches("abc", /a|$/)', 2),
        ('count_matches("aab", /a*/)', 3),
        ('count_matches("a,b,,c", /[^,]*/)', 7),
        ('count_matches("éé", /x*/)', 3),
        ('count_matches("abcdefc", /(.*)c?/)', 2),
        ('count_matches("", /a*/)', 1),
        ('split("aaa", /^a/)', ["", "aa"]),
        ('split("foo foofoo bar foo", /\\bfoo/, 2)', ["", " foofoo bar foo"]),
        ('split("a^b^c", /\\^/, 2)', ["a", "b^c"]),
        ('replace("aaa", /^a/, "x", 2)', "xaa"),
        ('replace("foofoo foo foo", /\\b(fo)o/, "<$1>", 2)', "<fo>foo <fo> foo"),
        ('replace("xfoofoo", /\\Bfoo/, "<$0>", 1, 2)', "xfoo<foo>"),
        ('replace("a1b22c3", /[a-z](\\d)/, "<$1>", 1, 2)', "a1<2>2c3"),
        ('redact("a-a a", [/^a/])', "[REDACTED]-a a"),
    ],
)
def test_a_match_is_one_in_the_whole_text(expression, wanted):
    assert wanted == answer(expression).value


@pytest.mark.parametrize(
    ("pattern", "asks"),
    [
        ("^a", True),
        ("a|\\bb", True),
        ("\\Ba", True),
        ("\\Aa", True),
        ("[^a]", False),
        ("a$", False),
        ("[\\^]b", False),
        ("\\[x\\]|\\bfoo[0-9]", True),
        ("\\\\b", False),
        ("\\Q^\\E", False),
        ("[]^]", False),
    ],
)
def test_which_patterns_ask_what_stands_before(pattern, asks):
    assert asks is looks_behind(pattern)
