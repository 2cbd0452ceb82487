"""Rows that are sent again have what their target was not sent from the row of the same key that was made before."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa

from datahub.runner.jobs.previous_rows import schema_of
from datahub.runner.jobs.snapshots import _completed, _taken
from tests.jobs_world import compiled

SCRIPT = """\
source feed: csv { columns { id: text, total: decimal, tags: [text] at "tags" @split(",") } }
entity Order {
  key id
  id    : text
  total : decimal(10,2)
  tags  : [text]
}
map Order from f in feed { include f }
"""


def shape():
    (found,) = compiled(SCRIPT).entities
    return found


def rows(*several):
    names = schema_of(shape()).names
    return pa.Table.from_pylist([dict(zip(names, one, strict=True)) for one in several], schema_of(shape()))


BEFORE = rows(("B", Decimal("2.00"), ["x", "y"]), ("A", Decimal("1.00"), ["z"]))


def test_what_a_target_is_not_sent_is_taken_from_the_row_of_the_same_key():
    sent = pa.table({"id": ["A", "new"], "total": pa.array([Decimal("9.00"), Decimal("8.00")], pa.decimal128(10, 2))})
    expected = rows(("A", Decimal("9.00"), ["z"]), ("new", Decimal("8.00"), None))
    assert expected.to_pylist() == _completed(sent, BEFORE, shape()).to_pylist()


def test_rows_without_their_key_are_nobodys():
    sent = pa.table({"total": pa.array([Decimal("9.00")], pa.decimal128(10, 2))})
    assert [] == _completed(sent, BEFORE, shape()).to_pylist()
    # Nor can be told which of those that were sent without it were refused.
    assert BEFORE.equals(_taken(BEFORE, shape(), sent))


def test_what_was_refused_is_left_out_by_its_key():
    assert ["A"] == _taken(BEFORE, shape(), pa.table({"id": ["B"]})).column("id").to_pylist()
