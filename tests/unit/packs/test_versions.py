"""Versions of packs and ranges of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from semver import Version

from datahub.project.versions import NoRange, allows, parse_range, parse_version


@pytest.mark.parametrize(
    ("versions", "inside", "outside"),
    [
        ("", ["0.0.1", "9.9.9"], ["1.0.0-rc.1"]),
        ("^1.4", ["1.4.0", "1.10.2"], ["1.3.9", "2.0.0", "2.0.0-rc.1", "1.5.0-rc.1"]),
        ("^1", ["1.0.0", "1.9.9"], ["0.9.9", "2.0.0"]),
        ("^0.2", ["0.2.0", "0.2.5"], ["0.3.0", "1.0.0"]),
        ("^0.2.3", ["0.2.3", "0.2.9"], ["0.2.2", "0.3.0"]),
        ("^0.0.3", ["0.0.3"], ["0.0.4"]),
        ("^0", ["0.0.0", "0.9.0"], ["1.0.0"]),
        ("~1.4", ["1.4.0", "1.4.9"], ["1.5.0"]),
        ("~1.4.2", ["1.4.2", "1.4.9"], ["1.4.1", "1.5.0"]),
        ("~1", ["1.0.0", "1.9.0"], ["2.0.0"]),
        ("1.3.0", ["1.3.0"], ["1.3.1"]),
        ("1.3", ["1.3.0", "1.3.7"], ["1.4.0"]),
        ("^2.0.0-rc.1", ["2.0.0-rc.1", "2.0.0-rc.2", "2.0.0", "2.5.0"], ["2.0.0-beta.9", "2.1.0-rc.1", "3.0.0"]),
        ("2.0.0-rc.1", ["2.0.0-rc.1"], ["2.0.0-rc.1.1", "2.0.0-rc.2", "2.0.0", "2.1.0"]),
        ("=2.0.0-rc.1", ["2.0.0-rc.1"], ["2.0.0-rc.0", "2.0.0-rc.2", "2.0.0"]),
        ("*", ["0.0.1", "9.9.9"], ["1.0.0-rc.1"]),
        ("1.x", ["1.0.0", "1.9.9"], ["0.9.9", "2.0.0"]),
        ("1.4.*", ["1.4.0", "1.4.9"], ["1.3.9", "1.5.0"]),
        (">=1.2", ["1.2.0", "9.0.0"], ["1.1.9", "2.0.0-rc.1"]),
        (">1.2", ["1.3.0", "2.0.0"], ["1.2.9", "1.2.0"]),
        (">1.2.3", ["1.2.4"], ["1.2.3"]),
        ("<=1.2", ["0.0.1", "1.2.9"], ["1.3.0"]),
        ("<= 1.2.3", ["1.2.3"], ["1.2.4"]),
        (">=1.2 <2", ["1.2.0", "1.9.9"], ["1.1.9", "2.0.0"]),
        (">= 1.2, < 2", ["1.2.0", "1.9.9"], ["1.1.9", "2.0.0"]),
        ("=1.4.2", ["1.4.2"], ["1.4.1", "1.4.3"]),
        ("^1.2 <1.5", ["1.2.0", "1.4.9"], ["1.1.9", "1.5.0"]),
        (">=2.0.0-rc.1", ["2.0.0-rc.1", "2.0.0", "3.0.0"], ["2.0.0-beta.9", "2.1.0-rc.1"]),
        (">2.0.0-rc.1 <=2.0.0-rc.3", ["2.0.0-rc.2", "2.0.0-rc.3"], ["2.0.0-rc.1", "2.0.0-rc.4", "2.0.0"]),
    ],
)
def test_a_range_allows_what_semantic_versions_promise(versions, inside, outside):
    assert (inside, []) == ([one for one in inside if allows(versions, one)], [one for one in outside if allows(versions, one)])


@pytest.mark.parametrize("text", ["latest", "^1.x", "1.2 - 1.4", "^1 || ^2", "^1.2.3.4", "^", "1.2-rc", "1.2.3.x"])
def test_what_is_no_range_is_told(text):
    with pytest.raises(NoRange, match=r"write `\^1.4`"):
        parse_range(text)


def test_a_range_without_versions_is_told():
    with pytest.raises(NoRange, match="no version is in `>=2 <1`"):
        parse_range(">=2 <1")


def test_a_version_has_three_numbers():
    with pytest.raises(NoRange, match="three numbers"):
        parse_version("1.4")


NUMBERS = st.integers(0, 4)


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_a_caret_allows_what_is_newer_and_has_the_same_first_number_that_is_not_nothing(a, b, c, x, y, z):
    least, asked = (a, b, c), (x, y, z)
    kept = next((at for at, number in enumerate(least) if number), 2) + 1
    assert (asked >= least and asked[:kept] == least[:kept]) is parse_range(f"^{a}.{b}.{c}").allows(Version(x, y, z))
