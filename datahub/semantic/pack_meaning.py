"""What a pack means to whoever uses it: what it declares, and what it makes of what the packs below it declare."""

from __future__ import annotations

from collections.abc import Iterator

from datahub.semantic.bases import items_of
from datahub.semantic.elaborate import Elaborated
from datahub.semantic.meaning import meanings, written
from datahub.semantic.modules import Module
from datahub.semantic.unit import Unit
from datahub.syntax import ast


def pack_meanings(made: Elaborated) -> dict[str, str]:
    """The hash of each item of the pack that `made` ends with, and of each item of another pack that is otherwise by its overrides."""
    own = made.units[-1]
    return dict(_promised(own)) | meanings(made, own) | dict(_made_of_others(made))


def pack_texts(made: Elaborated) -> dict[str, str]:
    """How each of these items is written; of another pack's that the pack overrides, how the override is."""
    own = made.units[-1]
    found = {item: item for item, _ in _promised(own)} | {item: span.text for item, span in written(own).items()}
    for unit in made.units[:-1]:
        found.update({_of(item, unit.module): span.text for item, span in written(unit).items()})
    for one in made.laid:
        if one.by is own.module:
            found.update({_of(item, one.target): span.text for item, span in items_of(one)})
    return found


def _promised(unit: Unit) -> Iterator[tuple[str, str]]:
    """What the head of the pack says of its names: those that it shows, and those that it lets nobody override."""
    for head in (one for one in unit.module.declarations if isinstance(one, ast.Pack)):
        yield from ((f"exports {name.text}", "exported") for name in head.exports)
        yield from ((f"sealed {name.text}", "sealed") for name in head.sealed)


def _made_of_others(made: Elaborated) -> Iterator[tuple[str, str]]:
    if not any(one.by is made.units[-1].module for one in made.laid):
        return
    plain = made.without()
    for unit, before in zip(made.units[:-1], plain.units[:-1], strict=True):
        now, then = meanings(made, unit), meanings(plain, before)
        # What is dropped is an item too: it means nothing any more.
        yield from ((_of(item, unit.module), now.get(item, "")) for item in {*now, *then} if now.get(item) != then.get(item))


def _of(item: str, module: Module) -> str:
    pack = next((one.name.text for one in module.declarations if isinstance(one, ast.Pack)), "")
    return f"override {item} of {pack}" if pack else f"override {item}"
