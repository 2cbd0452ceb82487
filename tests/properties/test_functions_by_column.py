"""What holds for every function that works row by row: it does not matter which rows stand beside a row.

For columns made at random, nulls and failing rows among them: a column cut in two gives the two parts of the whole;
slices, constants and repeated values give the same; and a null argument touches no row but its own.
"""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from datahub.functions import load
from datahub.functions.columns import all_valid
from datahub.functions.declare import Function, Outcome, Overload, Parameter
from datahub.types import model as t
from datahub.types.arrow import arrow_type
from datahub.types.shapes import Family, built, shape

MODULES = frozenset(
    (
        "aggregates", "members", "statistics", "lists", "list_building", "maps", "structs", "wording", "likeness", "markup", "encoding", "digests",
        "json_values", "records", "commerce", "commerce_codes", "commerce_money", "commerce_units",
    )
)  # fmt: skip
ROWS = 24
TEXTS = (
    "", " ", "a", "été", "Œuvre ß", "日本", "a-b_c D", "XMLHttp2", "<p>x &amp; y</p>", "&lt;", "a=1 b=2", "a,b", '"q",r', "%41%zz", "50%25",
    "4006381333931", "73513537", "FR", "fr", "Allemagne", "EUR", "JPY", "FR40303265045", "https://a.b/c?d=e#f", "a@b.co", "01 23 45 67 89",
    "kg", "lb", "cm", "YQ==", "6162", "dns", '{"a": {"b": [1, 2.50]}}', "[1]", "12 KB", "a%", "552008443", "X" * 70, "\u00a0x\t y\n",
)  # fmt: skip
ITEM = pa.struct([("k", pa.string()), ("v", pa.int64()), ("key", pa.string()), ("value", pa.int64())])
STRUCT = pa.struct([("a", pa.int64()), ("b", pa.int64())])
# What stands for a variable, a family or a constant, where any value would not do.
TYPES: dict[tuple[str, str], pa.DataType] = {
    ("index_by", "values"): pa.list_(pa.field("item", ITEM)),
    ("group_by", "values"): pa.list_(pa.field("item", ITEM)),
    ("distinct_by", "values"): pa.list_(pa.field("item", ITEM)),
    ("struct_from", "entries"): pa.list_(pa.field("item", ITEM)),
    ("zip", "right"): pa.list_(pa.field("item", pa.string())),
    ("proration", "weights"): pa.list_(pa.field("item", pa.int64())),
}
CONSTANTS: dict[tuple[str, str], Any] = {
    ("index_by", "key"): "k",
    ("index_by", "value"): "v",
    ("group_by", "key"): "k",
    ("distinct_by", "key"): "v",
    ("percentile", "share"): Decimal("0.3"),
    ("get", "key"): "a",
    ("get", "path"): ("b",),
    ("pick", "names"): "b",
    ("omit", "names"): "b",
    ("json_get", "path"): "a.b[0]",
    ("nth_largest", "n"): 2,
    ("nth_smallest", "n"): 1,
    ("top", "n"): 2,
    ("base64_encode", "alphabet"): "url_safe",
}
SIMPLE: dict[type, Any] = {
    t.Text: lambda r: r.choice(TEXTS),
    t.Json: lambda r: r.choice(('{"a": {"b": [1, 2.50]}}', "[1]", "3", '"x"')),
    t.Int: lambda r: r.choice((0, 1, -1, 2, 3, 7, 4000)),
    t.Decimal: lambda r: r.choice((Decimal(0), Decimal("0.2"), Decimal(1), Decimal("-12.345"), Decimal("99999.99"))),
    t.Float: lambda r: r.choice((0.0, 1.5, -2.25)),
    t.Bool: lambda r: r.random() < 0.5,
    t.Date: lambda r: dt.date(2024, 2, r.randint(1, 29)),
    t.Duration: lambda r: dt.timedelta(hours=r.randint(-5, 5)),
}


def overloads() -> list[Any]:
    found = []
    for function in load().values():
        for number, overload in enumerate(function.overloads):
            if overload.kind == "function" and overload.kernel.__module__.rpartition(".")[2] in MODULES:
                found.append(pytest.param(function, overload, id=f"{function.name}-{number}"))
    return found


def value(kind: pa.DataType, r: random.Random) -> Any:
    if r.random() < 0.15:
        return None
    if pa.types.is_list(kind):
        return [value(kind.value_type, r) for _ in range(r.randint(0, 4))]
    if pa.types.is_map(kind):
        return [(key, value(kind.item_type, r)) for key in r.sample("abc", r.randint(0, 3))]
    if pa.types.is_struct(kind):
        return {field.name: value(field.type, r) for field in kind}
    plain = next(base for base in SIMPLE if arrow_type(base()) == kind)
    return SIMPLE[plain](r)


