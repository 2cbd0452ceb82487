"""What a function of one row answers is of the type that it declares, or the run ends: Arrow would make another value of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from datahub.functions import function
from datahub.functions.declare import OUTSIDE, Function, Outcome
from datahub.functions.extensions import BrokenExtension
from datahub.functions.guard import guarded

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC).replace(tzinfo=None)
TAKEN = [
    ("int", 5, 5),
    ("int", np.int64(5), 5),
    ("float", 5, 5.0),
    ("float", np.float32(1.5), 1.5),
    ("decimal(10,2)", 5, Decimal("5.00")),
    ("decimal(10,2)", Decimal("1.5"), Decimal("1.50")),
    ("text", "x", "x"),
    ("bool", True, True),
    ("date", date(2024, 1, 1), date(2024, 1, 1)),
    ("time", time(12), time(12)),
    ("datetime", NOON.replace(tzinfo=timezone(timedelta(hours=2))), NOON.replace(hour=10, tzinfo=UTC)),
    ("local_datetime", NOON, NOON),
    ("duration", timedelta(hours=1), timedelta(hours=1)),
    ("[int]", [1, 2], [1, 2]),
    ("[int?]", (1, None), [1, None]),
    ("{a: int, b: text?}", {"a": 1}, {"a": 1, "b": None}),
    ("int?", None, None),
]
REFUSED = [
    ("int", 1.5, "gave 1.5 (float) where int is declared"),
    ("int", 2.0, "gave 2.0 (float) where int is declared"),
    ("int", Decimal("2.7"), "gave 2.7 (Decimal) where int is declared"),
    ("int", True, "gave True (bool) where int is declared"),
    ("int", 2**63, "gave 9223372036854775808, which does not fit int"),
    ("float", True, "gave True (bool) where float is declared"),
    ("decimal(10,2)", 1.5, "gave 1.5 (float) where decimal(10,2) is declared"),
    ("decimal(10,2)", Decimal("1.555"), "gave 1.555, which does not fit decimal(10,2)"),
    ("text", b"xy", "gave b'xy' (bytes) where text is declared"),
    ("text", "\ud800", "gave '\\ud800', which does not fit text"),
    ("bool", 1, "gave 1 (int) where bool is declared"),
    ("date", 5, "gave 5 (int) where date is declared"),
    ("date", NOON, "gave 2024-01-01 12:00:00 (datetime) where date is declared"),
    ("time", time(12, tzinfo=UTC), "gave 12:00:00+00:00 (time with a time zone) where time is declared"),
    ("datetime", 5, "gave 5 (int) where datetime is declared"),
    ("datetime", NOON, "gave 2024-01-01 12:00:00 (datetime without a time zone) where datetime is declared"),
    ("local_datetime", NOON.replace(tzinfo=UTC), "gave 2024-01-01 12:00:00+00:00 (datetime with a time zone) where"),
    ("duration", 5, "gave 5 (int) where duration is declared"),
    ("[text]", "abc", "gave 'abc' (str) where [text] is declared"),
    ("[int]", [1, 1.5], "gave 1.5 (float) where int is declared"),
    ("[int]", [1, None], "gave null where int is declared; declare `int?`"),
    ("{a: int, b: text?}", {"a": 1.5}, "gave 1.5 (float) where int is declared"),
    ("{a: int, b: text?}", {"b": "x"}, "gave null for `a`, where int is declared"),
    ("{a: int}", {"a": 1, "z": 1}, "(dict with `z`) where {a: int} is declared"),
]


def of_one(declared: str, value: Any) -> Function:
    @function(f"acme.gives(n: int) -> {declared}", row_wise=True)
    def gives(n: int) -> Any:
        """A value."""
        return value

    return OUTSIDE[__name__].pop("acme.gives")


def answered(made: Function) -> Outcome:
    return guarded(made, made.overloads[0])(pa.array([1, 2, 1]))


@pytest.mark.parametrize(("declared", "value", "had"), TAKEN, ids=str)
def test_a_value_of_the_declared_type_is_taken_as_it_is(declared, value, had):
    assert [had] * 3 == answered(of_one(declared, value)).values.to_pylist()


@pytest.mark.parametrize(("declared", "value", "told"), REFUSED, ids=str)
def test_one_of_another_type_is_told_and_made_nothing_of(declared, value, told):
    with pytest.raises(BrokenExtension) as problem:
        answered(of_one(declared, value))
    assert told in problem.value.message
    assert "raised" not in problem.value.message


def test_what_the_function_raises_is_its_own():
    def gives(n: int) -> int:
        """A value."""
        raise ValueError("no such thing")

    function("acme.gives(n: int) -> int", row_wise=True)(gives)
    with pytest.raises(BrokenExtension, match="raised ValueError: no such thing"):
        answered(OUTSIDE[__name__].pop("acme.gives"))


COLUMNS = [
    ("[date]", pa.array([[5]] * 3, pa.list_(pa.int32())), "needs list<item: date32"),
    ("[date]", pa.array([[NOON]] * 3, pa.list_(pa.timestamp("us"))), "needs list<item: date32"),
    ("[int]", pa.array([[2.0]] * 3), "needs list<item: int64>"),
    ("[text]", pa.array([[b"x"]] * 3), "needs list<item: string>"),
    ("{a: int?}", pa.array([{"x": 1}] * 3), "needs struct<a: int64>"),
    ("{a: int}", pa.array([{"a": 1, "z": 1}] * 3), "needs struct<a: int64>"),
    ("{a: int}", pa.array([{"a": 1.0}] * 3), "needs struct<a: int64>"),
    ("int", pa.array([1.0] * 3), "needs int64"),
    ("[int]", pa.array([[1], [None], [2]]), "gave null within a value"),
    ("{a: [int]}", pa.array([{"a": [1]}, {"a": None}, {"a": [2]}]), "gave null within a value"),
]


@pytest.mark.parametrize(("declared", "values", "told"), COLUMNS, ids=lambda one: str(one)[:30])
def test_a_column_of_another_type_is_told(declared, values, told):
    function(f"acme.gives(n: int) -> {declared}")(lambda n: values)
    made = OUTSIDE[__name__].pop("acme.gives")
    with pytest.raises(BrokenExtension) as problem:
        answered(made)
    assert told in problem.value.message


def test_a_column_laid_out_otherwise_is_taken():
    laid = pa.array([[1], [], None], pa.large_list(pa.int32()))
    function("acme.gives(n: int) -> [int]?")(lambda n: laid)
    assert [[1], [], None] == answered(OUTSIDE[__name__].pop("acme.gives")).values.to_pylist()
