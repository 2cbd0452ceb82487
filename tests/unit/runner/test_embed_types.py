"""Tables of types that Arrow itself makes no empty array of are taken by `datahub.run`: read, or rejected row by row."""

from __future__ import annotations

import pyarrow as pa
import pytest

import datahub

UNION = pa.UnionArray.from_sparse(pa.array([0, 1], pa.int8()), [pa.array([1, 2]), pa.array(["a", "b"])])
RUNS = pa.RunEndEncodedArray.from_arrays([1, 2], ["a", None])
UUIDS = pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0123456789abcdef", None], pa.binary(16)))
VIEWS = pa.array([[1, 2], None], pa.list_view(pa.int64()))


@pytest.mark.parametrize(
    ("values", "kind", "wanted"),
    [
        (pa.StructArray.from_arrays([RUNS], ["x"]), "{x: text?}?", [{"x": "a"}, {"x": None}]),
        (pa.ListArray.from_arrays([0, 1, 2], UUIDS), "[text?]?", [["30313233-3435-3637-3839-616263646566"], [None]]),
        (pa.StructArray.from_arrays([VIEWS, RUNS], ["v", "x"]), "{v: [int]?}?", [{"v": [1, 2]}, {"v": None}]),
        (pa.StructArray.from_arrays([], fields=[], mask=pa.array([False, True])), "{x: int?}?", [{"x": None}, None]),
        (UNION, "json", []),
        (pa.ListArray.from_arrays([0, 1, 2], UNION), "json", []),
    ],
    ids=["runs in a struct", "extensions in a list", "views beside runs", "a struct of nothing", "a union", "unions in a list"],
)
def test_every_table_is_read_or_its_rows_are_rejected(values, kind, wanted):
    script = f"source s: json {{ columns {{ v: {kind} }} }}\nentity E {{ v: {kind} }}\nmap E from r in s {{ v: r.v }}\n"
    result = datahub.run(script, {"s": pa.table({"v": pa.chunked_array([values, values])})})

    assert wanted * 2 == result.entities["E"]["v"].to_pylist()
    assert 4 == len(result.entities["E"]) + result.issues.num_rows
