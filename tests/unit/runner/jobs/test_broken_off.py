"""How rows are cut where an earlier run has sent some of them."""

from __future__ import annotations

from collections import Counter

import pytest

from datahub.runner.jobs.broken_off import Sent, cut


def digests(text):
    return [one.encode() for one in text]


@pytest.mark.parametrize(
    "now, wanted",
    [
        pytest.param("abcdefgh", "[abc] def gh", id="as it was: what arrived, what was on its way, the rest"),
        pytest.param("abcdefghi", "[abc] def ghi", id="more behind it"),
        pytest.param("xabcdefgh", "x [abc] def gh", id="more before it"),
        pytest.param("xyzvabc", "xyz v [abc]", id="batches stay as large as they are"),
        pytest.param("bdefca", "[b] def [ca]", id="another order"),
        pytest.param("defabc", "def [abc]", id="what was on its way comes first"),
        pytest.param("adxef", "[a] dxe f", id="what was on its way is there no more"),
        pytest.param("aabbcc", "[a] a [b] b [c] c", id="rows that are alike count one by one"),
        pytest.param("xy", "xy", id="nothing of it"),
        pytest.param("", "", id="nothing at all"),
    ],
)
def test_what_has_arrived_stands_apart_and_what_was_on_its_way_stays_together(now, wanted):
    sent = Sent(Counter(digests("abc")), {b"d": digests("def")})
    pieces = cut(digests(now), sent, 3)
    assert wanted == " ".join(f"[{now[one.first : one.last]}]" if one.arrived else now[one.first : one.last] for one in pieces)
