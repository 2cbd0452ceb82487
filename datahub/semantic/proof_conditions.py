"""Whether conditions can hold of one row: each taken apart into what it asks of one value at a time.

A condition becomes alternatives, each of them questions about values: a column, or whatever else stands beside a constant. A
comparison of two columns, or a call, is a value of its own that is true or false. Conditions exclude each other where in each
choice of their alternatives the questions about some value have no answer in common.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from decimal import Decimal
from itertools import islice
from math import ceil, floor
from typing import TypeAlias

from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.proof_boxes import Budget
from datahub.semantic.proof_spaces import named
from datahub.semantic.proofs import space_of
from datahub.semantic.trees import interned, rebuilt
from datahub.semantic.walk import columns_read, walk
from datahub.types import model as t

MOST = 64
"""So many alternatives are looked at; a condition of more is taken to hold of any row."""
_LARGEST = 200
"""What has more parts is a value that is like no other one."""
_LONGEST = 1000
"""A list of more values is not looked into."""


@record(frozen=True, slots=True)
class Asked:
    """One question about a value: whether `test` holds, or with `negated` that it does not, null counting as a value."""

    value: ir.Expression
    test: ir.CellTest
    negated: bool


Alternative: TypeAlias = tuple[Asked, ...]
Settled: TypeAlias = Mapping[str, ir.Expression]
"""Columns that were given another value in between, and which."""
Held: TypeAlias = tuple[ir.Expression, bool]
"""A condition, and whether it holds."""

_TRUE = ir.OneOf((True,))


@record(slots=True)
class Alike:
    """One object for each value, however often it is written, and whether null was ruled out where it stands or not."""

    known: dict[object, ir.Expression] = field(default_factory=dict)
    done: dict[int, tuple[ir.Expression, ir.Expression]] = field(default_factory=dict)
    ways: dict[tuple[int, bool], tuple[ir.Expression, tuple[Alternative, ...] | None]] = field(default_factory=dict)
    about: dict[int, frozenset[int]] = field(default_factory=dict)

    def of(self, value: ir.Expression) -> ir.Expression:
        """The object that stands for `value`."""
        if id(value) in self.done:
            return self.done[id(value)][1]
        found = self._of(value) if sum(1 for _ in islice(walk(value), _LARGEST)) < _LARGEST else value
        self.done[id(value)] = value, found
        return found

    def _of(self, value: ir.Expression) -> ir.Expression:
        made = rebuilt(value, self.of)
        return interned(self.known, replace(made, type=t.required(made.type)) if made.type.nullable else made)

    def alternatives(self, condition: ir.Expression, negated: bool) -> tuple[Alternative, ...] | None:
        """The ways in which `condition` can be true, or with `negated` not; None where they are too many."""
        key = id(condition), negated
        if key not in self.ways:
            self.ways[key] = condition, _ways(condition, negated)
        return self.ways[key][1]

    def values(self, condition: ir.Expression) -> frozenset[int]:
        """What `condition` asks about."""
        if id(condition) not in self.about:
            ways = self.alternatives(condition, False)
            self.about[id(condition)] = frozenset(id(self.of(one.value)) for way in ways or () for one in way)
        return self.about[id(condition)]


def together(first: ir.Expression, second: ir.Expression, between: Settled) -> tuple[tuple[str, ir.Value, t.Type], ...] | None:
    """Values with which both conditions may hold, the second asked after `between` was set; None where they exclude each other."""
    alike = Alike()
    for one in _alternatives(first):
        for other in _alternatives(second):
            found = _answers(alike, *one, *_constants(between), *_after(other, between))
            if found is not None:
                return found
    return None


def excluded(conditions: Iterable[Held], alike: Alike, budget: Budget) -> bool:
    """Whether it is certain that not all conditions hold, or not, as said, of one row. Raise `Spent` where `budget` does not suffice."""
    ways = [alike.alternatives(condition, not holds) for condition, holds in conditions]
    question = budget.question()
    given = question.left
    try:
        return _Search(alike, sorted((one for one in ways if one is not None), key=len), question).is_closed(0, ())
    finally:
        budget.left -= given - max(question.left, 0)


@record(slots=True)
class _Search:
    """The choices of one alternative of each condition."""

    alike: Alike
    ways: Sequence[tuple[Alternative, ...]]
    budget: Budget

    def is_closed(self, at: int, asked: Alternative) -> bool:
        """Whether no choice from the condition `at` on can hold where `asked` does."""
        # Those that leave no choice are asked at once.
        while at < len(self.ways) and len(self.ways[at]) == 1:
            asked, at = (*asked, *self.ways[at][0]), at + 1
        self.budget.spend(1 + len(asked))
        if _answers(self.alike, *asked) is None:
            return True
        return at < len(self.ways) and all(self.is_closed(at + 1, (*asked, *one)) for one in self.ways[at])


def _alternatives(condition: ir.Expression) -> tuple[Alternative, ...]:
    """The ways in which `condition` can be true; one that asks nothing where they are too many."""
    found = _ways(condition, False)
    return found if found is not None else ((),)


def _ways(condition: ir.Expression, negated: bool) -> tuple[Alternative, ...] | None:
    match condition:
        case ir.Constant(value=bool() as value):
            return ((),) if value is not negated else ()
        case ir.Call(function="not", arguments=(inner,)):
            return _ways(inner, not negated)
        case ir.Default(value=inner, fallback=ir.Constant(value=bool() as value)):
            # What may be null is true, or with the fallback `true` is not false.
            return ((Asked(inner, ir.OneOf((not value,)), negated is not value),),)
        case ir.Logic(operator=operator):
            return _joined(_parts(condition), negated, (operator == "and") is not negated)
        case _:
            return ((_question(condition, negated),),)


def _parts(condition: ir.Logic) -> list[ir.Expression]:
    """The conditions that one operator joins, without going deep for long chains."""
    found: list[ir.Expression] = []
    left: ir.Expression = condition
    while isinstance(left, ir.Logic) and left.operator == condition.operator:
        found.append(left.right)
        left = left.left
    return [left, *reversed(found)]


def _joined(parts: Sequence[ir.Expression], negated: bool, all_of: bool) -> tuple[Alternative, ...] | None:
    found: tuple[Alternative, ...] = ((),) if all_of else ()
    for part in parts:
        ways = _ways(part, negated)
        if ways is None or (len(found) * len(ways) if all_of else len(found) + len(ways)) > MOST:
            return None
        found = tuple((*one, *other) for one in found for other in ways) if all_of else (*found, *ways)
    return found


_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _question(condition: ir.Expression, negated: bool) -> Asked:
    match condition:
        case ir.Call(function="is_null", arguments=(value,)):
            return Asked(value, ir.IsNull(), negated)
        case ir.Call(function="=" | "<>" as name, arguments=(left, right)):
            value, constant = (left, right) if isinstance(right, ir.Constant) else (right, left)
            if isinstance(constant, ir.Constant) and not isinstance(value, ir.Constant):
                test = ir.IsNull() if constant.value is None else ir.OneOf((constant.value,))
                if _is_single(value) or constant.value is None:
                    return Asked(value, test, negated is not (name == "<>"))
        case ir.Call(function=name, arguments=(value, ir.Constant(value=constant))) if name in _TURNED and _is_compared(value, constant):
            return Asked(*_ordered(value, name, constant), negated)
        case ir.Call(function=name, arguments=(ir.Constant(value=constant), value)) if name in _TURNED and _is_compared(value, constant):
            return Asked(*_ordered(value, _TURNED[name], constant), negated)
        case ir.Call(function="in_set" | "not_in_set" as name, arguments=(value, ir.Constant(value=tuple() as values))) if (
            None not in values and _is_single(value) and len(values) <= _LONGEST
        ):
            return Asked(value, ir.OneOf(values, name == "not_in_set"), negated)
        case _:
            pass
    return Asked(condition, _TRUE, negated)


_SINGLE = t.Bool | t.Enum | t.Text | t.Int | t.Decimal | t.Float | t.Date | t.Time | t.DateTime | t.LocalDateTime | t.Duration


def _is_single(value: ir.Expression) -> bool:
    """Whether the values of a type are known one by one; lists and the like are not looked into, nor is what is the same everywhere."""
    return isinstance(t.base_of(value.type), _SINGLE) and not isinstance(value, ir.Constant)


def _is_compared(value: ir.Expression, constant: ir.Value) -> bool:
    return constant is not None and _is_single(value)


def _ordered(value: ir.Expression, operator: str, constant: ir.Value) -> tuple[ir.Expression, ir.CellTest]:
    """A comparison; of members of an enumeration, which are compared by their places, as one of the members."""
    match value:
        case ir.Call(function="enum_rank", arguments=(member, ir.Constant(value=tuple() as members))) if isinstance(constant, int):
            return member, _interval(operator, members[constant - 1])
        case _ if isinstance(constant, Decimal) and isinstance(t.base_of(value.type), t.Int) and constant != int(constant):
            # Between whole numbers: those below it, or those above.
            return value, _interval("<=", floor(constant)) if operator in ("<", "<=") else _interval(">=", ceil(constant))
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


def _answers(alike: Alike, *asked: Asked) -> tuple[tuple[str, ir.Value, t.Type], ...] | None:
    """A value for each of what is asked about, with which every question is answered; None where there is none."""
    about: dict[int, list[Asked]] = {}
    for one in asked:
        about.setdefault(id(alike.of(one.value)), []).append(one)
    found = []
    for several in about.values():
        value = several[0].value
        kind = _kind(several)
        several = [*several, *_ever(value)]
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


def _kind(asked: Sequence[Asked]) -> t.Type:
    """The type of a value that is asked about, with null where it may be null at one of the places."""
    # Where it was asked before, a value is known not to be null: its type says so there, and only there.
    kind = next((one.value.type for one in asked if one.value.type.nullable), asked[0].value.type)
    if isinstance(t.base_of(kind), t.Int) and any(isinstance(value, Decimal) for one in asked for value in named(one.test)):
        # Bounds between whole numbers need more room than whole numbers have.
        return t.Decimal(kind.nullable, 38, 0)
    return kind


def _ever(value: ir.Expression) -> tuple[Asked, ...]:
    """What holds of a value wherever it stands: of a length that it is not below 0, nor beyond what the type of its text allows."""
    match value:
        case ir.Call(function="length", arguments=(ir.Column(type=measured),)):
            kind = t.base_of(measured)
            shortest, longest = (kind.shortest or 0, kind.longest) if isinstance(kind, t.Text) else (0, None)
        case ir.Call(function="length"):
            # What is computed may be longer than its type says.
            shortest, longest = 0, None
        case _:
            return ()
    below = Asked(value, ir.Between(None, False, shortest, False), True)
    return (below,) if longest is None else (below, Asked(value, ir.Between(longest, False, None, False), True))
