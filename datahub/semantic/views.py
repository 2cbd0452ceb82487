"""Views in the order in which they read each other, and rowsets that would have to be there before themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.semantic import ir
from datahub.semantic.mapping import elaborate_view
from datahub.semantic.order import in_order
from datahub.semantic.rules import CIRCULAR
from datahub.semantic.unit import Unit
from datahub.semantic.walk import walk
from datahub.syntax import ast


def elaborate_views(units: Iterable[Unit], before: Callable[[Unit], None]) -> None:
    """Add the views of all modules to the program, each after those it reads; `before` is told whose is next."""
    every = {unit.full(one.name.text): (one, unit) for unit in units for one in unit.declared.of(ast.View)}
    emit = next((unit.emit for _, unit in every.values()), None)
    for view, unit in in_order(every, _reads_in, lambda one: one[0].name, emit) if emit is not None else ():
        before(unit.at(view.span))
        elaborate_view(view, unit)


def _reads_in(one: tuple[ast.View, Unit]) -> Iterator[str]:
    """The full names of what a view reads; one that overrides a pack's names what its own script knows."""
    view, unit = one
    return (unit.at(view.span).full_of(name) for name in reads(view))


def reads(declared: ast.View | ast.Map) -> Iterator[str]:
    """The names of the rowsets that a view or map reads."""
    yield from (name.text for name in declared.source.rowsets)
    yield from (clause.rowset.text for clause in declared.clauses if isinstance(clause, ast.Join))


def check_rings(unit: Unit) -> None:
    """Report maps of this module that read, by way of views and lookups, the entity that they fill."""
    needs = _needs(unit)
    told: set[str] = set()
    for declared in unit.declared.maps:
        shape = unit.world.entities.get(declared.entity.text)
        ring = _ring(shape.name, needs) if shape is not None else ()
        if ring and not told.intersection(ring):
            told.update(ring)
            around = " → ".join(f"`{name}`" for name in (*ring, ring[0]))
            unit.emit(
                Diagnostic(
                    CIRCULAR,
                    f"the rows of `{ring[0]}` are made of themselves",
                    Label(declared.source.span, "comes back to what this map fills"),
                    notes=(around,),
                )
            )


def _needs(unit: Unit) -> dict[str, set[str]]:
    feeds = {table.name: table.source for table in unit.made.lookups if table.source}
    found: dict[str, set[str]] = {}
    bodies = [(one.body.name, one.body) for one in unit.made.views] + [(one.entity, one.body) for one in unit.made.maps]
    for name, body in bodies:
        needed = found.setdefault(name, set())
        needed.update(body.inputs)
        for clause in body.clauses:
            if isinstance(clause, ir.JoinClause):
                needed.add(clause.rowset)
        for assignment in (*body.lets, *body.fields):
            for node in walk(assignment.value):
                if isinstance(node, ir.LookUp | ir.InLookUp) and node.table in feeds:
                    needed.add(feeds[node.table])
    return found


def _ring(start: str, needs: dict[str, set[str]]) -> tuple[str, ...]:
    waiting: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    while waiting:
        chain = waiting.pop()
        for needed in sorted(needs.get(chain[-1], ())):
            if needed == start:
                return chain
            if needed not in seen:
                seen.add(needed)
                waiting.append((*chain, needed))
    return ()
