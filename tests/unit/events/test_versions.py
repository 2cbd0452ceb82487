"""Versions of messages sort as what they state."""

from __future__ import annotations

from itertools import pairwise

import pytest

from datahub.events.versions import ordered


@pytest.mark.parametrize(
    "ascending",
    [
        [0, 7, 9, 10, "11", 10**20],
        [1, 9.25, 9.5, 10.25, 1700000000.5, "1700000001"],
        [1700000000, "1795785600.123456", "1795785600.5", "1795785601"],
        ["1.9", "v1.9.1.0", "1.10", "1.10.0.7", "2.0"],
        ["2026-11-27T12:00:00+02:00", "2026-11-27T11:00:00Z", "2026-11-27 11:00:00.25z", "2026-11-27T11:00:01.000000001Z"],
        ["2026-10-25T02:50:00+02:00", "2026-10-25T02:10:00+01:00", "Sun, 25 Oct 2026 01:20:00 GMT", "2026-10-25T01:30Z"],
        ["2026-11-27T11:00:00", "2026-11-27T11:00:00,250", "2026-11-27T11:00:01"],
        ["2026-09-30", "2026-10-01"],
        ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "01BX5ZZKBKACTAV9WEVGEMMVRZ"],
        ["0190163d-8694-739b-aea5-966c26f8ad91", "0190163D-8694-739B-AEA5-966C26F8AD92"],
    ],
)
def test_versions_of_a_kind_have_their_order(ascending):
    made = [ordered(version) for version in ascending]
    assert 1 == len({one[0] for one in made})
    assert all(earlier < later for earlier, later in pairwise(made)), made


def test_one_instant_is_one_however_it_is_written():
    written = ["2026-11-27T12:00:00+01:00", "2026-11-27T11:00:00Z", "2026-11-27 11:00:00.000+0000", "Fri, 27 Nov 2026 11:00:00 GMT"]
    assert 1 == len({ordered(version) for version in written})


def test_kinds_have_letters_of_their_own():
    kinds = [7, "1.2", "2026-11-27", "2026-11-27T11:00:00", "2026-11-27T11:00:00Z", "01ARZ3NDEKTSV4RRFFQ69G5FAV"]
    assert len(kinds) == len({ordered(version)[0] for version in kinds})


@pytest.mark.parametrize(
    "version",
    [
        None,
        True,
        "",
        "draft",
        "27.11.2026",
        "1.12.26",
        "W/abc",
        [1],
        {"a": 1},
        -3,
        1e300,
        float("inf"),
        "9" * 40,
        "2026-13-01T00:00Z",
        "0001-01-01T00:00+14:00",
    ],
)
def test_what_has_no_order_is_compared_with_nothing(version):
    assert "" == ordered(version)
