"""Comparison: which values can be compared, which have an order, and what to write where they cannot."""

from __future__ import annotations

import re
from decimal import Decimal

from datahub.document import Span
from datahub.semantic import ir
from datahub.semantic.constructors import member_of
from datahub.semantic.misfits import conversion
from datahub.semantic.overloads import applied
from datahub.semantic.rules_types import (
    ALWAYS_TRUE,
    COMPARE_DIFFERENT_TYPES,
    ENUM_ORDER,
    NEVER_TRUE,
    ORDERING_WITH_NULLABLE,
    TYPE_MISMATCH,
)
from datahub.semantic.scope import Scope
from datahub.semantic.told import UNKNOWN, a, is_unknown, replacing, shown, tell
from datahub.semantic.values import brought, constant, float_of, made, shared_type
from datahub.types import model as t
from datahub.types.assign import plain

ORDERED = t.Bool | t.Int | t.Decimal | t.Float | t.Text | t.Date | t.Time | t.DateTime | t.LocalDateTime | t.Duration | t.Enum


_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def compared(
    operator: str, left: ir.Expression, right: ir.Expression, left_at: Span, right_at: Span, span: Span, scope: Scope, *, noted: bool = True
) -> ir.Expression:
    """`left operator right`: true or false, never null."""
    if is_unknown(left) or is_unknown(right):
        return UNKNOWN
    left, right = enum_constants(left, right, left_at, scope), enum_constants(right, left, right_at, scope)
    if is_unknown(left) or is_unknown(right):
        return UNKNOWN
    if operator in ("=", "<>"):
        if noted:
            _note_never_null(operator, (left, right), (left_at, right_at), span, scope)
        return _equality(operator, left, right, left_at, right_at, scope)
    return _order(operator, left, right, left_at, right_at, span, scope, noted)


def _note_never_null(
    operator: str, values: tuple[ir.Expression, ir.Expression], places: tuple[Span, Span], span: Span, scope: Scope
) -> None:
    """A comparison with `null` asks whether a value is there; of one that always is there, it need not be asked."""
    for value, other, at in zip(values, reversed(values), reversed(places), strict=True):
        if isinstance(value, ir.Constant) and value.value is None and not other.type.nullable:
            rule, often = (NEVER_TRUE, "never") if operator == "=" else (ALWAYS_TRUE, "always")
            tell(scope, rule, span, f"`{shown(span)}` is {often} true", f"`{shown(at)}` is never null")
            return


def enum_constants(value: ir.Expression, other: ir.Expression, at: Span, scope: Scope) -> ir.Expression:
    """`value`, as a member where it is a text written beside an enumeration (DHM206 if it is none)."""
    kind = t.base_of(other.type)
    if isinstance(kind, t.Enum) and isinstance(value, ir.Constant) and isinstance(value.value, str) and not isinstance(value.type, t.Enum):
        return member_of(value.value, kind, at, scope)
    return value


def _equality(operator: str, left: ir.Expression, right: ir.Expression, left_at: Span, right_at: Span, scope: Scope) -> ir.Expression:
    for value, other in ((left, right), (right, left)):
        if isinstance(value, ir.Constant) and value.value is None:
            found = applied("is_null", (other,), scope)
            return found if operator == "=" else applied("not", (found,), scope)
    kind = shared_type((left, right))
    if kind is None or _disjoint(left.type, right.type):
        return _different(left, right, left_at, right_at, scope)
    return applied(operator, (beside(left, kind, scope), beside(right, kind, scope)), scope)


def beside(value: ir.Expression, kind: t.Type, scope: Scope) -> ir.Expression:
    """`value` as one side of a comparison of values of `kind`: exact numbers are compared by value, whatever their digits."""
    exact = isinstance(t.base_of(value.type), t.Int | t.Decimal) and not isinstance(t.base_of(kind), t.Float)
    return value if exact else brought(value, kind, scope)


def _disjoint(left: t.Type, right: t.Type) -> bool:
    ours, theirs = t.base_of(left), t.base_of(right)
    return isinstance(ours, t.Enum) and isinstance(theirs, t.Enum) and set(ours.members).isdisjoint(theirs.members)


def _order(
    operator: str, left: ir.Expression, right: ir.Expression, left_at: Span, right_at: Span, span: Span, scope: Scope, noted: bool
) -> ir.Expression:
    kind = shared_type((left, right))
    if kind is None:
        return _different(left, right, left_at, right_at, scope)
    enums = [isinstance(t.base_of(one.type), t.Enum) for one in (left, right)]
    if any(enums):
        return _by_rank(operator, left, right, left_at, right_at, scope)
    base = t.base_of(kind)
    if not isinstance(base, ORDERED | t.Nothing):
        return tell(scope, TYPE_MISMATCH, left_at, f"`{shown(left_at)}` is {a(plain(base))}, and has no order", "has no order")
    if noted:
        _note_nullable(left, right, left_at, right_at, scope)
    return applied(operator, (beside(left, kind, scope), beside(right, kind, scope)), scope)


def _note_nullable(left: ir.Expression, right: ir.Expression, left_at: Span, right_at: Span, scope: Scope) -> None:
    for value, at in ((left, left_at), (right, right_at)):
        if value.type.nullable:
            message = f"`{shown(at)}` may be null, and the comparison is false then"
            tell(scope, ORDERING_WITH_NULLABLE, at, message, "may be null", help=f"say what null counts as: `({shown(at)} default …)`")
            return


