"""Patches whose target cannot show what is left alone and what is erased."""

from __future__ import annotations

from collections.abc import Iterator

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.diagnostics.rule import Rule, Severity
from datahub.diagnostics.suggest import listed
from datahub.lint.declare import lint
from datahub.semantic import ir
from datahub.semantic.elaborate import Elaborated
from datahub.semantic.walk import walk
from datahub.syntax import ast

OMIT_LOOKS_LIKE_NULL = Rule(
    "DHM216",
    "omit-looks-like-null",
    Severity.WARNING,
    "a field that only some rows leave alone goes where that cannot be seen",
    "In JSON a field that is left alone has no key. A file of columns has a cell for every row: there `omit` is an empty cell, and so is "
    "null, unless the target says how null is written. A field that every row leaves alone has no column, and needs nothing.",
)


@lint(OMIT_LOOKS_LIKE_NULL)
def look(elaborated: Elaborated, emit: Emit) -> None:
    """Tell which fields of patches lose the difference between null and nothing on their way out."""
    unit, program = elaborated.units[-1], elaborated.program
    targets = {target.name: target for target in program.targets}
    for declared in unit.declared.flows.values():
        for item in (one for one in declared.items if isinstance(one, ast.Write)):
            target = targets.get(unit.full_of(item.target.text))
            if target is None or _shows(target):
                continue
            for part in item.parts:
                shape = unit.world.entities.get(part.entity.text)
                fields = tuple(_sometimes(shape.name, program)) if shape is not None and shape.patch else ()
                if fields and shape is not None:
                    emit(_alike(fields, shape, target, item, part))


def _shows(target: ir.TargetShape) -> bool:
    """Whether a row that leaves a field alone looks different from one that erases it."""
    match target.kind:
        case "csv":
            return bool(dict(target.options).get("nulls"))
        case "parquet" | "arrow":
            return False
        case _:
            return True


def _sometimes(entity: str, program: ir.Program) -> Iterator[str]:
    """The fields that some rows leave alone and others do not."""
    bodies = [one.body for one in program.maps if one.entity == entity]
    values: dict[str, list[ir.Expression]] = {}
    for one in (one for body in bodies for one in body.fields):
        values.setdefault(one.name, []).append(one.value)
    for rule in program.rules:
        if rule.entity == entity:
            for one in (*rule.sets, *rule.otherwise):
                values.setdefault(one.name, []).append(one.value)
    for name, several in values.items():
        omitted = [isinstance(value, ir.Omitted) for value in several]
        partly = any(isinstance(node, ir.Omitted) for value in several for node in walk(value))
        if partly and not all(omitted):
            yield name


def _alike(fields: tuple[str, ...], shape: ir.EntityShape, target: ir.TargetShape, item: ast.Write, part: ast.WritePart) -> Diagnostic:
    can = target.kind == "csv"
    return Diagnostic(
        OMIT_LOOKS_LIKE_NULL,
        f"in {target.kind} `omit` looks like null: {listed(fields)} of `{shape.name}`",
        Label(part.span, f"goes to `{item.target.text}`"),
        help='say how null is written there: `nulls "NULL"`' if can else "write it as json or jsonl",
    )
