"""Rows that change what is there, beside rows that are made: what each needs, and what a patch leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from datahub.semantic import ir
from datahub.types import model as t

CREATE, UPDATE = "create", "update"


def written_how(program: ir.Program, flow: ir.FlowBody | None) -> dict[str, frozenset[str]]:
    """For each entity whether its rows are made or changed: as the flow writes them; without one, patches change."""
    if flow is None:
        return {shape.name: frozenset((UPDATE if shape.patch else CREATE,)) for shape in program.entities}
    found: dict[str, set[str]] = {}
    for item in flow.writes:
        for entity in item.entities:
            found.setdefault(entity, set()).add(UPDATE if item.patch else CREATE)
    return {name: frozenset(how) for name, how in found.items()}


def required(shape: ir.EntityShape, how: frozenset[str], origins: tuple[tuple[str, ir.Origin], ...]) -> Iterator[ir.CheckRule]:
    """The fields that must be there, neither null nor left out, as checks with the code R201."""
    known: Mapping[str, ir.Origin] = dict(origins)
    for one in shape.fields:
        if any(on in how for on in one.required_on):
            column = ir.Column(one.name, t.nullable(one.type))
            there = ir.Call("not", 0, (ir.Call("is_null", 0, (column,), t.Bool()),), t.Bool())
            left = ir.Call("not", 0, (ir.Failed(column, "omit", t.Bool()),), t.Bool())
            origin = known.get(one.name, ir.Origin(shape.name, one.name, translate=shape.translate))
            yield ir.CheckRule("R201", "error", ir.Logic("and", left, there, t.Bool()), None, None, (), origin)


def left_out(program: ir.Program, entity: str) -> tuple[str, ...]:
    """The fields that every map of an entity leaves out in every row, as far as no rule sets them."""
    bodies = [one.body for one in program.maps if one.entity == entity]
    ruled = {one.name for rule in program.rules if rule.entity == entity for one in (*rule.sets, *rule.otherwise)}
    omitted = [{one.name for one in body.fields if isinstance(one.value, ir.Omitted)} for body in bodies]
    shape = next(one for one in program.entities if one.name == entity)
    return tuple(one.name for one in shape.fields if omitted and one.name not in ruled and all(one.name in names for names in omitted))
