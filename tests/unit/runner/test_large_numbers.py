from __future__ import annotations

import pyarrow as pa
import pytest

from datahub.runner.embed import run

SCRIPT = "source s: parquet {{ columns {{ n: {kind} }} }}\nentity E {{ n: {kind}? }}\nmap E from r in s {{ n: r.n }}\n"


@pytest.mark.parametrize("kind", ["int", "decimal(10,2)"])
def test_a_float_is_told_to_be_too_large_as_a_number_of_a_text_file_is(kind: str) -> None:
    table = pa.table({"n": pa.array([1e30, -1e300, 7.0, 1e6])})
    result = run(SCRIPT.format(kind=kind), {"s": table})
    assert ["R102", "R102"] == result.issues["code"].to_pylist()
    assert [7, 1_000_000] == result.entities["E"]["n"].to_pylist()
