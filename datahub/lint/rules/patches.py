"""Patches that erase what they say nothing of: in targets that cannot show it, in parts of values, or of entities whose rows are whole."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import replace

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.diagnostics.rule import Rule, Severity
from datahub.diagnostics.suggest import listed
from datahub.document import Span
from datahub.lint.declare import lint
from datahub.lint.subject import Subject
from datahub.semantic import ir
from datahub.semantic.complete import absent
from datahub.semantic.walk import walk
from datahub.syntax import ast
from datahub.syntax.walk import walk as nodes
from datahub.types import model as t

OMIT_LOOKS_LIKE_NULL = Rule(
    "DHM216",
    "omit-looks-like-null",
    Severity.WARNING,
    "a field that only some rows leave alone goes where that cannot be seen",
    "In JSON a field that is left alone has no key. A file of columns has a cell for every row: there `omit` is an empty cell, and so is "
    "null, unless the target says how null is written. In XML neither has an element. A field that every row leaves alone has no column, "
    "and needs nothing.",
)

OMIT_INSIDE_VALUE = Rule(
    "DHM218",
    "omit-inside-value",
    Severity.ERROR,
    "`omit` is a part of a value, where only whole fields are left alone",
    "A patch leaves a field alone or writes it whole. A member of an object, an item of a list or an operand cannot be left alone: it "
    "would be null, and erase what the receiver has there.",
)

WHOLE_ROWS_AS_PATCH = Rule(
    "DHM215",
    "whole-rows-as-patch",
    Severity.ERROR,
    "rows are written as a patch, and say null of what they know nothing of",
    "`write … as patch` changes rows that are there. Where the entity is no patch, its rows are whole: a field that no line fills, or "
    "that a map of a pack leaves out, has its default, else null, and that is written over what the receiver has. Tag the entity "
    "`@patch`, so that they are left alone, or fill each field: `phone: null` says that it is erased.",
)


@lint(OMIT_LOOKS_LIKE_NULL)
def look(subject: Subject, emit: Emit) -> None:
    """Tell which fields of patches lose the difference between null and nothing on their way out."""
    unit, program = subject.unit, subject.program
    targets = {target.name: target for target in program.targets}
    for declared in unit.declared.flows.values():
        for item in (one for one in declared.items if isinstance(one, ast.Write)):
            target = targets.get(subject.full(item.target))
            if target is None or _shows(target):
                continue
            for part in item.parts:
                shape = subject.entity(part.entity)
                fields = tuple(_sometimes(shape.name, program)) if shape is not None and shape.patch else ()
                if target.kind == "xml" and shape is not None:
                    fields = tuple(name for name in fields if _has_no_nil(name, shape, target))
                if fields and shape is not None:
                    emit(_alike(fields, shape, target, item, part))


def _shows(target: ir.TargetShape) -> bool:
    """Whether a row that leaves a field alone looks different from one that erases it."""
    match target.kind:
        case "csv":
            # Without quotes an empty text or list is nothing at all, as what is left out is.
            options = dict(target.options)
            return bool(options.get("nulls")) and options.get("quote") != ""
        case "json" | "jsonl" | "api":
            return True
        case _:
            # A cell that is empty does not say why.
            return False


def _has_no_nil(field: str, shape: ir.EntityShape, target: ir.TargetShape) -> bool:
    """Whether a field has no element that says null: an attribute has none, and of a list it would be an item."""
    kind = next(one.type for one in shape.fields if one.name == field)
    return isinstance(t.base_of(kind), t.ListOf) or dict(target.columns).get(field, field).startswith("@")


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


@lint(OMIT_INSIDE_VALUE)
def look_inside_values(subject: Subject, emit: Emit) -> None:
    """Tell where `omit` is a part of a value, and would erase it."""
    patches = {shape.name for shape in subject.program.entities if shape.patch}
    for declared, made in subject.maps():
        if made.entity in patches:
            lets = _that_omit(item for item in declared.items if isinstance(item, ast.Let))
            for line in (item for item in declared.items if isinstance(item, ast.Let | ast.FieldItem)):
                for found in _inside(line.value, lets):
                    emit(_part_left_out(found, line.name.text))


def _that_omit(lets: Iterable[ast.Let]) -> frozenset[str]:
    """The lets that may be `omit`, themselves or by way of others."""
    found: set[str] = {"omit"}
    for one in lets:
        if any(isinstance(node, ast.Reference) and node.name.text in found for node in nodes(one.value)):
            found.add(one.name.text)
    return frozenset(found)


def _inside(value: ast.Expr, names: Container[str]) -> Iterator[ast.Reference]:
    """The `omit`, or names for it, that stand in a list, an object, a text or a sum, each once."""
    whole = (ast.StructOf, ast.ListOf, ast.Comprehension, ast.Template)
    found: dict[Span, ast.Reference] = {}
    for node in nodes(value):
        if isinstance(node, whole) or (isinstance(node, ast.Binary) and node.operator != "default"):
            found |= {one.span: one for one in nodes(node) if isinstance(one, ast.Reference) and one.name.text in names}
    yield from found.values()


def _part_left_out(found: ast.Reference, field: str) -> Diagnostic:
    by = "" if found.name.text == "omit" else f" by way of `{found.name.text}`"
    return Diagnostic(
        OMIT_INSIDE_VALUE,
        f"`omit` is a part of `{field}` here{by}: a field is left alone as a whole",
        Label(found.span, "would be null, and erase what is there"),
        help="choose between the whole value and `omit`, as `if(…, {…}, omit)`, or make a field of the part",
    )


@lint(WHOLE_ROWS_AS_PATCH)
def look_at_whole_rows(subject: Subject, emit: Emit) -> None:
    """Tell which entities are written as patches though their rows are whole, and something is not said of them."""
    unit = subject.unit
    for declared in unit.declared.flows.values():
        for item in (one for one in declared.items if isinstance(one, ast.Write) and one.patch):
            for part in item.parts:
                shape = subject.entity(part.entity)
                fields = _unsaid(shape, subject) if shape is not None and not shape.patch else ()
                if fields and shape is not None:
                    emit(_erased(fields, part, shape.name in {unit.full(one.name.text) for one in unit.declared.of(ast.Entity)}))


def _unsaid(shape: ir.EntityShape, subject: Subject) -> tuple[str, ...]:
    """The fields of which some map says nothing, in their order, as far as no rule sets them."""
    every = [pair for unit in subject.units for pair in replace(subject, unit=unit).maps()]
    ruled = {one.name for rule in subject.program.rules if rule.entity == shape.name for one in (*rule.sets, *rule.otherwise)}
    found: set[str] = set()
    for declared, made in every:
        if made.entity == shape.name:
            lines = {item.name.text: item for item in declared.items if isinstance(item, ast.FieldItem)}
            values = {one.name: one.value for one in made.body.fields}
            found |= {one.name for one in shape.fields if one.name not in lines and values.get(one.name) == absent(one)}
            found |= {name for name, line in lines.items() if _leaves_out(line)}
    return tuple(one.name for one in shape.fields if one.name in found - ruled)


def _leaves_out(line: ast.FieldItem) -> bool:
    return any(isinstance(node, ast.Reference) and node.name.text == "omit" for node in nodes(line.value))


def _erased(fields: tuple[str, ...], part: ast.WritePart, own: bool) -> Diagnostic:
    name, several = part.entity.text, len(fields) > 1
    return Diagnostic(
        WHOLE_ROWS_AS_PATCH,
        f"`{name}` is no patch: null is written over what the receiver has of {listed(fields)}",
        Label(part.span, f"says nothing of {'them' if several else 'it'} in some rows"),
        help=f"write `{'' if own else 'override '}entity {name} @patch {{ {'… ' if own else ''}}}`, or fill {'them' if several else 'it'}",
    )


def _alike(fields: tuple[str, ...], shape: ir.EntityShape, target: ir.TargetShape, item: ast.Write, part: ast.WritePart) -> Diagnostic:
    can = target.kind == "csv"
    return Diagnostic(
        OMIT_LOOKS_LIKE_NULL,
        f"in {target.kind} `omit` looks like null: {listed(fields)} of `{shape.name}`",
        Label(part.span, f"goes to `{item.target.text}`"),
        help='say how null is written there: `nulls "NULL"`' if can else "write it as json or jsonl",
    )
