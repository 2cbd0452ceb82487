"""The `where` of an entity's fields, as checks with the code R301."""

from __future__ import annotations

from collections.abc import Mapping

from datahub.semantic import ir
from datahub.semantic.expressions import nullable_reads
from datahub.semantic.walk import walk
from datahub.types import model as t


def constraints(shape: ir.EntityShape, origins: Mapping[str, ir.Origin]) -> tuple[ir.CheckRule, ...]:
    """The checks; `origins` say who is named when a field fails."""
    return tuple(
        ir.CheckRule(
            "R301",
            "error",
            one.constraint,
            _applicable(one.constraint),
            None,
            (one.name,),
            origins.get(one.name, ir.Origin(shape.name, one.name)),
        )
        for one in shape.fields
        if one.constraint is not None
    )


def _applicable(condition: ir.Expression) -> ir.Expression | None:
    """When a condition can be asked at all: where no nullable column that it reads is null."""
    kinds = {node.name: node.type for node in walk(condition) if isinstance(node, ir.Column)}
    asked: ir.Expression | None = None
    for name in sorted(nullable_reads(condition)):
        there = ir.Call("not", 0, (ir.Call("is_null", 0, (ir.Column(name, kinds[name]),), t.Bool()),), t.Bool())
        asked = there if asked is None else ir.Logic("and", asked, there, t.Bool())
    return asked
