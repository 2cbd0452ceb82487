"""Rows that stand for all rows: one with everything in it, one with as little as its types allow."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from datahub.documents.shapes import RowShape
from datahub.types import model as t


def samples(row: RowShape) -> Iterator[dict[str, Any]]:
    """A full row, and an empty one."""
    yield _row(row, full=True)
    yield _row(row, full=False)


def _row(row: RowShape, *, full: bool) -> dict[str, Any]:
    values = {name: _value(kind, full=full) for name, kind in row.fields}
    return values | {one.rows.name: [_row(one.rows, full=full)] * (2 if full else 0) for one in row.owned}


def _value(kind: t.Type, *, full: bool) -> Any:
    if kind.nullable and not full:
        return None
    match t.base_of(kind):
        case t.Bool():
            return full
        case t.Int():
            return 1
        case t.Decimal(scale=scale):
            return Decimal("1.5").quantize(Decimal(1).scaleb(-scale)) if scale else Decimal(2)
        case t.Float():
            return 1.5
        case t.Enum(members=members):
            return members[0]
        case t.ListOf(item=item):
            return [_value(item, full=True)] * (2 if full else 0)
        case t.Struct(fields=fields):
            return {name: _value(inner, full=full) for name, inner in fields}
        case t.MapOf(value=value):
            return {"a": _value(value, full=True)} if full else {}
        case t.Date():
            return "2026-01-31"
        case t.DateTime():
            return "2026-01-31T12:00:00Z"
        case t.LocalDateTime():
            return "2026-01-31T12:00:00"
        case t.Time():
            return "12:00:00"
        case t.Duration():
            return "PT1H"
        case t.Json():
            return {"a": 1}
        case _:
            # What would break a document that does not escape it.
            return 'a & "b" <c>\'\\' if full else ""
