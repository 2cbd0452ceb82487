"""Which type may stand where, what may be lost on the way, and the type that two have in common.

There is no implicit conversion but int to decimal, `T` to `T?`, and an enumeration to the text that its members are.
A narrower type of the same kind may be filled: what does not fit is a reject, whose code is known here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from datahub.types import model as t

MOST_DIGITS = 76
INT_DIGITS = 19
"""A whole number of 64 bits has at most so many digits."""


def assignable(kind: t.Type, into: t.Type) -> bool:
    """Whether a value of type `kind` may fill a place of type `into`, at worst with rejects; null counts as a value to come."""
    kind, into = t.base_of(kind), t.base_of(into)
    match kind, into:
        case (t.Unknown() | t.Nothing(), _) | (_, t.Unknown() | t.Nothing()):
            return True
        case (t.Text() | t.Enum(), t.Text()) | (t.Text(), t.Enum()) | (t.Int() | t.Decimal(), t.Decimal()):
            return True
        case t.Enum(members=ours), t.Enum(members=theirs):
            return not set(ours).isdisjoint(theirs)
        case (t.ListOf(item=ours), t.ListOf(item=theirs)) | (t.MapOf(value=ours), t.MapOf(value=theirs)):
            return assignable(ours, theirs)
        case t.Struct(), t.Struct(fields=pairs):
            return _same_names(kind, into) and all(assignable(_field(kind, name), theirs) for name, theirs in pairs)
        case _:
            return type(kind) is type(into)


def _same_names(left: t.Struct, right: t.Struct) -> bool:
    return {name for name, _ in left.fields} == {name for name, _ in right.fields}


def _field(kind: t.Struct, name: str) -> t.Type:
    return kind.get(name) or t.Unknown()


def losses(kind: t.Type, into: t.Type, rounding: str = "") -> tuple[str, ...]:
    """The reject codes that filling a place of type `into` with values of type `kind` can give, in order.

    R102: too large; R105: digits after the point; R109: no member; R201: null; R202, R203: length.
    """
    return tuple(sorted(set(_losses(kind, into, rounding))))


def _losses(kind: t.Type, into: t.Type, rounding: str) -> Iterable[str]:
    if isinstance(kind, t.Unknown) or isinstance(into, t.Unknown):
        return
    if kind.nullable and not into.nullable:
        yield "R201"
    match t.base_of(kind), t.base_of(into):
        case t.Int(width=ours), t.Int(width=theirs):
            if theirs < ours:
                yield "R102"
        case (t.Int() | t.Decimal()) as number, t.Decimal() as place:
            ours = as_decimal(number)
            if ours.scale > place.scale and not rounding:
                yield "R105"
            if not _room_before_point(ours, place):
                yield "R102"
        case (t.Text() | t.Enum()) as text, t.Text() as place:
            yield from _lengths(bounds(text), place)
        case (t.Text() | t.Enum()) as text, t.Enum(members=theirs):
            if isinstance(text, t.Text) or not set(text.members) <= set(theirs):
                yield "R109"
        case (t.ListOf(item=ours), t.ListOf(item=theirs)) | (t.MapOf(value=ours), t.MapOf(value=theirs)):
            yield from _losses(ours, theirs, rounding)
        case t.Struct() as struct, t.Struct(fields=pairs):
            for name, theirs in pairs:
                yield from _losses(_field(struct, name), theirs, rounding)
        case _:
            return


def _room_before_point(ours: t.Decimal, place: t.Decimal) -> bool:
    # Rounding at the place's scale can carry into one more digit: 9.99 becomes 10.0.
    carry = 1 if ours.scale > place.scale else 0
    return ours.precision - ours.scale + carry <= place.precision - place.scale


def _lengths(ours: tuple[int | None, int | None], place: t.Text) -> Iterable[str]:
    shortest, longest = ours
    if place.longest is not None and (longest is None or longest > place.longest):
        yield "R202"
    if place.shortest and (shortest is None or shortest < place.shortest):
        yield "R203"


def bounds(kind: t.Text | t.Enum) -> tuple[int | None, int | None]:
    """The shortest and longest that a value can be."""
    if isinstance(kind, t.Text):
        return kind.shortest, kind.longest
    lengths = [len(member) for member in kind.members]
    return (min(lengths), max(lengths)) if lengths else (None, None)


def as_decimal(kind: t.Int | t.Decimal) -> t.Decimal:
    """The decimal type that holds every number of type `kind`."""
    return kind if isinstance(kind, t.Decimal) else t.Decimal(kind.nullable, INT_DIGITS, 0)


def common(left: t.Type, right: t.Type) -> t.Type | None:
    """The narrowest type that holds the values of both, or None where there is none."""
    if left == right:
        return left
    nullable = left.nullable or right.nullable
    match left, right:
        case (t.Unknown(), other) | (other, t.Unknown()) | (t.Nothing(), other) | (other, t.Nothing()):
            found: t.Type | None = other
        case t.Named(name=ours), t.Named(name=theirs) if ours == theirs:
            found = left
        case _:
            found = _common(t.base_of(left), t.base_of(right))
    if found is None or isinstance(found, t.Unknown):
        return found
    return t.with_null(found, nullable) if nullable else found


def _common(left: t.Type, right: t.Type) -> t.Type | None:
    match left, right:
        case t.Int(), t.Int():
            return t.Int()
        case (t.Int() | t.Decimal(), t.Decimal()) | (t.Decimal(), t.Int()):
            return _common_decimal(as_decimal(left), as_decimal(right))  # type: ignore[arg-type]
        case (t.Text() | t.Enum(), t.Text() | t.Enum()):
            same = isinstance(left, t.Enum) and isinstance(right, t.Enum) and left.members == right.members
            return left if same else _common_text(bounds(left), bounds(right))
        case t.ListOf(item=ours), t.ListOf(item=theirs):
            item = common(ours, theirs)
            return None if item is None else t.ListOf(item)
        case t.MapOf(value=ours), t.MapOf(value=theirs):
            value = common(ours, theirs)
            return None if value is None else t.MapOf(value)
        case t.Struct(), t.Struct():
            return _common_struct(left, right)
        case _:
            return t.required(left) if type(left) is type(right) else None


def _common_decimal(left: t.Decimal, right: t.Decimal) -> t.Decimal:
    scale = max(left.scale, right.scale)
    return t.Decimal(False, min(max(left.precision - left.scale, right.precision - right.scale) + scale, MOST_DIGITS), scale)


def _common_text(left: tuple[int | None, int | None], right: tuple[int | None, int | None]) -> t.Text:
    shortest = None if left[0] is None or right[0] is None else min(left[0], right[0])
    longest = None if left[1] is None or right[1] is None else max(left[1], right[1])
    return t.Text(False, shortest, longest)


def _common_struct(left: t.Struct, right: t.Struct) -> t.Type | None:
    if not _same_names(left, right):
        return None
    pairs = []
    for name, ours in left.fields:
        shared = common(ours, _field(right, name))
        if shared is None:
            return None
        pairs.append((name, shared))
    return t.Struct(tuple(pairs))


def common_of(kinds: Iterable[t.Type]) -> t.Type | None:
    """The narrowest type that holds the values of all; of none, the type of null."""
    found: t.Type | None = None
    for kind in kinds:
        found = kind if found is None else common(found, kind)
        if found is None:
            return None
    return t.Nothing() if found is None else found


def carried_alike(left: t.Type, right: t.Type) -> bool:
    """Whether values of both types look the same in memory, so that none needs to be changed to pass for the other."""
    left, right = t.base_of(left), t.base_of(right)
    match left, right:
        case t.Text() | t.Enum() | t.Json() | t.Pattern(), t.Text() | t.Enum() | t.Json() | t.Pattern():
            return True
        case t.Decimal(), t.Decimal():
            return (left.precision, left.scale) == (right.precision, right.scale)
        case (t.ListOf(item=ours), t.ListOf(item=theirs)) | (t.MapOf(value=ours), t.MapOf(value=theirs)):
            return carried_alike(ours, theirs)
        case t.Struct(fields=ours_), t.Struct(fields=theirs_):
            same = [name for name, _ in ours_] == [name for name, _ in theirs_]
            return same and all(carried_alike(a, b) for (_, a), (_, b) in zip(ours_, theirs_, strict=True))
        case _:
            return type(left) is type(right)


def plain(kind: t.Type) -> str:
    """`kind` as one names it in a sentence: without lengths and digits, and without `?`."""
    match kind:
        case t.Text():
            return "text"
        case t.Int() | t.Decimal():
            return type(kind).__name__.lower()
        case t.ListOf(item=item):
            return f"[{plain(item)}]"
        case t.MapOf(value=value):
            return f"map({plain(value)})"
        case t.Enum(members=members) if len(members) > 5:
            return "enum(" + ", ".join((*members[:5], "…")) + ")"
        case t.Struct(fields=pairs):
            shown = ", ".join(f"{name}: {plain(inner)}" for name, inner in pairs[:4])
            return "{" + shown + (", …" if len(pairs) > 4 else "") + "}"
        case _:
            return t.spelled(t.required(kind) if not isinstance(kind, t.Nothing) else kind)


def unnamed(kind: t.Type) -> t.Type:
    """`kind` with the types that it names taken for what they are made of."""
    return t.with_parts(t.base_of(kind), lambda _, inner: unnamed(inner))


def without_bounds(kind: t.Type) -> t.Type:
    """`kind` with any length."""
    return replace(kind, shortest=None, longest=None) if isinstance(kind, t.Text) else kind
