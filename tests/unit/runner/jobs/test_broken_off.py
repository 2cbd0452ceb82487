"""How rows are cut where an earlier run has sent some of them."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datahub.runner.jobs.broken_off import BrokenOff
from datahub.state.records import Batch, BatchState, FireKind, Run, RunStatus
from tests.unit.runner.jobs.test_serve import NOON

RUN = Run("r", "orders", FireKind.CRON, NOON, RunStatus.FAILED, NOON)


def batch(number, first, last, state, attempts=1, answer=""):
    return Batch("r", "erp", number, first, last, f"k{number}", "", state, attempts, answer)


def file(folder, name, rows):
    pq.write_table(pa.table({"id": list(rows), "lines": [[{"n": ord(one)}] for one in rows]}), folder / name)
    return folder / name


DONE, SENDING, PLANNED = BatchState.DONE, BatchState.SENDING, BatchState.PLANNED


@pytest.mark.parametrize(
    "now, cut",
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
def test_what_has_arrived_stands_apart_and_what_was_on_its_way_stays_together(tmp_path, now, cut):
    before = BrokenOff(RUN, [batch(0, 0, 3, DONE), batch(1, 3, 6, SENDING), batch(2, 6, 8, PLANNED, attempts=0)])
    pieces = before.pieces("erp", file(tmp_path, "theirs", "abcdefgh"), file(tmp_path, "mine", now), 3)
    assert cut == " ".join(f"[{now[one.first : one.last]}]" if one.arrived else now[one.first : one.last] for one in pieces)


def test_rows_that_were_refused_have_not_arrived(tmp_path):
    answer = json.dumps({"status": "200", "refused": [{"row": 1, "code": "E1", "message": "no such customer"}]})
    before = BrokenOff(RUN, [batch(0, 0, 3, DONE, answer=answer)])
    pieces = before.pieces("erp", file(tmp_path, "theirs", "abc"), file(tmp_path, "mine", "abc"), 3)
    assert [(0, 1, True), (1, 2, False), (2, 3, True)] == [(one.first, one.last, one.arrived) for one in pieces]
