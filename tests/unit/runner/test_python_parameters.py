"""Parameters that are given from Python: values of their types, or a refusal in one sentence."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

import datahub
from datahub.engine.start import UnusableRun


def taken(kind, value):
    script = f"param p: {kind}\nsource f: csv {{ columns {{ a: text }} }}\nentity E {{ n: {kind} }}\nmap E from x in f {{ n: $p }}\n"
    return datahub.run(script, {"f": pa.table({"a": ["x"]})}, parameters={"p": value}).entities["E"].to_pylist()[0]["n"]


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        ("int", 5, 5),
        ("int", "5", 5),
        ("int?", None, None),
        ("decimal(8,2)", Decimal("1.50"), Decimal("1.50")),
        ("decimal(8,2)", "1.5", Decimal("1.50")),
        ("bool", True, True),
        ("datetime", datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),
    ],
)
def test_a_value_of_the_type_is_taken(kind, value, wanted):
    assert wanted == taken(kind, value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("int", "x"),
        ("int", 1.5),
        ("int", True),
        ("int", None),
        ("int", [1]),
        ("text", 1),
        ("decimal(8,2)", 1.5),
        ("date", datetime(2026, 3, 1, tzinfo=UTC)),
        ("datetime", "soon"),
        ("int(16)", 70000),
        ("decimal(4,2)", Decimal("1.234")),
        ("float", float("nan")),
        ("float", float("inf")),
    ],
)
def test_a_value_of_another_type_is_refused_and_never_cut(kind, value):
    with pytest.raises(UnusableRun, match="`p` takes "):
        taken(kind, value)
