"""The columns that an operator gives, with their types: what is known of rows before there is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from datahub.plan import operators as op
from datahub.semantic import ir
from datahub.types import model as t
from datahub.types.model import Type


def columns_of(operator: op.Operator, sources: Mapping[str, ir.SourceShape]) -> dict[str, Type]:
    """The columns of the rows of `operator`; raw texts of a source are text."""
    match operator:
        case op.Read(source=source, columns=names):
            types = {column.name: column.type for column in sources[source].columns}
            return {name: types.get(name, t.Bool() if name.startswith("!present.") else t.Text(nullable=True)) for name in names}
        case op.Rename(input=source_rows, columns=pairs):
            found = columns_of(source_rows, sources)
            kept = {name: kind for name, kind in found.items() if name[:1] in "#!"}
            return kept | {new: found[old] for old, new in pairs if old in found}
        case op.Compute(input=source_rows, assignments=assignments) | op.Windowed(input=source_rows, assignments=assignments):
            return columns_of(source_rows, sources) | {one.name: one.value.type for one in assignments}
        case op.Expand(input=source_rows, item=item, position=position, fields=fields, over=over):
            listed = t.base_of(over.type)
            made = {f"{item}.{name}": kind for name, kind in fields} or {item: listed.item if isinstance(listed, t.ListOf) else t.Nothing()}
            return columns_of(source_rows, sources) | made | ({position: t.Int()} if position else {})
        case op.Join(left=left, right=right, columns=pairs):
            theirs = columns_of(right, sources)
            return columns_of(left, sources) | {new: t.nullable(theirs[new]) for _, new in pairs if new in theirs}
        case op.Group(keys=keys, assignments=assignments):
            return {one.name: one.value.type for one in (*keys, *assignments)}
        case op.Settle(columns=columns):
            return dict(columns)
        case op.Surviving(graph=graph, entity=entity):
            return columns_of(graph.inputs[graph.entities.index(entity)], sources)
        case op.Union(inputs=several):
            return columns_of(several[0], sources)
        case op.Graph():
            return {}
        case op.Filter() | op.Fill() | op.Unique() | op.Sort() | op.Check() | op.SetCheck() | op.Key():
            return columns_of(operator.input, sources)
        case _:
            assert_never(operator)
