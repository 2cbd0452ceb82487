"""Which columns of a source a value comes from: what a reject shows when the value fails."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from datahub.semantic import ir
from datahub.semantic.walk import inside

Known = Mapping[str, tuple[ir.Evidence, ...]]
"""For each column of the frame, the columns of the source behind it."""


def evidence_of(expression: ir.Expression, known: Known) -> tuple[ir.Evidence, ...]:
    """The source columns that feed the value of `expression`; those that only decide it where none does."""
    return evidence_of_all((expression,), known)


def evidence_of_all(expressions: Sequence[ir.Expression], known: Known) -> tuple[ir.Evidence, ...]:
    """The source columns behind several values, such as the parts of a key: what fails in one of them shows its own."""
    columns = [name for one in expressions for name in (feeding(one) or tuple(_in_order(one, set())))]
    return gathered(dict.fromkeys(columns), known)


def feeding(expression: ir.Expression) -> tuple[str, ...]:
    """The columns of the frame whose values become part of the value of `expression`."""
    return tuple(dict.fromkeys(_feeding(expression, set())))


def read_by(expression: ir.Expression, known: Known) -> tuple[ir.Evidence, ...]:
    """The source columns that `expression` reads at all, in the order of writing."""
    return gathered(_in_order(expression, set()), known)


def gathered(columns: Iterable[str], known: Known) -> tuple[ir.Evidence, ...]:
    """The source columns behind several columns of the frame, each once."""
    found: dict[ir.Evidence, list[str]] = {}
    for column in columns:
        for one in known.get(column, ()):
            found.setdefault(one, []).append(column)
    if len(found) == 1:
        return tuple(replace(one, read=()) for one in found)
    return tuple(replace(one, read=tuple(dict.fromkeys(through))) for one, through in found.items())


def _feeding(expression: ir.Expression, seen: set[int]) -> Iterator[str]:
    """The columns whose values become part of the value of `expression`, in the order of writing; parts that are shared once."""
    if id(expression) in seen:
        return
    seen.add(id(expression))
    match expression:
        case ir.Column(name=name):
            yield name
        case ir.Choose(branches=branches, otherwise=otherwise):
            for value in (*(value for _, value in branches), otherwise):
                yield from _feeding(value, seen)
        case ir.Aggregate(arguments=arguments, over=over):
            yield from _looped(arguments, over, seen)
        case ir.Collect(value=value, over=over):
            yield from _looped((value,), over, seen)
        case ir.WindowCall(argument=argument):
            if argument is not None:
                yield from _feeding(argument, seen)
        case _:
            for part in inside(expression):
                yield from _feeding(part, seen)


def _looped(values: tuple[ir.Expression, ...], over: ir.Over, seen: set[int]) -> Iterator[str]:
    """What the values read outside the loop; the list looped over stands for its elements."""
    own = {over.item, over.position} if isinstance(over, ir.Loop) else set()
    from_list = not values
    for value in values:
        for name in _feeding(value, seen):
            if name in own or name.partition(".")[0] in own:
                from_list = True
            else:
                yield name
    if from_list and isinstance(over, ir.Loop):
        yield from _feeding(over.over, seen)


def _in_order(expression: ir.Expression, seen: set[int]) -> Iterator[str]:
    if id(expression) in seen:
        return
    seen.add(id(expression))
    if isinstance(expression, ir.Column):
        yield expression.name
    for part in inside(expression):
        yield from _in_order(part, seen)
