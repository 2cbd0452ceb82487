"""How rows are cut where an earlier run has sent some of them."""

from __future__ import annotations

import numpy as np
import pytest

from datahub.runner.jobs.pieces import NEW, UNKNOWN, OnTheWay, cut
from datahub.state.records import Batch

LABELS = {".": NEW, "?": UNKNOWN, "a": 0, "b": 1}


@pytest.mark.parametrize(
    "labels, way, wanted",
    [
        pytest.param("aaa.....", None, "[aaa] ... ..", id="what arrived, and the rest"),
        pytest.param("aaa...??", (6, 8), "[aaa] ... (??)", id="what was on its way is one batch"),
        pytest.param(".....aaa", None, "... .. [aaa]", id="batches stay as large as they are"),
        pytest.param("?????", (0, 5), "(?????)", id="what was on its way is as large as it was"),
        pytest.param("?????", None, "??? ??", id="what nobody knows of, and is no batch any more"),
        pytest.param("aaaaaabb.", None, "[aaaaaa] [bb] .", id="by run"),
        pytest.param("", None, "", id="nothing"),
    ],
)
def test_what_has_arrived_stands_apart_and_what_was_on_its_way_stays_together(labels, way, wanted):
    pieces = cut(
        np.array([LABELS[one] for one in labels], np.int64),
        [OnTheWay(way[0], way[1], Batch("R", "dst", 0, 0, 1, "K", ""))] if way else [],
        3,
    )
    forms = ((labels[one.first : one.last], one) for one in pieces)
    assert wanted == " ".join(f"({text})" if one.way else f"[{text}]" if one.label >= 0 else text for text, one in forms)
