"""Whole numbers and decimals at the ends of their types, in every function and operator that takes some: where arithmetic wraps."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from datahub.semantic import ir
from datahub.types import model as t
from tests.differential import values
from tests.differential.calls import Call
from tests.differential.held import POOLS, typed

WHOLE = (
    2**63 - 1, -(2**63), 2**62, -(2**62), 2**61, 2**32, 2**31, -(2**31), 2**53 + 1, 0, 1, -1, 2, -2, 3, 7, 10, 62, 63, 64,
    10**18, -(10**18), 5 * 10**18, 9 * 10**18,
)  # fmt: skip
WIDTHS = ((76, 0), (76, 20), (38, 38), (38, 0), (76, 2), (19, 2), (38, 18), (70, 30))
"""Digits, and decimals, of the columns of decimals: products of those that files have are as wide."""


def asked(name: str) -> Iterator[tuple[ir.Expression, Call]]:
    """The calls of a function that take decimals, over columns of each width, and those that take whole numbers."""
    from tests.differential.test_functions import typed_calls

    for expression, call in typed_calls(name):
        if any(_is(t.Decimal, kind) for kind in call.columns.values()):
            for at in range(2 * len(WIDTHS)):
                # First all columns of one width, then each of another.
                widths = [WIDTHS[(at + at // len(WIDTHS) * 3 * number) % len(WIDTHS)] for number in range(len(call.columns))]
                columns = {column: _widened(kind, width) for (column, kind), width in zip(call.columns.items(), widths, strict=True)}
                found = typed(replace(call, columns=columns))
                if found is not None:
                    yield found
        elif any(_is(t.Int, kind) for kind in call.columns.values()):
            yield expression, call


def rows_at(call: Call, count: int, r: random.Random) -> list[dict[str, Any]]:
    """So many rows of a call."""
    return [
        {name: _value(kind, POOLS[call.pools.get(name, "")], name in call.small, r) for name, kind in call.columns.items()}
        for _ in range(count)
    ]


def _is(wanted: type[t.Type], kind: t.Type) -> bool:
    base = t.base_of(kind)
    return isinstance(base, wanted) or (isinstance(base, t.ListOf) and _is(wanted, base.item))


def _widened(kind: t.Type, width: tuple[int, int]) -> t.Type:
    match kind:
        case t.Decimal():
            return t.Decimal(kind.nullable, *width)
        case t.ListOf():
            return replace(kind, item=_widened(kind.item, width))
        case _:
            return kind


def _value(kind: t.Type, pool: tuple[str, ...], small: bool, r: random.Random) -> Any:
    if kind.nullable and r.random() < 0.1:
        return None
    match t.base_of(kind):
        case t.ListOf(item=item):
            return [_value(item, pool, small, r) for _ in range(r.randint(0, 4))]
        case t.Decimal(precision=precision, scale=scale):
            return _decimal(precision, scale, r)
        case t.Int() if not small:
            return r.choice((r.choice(WHOLE), r.choice(WHOLE), r.randint(-12, 40), r.randint(-(2**63), 2**63 - 1)))
        case base:
            return values.value(t.required(base), r, pool, small)


def _decimal(precision: int, scale: int, r: random.Random) -> Decimal:
    most, power = 10**precision - 1, 10 ** r.randint(0, precision)
    two = min(2 ** r.randint(0, 252), most)
    near = (
        two,
        two - 1,
        min(two + 1, most),
        most,
        most - 1,
        most // 2,
        most // 2 + 1,
        5 * 10 ** (precision - 1),
        power,
        power - 1,
        power // 2,
        r.randint(0, power),
        0,
        1,
    )
    number = min(r.choice((r.choice(near), r.randint(0, power), r.randint(0, 5000) * 10 ** max(scale - 3, 0))), most)
    # A column has no negative zero.
    return Decimal((r.randint(0, 1) if number else 0, tuple(map(int, str(number))), -scale))
