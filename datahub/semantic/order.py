"""Declarations in an order in which each stands after those it needs; rings are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.semantic.rules import CIRCULAR
from datahub.syntax import ast

Declared = TypeVar("Declared")


def in_order(
    declared: Mapping[str, Declared], needs: Callable[[Declared], Iterable[str]], place: Callable[[Declared], ast.Name], emit: Emit
) -> Iterator[Declared]:
    """`declared` with each after those it `needs`; of a ring, which is told once, in the order of the file."""
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> Iterator[Declared]:
        if name in done or name not in declared:
            return
        if name in above:
            ring = above[above.index(name) :]
            emit(_ring([place(declared[one]) for one in ring]))
            done.update(ring)
            for one in ring:
                yield declared[one]
            return
        for needed in needs(declared[name]):
            yield from visit(needed, (*above, name))
        if name not in done:
            done.add(name)
            yield declared[name]

    for name in declared:
        yield from visit(name, ())


def _ring(names: list[ast.Name]) -> Diagnostic:
    first = min(names, key=lambda name: name.span.start)
    at = names.index(first)
    around = [*names[at:], *names[:at]]
    return Diagnostic(
        CIRCULAR,
        f"`{first.text}` is made of itself",
        Label(first.span, "comes back to this"),
        tuple(Label(name.span, "by way of this") for name in around[1:]),
        (" → ".join(f"`{name.text}`" for name in (*around, first)),),
    )
