"""Constants among the arguments of a function, tried before any row is there: formats, zones, and whatever else it refuses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from datahub.diagnostics.suggest import nearest
from datahub.functions.calendar_names import is_known
from datahub.functions.civil import zone_known
from datahub.functions.declare import Overload, Parameter
from datahub.semantic import ir
from datahub.semantic.constants import format_arguments, purpose, tell_format
from datahub.semantic.folding import left_out
from datahub.semantic.rules_types import BAD_ARGUMENTS
from datahub.semantic.scope import Scope
from datahub.semantic.told import shown, tell
from datahub.types import model as t
from datahub.types.arrow import arrow_type

if TYPE_CHECKING:
    from datahub.semantic.overloads import Given, Pair

_SAMPLES: dict[type, Any] = {
    t.Bool: True,
    t.Int: 1,
    t.Decimal: Decimal(0),
    t.Float: 1.0,
    t.Text: "1",
    t.Date: date(2000, 1, 1),
    t.Time: time(12),
    t.DateTime: datetime(2000, 1, 1, tzinfo=UTC),
    t.LocalDateTime: datetime(2000, 1, 1),  # noqa: DTZ001 - what a clock on a wall shows
    t.Duration: timedelta(1),
}


def takes_constants(name: str, overload: Overload, pairs: Sequence[Pair], scope: Scope) -> bool:
    """Whether a function takes the constants among its arguments; what it refuses is told."""
    for _, given in format_arguments(name, pairs):
        if not isinstance(given.value, ir.Constant) or not isinstance(given.value.value, str):
            continue
        if "/" in given.value.value and zone_known(given.value.value):
            message = f"`{given.value.value}` is a time zone, and stands where the pattern does"
            tell(scope, BAD_ARGUMENTS, given.span, message, "no pattern", help=f"write `zone: {shown(given.span)}`")
            return False
        if tell_format(given.value.value, given.span, scope, purpose(name, pairs)):
            return False
    for parameter, given in pairs:
        zone = given.value.value if parameter.name == "zone" and isinstance(given.value, ir.Constant) else None
        if isinstance(zone, str) and zone and not zone_known(zone):
            help = 'write one such as `"Europe/Paris"` or `"+02:00"`'
            tell(scope, BAD_ARGUMENTS, given.span, f"there is no time zone `{zone}`", "not a time zone", help=help)
            return False
        if not _says_language(name, parameter.name, given, scope):
            return False
        if parameter.name == "rate" and name in _TAXES and isinstance(given.value, ir.Constant) and not _is_share(given.value.value):
            rate = shown(given.span)
            help = f"write `{rate}%` for {rate} percent" if rate.replace(".", "").isdigit() else "write a share such as `20%` or `0.2`"
            tell(scope, BAD_ARGUMENTS, given.span, f"`{rate}` is no share, and every row would be rejected", "not from 0 to 1", help=help)
            return False
    if name == "convert_unit" and not _measure_alike([given for parameter, given in pairs if parameter.name != "value"], scope):
        return False
    return _tried(name, overload, pairs, scope)


def _says_language(name: str, parameter: str, given: Given, scope: Scope) -> bool:
    """Whether a language that is written in the script is known; and whether a pattern that dates are written by is not empty."""
    value = given.value.value if isinstance(given.value, ir.Constant) else None
    if parameter in ("locale", "language") and isinstance(value, str) and not _is_language(name, value):
        help = "languages are `fr`, `en`, `de`, `es`, `it`, `nl` and `pt`"
        tell(scope, BAD_ARGUMENTS, given.span, f"`{name}` does not know the language `{value}`", "not known", help=help)
        return False
    if name == "text" and parameter == "pattern" and value == "":
        help = 'write one such as `"dd/MM/yyyy"`, or leave it out'
        tell(scope, BAD_ARGUMENTS, given.span, "the pattern is empty, and so would be every text", "nothing in it", help=help)
        return False
    return True


def _is_language(name: str, value: str) -> bool:
    if name != "country_name":
        return not value or is_known(value)
    from datahub.functions.commerce_codes import names_in

    return bool(names_in("territories", value))


def _measure_alike(given: Sequence[Given], scope: Scope) -> bool:
    """Whether units that are written in the script are known, and measure the same."""
    from datahub.functions.commerce_units import UNITS, kind_of

    written = [(one, one.value.value) for one in given if isinstance(one.value, ir.Constant) and isinstance(one.value.value, str)]
    for one, unit in written:
        if kind_of(unit) is None:
            near = nearest(unit, UNITS) if len(unit) > 2 else None
            help = (
                f'write `"{near}"`'
                if near
                else "units are those of `dhm functions convert_unit`: weights, volumes, lengths, areas and temperatures"
            )
            tell(scope, BAD_ARGUMENTS, one.span, f"there is no unit `{unit}`, and every row would be rejected", "not a unit", help=help)
            return False
    kinds = [f"`{unit}` is a {kind_of(unit)}" for _, unit in written]
    if len({kind_of(unit) for _, unit in written}) > 1:
        tell(
            scope, BAD_ARGUMENTS, written[-1][0].span, f"{kinds[0]}, and {kinds[1]}: every row would be rejected", "measures another thing"
        )
        return False
    return True


_TAXES = frozenset(("vat_of", "gross_of", "net_of"))


def _is_share(rate: object) -> bool:
    return not isinstance(rate, int | Decimal) or 0 <= rate <= 1


def _tried(name: str, overload: Overload, pairs: Sequence[Pair], scope: Scope) -> bool:
    """Call the kernel with the constants and one row of our own: an option that it cannot take shows at once."""
    # What is left out before an argument that is named stands nowhere.
    stated = [given for parameter, given in pairs if parameter.constant and given.span is not None]
    if not stated or overload.kind != "function" or overload.context:
        return True
    # A null that is written out has no type of its own: the row is null whatever the options are.
    if any(isinstance(t.base_of(given.value.type), t.Nothing) for parameter, given in pairs if not parameter.constant):
        return True
    row = [_passed(parameter.constant, given.value) for parameter, given in pairs]
    if not any(isinstance(one, pa.Array) for one in row):
        return True
    try:
        overload.kernel(*row, **left_out(overload, len(row)))
    except (ValueError, TypeError, KeyError, IndexError, OverflowError) as refused:
        said = str(refused) if isinstance(refused, ValueError) and str(refused).startswith(("`", "it ")) else ""
        at = next((given for parameter, given in pairs if _speaks_of(said, parameter, given) and given.span is not None), stated[0])
        message = f"`{name}` does not take `{shown(at.span)}`" + (f": {said}" if said else "")
        tell(scope, BAD_ARGUMENTS, at.span, message, "not taken")
        return False
    return True


def _speaks_of(said: str, parameter: Parameter, given: Given) -> bool:
    """Whether the first that a refusal names is this parameter, or what is written for it."""
    first = said[1:].partition("`")[0] if said.startswith("`") else ""
    written = given.value.value if isinstance(given.value, ir.Constant) else None
    return first != "" and parameter.constant and first in (parameter.name, written)


def _passed(constant: bool, value: ir.Expression) -> Any:
    if constant and isinstance(value, ir.Constant):
        return value.value
    kind = arrow_type(value.type)
    sample = _SAMPLES.get(type(t.base_of(value.type)))
    return pa.nulls(1, kind) if sample is None else pa.array([sample]).cast(kind)
