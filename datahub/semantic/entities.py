"""Entities: their fields typed, with what fills them where no map does, what must hold of them, and what they belong to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.diagnostics.rule import Rule
from datahub.diagnostics.suggest import listed
from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.collect import check_reserved, twice
from datahub.semantic.expressions import condition, elaborate
from datahub.semantic.fitting import fit
from datahub.semantic.resolve_types import missing, resolve_type, unknown_name
from datahub.semantic.rules import KEY_MAY_BE_NULL, ONLY_IN_OVERRIDE
from datahub.semantic.rules_types import BAD_ARGUMENTS, NOT_IN_ENUM, ORDERING_WITH_NULLABLE, UNKNOWN_NAME
from datahub.semantic.scope import RowName, RowsetName, Scope
from datahub.semantic.tags import ELSEWHERE, ENTITY_TAGS, FIELD_TAGS, PATCH, REQUIRED_ON, TREE, WHOLE, check_tags
from datahub.semantic.targets import words_of
from datahub.semantic.told import replacing
from datahub.semantic.unit import Unit
from datahub.syntax import ast
from datahub.types import model as t

WRITTEN = ("create", "update")
ROUNDINGS = ("half_up", "half_even", "down", "up")


@record(frozen=True, slots=True)
class Outline:
    """An entity whose fields are typed, while its expressions are not yet read."""

    declared: ast.Entity
    fields: tuple[tuple[ast.EntityField, t.Type], ...]


def outline_entity(declared: ast.Entity, unit: Unit) -> Outline:
    """Type the fields of an entity, and make it known: what its expressions name may be declared after it."""
    check_tags(declared.tags, ENTITY_TAGS, unit.emit)
    if declared.dropped:
        first = declared.dropped[0]
        message, helps = f"`drop {first.text}` stands outside an override", "leave the field out"
        unit.emit(Diagnostic(ONLY_IN_OVERRIDE, message, Label(first.span, "nothing is inherited here"), help=helps))
    fields: dict[str, tuple[ast.EntityField, t.Type]] = {}
    for field in declared.fields:
        check_tags(field.tags, FIELD_TAGS, unit.emit)
        home = unit.at(field.span)
        if _is_key(field, declared):
            help = f"say which fields tell rows apart without a colon: `key {field.type.span.text}`"
            label = Label(field.span, "this declares a field called `key`")
            fix = replacing(field.span, f"key {field.type.span.text}")
            unit.emit(Diagnostic(UNKNOWN_NAME, f"there is no type `{field.type.span.text}`", label, help=help, fix=fix))
            continue
        kind = resolve_type(field.type, home.world, home.emit)
        if field.name.text in fields:
            unit.emit(twice(field.name, fields[field.name.text][0].name))
        else:
            check_reserved(field.name, unit.emit)
            fields[field.name.text] = (field, kind)
    outline = Outline(declared, tuple(fields.values()))
    name = unit.full(declared.name.text)
    unit.world.entities[declared.name.text] = _shape(outline, unit, name)
    unit.world.rowsets[declared.name.text] = RowsetName(
        name, tuple((f.name.text, kind) for f, kind in outline.fields), (), declared.name.span
    )
    return outline


def _is_key(field: ast.EntityField, declared: ast.Entity) -> bool:
    """Whether a key was meant where a field stands: `key: sku`."""
    names = {one.name.text for one in declared.fields if one is not field}
    return field.name.text == "key" and isinstance(field.type, ast.TypeName) and field.type.name.text in names


def _shape(outline: Outline, unit: Unit, name: str) -> ir.EntityShape:
    declared = outline.declared
    fields = tuple(
        ir.EntityField(
            f.name.text,
            kind,
            None,
            "",
            None,
            _rounding(f, kind, unit),
            tuple(map(_tag, f.tags)),
            f.doc,
            _required_on(f, unit),
            words_of(f.type),
        )
        for f, kind in outline.fields
    )
    tags = {tag.name.text for tag in declared.tags}
    translate = (*(declared.codes.pairs if declared.codes is not None else ()), *unit.codes)
    return ir.EntityShape(name, _key(outline, unit), fields, (), PATCH.name in tags, translate, declared.doc, replaces=WHOLE.name in tags)


def _tag(tag: ast.Tag) -> str:
    words = [one.value for one in tag.arguments if isinstance(one, ast.String)]
    return tag.name.text + (f"({', '.join(words)})" if words else "")


def _required_on(field: ast.EntityField, unit: Unit) -> tuple[str, ...]:
    """What `@required_on` names: when rows are made, when they are changed, or both."""
    found: list[str] = []
    for word in (word for tag in field.tags if tag.name.text == REQUIRED_ON.name for word in tag.arguments):
        if isinstance(word, ast.String) and word.value in WRITTEN:
            found.append(word.value)
        elif isinstance(word, ast.String):
            known = "rows are made (`create`) or changed (`update`)"
            unit.emit(missing(f"rows are never written for `{word.value}`", known, word.span, word.value, WRITTEN, BAD_ARGUMENTS))
    return tuple(found)


def _rounding(field: ast.EntityField, kind: t.Type, unit: Unit) -> str:
    if field.rounded is None:
        return ""
    if field.rounded.text not in ROUNDINGS:
        unit.emit(
            missing(
                f"there is no rounding `{field.rounded.text}`",
                "no way of rounding has this name",
                field.rounded.span,
                field.rounded.text,
                ROUNDINGS,
            )
        )
        return "half_up"
    if not isinstance(t.base_of(kind), t.Decimal | t.Unknown):
        unit.emit(
            Diagnostic(
                BAD_ARGUMENTS,
                f"`{field.name.text}` is rounded, but is no decimal",
                Label(field.rounded.span, f"the field is {t.spelled(kind)}"),
            )
        )
        return ""
    return field.rounded.text


def _key(outline: Outline, unit: Unit) -> tuple[str, ...]:
    fields = {field.name.text: (field, kind) for field, kind in outline.fields}
    found: dict[str, ast.Name] = {}
    for name in outline.declared.key:
        if name.text not in fields:
            unit.emit(unknown_field(outline.declared.name.text, name, tuple(fields)))
        elif name.text in found:
            unit.emit(twice(name, found[name.text], "in the key"))
        else:
            found[name.text] = name
            field, kind = fields[name.text]
            if kind.nullable and not isinstance(kind, t.Unknown):
                unit.emit(
                    Diagnostic(
                        KEY_MAY_BE_NULL,
                        f"the key `{name.text}` may be null",
                        Label(name.span, "a row without a key is rejected (R302)"),
                        (Label(field.type.span, "it is declared nullable here"),),
                        help="drop the `?`",
                    )
                )
    return tuple(found)


def unknown_field(entity: str, name: ast.Name, fields: tuple[str, ...], also: tuple[Label, ...] = ()) -> Diagnostic:
    """A field that an entity does not have."""
    return missing(f"`{entity}` has no field `{name.text}`", f"not a field of `{entity}`", name.span, name.text, fields, also=also)


def elaborate_entity(outline: Outline, unit: Unit) -> None:
    """Add an entity to the program: defaults, constraints, references, what it owns."""
    declared = outline.declared
    shape = unit.world.entities[declared.name.text]
    scope = field_scope(shape, unit.scope())
    fields = tuple(replace(made, **_said(field, made, scope, shape.patch, unit)) for (field, _), made in zip(outline.fields, shape.fields))
    for (field, _), made in zip(outline.fields, fields):
        _check_references(field, made.references, shape.name, unit)
    shape = replace(shape, fields=fields, owns=_owns(declared, shape, unit), whole=_whole(declared, shape, unit))
    unit.world.entities[declared.name.text] = shape
    unit.made.entities.append(shape)


def _check_references(field: ast.EntityField, references: str, own: str, unit: Unit) -> None:
    for tag in field.tags:
        if tag.name.text == ELSEWHERE.name and field.references is None:
            message, helps = f"`{field.name.text}` refers to nothing", "say to which entity: `references Order @elsewhere`"
            unit.emit(Diagnostic(BAD_ARGUMENTS, message, Label(tag.span, "what may be elsewhere?"), help=helps))
        if tag.name.text == TREE.name and references != own:
            message, helps = f"`{field.name.text}` is no branch of a tree", "a field of a tree refers to the entity that it is in"
            unit.emit(Diagnostic(BAD_ARGUMENTS, message, Label(tag.span, "of which tree?"), help=helps))


def field_scope(shape: ir.EntityShape, scope: Scope) -> Scope:
    """A place where the fields of an entity are read by their bare names, or behind the entity's."""
    columns = {field.name: ir.Column(field.name, field.type) for field in shape.fields}
    called = shape.name.rpartition(".")[2]
    return replace(scope, names={**scope.names, **columns}, rows={**scope.rows, called: RowName(called, columns)})


