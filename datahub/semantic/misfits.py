"""Why a function does not take its arguments, told so that one can mend it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import TYPE_CHECKING, Literal

from datahub.diagnostics.suggest import listed, nearest
from datahub.document import Span
from datahub.functions.declare import Function, Overload, Parameter
from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.rules_types import BAD_ARGUMENTS, TYPE_MISMATCH
from datahub.semantic.scope import Scope
from datahub.semantic.told import a, replacing, shown, tell
from datahub.types import model as t
from datahub.types.assign import plain
from datahub.types.shapes import Bound, Exact, Family, Shape, matches, shape, told

if TYPE_CHECKING:
    from datahub.semantic.overloads import Given

Why = Literal["type", "constant", "null", "rule", "few", "many", "name", "twice"]


@record(frozen=True, slots=True)
class Misfit:
    """Why one overload does not take the arguments, and at which of them it stops."""

    overload: Overload
    why: Why
    at: int
    parameter: Parameter | None = None
    span: Span | None = None
    kind: t.Type | None = None
    written: str = ""
    bound: t.Type | None = None
    """What the arguments before say that a value of any type has to be here."""


def tell_misfit(function: Function, misfits: Sequence[Misfit], given: Sequence[Given], scope: Scope, span: Span) -> ir.Expression:
    """Tell why none of the overloads takes the arguments, by the one that comes nearest."""
    refused = next((one for one in misfits if one.why == "rule"), None)
    if refused is not None:
        return _refused_constant(function, refused, given, scope, span)
    by_type = [one for one in misfits if one.why in ("type", "constant", "null")]
    if by_type:
        furthest = max(one.at for one in by_type)
        nearest_ones = [one for one in by_type if one.at == furthest]
        if all(one.why == "null" for one in nearest_ones):
            return _no_constant(function, nearest_ones[0], scope, span)
        if nearest_ones[0].why == "constant":
            return _not_constant(function, nearest_ones[0], given, scope, span)
        return _wrong_type(function, [one for one in nearest_ones if one.why == "type"], given, scope, span)
    strange = next((one for one in misfits if one.why in ("name", "twice")), None)
    if strange is not None:
        return _wrong_name(function, strange, scope, span)
    return _wrong_count(function, misfits, given, scope, span)


def _refused_constant(function: Function, misfit: Misfit, given: Sequence[Given], scope: Scope, span: Span) -> ir.Expression:
    at = misfit.span or span
    why = _of_picture(misfit, given)
    message = f"{called(function)} does not take `{shown(at)}`{_as_parameter(function, misfit)}" + (f": {why}" if why else "")
    return tell(
        scope, BAD_ARGUMENTS, at, message, "not one of what it takes", help=_fields_of(misfit) or f"see `dhm functions {function.name}`"
    )


def _of_picture(misfit: Misfit, given: Sequence[Given]) -> str:
    """What is wrong with the picture of a number."""
    from datahub.functions.pictures import pictures

    value = next((one.value for one in given if one.span is misfit.span), None)
    if (
        misfit.parameter is None
        or misfit.parameter.name != "pattern"
        or not isinstance(value, ir.Constant)
        or not isinstance(value.value, str)
    ):
        return ""
    try:
        pictures(value.value)
    except ValueError as problem:
        return str(problem)
    return ""


def _fields_of(misfit: Misfit) -> str | None:
    """The fields that a name can be one of, where it is given beside a struct."""
    struct = t.base_of(misfit.kind) if misfit.kind is not None else None
    return f"its fields are {listed(name for name, _ in struct.fields)}" if isinstance(struct, t.Struct) and struct.fields else None


# ---------------------------------------------------------------- types


def _wrong_type(function: Function, misfits: Sequence[Misfit], given: Sequence[Given], scope: Scope, span: Span) -> ir.Expression:
    first = misfits[0]
    wanted = tuple(
        dict.fromkeys(
            a(plain(one.bound)) if one.bound is not None else _told_for(shape(one.parameter.type))
            for one in misfits
            if one.parameter is not None
        )
    )
    at = first.span or span
    written = shown(at)
    items = any(one.span is at and isinstance(one.value, ir.Column) and one.value.name.startswith("#") for one in given)
    kind = "nothing" if first.kind is None else f"[{plain(first.kind)}]" if items else plain(first.kind)
    help, replaced = _mended(function, misfits, given, first, at)
    if function.name == "has" and first.kind is not None and isinstance(struct := t.base_of(first.kind), t.Struct):
        help = f"which fields a struct has is known: {listed(name for name, _ in struct.fields)}; ask for a value with `is not null`"
    if items and replaced:
        help, replaced = f"write `[{replaced.replace(written, 'x')} for x in {written}]`", None
    return tell(
        scope,
        TYPE_MISMATCH,
        at,
        f"{called(function)} takes {_either(wanted)}{_as_parameter(function, first)}, and `{written}` is {a(kind)}",
        f"this is {a(kind)}",
        help=help,
        fix=replacing(at, replaced) if replaced else None,
    )


def _told_for(wanted: Shape) -> str:
    return a(told(wanted)) if not told(wanted).startswith(("a ", "any ")) else told(wanted)


def _either(wanted: Sequence[str]) -> str:
    few = wanted[:4]
    return few[0] if len(few) == 1 else ", ".join(few[:-1]) + " or " + few[-1]


def _as_parameter(function: Function, misfit: Misfit) -> str:
    if function.kind == "operator" or misfit.parameter is None or len(misfit.overload.parameters) < 2:
        return ""
    return f" as `{misfit.parameter.name}`"


def called(function: Function) -> str:
    """The function in a sentence."""
    return "`-`" if function.name == "neg" else f"`{function.name}`"


def _mended(
    function: Function, misfits: Sequence[Misfit], given: Sequence[Given], first: Misfit, at: Span
) -> tuple[str | None, str | None]:
    """What to write instead, as help and as the text that replaces the argument."""
    kind = first.kind
    if kind is None:
        return None, None
    if function.name == "+" and any(isinstance(t.base_of(one.value.type), t.Text) for one in given):
        return _for_joining(given)
    if function.name in ("+", "-") and any(isinstance(t.base_of(one.value.type), t.Date | t.Time) for one in given):
        return _for_days(function.name, given), None
    if function.name in _ON_CLOCKS and isinstance(t.base_of(kind), t.DateTime):
        # As text it is another form, which the function would reject.
        return f"which it is depends on whose clock shows it: write `{_ON_CLOCKS[function.name].format(shown(at))}`", None
    if (sorted_out := _in_order(function, misfits, given)) is not None:
        return sorted_out, None
    for one in misfits:
        wanted = shape(one.parameter.type) if one.parameter is not None else None
        written = conversion(shown(at), kind, _target(wanted))
        if written is not None:
            return f"write `{written}`", written
    return None, None


_ON_CLOCKS = {
    "date": 'local_date({}, "Europe/Paris")',
    "time": 'time(to_zone({}, "Europe/Paris"))',
    "local_datetime": 'to_zone({}, "Europe/Paris")',
}
"""What is asked of an instant, and how."""


def _target(wanted: Shape | None) -> t.Type | None:
    match wanted:
        case Exact(kind=kind):
            return kind
        case Family(name="number"):
            return t.Decimal()
        case _:
            return None


def _for_joining(given: Sequence[Given]) -> tuple[str | None, str | None]:
    texts = [isinstance(t.base_of(one.value.type), t.Text | t.Enum) for one in given]
    at = texts.index(True)
    if all(texts) or isinstance(given[at].value, ir.Constant):
        parts = (shown(one.span) if text else f"text({shown(one.span)})" for one, text in zip(given, texts, strict=True))
        return f"texts are joined with `&`: `{' & '.join(parts)}`", None
    written = conversion(shown(given[at].span), given[at].value.type, t.base_of(given[1 - at].value.type))
    return (f"write `{written}`" if written else None), None


def _for_days(operator: str, given: Sequence[Given]) -> str | None:
    left, right = given[0], given[-1]
    days = [isinstance(t.base_of(one.value.type), t.Date) for one in (left, right)]
    if all(days):
        return f"the days between two dates are `days_between({shown(right.span)}, {shown(left.span)})`" if operator == "-" else None
    if days[0] and isinstance(t.base_of(right.value.type), t.Int):
        sign = "-" if operator == "-" else ""
        return f"days are added with `add_days({shown(left.span)}, {sign}{shown(right.span)})`"
    if days[0] and isinstance(t.base_of(right.value.type), t.Duration):
        return f"days are added with `add_days({shown(left.span)}, 1)`; a duration moves a datetime"
    if isinstance(t.base_of(left.value.type), t.Time):
        first, second = (f'local_datetime(date("2000-01-01"), {shown(one.span)})' for one in (left, right))
        if isinstance(t.base_of(right.value.type), t.Duration):
            return f"a duration moves a datetime, as past midnight is another day: `time({first} {operator} {shown(right.span)})`"
        if operator == "-" and isinstance(t.base_of(right.value.type), t.Time):
            return f"times have no length between them before they are of a day: `{first} - {second}`"
    return None


def _in_order(function: Function, misfits: Sequence[Misfit], given: Sequence[Given]) -> str | None:
    """The arguments in the order in which an overload takes them, where they are all there in another one."""
    if function.kind == "operator" or not 2 <= len(given) <= 4 or any(one.name is not None for one in given):
        return None
    for overload in (one.overload for one in misfits):
        wanted = overload.parameters[: len(given)]
        whole = len(wanted) == len(given) and not any(one.variadic for one in wanted)
        if whole and all(one.optional for one in overload.parameters[len(given) :]):
            for order in list(permutations(given))[1:]:
                if _all_fit(wanted, order):
                    return f"write `{function.name}({', '.join(shown(one.span) for one in order)})`: it is `{overload.signature}`"
    return None


def _all_fit(wanted: Sequence[Parameter], given: Sequence[Given]) -> bool:
    bound: Bound = {}
    return all(
        matches(shape(parameter.type), one.value.type, bound, True) and (isinstance(one.value, ir.Constant) or not parameter.constant)
        for parameter, one in zip(wanted, given, strict=True)
    )


def conversion(written: str, kind: t.Type, into: t.Type | None) -> str | None:
    """What to write for the value `written` of type `kind` where a value of type `into` is taken."""
    match t.base_of(kind), into:
        case t.Json(), t.Text():
            return f'json_get({written}, "")'
        case t.Text(), t.Int():
            return f"int({written})"
        case t.Text() | t.Float(), t.Decimal():
            return f"decimal({written})"
        case t.Text() | t.Int() | t.Decimal(), t.Float():
            return f"float({written})"
        case t.Text(), t.Date():
            return f"date({written})"
        case t.Text(), t.DateTime():
            return f"datetime({written})"
        case t.Text(), t.Time():
            return f"time({written})"
        case t.Text(), t.Bool():
            return f"bool({written})"
        case t.Text(), t.Duration():
            return f"parse_duration({written})"
        case t.Decimal() | t.Float(), t.Int():
            return f"int(round({written}))"
        case t.DateTime(), t.Date():
            return f'local_date({written}, "Europe/Paris")'
        case t.LocalDateTime(), t.Date():
            return f"date({written})"
        case t.LocalDateTime(), t.DateTime():
            return f'datetime({written}, "Europe/Paris")'
        case t.Int() | t.Decimal() | t.Float() | t.Bool() | t.Date() | t.Time() | t.DateTime() | t.LocalDateTime() | t.Duration(), t.Text():
            return f"text({written})"
        case t.ListOf(item=item), other if other is not None and type(t.base_of(item)) is type(other):
            return f"first({written})"
        case _:
            return None


# ---------------------------------------------------------------- counts, names, constants


def _signatures(misfits: Sequence[Misfit]) -> tuple[str, ...]:
    written = tuple(dict.fromkeys(one.overload.signature for one in misfits))
    return tuple(f"`{one}`" for one in written[:3])


def _wrong_count(function: Function, misfits: Sequence[Misfit], given: Sequence[Given], scope: Scope, span: Span) -> ir.Expression:
    notes = tuple(f"it is {one}" for one in _signatures(misfits))
    if misfits and all(one.why == "few" for one in misfits):
        lacking = min(misfits, key=lambda one: len(one.overload.parameters)).parameter
        message = f"{called(function)} is called without `{lacking.name}`" if lacking else f"{called(function)} is called with too little"
        return tell(scope, BAD_ARGUMENTS, span, message, "something is left out", notes=notes)
    surplus = next((one.span for one in misfits if one.span is not None), span)
    most = max((len(one.overload.parameters) for one in misfits), default=0)
    few = "no argument" if most == 0 else "one argument" if most == 1 else f"{most} arguments"
    message = f"{called(function)} takes {few}{' at most' if most else ''}, and {len(given)} {'is' if len(given) == 1 else 'are'} given"
    return tell(scope, BAD_ARGUMENTS, surplus, message, "one too many", notes=notes)


def _wrong_name(function: Function, misfit: Misfit, scope: Scope, span: Span) -> ir.Expression:
    at = misfit.span or span
    if misfit.why == "twice":
        return tell(scope, BAD_ARGUMENTS, at, f"`{shown(at)}` is given twice", "the second")
    known = [parameter.name for overload in function.overloads for parameter in overload.parameters]
    meant = nearest(misfit.written, known)
    return tell(
        scope,
        BAD_ARGUMENTS,
        at,
        f"{called(function)} has no argument `{misfit.written}`",
        "no argument has this name",
        notes=() if meant else (f"its arguments are {listed(dict.fromkeys(known))}",),
        help=f"write `{meant}`" if meant else None,
        fix=replacing(at, meant) if meant else None,
    )


def _no_constant(function: Function, misfit: Misfit, scope: Scope, span: Span) -> ir.Expression:
    name = misfit.parameter.name if misfit.parameter is not None else ""
    message = f"`{name}` of {called(function)} must be there, and `null` is nothing"
    return tell(scope, BAD_ARGUMENTS, misfit.span or span, message, "no value", help=f"see `dhm functions {function.name}`")


def _not_constant(function: Function, misfit: Misfit, given: Sequence[Given], scope: Scope, span: Span) -> ir.Expression:
    parameter = misfit.parameter
    name = parameter.name if parameter is not None else ""
    at = misfit.span or span
    message, why = f"`{name}` of {called(function)} is a constant", "only known when rows are there"
    swapped = next((one for one in given if isinstance(one.value, ir.Constant) and _may_be(one.value, parameter)), None)
    if swapped is None or len(given) != 2 or any(one.name is not None for one in given):
        return tell(scope, BAD_ARGUMENTS, at, message, why, help="write the value itself in the script")
    better = f"{function.name}({shown(swapped.span)}, {shown(at)})"
    return tell(scope, BAD_ARGUMENTS, at, message, why, help=f"the other way round: `{better}`", fix=replacing(span, better))


def _may_be(constant: ir.Constant, parameter: Parameter | None) -> bool:
    """Whether a constant is of the kind that a parameter takes."""
    if parameter is None:
        return False
    wanted = shape(parameter.type)
    return isinstance(wanted, Exact) and isinstance(t.base_of(constant.type), type(t.base_of(wanted.kind)))
