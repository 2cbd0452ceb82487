"""What a cell of an `expect` table stands for: typed by its column, `10` is the number where the field is one, the text where it is a text.

An empty cell is null, `""` is empty text, `-` is not compared.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from datahub.document import Document
from datahub.syntax import ast
from datahub.syntax.parser import parse_expression
from datahub.types import model as t


class _Any:
    """Stands for a cell that is not compared."""

    def __repr__(self) -> str:
        return "-"


ANY = _Any()


class UnreadableCell(Exception):
    """A cell that is no value of its column's type; the text says which."""


def expected(cell: ast.Cell, kind: t.Type) -> Any:
    """What a cell of an `expect` table stands for."""
    kind = t.base_of(kind)
    nested = isinstance(kind, t.ListOf | t.Struct | t.MapOf)
    # Quotes around a list only keep the bars in it from ending the cell.
    if cell.quoted and not nested:
        return cell.text
    if cell.text == "-":
        return ANY
    if not cell.text:
        return None
    return _read(cell.text, kind)


def kind_of_column(column: str, fields: Mapping[str, t.Type] | None) -> t.Type:
    """The type of a column of an `expect` table, of an entity with these fields or of the rejects; `axes.colour` is a field of a struct."""
    if fields is None:
        return t.Int(nullable=True) if column in ("row", "line") else t.Text(nullable=True)
    first, *rest = column.split(".")
    kind: t.Type = fields.get(first, t.Text(nullable=True))
    for name in rest:
        base = t.base_of(kind)
        kind = (base.get(name) if isinstance(base, t.Struct) else None) or t.Text(nullable=True)
    return kind


def _read(text: str, kind: t.Type) -> Any:
    try:
        match kind:
            case t.Int() | t.Decimal() | t.Float():
                return Decimal(text)
            case t.Bool():
                return {"true": True, "yes": True, "false": False, "no": False}[text]
            case t.DateTime():
                moment = datetime.fromisoformat(text)
                return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            case t.LocalDateTime():
                return datetime.fromisoformat(text)
            case t.Date():
                return date.fromisoformat(text)
            case t.Time():
                return time.fromisoformat(text)
            case t.ListOf() | t.Struct() | t.MapOf():
                return _literal(text, kind)
            case _:
                return text
    except (InvalidOperation, KeyError, ValueError) as error:
        raise UnreadableCell(f"`{text}` is no {_spelled(kind)}") from error


def _literal(text: str, kind: t.Type) -> Any:
    """A list, struct or map as JSON, or as it is written in the language, where bare words are texts."""
    try:
        return _of_json(json.loads(text, parse_int=str, parse_float=str), kind)
    except ValueError:
        pass
    found: list[Any] = []
    tree = parse_expression(Document("cell", text), found.append)
    if tree is None or found:
        raise UnreadableCell(f"`{text}` is no {_spelled(kind)}")
    return _of(tree, kind)


def _of_json(value: Any, kind: t.Type) -> Any:
    kind = t.base_of(kind)
    match value, kind:
        case None | bool(), _:
            return value
        case list(), t.ListOf(item=item):
            return [_of_json(one, item) for one in value]
        case dict(), t.Struct() | t.MapOf():
            return {name: _of_json(one, _inner(kind, name)) for name, one in value.items()}
        case str(), t.ListOf() | t.Struct() | t.MapOf():
            raise UnreadableCell(f"`{value}` is no {_spelled(kind)}")
        case str(), _:
            return _read(value, kind)
        case _:
            raise UnreadableCell(f"`{json.dumps(value)}` is no {_spelled(kind)}")


def _of(tree: ast.Expr, kind: t.Type) -> Any:
    kind = t.base_of(kind)
    match tree, kind:
        case ast.ListOf(items=items), t.ListOf(item=item):
            return [_of(one, item) for one in items]
        case ast.StructOf(items=items), t.Struct() | t.MapOf():
            return {one.name.text: _of(one.value, _inner(kind, one.name.text)) for one in items if isinstance(one, ast.StructField)}
        case ast.Null(), _:
            return None
        case _, t.ListOf() | t.Struct() | t.MapOf():
            raise UnreadableCell(f"`{tree.span.text}` is no {_spelled(kind)}")
        case ast.Number(value=number), t.Int() | t.Decimal() | t.Float():
            return Decimal(number)
        case ast.Unary(operator="-", operand=ast.Number() as number), _:
            return Decimal(number.opposite)
        case ast.Boolean(value=value), _:
            return value
        case ast.String(value=value), _:
            return _read(value, kind)
        case _:
            return _read(tree.span.text, kind)


def _inner(kind: t.Type, name: str) -> t.Type:
    if isinstance(kind, t.MapOf):
        return kind.value
    return (kind.get(name) if isinstance(kind, t.Struct) else None) or t.Text(nullable=True)


def _spelled(kind: t.Type) -> str:
    return t.spelled(kind).removesuffix("?")
