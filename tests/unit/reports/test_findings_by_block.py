"""What is kept of each block's issues is found again at its own cost, however many blocks one group has its members in."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from datahub.engine.issues import SCHEMA
from datahub.engine.ledger import block_of, row_ids
from datahub.frames.taking import is_one, rows_at, taken
from datahub.reports.findings import Findings, by_row
from datahub.semantic.issue_names import ALL_COLUMNS

BLOCKS = 8
EACH = 50


def told() -> pa.Table:
    """One issue for every row of every block, in no order, and one for a group of the first row of each."""
    rows = np.concatenate([row_ids(0, block, np.arange(EACH)) for block in range(BLOCKS)])
    rows = np.random.default_rng(5).permutation(rows)
    count = len(rows) + 1
    firsts = [int(row_ids(0, block, np.zeros(1, np.int64))[0]) for block in range(BLOCKS)]
    given = {
        "_row": pa.array([*rows.tolist(), firsts[0]]),
        "_members": pa.array([*([None] * len(rows)), firsts], SCHEMA.field("_members").type),
        "severity": pa.repeat("error", count),
        "code": pa.array([*(["R202"] * len(rows)), "R501"]),
        "message": pa.array([*(f"said of {row}" for row in rows), "said of a group"]),
    }
    table = pa.table([given.get(one.name, pa.nulls(count, one.type)) for one in SCHEMA], schema=SCHEMA)
    for name in ALL_COLUMNS:
        if name not in table.column_names:
            table = table.append_column(name, pa.repeat("", count))
    return table


def test_what_is_found_again_of_a_block_is_of_that_block_alone(tmp_path):
    findings = Findings(tmp_path, keep=True)
    findings.add(told(), listed=False)
    findings.settle()
    try:
        for block in range(BLOCKS):
            found = findings.of_block(block)
            assert {int(one) for table in found for one in block_of(table.column("_row").to_numpy())} == {block}
            positions = np.arange(EACH)
            numbers = pa.array(positions + 1)
            table = by_row(found, block, positions, numbers, numbers)
            assert table.column("_dhm_messages").to_pylist() == [
                f"said of {row}" + ("; said of a group" if not at else "") for at, row in enumerate(row_ids(0, block, positions).tolist())
            ]
            del found
    finally:
        findings.discard()


@pytest.mark.parametrize(
    ("array", "one"),
    [
        (pa.array(["a", "a", "a", "a"]), True),
        (pa.array(["ab", "ab", "ba", "ab", "ab"]), False),
        (pa.array(["ab", "a", "bab", "ab"]), False),
        (pa.array(["x", "ab", "ab", "ab", "x"]).slice(1, 3), True),
        (pa.array(["", "", ""]), True),
        (pa.array(["", "a", ""]), False),
        (pa.array(["a", None, "a"]), False),
        (pa.array([None, None], pa.string()), True),
        (pa.array([3, 3, 3]), True),
        (pa.array([3, 4, 3]), False),
        (pa.array([[1], [1]]), False),
    ],
)
def test_what_is_the_same_in_every_row_is_not_copied(array, one):
    assert is_one(array) is one
    for positions in ([], [0], [0, 1], [1, 0], list(range(len(array)))[::-1], [1, 1, 0, 1, 1, 0, 1, 1]):
        at = np.array(positions, np.int64)
        assert taken(array, at).equals(array.take(pa.array(at)))
        table = pa.table({"a": array, "b": pa.array(range(len(array)))})
        assert rows_at(table, at).equals(table.take(pa.array(at)))


def test_samples_of_a_code_are_its_first_three(tmp_path):
    findings = Findings(tmp_path)
    table = told()
    findings.add(table, listed=False)
    findings.discard()
    firsts = table.filter(pc.equal(table.column("code"), "R202")).column("message").to_pylist()[:3]
    assert [one["message"] for one in findings.samples[("error", "R202")]] == firsts
    assert [one["message"] for one in findings.samples[("error", "R501")]] == ["said of a group"]
