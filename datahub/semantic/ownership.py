"""What entities say of each other, held together: keys that can be compared, and an order in which they can be delivered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.document import Span
from datahub.semantic import ir
from datahub.semantic.rules import OWNERSHIP_CYCLE
from datahub.semantic.rules_types import BAD_ARGUMENTS, TYPE_MISMATCH
from datahub.semantic.told import a
from datahub.semantic.unit import Unit
from datahub.syntax import ast
from datahub.types import model as t
from datahub.types.assign import plain


def check_ownership(unit: Unit) -> None:
    """Report links that can match nothing, and entities that own themselves or wait for each other."""
    shapes = {shape.name: shape for shape in unit.made.entities}
    declared = [one for one in unit.declared.rowsets.values() if isinstance(one, ast.Entity)]
    for entity in declared:
        for found in _unlike(entity, shapes[unit.full(entity.name.text)], shapes):
            unit.emit(found)
    told: set[str] = set()
    for following, say in ((_owned(shapes), _owns_itself), (_awaited(shapes), _wait)):
        for entity in declared:
            chain = _chain(unit.full(entity.name.text), following)
            if chain and not told.intersection(chain):
                told.update(chain)
                ring = " → ".join(f"`{name}`" for name in (*chain, chain[0]))
                unit.emit(say(entity, ring))


def _owned(shapes: Mapping[str, ir.EntityShape]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(child for child, _ in shape.owns) for name, shape in shapes.items()}


def _awaited(shapes: Mapping[str, ir.EntityShape]) -> dict[str, tuple[str, ...]]:
    """For each entity those that have to be there before it: its owners, and those it refers to; itself aside, as trees do."""
    found = {name: [one.references for one in shape.fields if one.references and one.references != name] for name, shape in shapes.items()}
    for name, shape in shapes.items():
        for child, _ in shape.owns:
            found.get(child, []).append(name)
    return {name: tuple(dict.fromkeys(others)) for name, others in found.items()}


def _owns_itself(entity: ast.Entity, ring: str) -> Diagnostic:
    at = entity.owns[0].span if entity.owns else entity.name.span
    return Diagnostic(OWNERSHIP_CYCLE, f"`{entity.name.text}` owns itself", Label(at, "comes back to it"), notes=(ring,))


def _wait(entity: ast.Entity, ring: str) -> Diagnostic:
    referring = next((one for one in entity.fields if one.references is not None), None)
    at = entity.name.span if referring is None or referring.references is None else referring.references.span
    return Diagnostic(
        OWNERSHIP_CYCLE,
        f"`{entity.name.text}` waits for itself",
        Label(at, "comes back to it"),
        notes=(f"{ring}: each has to be there before the next",),
        help="leave out the `references` that says what another one already says",
    )


def _chain(start: str, following: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The entities from `start` back to itself, or nothing."""
    waiting: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    while waiting:
        chain = waiting.pop()
        for child in following.get(chain[-1], ()):
            if child == start:
                return chain
            if child not in seen:
                seen.add(child)
                waiting.append((*chain, child))
    return ()


# ---------------------------------------------------------------- keys


def _unlike(entity: ast.Entity, shape: ir.EntityShape, shapes: Mapping[str, ir.EntityShape]) -> Iterator[Diagnostic]:
    """Fields that are to hold the key of another entity and are of another type, or not as many."""
    for owns, (child, columns) in zip(entity.owns, shape.owns, strict=False):
        if len(columns) == len(owns.on) == len(shape.key):
            for name, column, part in zip(owns.on, columns, shape.key, strict=True):
                yield from _compared(name.span, (shapes[child], column), (shape, part))
    for declared in entity.fields:
        parent = next((shapes.get(one.references) for one in shape.fields if one.name == declared.name.text and one.references), None)
        if declared.references is None or parent is None:
            continue
        together = [one.name for one in shape.fields if one.references == parent.name]
        at = together.index(declared.name.text)
        if len(parent.key) == 1:
            yield from _compared(declared.references.span, (shape, declared.name.text), (parent, parent.key[0]))
        elif len(parent.key) == len(together):
            yield from _compared(declared.references.span, (shape, declared.name.text), (parent, parent.key[at]))
        elif not at:
            yield _uncountable(declared.references.span, parent, together)


Placed = tuple[ir.EntityShape, str]


def _compared(at: Span, mine: Placed, theirs: Placed) -> Iterable[Diagnostic]:
    (shape, field), (other, key) = mine, theirs
    kinds = [next(one.type for one in entity.fields if one.name == name) for entity, name in (mine, theirs)]
    if not _alike(*map(t.base_of, kinds)):
        words = f"`{shape.name}.{field}` is {a(plain(kinds[0]))}, the key `{other.name}.{key}` {a(plain(kinds[1]))}"
        yield Diagnostic(TYPE_MISMATCH, words, Label(at, "the two are never equal"), help="give both the type of the key")


def _alike(mine: t.Type, theirs: t.Type) -> bool:
    if isinstance(mine, t.Unknown) or isinstance(theirs, t.Unknown):
        return True
    words = (t.Text, t.Enum)
    return type(mine) is type(theirs) or (isinstance(mine, words) and isinstance(theirs, words))


def _uncountable(at: Span, parent: ir.EntityShape, together: list[str]) -> Diagnostic:
    if not parent.key:
        return Diagnostic(
            BAD_ARGUMENTS,
            f"`{parent.name}` has no key",
            Label(at, "a reference names a row by its key"),
            help=f"say which field names a row of it: `key …` in `{parent.name}`",
        )
    return Diagnostic(
        BAD_ARGUMENTS,
        f"`{parent.name}` has {len(parent.key)} key fields, and {len(together)} of the fields here refer to it",
        Label(at, "one field for each field of the key, in the same order"),
    )
