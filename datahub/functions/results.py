"""Result types that a signature cannot say: they keep names and lengths, or compute precision and fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from datahub.functions.declare import TypeRule
from datahub.functions.precision import as_decimal, common_decimal
from datahub.types import model as t

WIDEST = 76
"""The most digits that a decimal can have."""


def same_or_null(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type:
    """The type of the first argument, nullable."""
    return t.nullable(kinds[0])


ORDERED = (
    t.Bool, t.Int, t.Decimal, t.Float, t.Text, t.Date, t.Time, t.DateTime, t.LocalDateTime, t.Duration, t.Nothing, t.Unknown,
)  # fmt: skip
"""Types whose values have an order that their columns show; members of an enumeration go by their place instead."""


def ordered(rule: TypeRule) -> TypeRule:
    """`rule`, for values that have an order."""

    def of_ordered(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type | None:
        return rule(kinds, constants) if isinstance(t.base_of(kinds[0]), ORDERED) else None

    return of_ordered


def ordered_list(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type | None:
    """The type of the first argument, a list of values that have an order."""
    item = item_of(kinds[0])
    return same_as_first(kinds, constants) if item is not None and isinstance(t.base_of(item), ORDERED) else None


def yes_or_no(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type:
    """A truth value."""
    return t.Bool()


def item_of(kind: t.Type) -> t.Type | None:
    """The type of the items of a list, or None where `kind` is no list."""
    listed = t.base_of(kind)
    return listed.item if isinstance(listed, t.ListOf) else None


def listed(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type:
    """A list of the first argument's values."""
    return t.ListOf(kinds[0])


def listed_values(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type:
    """A list of the first argument's values that are not null."""
    return t.ListOf(t.required(kinds[0]))


def total(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type:
    """A sum of decimals has ten digits more."""
    precision, scale = digits(kinds[0])
    return t.Decimal(False, min(precision + 10, WIDEST), scale)


def mean(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type:
    """A mean has at least six decimals."""
    precision, scale = digits(kinds[0])
    return t.Decimal(True, *mean_digits(precision, scale))


def mean_digits(precision: int, scale: int) -> tuple[int, int]:
    """Precision and scale of a mean of decimals."""
    after = max(scale, 6)
    return min(precision - scale + after, WIDEST), after


def digits(kind: t.Type) -> tuple[int, int]:
    """Precision and scale of a number."""
    base = t.base_of(kind)
    return (base.precision, base.scale) if isinstance(base, t.Decimal) else (19, 0)


def product_of(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type:
    """A product of decimals has 38 digits, at least ten of them after the point."""
    return t.Decimal(True, 38, max(digits(kinds[0])[1], 10))


def same_as_first(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type:
    """The type of the first argument, not null."""
    return t.required(t.base_of(kinds[0]))


def item_or_null(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type | None:
    """The type of the first argument's items, nullable."""
    item = item_of(kinds[0])
    return None if item is None else t.nullable(item)


def listed_items(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type | None:
    """A list of the first argument's items without nulls."""
    item = item_of(kinds[0])
    return None if item is None else t.ListOf(t.required(item))


def common_list(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type:
    """A list of what the items of all lists have in common."""
    return t.ListOf(common_type([item for item in map(item_of, kinds) if item is not None]))


def list_with_value(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type:
    """The list type of the first argument, into which the last one goes."""
    item = item_of(kinds[0])
    return t.ListOf(common_type([one for one in (item, t.required(kinds[-1])) if one is not None]))


def list_with_values(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type:
    """The list type of the first argument, into which all others go."""
    item = item_of(kinds[0])
    return t.ListOf(common_type([one for one in (item, *map(t.required, kinds[1:])) if one is not None]))


def common_type(kinds: Sequence[t.Type]) -> t.Type:
    """The first type that is known, a decimal that holds them all where they are numbers; nullable where one is."""
    known = [kind for kind in kinds if not isinstance(kind, (t.Nothing, t.Unknown))]
    if not known:
        return kinds[0]
    found = known[0]
    bases = [t.required(t.base_of(kind)) for kind in known]
    if any(base != bases[0] for base in bases) and all(isinstance(base, (t.Int, t.Decimal)) for base in bases):
        decimal = any(isinstance(base, t.Decimal) for base in bases)
        found = common_decimal([as_decimal(base) for base in bases]) if decimal else t.Int()
    return t.with_null(found, any(kind.nullable for kind in kinds))
