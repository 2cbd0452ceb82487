"""What `datahub.run` takes as rows, and what it says of the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import datahub
from datahub.engine.start import UnusableRun

SCRIPT = """
source items: csv { columns { sku: text, price: decimal, data: json? } }
entity Item { sku: text, price: decimal(8,2), data: json? }
map Item from i in items { include i }
"""
BATCH = pa.record_batch({"sku": ["a", "b"], "price": ["1", "2.5"]})


class Frame:
    """A data frame of another library: it gives a stream."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return pa.table(BATCH).__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize(
    "rows",
    [pa.Table.from_batches([BATCH]), BATCH, pa.RecordBatchReader.from_batches(BATCH.schema, [BATCH]), Frame()],
    ids=["table", "batch", "reader", "frame"],
)
def test_rows_come_in_any_form_of_arrow(rows: Any) -> None:
    result = datahub.run(SCRIPT, {"items": rows})
    assert ["a", "b"] == result.entities["Item"].column("sku").to_pylist()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (5, "the source `items` was given a int; give an Arrow table, or the paths of files"),
        ([{"sku": "a"}], "the source `items` was given a list of dict; give an Arrow table, or the paths of files"),
        (Path("nowhere.csv"), "there is no file `nowhere.csv`"),
    ],
)
def test_other_things_are_refused_in_words(rows: Any, said: str) -> None:
    with pytest.raises(UnusableRun, match=said):
        datahub.run(SCRIPT, {"items": rows})


def test_json_may_come_as_lists_and_structs() -> None:
    data = pa.array([{"x": 1, "y": [1.5, None]}, None], pa.struct([("x", pa.int32()), ("y", pa.list_(pa.float32()))]))
    result = datahub.run(SCRIPT, {"items": pa.table({"sku": ["a", "b"], "price": [1, 2], "data": data})})
    assert ['{"x":1,"y":[1.5,null]}', None] == result.entities["Item"].column("data").to_pylist()
    table = pa.table({"sku": ["a"], "price": [1], "data": pa.array([[2**63]], pa.list_(pa.uint64()))})
    assert ["[9223372036854775808]"] == datahub.run(SCRIPT, {"items": table}).entities["Item"].column("data").to_pylist()


def test_a_value_of_another_kind_is_shown() -> None:
    table = pa.table({"sku": pa.array([["a"], None], pa.list_(pa.string())), "price": [{"net": 1}, {"net": 2}]})
    issues = datahub.run(SCRIPT, {"items": table}).issues.select(["row", "code", "field", "value"]).to_pylist()
    assert [
        (1, "R006", "sku", '["a"]'),
        (1, "R006", "price", '{"net":1}'),
        (2, "R201", "sku", None),
        (2, "R006", "price", '{"net":2}'),
    ] == [tuple(one.values()) for one in issues]


def test_runs_of_one_value_are_values():
    import pyarrow.compute as pc

    script = "source s: csv { columns { a: int } }\nentity E { a: int }\nmap E from x in s { include x }"
    found = datahub.run(script, {"s": pa.table({"a": pc.run_end_encode(pa.array([1, 1, 2]))})})
    assert [{"a": 1}, {"a": 1}, {"a": 2}] == found.entities["E"].to_pylist()


def test_a_source_without_rows_is_told_as_python_gives_them() -> None:
    with pytest.raises(UnusableRun, match="the source `items` was given no rows: pass a table or the paths of its files in `sources`"):
        datahub.run(SCRIPT, {})
