"""What each override of a script stands against: the item of the pack as the pack itself declares it."""

from __future__ import annotations

from collections.abc import Iterator

from datahub.document import Span
from datahub.records import record
from datahub.semantic import laying
from datahub.semantic.elaborate import elaborate_modules
from datahub.semantic.loaders import Loader
from datahub.semantic.meaning import meanings, written
from datahub.semantic.modules import Module, modules
from datahub.semantic.overrides import Laid, lay
from datahub.syntax import ast


@record(frozen=True, slots=True)
class Base:
    """An item that an override changes: the pack, the item, what it means there and where it is written; nothing where it is new.

    `by` is the pack that overrides it, empty for the script itself, and `at` is where.
    """

    by: str
    pack: str
    item: str
    meaning: str
    written: Span | None
    at: Span


def bases(script: ast.Script, loader: Loader) -> tuple[Base, ...]:
    """The bases of all overrides in `script` and in the packs that it uses, without any override laid on them."""
    every = modules(script, loader, lambda _: None)
    plain = [module.declarations for module in every]
    laid = lay(every, lambda _: None)
    if not laid:
        return ()
    for module, declarations in zip(every, plain, strict=True):
        module.declarations = declarations
    made = elaborate_modules(every, lambda _: None)
    units = {id(unit.module): unit for unit in made.units}
    means = {id(one.target): meanings(made, units[id(one.target)]) for one in laid}
    places = {id(one.target): written(units[id(one.target)]) for one in laid}
    return tuple(
        Base(
            _pack(one.by),
            _pack(one.target) or one.override.name.parts[0].text,
            item,
            means[id(one.target)].get(item, ""),
            places[id(one.target)].get(item),
            at,
        )
        for one in laid
        for item, at in items_of(one)
    )


def _pack(module: Module) -> str:
    return next((one.name.text for one in module.declarations if isinstance(one, ast.Pack)), "")


def items_of(one: Laid) -> Iterator[tuple[str, Span]]:
    """The items that an override names, and where."""
    override = one.override
    name = f"{override.kind} {override.name.parts[-1].text}"
    if override.kind == "map":
        if override.source is not None or override.clauses or override.dropped:
            yield name, override.name.span
        for item in override.items:
            match item:
                case ast.FieldItem(name=field):
                    yield f"{name}.{field.text}", item.span
                case ast.Let(name=field):
                    yield f"{name}.let {field.text}", item.span
                case ast.Drop(names=names):
                    yield from ((f"{name}.{dropped.text}", item.span) for dropped in names)
                case ast.Include():
                    pass
    elif override.kind == "source":
        assert isinstance(override.declaration, ast.Source)
        yield from ((f"{name}.option {option.name.text}", option.span) for option in override.declaration.options)
        yield from ((f"{name}.{column.name.text}", column.span) for column in override.declaration.columns)
    elif one.parts and override.kind != "target":
        # What a whole row must meet is the entity's own.
        yield from ((name if part.text == laying.WHOLE else f"{name}.{part.text}", part.span) for part in one.parts)
    else:
        yield name, override.span
