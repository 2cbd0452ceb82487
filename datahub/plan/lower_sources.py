"""A source as operators: its rows, each column of the declared type."""

from __future__ import annotations

from collections.abc import Iterable

from datahub.plan import operators as op
from datahub.semantic import ir
from datahub.semantic.conditions import asked
from datahub.semantic.kinds import SOURCES
from datahub.types import model as t


def read(source: ir.SourceShape) -> op.Operator:
    """The rows of a source with its columns typed; of a strict one only those whose every column is."""
    rows = _typed(source)
    return op.Filter(rows, _converted_all(source), ir.Origin(map=source.name)) if source.strict else rows


def _converted_all(source: ir.SourceShape) -> ir.Expression:
    """A condition that always holds and reads every column, so that whatever failed in one rejects the row."""
    held: ir.Expression = ir.Constant(True, t.Bool())
    for column in source.columns:
        asked = ir.Call("is_null", 0, (ir.Column(column.name, column.type),), t.Bool())
        either = ir.Logic("or", asked, ir.Call("not", 0, (asked,), t.Bool()), t.Bool())
        held = ir.Logic("and", held, either, t.Bool())
    return held


def _typed(source: ir.SourceShape) -> op.Operator:
    names = tuple(column.name for column in source.columns)
    if not SOURCES[source.kind].text:
        return op.Compute(op.Read(source.name, names), (*_kept_as_evidence(source), *_asked(source)))
    raw = tuple(f"#{source.name}.{name}" for name in names)
    return op.Compute(op.Read(source.name, raw), tuple(map(_converted, source.columns, raw, [source.name] * len(raw))))


def _kept_as_evidence(source: ir.SourceShape) -> Iterable[ir.Assignment]:
    """The values that a typed source gives, under the names by which rejects look for them."""
    for column in source.columns:
        if not t.parts(t.base_of(column.type)):
            yield ir.Assignment(f"#{source.name}.{column.name}", ir.Column(column.name, column.type), ir.Origin())


def _asked(source: ir.SourceShape) -> Iterable[ir.Assignment]:
    """The columns of a typed source whose types ask something of their values."""
    for column in source.columns:
        if column.conditions:
            value = asked(ir.Column(column.name, column.type), column)
            evidence = (ir.Evidence(column.label, f"#{source.name}.{column.name}"),)
            yield ir.Assignment(column.name, value, ir.Origin(field=column.name, map=source.name, evidence=evidence, depth=0))


def _converted(column: ir.SourceColumn, raw: str, source: str) -> ir.Assignment:
    label = column.names[0] if column.names else column.pattern or column.name
    value = ir.Convert(ir.Column(raw, raw_type(column.type, column)), column.reading, label, column.type)
    return ir.Assignment(
        column.name, asked(value, column), ir.Origin(field=column.name, map=source, evidence=(ir.Evidence(label, raw),), depth=0)
    )


def raw_type(kind: t.Type, column: ir.SourceColumn) -> t.Type:
    """What a text format gives for a column: text, or for columns gathered by a pattern a list or map of texts."""
    if not column.pattern:
        return t.Text(nullable=True)
    match t.base_of(kind):
        case t.MapOf():
            return t.MapOf(t.Text(nullable=True))
        case t.ListOf(item=item):
            return t.ListOf(_raw_part(item))
        case t.Struct(fields=fields):
            return t.Struct(tuple((name, t.Text(nullable=True)) for name, _ in fields))
        case _:
            return t.Text(nullable=True)


def _raw_part(item: t.Type) -> t.Type:
    match t.base_of(item):
        case t.Struct(fields=fields):
            return t.Struct(tuple((name, t.Text(nullable=True)) for name, _ in fields))
        case _:
            return t.Text(nullable=True)