def asked(scope: Scope, silent: tuple[Rule, ...] = (ORDERING_WITH_NULLABLE,)) -> Scope:
    """`scope`, in which a condition is not asked of null: nothing is to be told of how null would be ordered."""

    def tell(diagnostic: Diagnostic) -> None:
        if diagnostic.rule not in silent:
            scope.emit(diagnostic)

    return replace(scope, emit=tell)


def _said(field: ast.EntityField, made: ir.EntityField, scope: Scope, patch: bool, unit: Unit) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if field.default is not None:
        said["default"] = _default(field.default, made, patch, unit.at(field.span))
    if field.where is not None:
        said["constraint"] = condition(field.where, asked(unit.placed(scope, field.span)))
    if field.references is not None:
        said["references"] = _entity_named(field.references, unit.at(field.span))
    return said


def _default(written: ast.Expr, made: ir.EntityField, patch: bool, unit: Unit) -> ir.Expression:
    base = t.base_of(made.type)
    # A bare word is a member here: `status : enum(draft, live) = draft`.
    if isinstance(written, ast.Reference) and isinstance(base, t.Enum) and written.name.text != "omit":
        word = written.name
        if word.text in base.members:
            return ir.Constant(word.text, made.type)
        unit.emit(
            missing(
                f"`{word.text}` is no member of `{made.name}`",
                f"one of {listed(base.members)}",
                word.span,
                word.text,
                base.members,
                NOT_IN_ENUM,
            )
        )
        return ir.Constant(None, t.Unknown())
    scope = replace(unit.scope(), patch=patch)
    return fit(elaborate(written, scope, made.type), made.type, scope, written.span, made.rounding, made.name)