def _by_rank(operator: str, left: ir.Expression, right: ir.Expression, left_at: Span, right_at: Span, scope: Scope) -> ir.Expression:
    """Members of an enumeration in the order in which they are declared."""
    ours, theirs = t.base_of(left.type), t.base_of(right.type)
    nothing = isinstance(ours, t.Nothing) or isinstance(theirs, t.Nothing)
    if not nothing and not (isinstance(ours, t.Enum) and isinstance(theirs, t.Enum) and ours.members == theirs.members):
        strange = right_at if isinstance(ours, t.Enum) else left_at
        message = f"`{shown(left_at)}` and `{shown(right_at)}` are not members of one enumeration"
        return tell(scope, ENUM_ORDER, strange, message, "has no place in its order")
    enum = ours if isinstance(ours, t.Enum) else theirs
    assert isinstance(enum, t.Enum)
    return applied(operator, (rank(left, enum, scope), rank(right, enum, scope)), scope)


def rank(value: ir.Expression, kind: t.Enum, scope: Scope) -> ir.Expression:
    """The place of a member among all, from 1."""
    if isinstance(value, ir.Constant):
        place = kind.members.index(value.value) + 1 if isinstance(value.value, str) else None
        return constant(scope, place, t.Int(nullable=place is None))
    members = constant(scope, kind.members, t.ListOf(t.Text()))
    found = applied("enum_rank", (value, members), scope)
    return found if value.type.nullable else made(scope, _required(found))


def _required(found: ir.Expression) -> ir.Expression:
    from dataclasses import replace

    # A member always has a place.
    return replace(found, type=t.required(found.type))


def orderable(value: ir.Expression, at: Span, scope: Scope) -> ir.Expression:
    """`value` as something to sort by: members of an enumeration by their place."""
    base = t.base_of(value.type)
    if is_unknown(value):
        return UNKNOWN
    if isinstance(base, t.Enum):
        return rank(value, base, scope)
    if isinstance(base, ORDERED | t.Nothing):
        return value
    return tell(scope, TYPE_MISMATCH, at, f"`{shown(at)}` is {a(plain(base))}, and has no order", "has no order")


# ---------------------------------------------------------------- what to write instead


def _different(left: ir.Expression, right: ir.Expression, left_at: Span, right_at: Span, scope: Scope) -> ir.Expression:
    at, written = _conversion(left, right, left_at, right_at)
    ours, theirs = plain(left.type), plain(right.type)
    return tell(
        scope,
        COMPARE_DIFFERENT_TYPES,
        at,
        f"{ours} compared with {theirs}",
        f"this is {a(theirs if at is right_at else ours)}, the other {a(ours if at is right_at else theirs)}",
        notes=no_float(left, right),
        help=f"write `{written}`" if written else _no_conversion(left, right, left_at, right_at),
        fix=replacing(at, written) if written else None,
    )


def no_float(*values: ir.Expression) -> tuple[str, ...]:
    """Notes of the written numbers among values, some of them floats, that are none."""
    if not any(isinstance(t.base_of(value.type), t.Float) for value in values):
        return ()
    numbers = (one.value for one in values if isinstance(one, ir.Constant) and isinstance(one.value, int | Decimal))
    return tuple(f"no float is {Decimal(one):f}: the nearest is {float(one)!r}" for one in numbers if float_of(one) is None)


def _no_conversion(left: ir.Expression, right: ir.Expression, left_at: Span, right_at: Span) -> str | None:
    for value, at, other in ((left, left_at, right), (right, right_at, left)):
        kind = t.base_of(other.type)
        if _says_nothing(value, kind):
            return f"{shown(at)} is not {a(plain(t.required(kind)))}: compare it with a text, or with a value of the other's type"
    return None


def _conversion(left: ir.Expression, right: ir.Expression, left_at: Span, right_at: Span) -> tuple[Span, str | None]:
    """Which side to convert, and how: a constant to the other's type, else the text."""
    sides = [(left, left_at, right), (right, right_at, left)]
    sides.sort(key=lambda side: (not isinstance(side[0], ir.Constant), not isinstance(t.base_of(side[0].type), t.Text)))
    if isinstance(sides[0][0], ir.Constant) and isinstance(t.base_of(sides[0][2].type), t.Text) and not isinstance(sides[0][0].value, str):
        # `l.qty = 1` with a text column: the column is what is to be read as a number.
        sides.reverse()
    for value, at, other in sides:
        if _says_nothing(value, t.base_of(other.type)):
            return at, None
        written = _constant_as(value, t.base_of(other.type), at) or conversion(shown(at), value.type, t.base_of(other.type))
        if written is not None:
            return at, written
    return sides[0][1], None


def _says_nothing(value: ir.Expression, into: t.Type) -> bool:
    """Whether a value is a text in quotes that cannot be read as a number or a day, so that to convert it is no advice."""
    if not isinstance(value, ir.Constant) or not isinstance(value.value, str):
        return False
    match into:
        case t.Int() | t.Decimal() | t.Float():
            return _NUMBER.fullmatch(value.value.strip()) is None
        case t.Date() | t.DateTime():
            return _DAY.match(value.value.strip()) is None
        case _:
            return False


def _constant_as(value: ir.Expression, into: t.Type, at: Span) -> str | None:
    """A text in quotes that is a number: the number."""
    if isinstance(value, ir.Constant) and isinstance(value.value, str) and isinstance(into, t.Int | t.Decimal):
        digits = value.value.removeprefix("-")
        if digits.isdecimal() or (isinstance(into, t.Decimal) and digits.replace(".", "", 1).isdecimal() and digits[-1:] != "."):
            return value.value
    if isinstance(value, ir.Constant) and isinstance(into, t.Text) and isinstance(value.value, int) and not isinstance(value.value, bool):
        return None
    return None
