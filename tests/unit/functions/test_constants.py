"""Constants of every type as columns, null among them."""

from __future__ import annotations

import pyarrow as pa
import pytest

from datahub.functions.columns import broadcast

MAP = pa.map_(pa.string(), pa.string())


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, MAP),
        ([("a", "b")], MAP),
        (None, pa.list_(pa.int64())),
        ([1], pa.list_(pa.int64())),
        (None, pa.struct([("a", pa.int64())])),
        (1, pa.int64()),
    ],
)
def test_a_constant_of_any_type_is_repeated(value, kind):
    column, _ = broadcast(pa.scalar(value, kind), pa.array([1, 2, 3]))
    assert (kind, [value] * 3) == (column.type, column.to_pylist())