def _entity_named(name: ast.QName, unit: Unit) -> str:
    found = find_entity(name, unit)
    return found.name if found is not None else ""


def find_entity(name: ast.QName, unit: Unit) -> ir.EntityShape | None:
    """The entity called `name` here; reported where there is none."""
    found = unit.world.entities.get(name.text)
    if found is None and name.parts[0].text not in unit.world.missing:
        other = unit.world.rowsets.get(name.text)
        known = tuple(unit.world.entities)
        if other is None:
            told = unknown_name("entity", name, known)
            unit.emit(replace(told, help=told.help or f"declare what its rows are: `entity {name.text} {{ … }}`"))
        else:
            also = (Label(other.span, "it is declared as something else here"),)
            unit.emit(missing(f"`{name.text}` is no entity", "an entity is asked for here", name.span, "", known, also=also))
    return found


def _owns(declared: ast.Entity, shape: ir.EntityShape, unit: Unit) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found = []
    for owns in declared.owns:
        child = find_entity(owns.child, unit.at(owns.span))
        if child is None:
            continue
        fields = tuple(field.name for field in child.fields)
        for name in owns.on:
            if name.text not in fields:
                unit.emit(unknown_field(owns.child.text, name, fields))
        if not declared.key and not shape.key:
            unit.emit(
                Diagnostic(
                    BAD_ARGUMENTS,
                    f"`{declared.name.text}` has no key",
                    Label(owns.span, "what it owns says by the key whose it is"),
                    help=f"say which field names a row of it: `key …` in `{declared.name.text}`",
                )
            )
        elif len(owns.on) != len(shape.key) and shape.key:
            unit.emit(
                Diagnostic(
                    BAD_ARGUMENTS,
                    f"`{declared.name.text}` has {len(shape.key)} key fields, and owns `{owns.child.text}` on {len(owns.on)}",
                    Label(owns.span, "one field of the owned for each field of the key"),
                )
            )
        found.append((child.name, tuple(name.text for name in owns.on if name.text in fields)))
    return tuple(found)


def _whole(declared: ast.Entity, shape: ir.EntityShape, unit: Unit) -> tuple[str, ...]:
    """The fields whose values rows have in common that stand or fall together."""
    fields, found = tuple(field.name for field in shape.fields), dict[str, ast.Name]()
    for name in declared.whole.names if declared.whole is not None else ():
        if name.text not in fields:
            unit.emit(unknown_field(declared.name.text, name, fields))
        elif name.text in found:
            unit.emit(twice(name, found[name.text], "named"))
        else:
            found[name.text] = name
    return tuple(found)
