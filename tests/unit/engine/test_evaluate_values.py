from __future__ import annotations

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from datahub.engine.values import brought, scalar, without
from datahub.types import model as t

COLUMNS = [
    pa.array([1, None, 3, 4]),
    pa.array(["a", None, "", "dé"]),
    pa.array([True, None, False, True]),
    pa.array([Decimal("1.5"), None, Decimal(2), Decimal(3)], pa.decimal128(5, 2)),
    pa.array([[1], None, [], [2, 3]], pa.list_(pa.int64())),
    pa.array([{"a": 1}, None, {"a": None}, {"a": 4}]),
    pa.array([[("k", 1)], None, [], [("l", 2)]], pa.map_(pa.string(), pa.int64())),
    pa.nulls(4),
]


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: str(column.type))
@pytest.mark.parametrize("start", [0, 1, 3])
def test_values_become_null_without_being_copied(column, start):
    part = column.slice(start)
    gone = np.arange(len(part)) % 2 == 0

    made = without(part, gone)

    made.validate(full=True)
    assert made.to_pylist() == [None if lost else value for value, lost in zip(part.to_pylist(), gone, strict=True)]


def test_parts_of_nested_values_are_brought_to_their_types():
    kind = pa.list_(pa.struct([pa.field("a", pa.decimal128(10, 2)), pa.field("b", pa.string())]))
    values = pa.array([[{"b": "x", "a": 1}], None, []], pa.list_(pa.struct([("b", pa.string()), ("a", pa.int64())])))

    assert brought(values, kind).to_pylist() == [[{"a": Decimal("1.00"), "b": "x"}], None, []]


def test_a_large_int_becomes_a_decimal_where_it_fits():
    assert brought(pa.array([10**9]), pa.decimal128(10, 0)).to_pylist() == [Decimal(10**9)]


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (5, t.Decimal(False, 6, 2), Decimal("5.00")),
        (1, t.Float(), 1.0),
        ((1, 2), t.ListOf(t.Int()), [1, 2]),
        (("x", 1), t.Struct((("a", t.Text()), ("b", t.Int()))), {"a": "x", "b": 1}),
        (None, t.Nothing(), None),
    ],
)
def test_constants_of_the_script_are_arrow_s(value, kind, expected):
    assert scalar(value, kind).as_py() == expected
