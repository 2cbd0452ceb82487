"""How many digits a result can have: the types that exact arithmetic plans before any value is seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from datahub.functions.declare import Datum
from datahub.types import model as t

MOST_DIGITS = 76
MOST_SCALE = 38
"""How many digits after the point a planned result keeps; further ones are rounded away."""
DIVISION_SCALE = 6
INT_DIGITS = 19


def as_decimal(kind: t.Type, value: Any = None) -> t.Decimal:
    """The decimal type that holds a number of type `kind`; of a constant whole number, just its digits."""
    base = t.base_of(kind)
    if isinstance(base, t.Decimal):
        return t.Decimal(False, base.precision, base.scale)
    if isinstance(value, int) and not isinstance(value, bool):
        return t.Decimal(False, len(str(abs(value))), 0)
    return t.Decimal(False, INT_DIGITS, 0)


def planned_sum(left: t.Decimal, right: t.Decimal) -> t.Decimal:
    """The type of a sum or difference: room for all digits of both, and a carry."""
    scale = max(left.scale, right.scale)
    return capped(max(left.precision - left.scale, right.precision - right.scale) + scale + 1, scale)


def planned_product(left: t.Decimal, right: t.Decimal) -> t.Decimal:
    """The type of a product: the digits of both, before and after the point."""
    return capped(left.precision + right.precision, left.scale + right.scale)


def planned_quotient(left: t.Decimal, right: t.Decimal) -> t.Decimal:
    """The type of a quotient: the larger scale, six digits after the point at least."""
    scale = max(left.scale, right.scale, DIVISION_SCALE)
    return capped(left.precision - left.scale + right.scale + scale, scale)


def planned_rounding(kind: t.Decimal, digits: int | None) -> t.Decimal:
    """The type of a number rounded to `digits` after the point; None where only the data knows them."""
    if digits is None:
        return capped(kind.precision + 1, kind.scale)
    scale = min(max(digits, 0), kind.scale)
    return capped(kind.precision - kind.scale + scale + (1 if digits < kind.scale else 0), scale)


def common_decimal(kinds: Sequence[t.Decimal]) -> t.Decimal:
    """The smallest type that holds every number of all `kinds`."""
    scale = max(kind.scale for kind in kinds)
    return capped(max(kind.precision - kind.scale for kind in kinds) + scale, scale)


def capped(precision: int, scale: int) -> t.Decimal:
    """A decimal type that exists: at most 76 digits, 38 of them after the point."""
    scale = min(scale, MOST_SCALE)
    return t.Decimal(False, min(max(precision, scale, 1), MOST_DIGITS), scale)


def decimal_of(values: Datum) -> t.Decimal:
    """The decimal type of a column or constant; a whole number counts as one without digits after the point."""
    kind = values.type
    if pa.types.is_decimal(kind):
        return t.Decimal(False, kind.precision, kind.scale)
    return as_decimal(t.Int(), values.as_py() if isinstance(values, pa.Scalar) else None)


def sum_rule(types: Sequence[t.Type], constants: Sequence[Any]) -> t.Type:
    return planned_sum(*_decimals(types, constants))


def product_rule(types: Sequence[t.Type], constants: Sequence[Any]) -> t.Type:
    return planned_product(*_decimals(types, constants))


def quotient_rule(types: Sequence[t.Type], constants: Sequence[Any]) -> t.Type:
    return planned_quotient(*_decimals(types, constants))


def same_rule(types: Sequence[t.Type], _constants: Sequence[Any]) -> t.Type:
    """The type of the first argument."""
    return t.required(t.base_of(types[0]))


def decimal_same_rule(types: Sequence[t.Type], constants: Sequence[Any]) -> t.Type:
    """The first argument's decimal type."""
    return as_decimal(types[0], constants[0])


def common_rule(types: Sequence[t.Type], constants: Sequence[Any]) -> t.Type:
    """The decimal type that holds all arguments."""
    return common_decimal(_decimals(types, constants))


def rounding_rule(types: Sequence[t.Type], constants: Sequence[Any]) -> t.Type:
    """The decimal type of the first argument rounded to the second, which is 0 where it is left out."""
    digits = constants[1] if len(types) > 1 else 0
    return planned_rounding(as_decimal(types[0], constants[0]), digits if isinstance(digits, int) else None)


def _decimals(types: Sequence[t.Type], constants: Sequence[Any]) -> list[t.Decimal]:
    return [as_decimal(kind, value) for kind, value in zip(types, constants, strict=True)]
