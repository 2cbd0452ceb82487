"""A value brought into the type of the field it fills: what does not fit has a code."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from datahub.semantic import ir
from datahub.types import model as t
from tests.reference.expressions import Cell, Place, read
from tests.reference.meaning import Reject
from tests.reference.numbers import exact, rounded

MODES = {"half_up": "ROUND_HALF_UP", "half_even": "ROUND_HALF_EVEN", "down": "ROUND_DOWN", "up": "ROUND_UP"}


def fitted(node: ir.Fit, cell: Cell, place: Place) -> Cell:
    if cell.codes:
        return cell
    codes: set[str] = set()
    value = brought(cell.value, node.type, node.rounding, "it", node, place, codes)
    return Cell(None, frozenset(codes)) if codes else Cell(value)


def brought(value: Any, kind: t.Type, rounding: str, here: str, node: ir.Fit, place: Place, codes: set[str]) -> Any:
    """The value, or null and its codes; a part that does not fit spares the others."""
    if value is None:
        if not kind.nullable:
            codes.add("R201")
        return None
    before = len(codes)
    match t.base_of(kind):
        case t.ListOf(item=item):
            value = [brought(one, item, rounding, here + "/*", node, place, codes) for one in value]
        case t.Struct(fields=fields):
            value = {name: brought(value.get(name), inner, rounding, f"{here}/{name}", node, place, codes) for name, inner in fields}
        case t.MapOf(value=inner):
            value = {key: brought(one, inner, rounding, here + "/*", node, place, codes) for key, one in value.items()}
        case base:
            try:
                value = fits(value, base, rounding)
            except Reject as reject:
                codes.add(reject.code)
                return None
    if len(codes) == before:
        codes |= broken(value, here, node, place)
    return value


def fits(value: Any, base: t.Type, rounding: str) -> Any:
    match base:
        case t.Text(shortest=shortest, longest=longest):
            if longest is not None and len(value) > longest:
                raise Reject("R202")
            if shortest and len(value) < shortest:
                raise Reject("R203")
            return value
        case t.Decimal(scale=scale) if isinstance(value, int) or not isinstance(value, float | str):
            scaled = Fraction(value) * 10**scale
            cut = rounded(scaled, MODES[rounding]) if rounding else rounded(scaled, "ROUND_DOWN")
            made = exact(Fraction(cut, 10**scale), base, "R102")
            if not rounding and scaled.denominator != 1:
                raise Reject("R105")
            return made
        case t.Int(width=width):
            if not -(2 ** (width - 1)) <= value < 2 ** (width - 1):
                raise Reject("R102")
            return value
        case t.Enum(members=members):
            if value not in members:
                raise Reject("R109")
            return value
        case _:
            return value


def broken(value: Any, here: str, node: ir.Fit, place: Place) -> set[str]:
    """The code of the first condition about this part that does not hold."""
    from datahub.semantic.walk import walk

    for condition, code in node.conditions:
        about = next((one.name for one in walk(condition) if isinstance(one, ir.Column) and one.name.startswith("it")), "it")
        if about != here:
            continue
        asked = read(condition, place.within(**{here: Cell(value)}))
        if asked.codes:
            return set(asked.codes)
        if not asked.value:
            return {code}
    return set()
