"""Values of every type by chance, with those that trip: ends of ranges, nothing, letters of two bytes and of four."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from datahub.syntax.literals import EXACT
from datahub.types import model as t

NOW = datetime(2024, 5, 1, 12, 34, 56, tzinfo=UTC)
WORDS = (
    "", " ", "a", "ABC", "abc", "été", "日本", "😊e\u0301", "a,b;c", "12", "-7.50",
    "2024-02-29", "  two  words ", "x" * 40, "R&D", "FR", "EUR",
)  # fmt: skip
DAYS = (date(2024, 2, 29), date(1999, 12, 31), date(1, 1, 1), date(9999, 12, 31))


def value(kind: t.Type, r: random.Random) -> Any:
    """A value of a type, or null where it may be."""
    if kind.nullable and r.random() < 0.1:
        return None
    match t.base_of(kind):
        case t.Bool():
            return r.random() < 0.5
        case t.Int():
            return r.choice((0, 1, -1, 7, 42, r.randint(-100, 100), 2**63 - 1, -(2**63)))
        case t.Decimal(precision=precision, scale=scale):
            return Decimal(r.choice((0, 1, -1, 5, r.randint(-(10**5), 10**5), 10 ** min(precision, 30) - 1))).scaleb(-scale, EXACT)
        case t.Float():
            return r.choice((0.0, 1.5, -2.25, 0.1, r.uniform(-1e6, 1e6), 1e300))
        case t.Date():
            return r.choice((*DAYS, date(2024, 1, 1) + timedelta(r.randint(0, 700))))
        case t.Time():
            return time(r.randint(0, 23), r.randint(0, 59), r.randint(0, 59))
        case t.DateTime():
            return NOW + timedelta(seconds=r.randint(-(10**9), 10**9))
        case t.LocalDateTime():
            return (NOW + timedelta(seconds=r.randint(-(10**9), 10**9))).replace(tzinfo=None)
        case t.Duration():
            return timedelta(seconds=r.randint(-(10**6), 10**6))
        case t.Enum(members=members):
            return r.choice(members)
        case t.Json():
            return r.choice(('{"a": [1, null]}', "[]", '"x"', "3.50"))
        case t.ListOf(item=item):
            return [value(item, r) for _ in range(r.randint(0, 4))]
        case t.MapOf(value=inner):
            return [(key, value(inner, r)) for key in r.sample("abcdef", r.randint(0, 3))]
        case t.Struct(fields=fields):
            return {name: value(inner, r) for name, inner in fields}
        case _:
            return r.choice(WORDS) if r.random() < 0.6 else "".join(r.choice("abXYZ019 -_.,é日😊") for _ in range(r.randint(0, 15)))
