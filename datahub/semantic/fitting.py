"""A value brought into the place that it fills: whether it may stand there, and what can be lost."""

from __future__ import annotations

from decimal import Decimal

from datahub.document import Span
from datahub.semantic import ir
from datahub.semantic.conditions import conditions_into
from datahub.semantic.constructors import member_of
from datahub.semantic.misfits import conversion
from datahub.semantic.rules_types import NEVER_CONVERTS, SCALE_LOSS, TEXT_NARROWING, TYPE_MISMATCH, ZONE_MISSING
from datahub.semantic.scope import Scope
from datahub.semantic.told import a, is_unknown, shown, tell
from datahub.semantic.values import as_value, constant, made
from datahub.syntax.literals import EXACT
from datahub.types import model as t
from datahub.types.assign import assignable, carried_alike, losses, plain
from datahub.types.fits import misfit


def fit(value: ir.Expression, into: t.Type, scope: Scope, span: Span, rounding: str = "", field: str = "") -> ir.Expression:
    """`value` as one of type `into`: itself where nothing can fail, else in a `Fit`, which rejects what does not fit.

    `field` is the name of what is filled, for messages; `rounding` is how surplus decimals go.
    """
    if is_unknown(value) or isinstance(into, t.Unknown):
        return value
    if isinstance(value, ir.Omitted):
        return made(scope, ir.Omitted(into))
    if isinstance(value, ir.Constant):
        return _constant(value, into, scope, span, rounding, field)
    if not assignable(value.type, into):
        return _mismatch(value.type, into, scope, span, field)
    _notes(value.type, into, scope, span, rounding, field)
    return _fitted(value, into, scope, rounding)


def _fitted(value: ir.Expression, into: t.Type, scope: Scope, rounding: str) -> ir.Expression:
    conditions = conditions_into(value.type, into, scope)
    rounded = rounding if rounding and losses(value.type, into) != losses(value.type, into, rounding) else ""
    if not conditions and not rounded and not losses(value.type, into) and carried_alike(value.type, into):
        return value
    return made(scope, ir.Fit(value, into, rounded, conditions))


def _place(into: t.Type, field: str) -> str:
    return f"`{field}` takes {a(plain(into))}" if field else f"{a(plain(into))} is taken here"


def _mismatch(kind: t.Type, into: t.Type, scope: Scope, span: Span, field: str) -> ir.Expression:
    written = shown(span)
    if isinstance(t.base_of(into), t.DateTime) and isinstance(t.base_of(kind), t.LocalDateTime):
        message = f"{_place(into, field)}, and `{written}` has no zone"
        help = f'say whose clock it is: `datetime({written}, "Europe/Paris")`'
        return tell(scope, ZONE_MISSING, span, message, "what a clock on a wall shows", help=help)
    instead = conversion(written, kind, t.base_of(into))
    message = f"{_place(into, field)}, and `{written}` is {a(plain(kind))}"
    return tell(scope, TYPE_MISMATCH, span, message, f"this is {a(plain(kind))}", help=f"write `{instead}`" if instead else None)


def _notes(kind: t.Type, into: t.Type, scope: Scope, span: Span, rounding: str, field: str) -> None:
    """Tell what is narrower here than the value: of a text only where both lengths are stated."""
    ours, place = t.base_of(kind), t.base_of(into)
    named = f"`{field}`" if field else "the place"
    if isinstance(ours, t.Text) and isinstance(place, t.Text) and (ours.longest or 0) > (place.longest or ours.longest or 0):
        message = f"`{shown(span)}` may have {ours.longest} characters, and {named} takes {place.longest}"
        help = f"if it is to be cut, write `left({shown(span)}, {place.longest})`"
        tell(scope, TEXT_NARROWING, span, message, "longer ones are rejected (R202)", help=help)
    if isinstance(ours, t.Decimal) and isinstance(place, t.Decimal) and ours.scale > place.scale and not rounding:
        message = f"`{shown(span)}` may have {ours.scale} decimals, and {named} takes {place.scale}"
        help = f"say how they are rounded: `round({shown(span)}, {place.scale})`"
        tell(scope, SCALE_LOSS, span, message, "further decimals are rejected (R105)", help=help)


# ---------------------------------------------------------------- constants


def _constant(value: ir.Constant, into: t.Type, scope: Scope, span: Span, rounding: str, field: str) -> ir.Expression:
    """A constant in a place: what does not fit is known now."""
    base = t.base_of(into)
    if value.value is None:
        if into.nullable:
            return constant(scope, None, into)
        message = f"`{field}` is never null" if field else f"{a(plain(into))} is never null"
        return tell(scope, TYPE_MISMATCH, span, message, "null is not taken", help="make its type nullable with `?`, or give a value")
    if isinstance(base, t.Enum) and isinstance(value.value, str) and value.type != base:
        found = member_of(value.value, base, span, scope)
        return found if is_unknown(found) else constant(scope, value.value, t.required(into))
    if not assignable(value.type, into):
        return _mismatch(value.type, into, scope, span, field)
    said = misfit(value.value, base, rounded=bool(rounding))
    if said is not None:
        return tell(scope, NEVER_CONVERTS, span, f"`{shown(span)}` {said}", f"does not fit {a(t.spelled(t.required(into)))}")
    ready = constant(scope, as_value(_rounded(value.value, base, rounding), base), _exact(value, base))
    if losses(ready.type, into) or conditions_into(value.type, into, scope):
        return _fitted(ready, into, scope, "")
    return constant(scope, ready.value, t.required(into))


def _exact(value: ir.Constant, base: t.Type) -> t.Type:
    """The type of the constant once it was looked at: of scalars nothing is left to fail."""
    return value.type if isinstance(base, t.ListOf | t.MapOf | t.Struct | t.Enum) else base


def _rounded(value: ir.Value, base: t.Type, rounding: str) -> ir.Value:
    if rounding and isinstance(base, t.Decimal) and isinstance(value, Decimal):
        return value.quantize(Decimal(1).scaleb(-base.scale), _MODES[rounding], EXACT)
    return value


_MODES = {"half_up": "ROUND_HALF_UP", "half_even": "ROUND_HALF_EVEN", "down": "ROUND_DOWN", "up": "ROUND_UP"}
