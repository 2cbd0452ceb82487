"""Walking typed expressions: what is inside one, and which columns of the frame it reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from datahub.semantic import ir


def inside(expression: ir.Expression) -> tuple[ir.Expression, ...]:
    """The expressions directly inside `expression`, those of its loop, group or window among them."""
    match expression:
        case ir.Column() | ir.Constant() | ir.Parameter() | ir.RowFact() | ir.Omitted() | ir.Present():
            return ()
        case ir.Call(arguments=arguments):
            return arguments
        case ir.Logic(left=left, right=right):
            return (left, right)
        case ir.Choose(branches=branches, otherwise=otherwise):
            return (*(part for branch in branches for part in branch), otherwise)
        case ir.Default(value=value, fallback=fallback):
            return (value, fallback)
        case ir.Recover(value=value, fallback=fallback):
            return (value,) if fallback is None else (value, fallback)
        case ir.Field(of=of):
            return (of,)
        case ir.MakeStruct(fields=fields):
            return tuple(value for _, value in fields)
        case ir.MakeList(items=items):
            return items
        case ir.Convert(value=value) | ir.Failed(value=value):
            return (value,)
        case ir.Fit(value=value):
            return (value,)
        case ir.Aggregate(arguments=arguments, over=over):
            return (*arguments, *of_over(over))
        case ir.Collect(value=value, over=over):
            return (value, *of_over(over))
        case ir.WindowCall(argument=argument, over=over):
            return (*(() if argument is None else (argument,)), *of_over(over))
        case ir.LookUp(keys=keys, day=day):
            return keys if day is None else (*keys, day)
        case ir.InLookUp(keys=keys):
            return keys
        case ir.Decision(inputs=inputs):
            return inputs
        case _:
            assert_never(expression)


def of_over(over: ir.Over) -> tuple[ir.Expression, ...]:
    """The expressions of a loop, of a group's members, or of a window."""
    rest = () if over.where is None else (over.where,)
    order = tuple(key.value for key in over.order)
    match over:
        case ir.Loop(over=listed):
            return (listed, *rest, *order)
        case ir.Members():
            return (*rest, *order)
        case ir.Window(keys=keys):
            return (*keys, *rest, *order)


def walk(expression: ir.Expression) -> Iterator[ir.Expression]:
    """`expression` and all inside it; what several parts share comes once."""
    waiting, seen = [expression], {id(expression)}
    while waiting:
        node = waiting.pop()
        yield node
        for part in inside(node):
            if id(part) not in seen:
                seen.add(id(part))
                waiting.append(part)


def columns_read(expression: ir.Expression) -> frozenset[str]:
    """The columns of the frame that `expression` reads; those that its own loops make are not among them."""
    found: set[str] = set()
    for node, made in walk_with_loops(expression):
        if isinstance(node, ir.Column) and not is_made(node.name, made):
            found.add(node.name)
        elif isinstance(node, ir.Present):
            found.update((node.column, f"?{node.mark}"))
    return frozenset(found)


def walk_with_loops(expression: ir.Expression) -> Iterator[tuple[ir.Expression, frozenset[str]]]:
    """`expression` and all inside it, each with the names that the loops around it make."""
    waiting: list[tuple[ir.Expression, frozenset[str]]] = [(expression, frozenset())]
    seen = {(id(expression), frozenset[str]())}
    while waiting:
        node, made = waiting.pop()
        yield node, made
        for part in _inside_with_loops(node, made):
            if (id(part[0]), part[1]) not in seen:
                seen.add((id(part[0]), part[1]))
                waiting.append(part)


def _inside_with_loops(node: ir.Expression, made: frozenset[str]) -> Iterator[tuple[ir.Expression, frozenset[str]]]:
    match node:
        case ir.Aggregate(over=ir.Loop() as loop) | ir.Collect(over=ir.Loop() as loop):
            # The list is read outside the loop, all else inside.
            yield loop.over, made
            within = made | {name for name in (loop.item, loop.position) if name}
            for part in inside(node):
                if part is not loop.over:
                    yield part, within
        case _:
            for part in inside(node):
                yield part, made


def is_made(column: str, made: frozenset[str]) -> bool:
    """Whether `column` is made by one of the loops that make the names `made`."""
    return column in made or column.partition(".")[0] in made


def is_aggregated(expression: ir.Expression) -> bool:
    """Whether `expression` makes one value of several: of other rows, of a group's members, of elements."""
    return any(isinstance(node, ir.WindowCall | ir.Aggregate) for node in walk(expression))


def is_windowed(expression: ir.Expression) -> bool:
    """Whether `expression` looks at other rows of its rowset."""
    return any(
        isinstance(node, ir.WindowCall) or (isinstance(node, ir.Aggregate) and isinstance(node.over, ir.Window))
        for node in walk(expression)
    )
