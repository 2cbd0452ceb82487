"""Whether two conditions can hold of one row: each taken apart into what it asks of one value at a time.

A condition becomes alternatives, each of them questions about values: a column, or whatever else stands beside a constant. A
comparison of two columns, or a call, is a value of its own that is true or false. Two conditions exclude each other where in
each pair of their alternatives the questions about some value have no answer in common.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.proofs import space_of
from datahub.semantic.trees import rebuilt
from datahub.semantic.walk import columns_read
from datahub.types import model as t

MOST = 64
"""So many alternatives are looked at; a condition of more is taken to hold of any row."""


@record(frozen=True, slots=True)
class Asked:
    """One question about a value: whether `test` holds, or with `negated` that it does not, null counting as a value."""

    value: ir.Expression
    test: ir.CellTest
    negated: bool


Alternative: TypeAlias = tuple[Asked, ...]
Settled: TypeAlias = Mapping[str, ir.Expression]
"""Columns that were given another value in between, and which."""

_TRUE = ir.OneOf((True,))


def together(first: ir.Expression, second: ir.Expression, between: Settled) -> tuple[tuple[str, ir.Value, t.Type], ...] | None:
    """Values with which both conditions may hold, the second asked after `between` was set; None where they exclude each other."""
    for one in alternatives(first):
        for other in alternatives(second):
            found = _answers((*one, *_constants(between)), _after(other, between))
            if found is not None:
                return found
    return None


def alternatives(condition: ir.Expression) -> tuple[Alternative, ...]:
    """The ways in which `condition` can be true; one that asks nothing where they are too many."""
    found = _ways(condition, False)
    return found if found is not None else ((),)


def _ways(condition: ir.Expression, negated: bool) -> tuple[Alternative, ...] | None:
    match condition:
        case ir.Constant(value=bool() as value):
            return ((),) if value is not negated else ()
        case ir.Call(function="not", arguments=(inner,)):
            return _ways(inner, not negated)
        case ir.Logic(operator=operator, left=left, right=right):
            ways = (_ways(left, negated), _ways(right, negated))
            if ways[0] is None or ways[1] is None:
                return None
            found = _both(*ways) if (operator == "and") is not negated else (*ways[0], *ways[1])  # type: ignore[arg-type]
            return found if len(found) <= MOST else None
        case _:
            return ((_question(condition, negated),),)


def _both(left: tuple[Alternative, ...], right: tuple[Alternative, ...]) -> tuple[Alternative, ...]:
    return tuple((*one, *other) for one in left for other in right)


_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _question(condition: ir.Expression, negated: bool) -> Asked:
    match condition:
        case ir.Call(function="is_null", arguments=(value,)):
            return Asked(value, ir.IsNull(), negated)
        case ir.Call(function="=" | "<>" as name, arguments=(left, right)):
            value, constant = (left, right) if isinstance(right, ir.Constant) else (right, left)
            if isinstance(constant, ir.Constant) and not isinstance(value, ir.Constant):
                test = ir.IsNull() if constant.value is None else ir.OneOf((constant.value,))
                return Asked(value, test, negated is not (name == "<>"))
        case ir.Call(function=name, arguments=(value, ir.Constant(value=constant))) if name in _TURNED and constant is not None:
            return Asked(*_ordered(value, name, constant), negated)
        case ir.Call(function=name, arguments=(ir.Constant(value=constant), value)) if name in _TURNED and constant is not None:
            return Asked(*_ordered(value, _TURNED[name], constant), negated)
        case ir.Call(function="in_set" | "not_in_set" as name, arguments=(value, ir.Constant(value=tuple() as values))) if (
            None not in values
        ):
            return Asked(value, ir.OneOf(values, name == "not_in_set"), negated)
        case _:
            pass
    return Asked(condition, _TRUE, negated)


def _ordered(value: ir.Expression, operator: str, constant: ir.Value) -> tuple[ir.Expression, ir.CellTest]:
    """A comparison; of members of an enumeration, which are compared by their places, as one of the members."""
    match value:
        case ir.Call(function="enum_rank", arguments=(member, ir.Constant(value=tuple() as members))) if isinstance(constant, int):
            return member, _interval(operator, members[constant - 1])
        case _:
            return value, _interval(operator, constant)


def _interval(operator: str, constant: ir.Value) -> ir.CellTest:
    match operator:
        case "<" | "<=":
            return ir.Between(None, False, constant, operator == "<=")
        case _:
            return ir.Between(constant, operator == ">=", None, False)


# ---------------------------------------------------------------- two alternatives


def _constants(between: Settled) -> Iterator[Asked]:
    for name, value in between.items():
        if isinstance(value, ir.Constant):
            test = ir.IsNull() if value.value is None else ir.OneOf((value.value,))
            yield Asked(ir.Column(_anew(name), value.type), test, False)


def _after(asked: Alternative, between: Settled) -> Iterator[Asked]:
    """Questions about what was set in between are about other values than those before."""
    for one in asked:
        if not columns_read(one.value) & between.keys():
            yield one
        elif isinstance(one.value, ir.Column):
            yield Asked(ir.Column(_anew(one.value.name), one.value.type), one.test, one.negated)


def _anywhere(value: ir.Expression) -> ir.Expression:
    """A value as it is called wherever it is asked about."""
    if isinstance(value, ir.Column):
        return ir.Column(value.name, t.required(value.type))
    made = rebuilt(value, _anywhere)
    return replace(made, type=t.required(made.type))


_SET_BEFORE = "set before: "


def _anew(name: str) -> str:
    return _SET_BEFORE + name


def _named(value: ir.Expression) -> str:
    """What a value is called in an example; nothing for one that cannot be said shortly, or that was set in between."""
    match value:
        case ir.Column(name=name):
            return "" if name.startswith(_SET_BEFORE) else name
        case ir.Call(function=function, arguments=arguments) if function.isidentifier() and function != "not":
            parts = [_named(one) for one in arguments]
            return f"{function}({', '.join(parts)})" if all(parts) else ""
        case _:
            return ""


def _answers(*asked: Iterable[Asked]) -> tuple[tuple[str, ir.Value, t.Type], ...] | None:
    """A value for each of what is asked about, with which every question is answered; None where there is none."""
    about: dict[ir.Expression, list[Asked]] = {}
    for questions in asked:
        for one in questions:
            about.setdefault(_anywhere(one.value), []).append(one)
    found = []
    for value, several in about.items():
        # Where it was asked before, a value is known not to be null: its type says so there, and only there.
        kind = next((one.value.type for one in several if one.value.type.nullable), several[0].value.type)
        space = space_of(kind, tuple(one.test for one in several))
        left = space.every
        for one in several:
            mask = space.mask(one.test)
            left &= space.every & ~mask if one.negated else mask
        if not left:
            return None
        known = left & space.sure
        name = _named(value)
        if known and name:
            # The last class of those that are is null: any other value shows more.
            at = (known & -known).bit_length() - 1
            found.append((name, space.example(at), kind))
    return tuple(found)
