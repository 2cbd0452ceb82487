"""The fields whose values a target may have no way to write, known from the script alone: what R703 may be told of."""

from __future__ import annotations

from collections.abc import Iterator

from datahub.formats.declare import FORMATS
from datahub.semantic import ir
from datahub.types import model as t
from datahub.types.model import Type

CODE = "R703"


def with_unwritable(program: ir.Program) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """The signature of a program, and R703 at the fields that a target of its flows cannot write in every case."""
    found = set(_unwritable(program))
    signature = {(name, field): codes for name, field, codes in program.signature}
    shapes = {shape.name: shape for shape in program.entities}
    for name, field in sorted(found - signature.keys(), key=lambda one: [each.name for each in shapes[one[0]].fields].index(one[1])):
        signature[name, field] = ()
    for (name, field), codes in signature.items():
        yield name, field, (*codes, CODE) if (name, field) in found and CODE not in codes else codes


def _unwritable(program: ir.Program) -> Iterator[tuple[str, str]]:
    targets = {target.name: target for target in program.targets}
    shapes = {shape.name: shape for shape in program.entities}
    for item in (item for flow in program.flows for item in flow.writes):
        target = targets.get(item.target)
        make = FORMATS[target.kind].unfit if target is not None and target.kind in FORMATS else None
        if target is None or make is None:
            continue
        for entity in item.entities:
            columns = {column.name: column for column in shapes[entity].fields}
            chosen = [name for name, _ in target.columns if name in columns] or list(columns)
            for name in chosen:
                if _holds_text(columns[name].type) and make(target, ((name, columns[name].type),)) is not None:
                    yield entity, name


def _holds_text(kind: Type) -> bool:
    base = t.base_of(kind)
    match base:
        case t.Text() | t.Enum() | t.Json() | t.Pattern() | t.MapOf():
            return True
        case t.ListOf(item=item):
            return _holds_text(item)
        case t.Struct(fields=fields):
            return any(_holds_text(inner) for _, inner in fields)
        case _:
            return False
