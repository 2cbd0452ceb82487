"""Whether a value fits the bounds of a type: digits, bits, characters."""

from __future__ import annotations

import math
from decimal import Decimal

from datahub.types import model as t


def misfit(value: object, base: t.Type, *, rounded: bool = False) -> str | None:
    """What a value of the kind of `base` has that the type does not take; None where it fits, or nothing is known."""
    match value, base:
        case str(), t.Text(shortest=shortest, longest=longest):
            if longest is not None and len(value) > longest:
                return f"has {len(value)} characters, at most {longest} are taken"
            if shortest is not None and len(value) < shortest:
                return f"has {len(value)} characters, at least {shortest} are taken"
        case (int() | Decimal()) as number, t.Decimal() as place:
            ours = digits_of(number)
            if ours.scale > place.scale and not rounded:
                return f"has {ours.scale} decimals, {place.scale or 'none'} {'is' if place.scale == 1 else 'are'} taken"
            if number and ours.precision - ours.scale > place.precision - place.scale:
                return f"has {ours.precision - ours.scale} digits before the point, {place.precision - place.scale} are taken"
        case int(), t.Int(width=width) if not -(2 ** (width - 1)) <= value < 2 ** (width - 1):
            return f"does not fit {width} bits"
        case float(), t.Float() if not math.isfinite(value):
            return "is no number that is written down"
        case _:
            pass
    return None


def digits_of(value: int | Decimal) -> t.Decimal:
    """The smallest decimal type that holds `value`."""
    number = Decimal(value)
    exponent = number.as_tuple().exponent
    scale = max(-exponent, 0) if isinstance(exponent, int) else 0
    before = max(len(str(abs(int(number)))) if int(number) else 0, 0)
    return t.Decimal(False, max(before + scale, 1), scale)
