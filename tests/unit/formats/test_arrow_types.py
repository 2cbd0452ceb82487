"""Every type of Arrow's, at every depth, with its extremes, read as every declared type: the value, or a failure, never anything else."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal as Digits
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pytest

from datahub.formats.arrow import _whole
from datahub.formats.arrow_columns import TableColumns, validate
from datahub.formats.json_text import json_texts
from datahub.semantic.ir import SourceShape
from datahub.types import model as t
from datahub.types.arrow import arrow_type
from tests.unit.formats.reading import column

FAILS = object()
"""What is expected of a value that nothing here can say."""
_US = 1_000_000
_SOON, _FIRST, _LAST = map(datetime.fromisoformat, ("2024-01-01T01:02:03", "0001-01-01T00:00:00", "9999-12-31T23:59:59.999999"))
_NS = 1704070923000000789


def runs(values):
    ends = pa.array(np.arange(1, len(values) + 1), pa.int32())
    return pa.RunEndEncodedArray.from_arrays(ends, values)


def coded(values):
    return pa.DictionaryArray.from_arrays(pa.array(range(len(values)), pa.int32()), values)


def union(values):
    return pa.UnionArray.from_dense(pa.array([0] * len(values), pa.int8()), pa.array(range(len(values)), pa.int32()), [values])


TEXTS, WHOLE, EXACT, REAL = t.Text(True), t.Int(True), t.Decimal(True, 30, 4), t.Float(True)
Leaf: TypeAlias = "tuple[pa.Array, t.Type, list[Any]]"
LEAVES: dict[str, Leaf] = {
    "null": (pa.nulls(2), TEXTS, [None, None]),
    "bool": (pa.array([True, None]), t.Bool(True), [True, None]),
    "int8": (pa.array([-128, 127], pa.int8()), WHOLE, [-128, 127]),
    "uint32": (pa.array([0, 2**32 - 1], pa.uint32()), WHOLE, [0, 2**32 - 1]),
    "int64": (pa.array([-(2**63), 2**63 - 1]), WHOLE, [-(2**63), 2**63 - 1]),
    "uint64": (pa.array([1, 2**64 - 1], pa.uint64()), WHOLE, [1, FAILS]),
    "uint64 exact": (pa.array([1, 2**64 - 1], pa.uint64()), EXACT, [Digits(1), Digits(2**64 - 1)]),
    "float16": (pa.array([1.5, float("nan")], pa.float16()), REAL, [1.5, FAILS]),
    "float32": (pa.array([1.5, float("inf")], pa.float32()), REAL, [1.5, FAILS]),
    "float64": (pa.array([1.5, float("-inf"), 1e300]), REAL, [1.5, FAILS, 1e300]),
    "decimal32": (pa.array([Digits("1.25")], pa.decimal32(5, 2)), EXACT, [Digits("1.25")]),
    "decimal64": (pa.array([Digits("1.25")], pa.decimal64(5, 2)), EXACT, [Digits("1.25")]),
    "decimal128": (pa.array([Digits("1.25")], pa.decimal128(38, 2)), EXACT, [Digits("1.25")]),
    "decimal of tens": (pa.array([Digits(1200)], pa.decimal128(5, -2)), EXACT, [Digits(1200)]),
    "decimal of small": (pa.array([Digits("0.00012")], pa.decimal128(5, 5)), t.Decimal(True, 30, 5), [Digits("0.00012")]),
    "decimal256": (pa.array([Digits("1.25"), Digits(10**70)], pa.decimal256(76, 2)), EXACT, [Digits("1.25"), FAILS]),
    "text": (pa.array(["é", None]), TEXTS, ["é", None]),
    "large text": (pa.array(["é", None], pa.large_string()), TEXTS, ["é", None]),
    "text view": (pa.array(["é", "a text that is not short"], pa.string_view()), TEXTS, ["é", "a text that is not short"]),
    "bytes": (pa.array([b"\xc3\xa9", b"\xff"], pa.binary()), TEXTS, ["é", FAILS]),
    "large bytes": (pa.array([b"a", b"\xff"], pa.large_binary()), TEXTS, ["a", FAILS]),
    "bytes view": (pa.array([b"a", b"\xff"], pa.binary_view()), TEXTS, ["a", FAILS]),
    "fixed bytes": (pa.array([b"ab", b"\xff\xff", None], pa.binary(2)), TEXTS, ["ab", FAILS, None]),
    "date32": (
        pa.array([0, -719162, 2932896, -719163, 2932897, 2**31 - 1, -(2**31)], pa.int32()).view(pa.date32()),
        t.Date(True),
        [date(1970, 1, 1), date.min, date.max, FAILS, FAILS, FAILS, FAILS],
    ),
    "date64": (
        pa.array([0, -719162 * 86_400_000, 104_249_991 * 86_400_000], pa.int64()).view(pa.date64()),
        t.Date(True),
        [date(1970, 1, 1), date.min, FAILS],
    ),
    "time32": (pa.array([3723, 86399], pa.time32("s")), t.Time(True), [time(1, 2, 3), time(23, 59, 59)]),
    "time64": (pa.array([3723000001], pa.time64("us")), t.Time(True), [time(1, 2, 3, 1)]),
    "time64 ns": (pa.array([3723000001789, None], pa.time64("ns")), t.Time(True), [time(1, 2, 3, 1), None]),
    "moment s": (
        pa.array([1704070923, 2**40, -62135596800, 2**62], pa.timestamp("s")),
        t.LocalDateTime(True),
        [_SOON, FAILS, _FIRST, FAILS],
    ),
    "moment us": (
        pa.array([1704070923 * _US, -(2**63), 253402300799999999], pa.timestamp("us")),
        t.LocalDateTime(True),
        [_SOON, FAILS, _LAST],
    ),
    "moment ns": (pa.array([_NS, None], pa.timestamp("ns")), t.LocalDateTime(True), [_SOON, None]),
    "instant": (pa.array([1704070923000, 2**60], pa.timestamp("ms", "Asia/Tokyo")), t.DateTime(True), [_SOON.replace(tzinfo=UTC), FAILS]),
    "instant ns": (pa.array([_NS], pa.timestamp("ns", "UTC")), t.DateTime(True), [_SOON.replace(tzinfo=UTC)]),
    "duration": (pa.array([90, 2**62], pa.duration("s")), t.Duration(True), [timedelta(seconds=90), FAILS]),
    "duration ns": (pa.array([1789, None], pa.duration("ns")), t.Duration(True), [timedelta(microseconds=1), None]),
    "coded": (coded(pa.array(["a", None])), TEXTS, ["a", None]),
    "coded view": (coded(pa.array(["a", None], pa.string_view())), TEXTS, ["a", None]),
    "runs": (runs(pa.array(["a", "b"])), TEXTS, ["a", "b"]),
    "uuid": (
        pa.array([b"0123456789abcdef", None], pa.uuid()),
        TEXTS,
        ["30313233-3435-3637-3839-616263646566", None],
    ),
    "interval": (pa.array([(1, 2, 3)], pa.month_day_nano_interval()), TEXTS, [FAILS]),
    "union": (union(pa.array([1, 2])), TEXTS, [FAILS, FAILS]),
}


def spans(values):
    return pa.array(range(len(values) + 1), pa.int32())


def ones(values):
    return pa.array([1] * len(values), pa.int32())


def numbered(values, keys):
    return pa.MapArray.from_arrays(spans(values), keys, values)


def names(values, kind):
    return pa.array([str(number) for number in range(len(values))]).cast(kind)


def in_list(kind):
    return t.ListOf(kind, True)


def in_struct(kind):
    return t.Struct((("x", kind),), True)


def in_map(kind):
    return t.MapOf(kind, True)


def views(values):
    return pa.ListViewArray.from_arrays(spans(values)[:-1], ones(values), values)


LIST = (in_list, lambda value: [value])
STRUCT = (in_struct, lambda value: {"x": value})
SHAPES: dict[str, tuple[Any, Any, Any]] = {
    "list": (lambda a: pa.ListArray.from_arrays(spans(a), a), *LIST),
    "large list": (lambda a: pa.LargeListArray.from_arrays(spans(a).cast(pa.int64()), a), *LIST),
    "fixed list": (lambda a: pa.FixedSizeListArray.from_arrays(a, 1), *LIST),
    "list view": (views, *LIST),
    "large list view": (
        lambda a: pa.LargeListViewArray.from_arrays(spans(a)[:-1].cast(pa.int64()), ones(a).cast(pa.int64()), a),
        *LIST,
    ),
    "struct": (lambda a: pa.StructArray.from_arrays([a], ["x"]), *STRUCT),
    "map": (lambda a: numbered(a, names(a, pa.string())), in_map, None),
    "map of numbers": (lambda a: numbered(a, names(a, pa.int16())), in_map, None),
    "map of bytes": (lambda a: numbered(a, names(a, pa.binary())), in_map, None),
    "sliced": (lambda a: pa.concat_arrays([a, a])[len(a) :], lambda kind: kind, lambda value: value),
}
ONCE = [(), *((one,) for one in SHAPES)]
TWICE = [(one, two) for one in SHAPES for two in SHAPES]
DEEP = ("text view", "bytes", "date32", "float64", "coded", "union")
"""One of each kind of leaf at two depths, whatever those are."""


def depths(leaf):
    return [*ONCE, ("list view", "struct"), ("struct", "list view"), *(TWICE if leaf in DEEP else [])]


def built(leaf, depth):
    """The column, its natural type and what is expected of each row."""
    values, kind, wished = LEAVES[leaf]
    for name in depth:
        make, around, wrap = SHAPES[name]
        values, kind = make(values), around(kind)
        if wrap is None:
            wished = [one if one is FAILS else [(str(number), one)] for number, one in enumerate(wished)]
        else:
            wished = [one if one is FAILS else wrap(one) for one in wished]
    return values, kind, wished


def read(values, kind):
    """The rows that are read, each `FAILS` or its value, and all failures."""
    shape = SourceShape("s", "arrow", (), (column("v", kind),))
    made = TableColumns(shape, frozenset({"v"})).parsed(pa.table({"v": values})).columns["v"]
    found = made.array(len(values))
    assert arrow_type(kind) == found.type
    found.validate(full=True)
    lost = {int(row) for failure in made.failures for row in failure.rows}
    for row, text in enumerate(json_texts(found, kind).to_pylist()):
        if row not in lost:
            json.loads(text, parse_constant=pytest.fail)
            assert "out of range" not in text
    for failure in made.failures:
        told = [] if failure.values is None else failure.values.to_pylist()
        assert "R" == failure.code[0]
        assert not any(one and ("b'" in one or "<value" in one) for one in told)
    return [FAILS if row in lost else value for row, value in enumerate(found.to_pylist())]


@pytest.mark.parametrize("leaf", LEAVES)
def test_what_a_type_holds_is_read_at_every_depth(leaf):
    for depth in depths(leaf):
        values, kind, wished = built(leaf, depth)
        assert wished == read(values, kind), depth


OTHERS = [
    TEXTS,
    WHOLE,
    t.Int(True, 16),
    EXACT,
    t.Decimal(True, 3, 1),
    REAL,
    t.Bool(True),
    t.Date(True),
    t.Time(True),
    t.DateTime(True),
    t.LocalDateTime(True),
    t.Duration(True),
    t.Enum(("a", "b"), True),
    t.Json(True),
    in_list(TEXTS),
    in_list(t.Json(True)),
    in_struct(WHOLE),
    in_map(REAL),
    in_list(in_struct(t.Json(True))),
]


@pytest.mark.parametrize("leaf", LEAVES)
def test_any_type_read_as_any_other_is_a_value_or_a_failure(leaf):
    for depth in [(), ("list view",), ("struct",), ("map of numbers",)]:
        values, _, _ = built(leaf, depth)
        for kind in OTHERS:
            read(values, kind)


@pytest.mark.parametrize("leaf", LEAVES)
def test_nested_values_are_the_same_json_whatever_holds_them(leaf):
    for depth in depths(leaf)[1:]:
        values, _, wished = built(leaf, depth)
        if pa.types.is_nested(values.type) and depth != ("sliced",):
            found = read(values, t.Json(True))
            # Numbers that a field cannot take may still be JSON.
            assert all(
                a is not FAILS or b is FAILS or leaf.startswith(("uint64", "decimal256")) for a, b in zip(wished, found, strict=True)
            )
            assert all(a is FAILS or b is not FAILS for a, b in zip(wished, found, strict=True)), depth


def test_a_time_beyond_its_day_fails_its_row_and_not_the_file():
    times = pa.array([1, 90_000], pa.int32()).view(pa.time32("s"))
    long = pa.array([1, 90_000 * _US]).view(pa.time64("us"))
    inside = pa.StructArray.from_arrays([times], names=["t"])
    listed = pa.ListArray.from_arrays(pa.array([0, 1, 2], pa.int32()), long)
    for values in (times, long, inside, listed):
        validate(values)
    with pytest.raises(pa.ArrowInvalid):
        validate(pa.ListArray.from_arrays(pa.array([0, 1, 9], pa.int32()), long))
    sink = pa.BufferOutputStream()
    table = pa.table({"t": times})
    with pa.ipc.new_file(sink, table.schema) as file:
        file.write_table(table)
    (batch,) = [pa.ipc.open_file(sink.getvalue()).get_batch(0)]
    assert _whole(batch).num_rows == 2
