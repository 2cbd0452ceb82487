"""A pattern that begins with a plain text finds behind it what Arrow finds in the whole."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datahub.functions.behind_text import groups_of_first, parted
from datahub.functions.groups import split_flags

PATTERNS = {
    r"\/p\/(?:[a-z0-9]+)-(?P<g1>\d+)\.html": "/p/",
    r"/p/(?P<g1>a*?)b": "/p/",
    r"aa(?P<g1>b|)c?": "aa",
    r"aab+(?P<g1>a)": "aa",
    r"aa\.?(?P<g1>b)": "aa",
    r"ab\.(?P<g1>[)|^]+)": "ab.",
    r"éa(?P<g1>.)": "éa",
    r"aba(?P<g1>b?)$": "aba",
    r"(?s)ab(?P<g1>.)b": "ab",
    r"(?m)ab(?P<g1>b*)$": "ab",
    r"ab(?P<g1>(?:a|b)?)\z": "ab",
    r"a+(?P<g1>b)": "",
    r"ab|ba(?P<g1>b)": "",
    r"ab(?P<g1>b)|ba": "",
    r"(?i)ab(?P<g1>b)": "",
    r"ab\b(?P<g1>.)": "",
    r"ab(?P<g1>\Bb)": "",
    r"(?m)ab\n^(?P<g1>b)": "",
    r"\dab(?P<g1>b)": "",
    r"ab\Qa|b\E(?P<g1>b)": "",
    r"ab(?i)(?P<g1>b)": "",
    r"(?P<g1>ab)": "",
    r"a?b(?P<g1>b)": "",
    r"a{2}(?P<g1>b)": "",
    r"ab\\b*(?P<g1>\.)": "ab\\",
    r"ab\\+(?P<g1>b)": "ab",
    r"ab\\\.*(?P<g1>b)": "ab\\",
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_what_is_plain_at_the_beginning_of_a_pattern(pattern: str) -> None:
    assert parted(*split_flags(pattern))[0] == PATTERNS[pattern]


@pytest.mark.parametrize("pattern", PATTERNS)
@given(
    texts=st.lists(st.none() | st.text("ab/p-1.c\nBé)|^\\", max_size=12) | st.sampled_from(["/p/a-1.html", "x/p/p/a-1.html/p/b-2.html"]))
)
def test_the_groups_of_the_first_match(pattern: str, texts: list[str | None]) -> None:
    column = pa.array(["aab", *texts], pa.string()).slice(1)
    assert groups_of_first(column, *split_flags(pattern)).to_pylist() == pc.extract_regex(column, pattern).to_pylist()