def arrow_of(function: Function, parameter: Parameter, item: pa.DataType | None) -> pa.DataType:
    known = TYPES.get((function.name, parameter.name))
    if known is not None:
        return known
    wanted = shape(parameter.type)
    if isinstance(wanted, Family):
        return STRUCT if wanted.name == "struct" else pa.string()
    kind = t.required(built(wanted, {name: t.Int() for name in "TABS"}))
    arrow = arrow_type(kind)
    return pa.list_(pa.field("item", item)) if item is not None and pa.types.is_list(arrow) else arrow


def item_type(overload: Overload) -> pa.DataType | None:
    """What a list holds that only its shown signature tells."""
    inner = overload.signature.partition("values: [")[2].partition("]")[0].rstrip("?")
    return arrow_type(built(shape(inner), {})) if inner and len(inner) > 1 and "[" not in inner else None


def arguments(function: Function, overload: Overload, r: random.Random, rows: int) -> list[Any]:
    given: list[Any] = []
    for parameter in overload.parameters:
        if parameter.constant:
            if (function.name, parameter.name) in CONSTANTS:
                given.append(CONSTANTS[function.name, parameter.name])
            else:
                given.append(parameter.default if parameter.optional else "x")
            continue
        kind = arrow_of(function, parameter, item_type(overload))
        # A small pool half of the time, so that values repeat.
        pool = [value(kind, r) for _ in range(4)]
        repeat = r.random() < 0.5
        given += [made(kind, pool if repeat else None, r, rows) for _ in range(2 if parameter.variadic else 1)]
    return given


def made(kind: pa.DataType, pool: list[Any] | None, r: random.Random, rows: int) -> pa.Array:
    return pa.array([r.choice(pool) if pool else value(kind, r) for _ in range(rows)], kind)


def answered(overload: Overload, given: list[Any]) -> list[Any]:
    """What the kernel gives row by row under the null rule, with the code where it fails."""
    result = overload.kernel(*given)
    failed = result.failed if isinstance(result, Outcome) else ()
    values = result.values if isinstance(result, Outcome) else result
    places = [overload.parameters[min(at, len(overload.parameters) - 1)] for at in range(len(given))]
    strict = [one for one, place in zip(given, places, strict=True) if not place.constant and not place.nullable]
    arrays = [one for one in given if isinstance(one, pa.Array)]
    keep = all_valid(*strict, pa.array([True] * len(arrays[0])))
    rows = [one if here else None for one, here in zip(values.to_pylist(), keep, strict=True)]
    for mask, code in failed:
        rows = [code if bad and here else one for one, bad, here in zip(rows, mask, keep, strict=True)]
    return rows


def cut(given: list[Any], start: int, stop: int) -> list[Any]:
    return [one[start:stop] if isinstance(one, pa.Array) else one for one in given]


@pytest.mark.parametrize(("function", "overload"), overloads())
def test_a_row_does_not_depend_on_the_rows_beside_it(function: Function, overload: Overload) -> None:
    r = random.Random(function.name)
    for _ in range(3):
        given = arguments(function, overload, r, ROWS)
        whole = answered(overload, given)
        middle = r.randint(1, ROWS - 1)
        assert whole == answered(overload, cut(given, 0, middle)) + answered(overload, cut(given, middle, ROWS))
        alone = [row for at in range(ROWS) for row in answered(overload, cut(given, at, at + 1))]
        assert whole == alone
        assert [] == answered(overload, cut(given, 0, 0))
        twice = [pa.concat_arrays([one, one]) if isinstance(one, pa.Array) else one for one in given]
        assert whole + whole == answered(overload, twice)


@pytest.mark.parametrize(("function", "overload"), overloads())
def test_a_constant_is_a_column_that_repeats_it(function: Function, overload: Overload) -> None:
    r = random.Random(function.name)
    given = arguments(function, overload, r, ROWS)
    columns = [at for at, one in enumerate(given) if isinstance(one, pa.Array)]
    for at in columns if len(columns) > 1 else ():
        for row in range(0, ROWS, 5):
            constant = [*given[:at], given[at][row], *given[at + 1 :]]
            repeated = [*given[:at], pa.repeat(given[at][row], ROWS), *given[at + 1 :]]
            if given[at][row].is_valid:
                assert answered(overload, repeated) == answered_with(overload, constant, repeated)


def answered_with(overload: Overload, constant: list[Any], repeated: list[Any]) -> list[Any]:
    """As `answered`, for a call with a constant; the null rule looks at the columns."""
    fixed = Overload(
        overload.parameters, overload.returns, overload.rule, lambda *_: overload.kernel(*constant), overload.rejects, False, "", "function"
    )
    return answered(fixed, repeated)
