"""What the columns of a source take out of a row of XML, as data: it goes to the process that reads documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from datahub.formats.presence import presence_asked
from datahub.formats.xml_path import ANY, value_path
from datahub.semantic.ir import Reading, SourceColumn, SourceShape
from datahub.types import model as t
from datahub.types.model import Type

Plan: TypeAlias = dict[str, Any]
"""What `RowValues` is made of."""


def plan_of(shape: SourceShape, wanted: frozenset[str], namespaces: Mapping[str, str]) -> Plan:
    """The wanted columns by their names in records, each with its places; and which children of a row any column takes."""
    needed = wanted | {column.name for column, _ in presence_asked(wanted, shape.columns).values()}
    columns = [
        (column.names[0] if column.names else column.name, _places(column, namespaces, shape.name))
        for column in shape.columns
        if column.name in needed
    ]
    paths = [value_path(name, namespaces, shape.name) for column in shape.columns for name in column.names or (column.name,)]
    # A path without steps takes the row as a whole.
    first = sorted({path.steps[0].local if path.steps else ANY for path in paths if path.steps or path.attribute is None})
    return {"columns": columns, "first": first}


def _places(column: SourceColumn, namespaces: Mapping[str, str], source: str) -> list[Plan]:
    found = [_place(name, column, namespaces, source) for name in column.names or (column.name,)]
    # A list that is not here may be at the next place: only the last knows that there is none.
    return [*({**place, "nullable": True} for place in found[:-1]), found[-1]]


def _place(name: str, column: SourceColumn, namespaces: Mapping[str, str], source: str) -> Plan:
    path, base = value_path(name, namespaces, source), t.base_of(column.type)
    place: Plan = {"steps": path.steps, "attribute": path.attribute}
    if isinstance(base, t.ListOf):
        item = _value(base.item, column.parts, namespaces, source)
        return {**place, "several": item, "split": bool(column.reading.split), "nullable": column.type.nullable}
    cut = bool(column.reading.split) and bool(t.inside(base))
    return {**place, "one": _value(column.type, column.parts, namespaces, source), "split": cut}


def _value(kind: Type, parts: Sequence[SourceColumn], namespaces: Mapping[str, str], source: str) -> Plan:
    """What is made of one element, or of the text of one attribute."""
    match t.base_of(kind):
        case t.Struct(fields=fields):
            placed = {part.name: part for part in parts}
            inner = [(name, _places(placed.get(name) or _plainly(name, one), namespaces, source)) for name, one in fields]
            return {"kind": "struct", "fields": inner}
        case t.ListOf(item=item):
            return {"kind": "list", "item": _value(item, parts, namespaces, source)}
        case t.MapOf(value=value):
            return {"kind": "map", "value": _value(value, (), namespaces, source)}
        case t.Json():
            return {"kind": "plain"}
        case _:
            return {"kind": "text"}


def _plainly(name: str, kind: Type) -> SourceColumn:
    return SourceColumn(name, kind, (name,), "", None, Reading())
