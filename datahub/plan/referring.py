"""References to entities that a plan does not make: their keys are looked up among what was delivered before.

Where nothing is known of an entity, every reference to it stands: a script that is run without a job cannot know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from datahub.plan.linked import references
from datahub.semantic import ir
from datahub.types import model as t

TABLE = "delivered "
"""How the names of the tables begin; the entity's follows. No table of a script can be called so."""
RESULT = "result"


def entity_of(table: ir.LookupTable) -> str:
    """The entity whose keys a table holds; empty where it is one of the script's."""
    return table.name.removeprefix(TABLE) if table.name.startswith(TABLE) else ""


def referring(
    shape: ir.EntityShape, shapes: dict[str, ir.EntityShape], origins: Mapping[str, ir.Origin], *, made: frozenset[str]
) -> Iterator[tuple[ir.LookupTable, ir.CheckRule]]:
    """For each reference of an entity to one that is not made here: the table of its keys, and the check that it is there."""
    for columns, parent in references(shape, shapes):
        if parent in made or any("elsewhere" in one.tags for one in shape.fields if one.name in columns):
            continue
        kinds = {one.name: one.type for one in shapes[parent].fields}
        own = {one.name: one.type for one in shape.fields}
        keys = tuple((name, kinds[name]) for name in shapes[parent].key)
        table = ir.LookupTable(TABLE + parent, keys, "", t.Bool(), (), "", "value", ir.Constant(False, t.Bool()), None)
        there = ir.LookUp(table.name, tuple(ir.Column(name, own[name]) for name in columns), None, "", False, t.Bool())
        origin = origins.get(columns[0], ir.Origin(shape.name, columns[0], translate=shape.translate))
        yield table, ir.CheckRule("R503", "error", there, _all_there(columns, own), None, (columns[0],), origin)


def filled(table: ir.LookupTable) -> ir.LookupTable:
    """The table of an entity of which nothing is known: everything is in it."""
    return replace(table, fallback=ir.Constant(True, t.Bool()))


def _all_there(columns: tuple[str, ...], kinds: Mapping[str, t.Type]) -> ir.Expression | None:
    """That no part of the key is null: a null refers to nothing."""
    asked: ir.Expression | None = None
    for name in columns:
        column = ir.Column(name, kinds[name])
        if kinds[name].nullable:
            there = ir.Call("not", 0, (ir.Call("is_null", 0, (column,), t.Bool()),), t.Bool())
            asked = there if asked is None else ir.Logic("and", asked, there, t.Bool())
    return asked
