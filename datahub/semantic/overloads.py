"""Which signature of a function takes the arguments given, what it gives, and what to say where none does."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import TypeAlias

from datahub.document import Span
from datahub.functions import load
from datahub.functions.declare import Function, Overload, Parameter
from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.folding import folded
from datahub.semantic.misfits import Misfit, tell_misfit
from datahub.semantic.possible import possible_codes
from datahub.semantic.scope import Scope
from datahub.semantic.told import UNKNOWN, is_unknown
from datahub.semantic.trial import takes_constants
from datahub.semantic.values import as_floats, as_value, brought, constant, has_float, made
from datahub.syntax import ast
from datahub.types import model as t
from datahub.types.fits import digits_of
from datahub.types.shapes import Bound, Exact, Family, ListShape, Shape, Variable, built, family_result, matches, shape

ROWWISE = frozenset(("function", "operator"))
AGGREGATE = frozenset(("aggregate",))


@record(frozen=True, slots=True)
class Given:
    """One argument as given: its value, its place, and the parameter that it names."""

    value: ir.Expression
    span: Span
    name: ast.Name | None = None


Pair: TypeAlias = "tuple[Parameter, Given]"


@record(frozen=True, slots=True)
class Chosen:
    """The overload that takes the arguments: its number, the arguments in its order, and the type that it gives."""

    index: int
    overload: Overload
    pairs: tuple[Pair, ...]
    values: tuple[ir.Expression, ...]
    type: t.Type


@lru_cache(maxsize=1)
def functions() -> dict[str, Function]:
    """Every function by name."""
    return load()


def resolve(name: str, given: Sequence[Given], scope: Scope, span: Span, kinds: Collection[str] = ROWWISE) -> ir.Expression:
    """The call of `name` that takes the arguments `given`; what keeps it from that is told."""
    if any(is_unknown(one.value) for one in given):
        return UNKNOWN
    function = functions()[name]
    found = choose_overload(function, given, scope, kinds)
    if isinstance(found, Chosen):
        if not takes_constants(name, found.overload, found.pairs, scope):
            return UNKNOWN
        return folded(as_call(name, found, scope), found.overload, scope, span)
    return tell_misfit(function, found, given, scope, span)


def applied(name: str, arguments: Sequence[ir.Expression], scope: Scope) -> ir.Expression:
    """A call of `name` that the checker itself makes, with arguments that it takes."""
    if any(map(is_unknown, arguments)):
        return UNKNOWN
    found = choose_overload(functions()[name], [Given(one, _NOWHERE) for one in arguments], scope)
    assert isinstance(found, Chosen), f"{name} does not take {[t.spelled(one.type) for one in arguments]}"
    return as_call(name, found, scope)


_NOWHERE: Span = None  # type: ignore[assignment]  # arguments made by the checker itself stand nowhere, and are never told of


def as_call(name: str, found: Chosen, scope: Scope) -> ir.Call:
    """The call of the overload found; null where an argument that must be there is null."""
    kind = t.nullable(found.type) if _null_in(found.pairs) else found.type
    return made(scope, ir.Call(name, found.index, found.values, kind, possible_codes(name, found.overload, found.values, kind)))


def _null_in(pairs: Sequence[Pair]) -> bool:
    return any(given.value.type.nullable and not parameter.nullable and not parameter.constant for parameter, given in pairs)


def choose_overload(function: Function, given: Sequence[Given], scope: Scope, kinds: Collection[str] = ROWWISE) -> Chosen | list[Misfit]:
    """The first overload that takes the arguments: as they are, else with ints as decimals, else with written numbers as floats.

    Else why each does not.
    """
    misfits: list[Misfit] = []
    for widen in (False, True):
        misfits = []
        for index, overload in enumerate(function.overloads):
            if overload.kind not in kinds:
                continue
            found = _fitted(index, overload, given, widen, scope)
            if isinstance(found, Chosen):
                return found
            misfits.append(found)
    if any(one.why == "type" for one in misfits) and any(has_float(one.value.type) for one in given):
        those = [(index, overload) for index, overload in enumerate(function.overloads) if overload.kind in kinds]
        fitted = (_fitted(index, overload, given, True, scope, floats=True) for index, overload in those)
        return next((found for found in fitted if isinstance(found, Chosen)), misfits)
    return misfits


# ---------------------------------------------------------------- one overload


def _fitted(index: int, overload: Overload, given: Sequence[Given], widen: bool, scope: Scope, *, floats: bool = False) -> Chosen | Misfit:
    pairs = _paired(overload, given)
    if isinstance(pairs, Misfit):
        return pairs
    if floats:
        pairs = tuple((parameter, _as_floats(one, scope) if _open(shape(parameter.type)) else one) for parameter, one in pairs)
    bound: Bound = {}
    for at, (parameter, one) in enumerate(pairs):
        if parameter.constant and not isinstance(one.value, ir.Constant):
            return Misfit(overload, "constant", at, parameter, one.span)
        if parameter.constant and isinstance(one.value, ir.Constant) and _is_missing(one.value.value, parameter):
            return Misfit(overload, "null", at, parameter, one.span)
        if not _takes(shape(parameter.type), one.value, bound, widen):
            wanted = shape(parameter.type)
            before = bound.get(wanted.name) if isinstance(wanted, Variable) else None
            return Misfit(overload, "type", at, parameter, one.span, one.value.type, bound=before)
    values = tuple(_passed(shape(parameter.type), one.value, bound, overload, scope) for parameter, one in pairs)
    kind = _given_type(overload, pairs, values, bound)
    if kind is None:
        return _refused(overload, pairs)
    # Where no argument says of what type it is, as in `first([])`, there is no value that it could be.
    return Chosen(index, overload, pairs, values, t.Nothing() if isinstance(kind, t.Unknown) else kind)


def _as_floats(given: Given, scope: Scope) -> Given:
    """An argument whose numbers, written in the script, are floats: what another argument of the same type is."""
    return Given(brought(given.value, as_floats(given.value, given.value.type), scope), given.span, given.name)


def _is_missing(value: ir.Value, parameter: Parameter) -> bool:
    """Whether a constant is null, or a list with a null in it, where there must be one."""
    if isinstance(value, tuple):
        return parameter.type.startswith("[") and not parameter.type.endswith("?]") and None in value
    return value is None and not (parameter.optional and parameter.default is None)


def _refused(overload: Overload, pairs: Sequence[Pair]) -> Misfit:
    """The overload's rule takes no such arguments: what is wrong is a constant it asks for, else the types together."""
    stated = [at for at, (parameter, one) in enumerate(pairs) if parameter.constant and one.span is not _NOWHERE]
    if stated:
        parameter, one = pairs[stated[-1]]
        return Misfit(overload, "rule", len(pairs), parameter, one.span, pairs[0][1].value.type)
    return Misfit(overload, "type", 0, pairs[0][0], pairs[0][1].span, pairs[0][1].value.type) if pairs else Misfit(overload, "few", 0)


def _takes(wanted: Shape, value: ir.Expression, bound: Bound, widen: bool) -> bool:
    kind = value.type
    written = isinstance(value, ir.Constant) and isinstance(value.value, int | Decimal) and not isinstance(value.value, bool)
    if widen and written and isinstance(wanted, Exact) and isinstance(wanted.kind, t.Float):
        # A number written in the script is a float where one is asked for.
        return True
    if isinstance(value, ir.Constant) and isinstance(value.value, str) and isinstance(wanted, Variable):
        member_of = t.base_of(bound.get(wanted.name, kind))
        if isinstance(member_of, t.Enum) and value.value in member_of.members:
            return True
    return matches(wanted, kind, bound, widen)


def _paired(overload: Overload, given: Sequence[Given]) -> tuple[Pair, ...] | Misfit:
    """Each argument beside its parameter, in the order of the parameters."""
    parameters = overload.parameters
    by_name = {parameter.name: parameter for parameter in parameters}
    named: dict[str, Given] = {}
    positional: list[Given] = []
    for one in given:
        if one.name is None:
            positional.append(one)
        elif one.name.text not in by_name:
            return Misfit(overload, "name", 0, None, one.name.span, written=one.name.text)
        elif one.name.text in named:
            return Misfit(overload, "twice", 0, by_name[one.name.text], one.name.span)
        else:
            named[one.name.text] = one
    return _in_order(overload, positional, named)


def _in_order(overload: Overload, positional: list[Given], named: dict[str, Given]) -> tuple[Pair, ...] | Misfit:
    pairs: list[Pair] = []
    left_out: list[Parameter] = []
    for parameter in overload.parameters:
        if parameter.variadic:
            pairs.extend((parameter, one) for one in positional)
            positional = []
        elif positional and parameter.name not in named:
            pairs.append((parameter, positional.pop(0)))
        elif parameter.name in named:
            pairs.extend(_defaults(left_out))
            left_out = []
            pairs.append((parameter, named[parameter.name]))
        elif parameter.optional:
            left_out.append(parameter)
        else:
            return Misfit(overload, "few", len(pairs), parameter)
    if positional:
        return Misfit(overload, "many", len(pairs), None, positional[0].span)
    return tuple(pairs)


def _defaults(left_out: Sequence[Parameter]) -> Iterator[Pair]:
    """What parameters are that are left out before one that is named; after the last one given, the kernel knows."""
    for parameter in left_out:
        kind = built(shape(parameter.type), {})
        nullable = t.nullable(kind) if parameter.default is None else kind
        yield parameter, Given(ir.Constant(parameter.default, nullable), _NOWHERE)


def _passed(wanted: Shape, value: ir.Expression, bound: Bound, overload: Overload, scope: Scope) -> ir.Expression:
    """The argument in the type that the kernel is made for."""
    if overload.kind == "operator" and isinstance(t.base_of(value.type), t.Int | t.Decimal) and not isinstance(wanted, Exact | ListShape):
        # The kernels of operators take exact numbers as they are, and compare them by value.
        return value
    match wanted:
        case Exact(kind=t.Decimal()):
            if overload.kind == "operator" or not isinstance(t.base_of(value.type), t.Int):
                return value
            if isinstance(value, ir.Constant) and isinstance(value.value, int):
                return constant(scope, Decimal(value.value), digits_of(value.value))
            return brought(value, t.Decimal(False, 19, 0), scope)
        case Exact(kind=t.Float()) if isinstance(value, ir.Constant):
            return constant(scope, as_value(value.value, t.Float()), t.with_null(t.Float(), value.value is None))
        case Family():
            return value
        case _:
            return brought(value, built(wanted, bound), scope) if _open(wanted) or isinstance(value.type, t.Nothing) else value


def _open(wanted: Shape) -> bool:
    """Whether a variable says what is taken, so that several arguments must be of one type."""
    match wanted:
        case Variable():
            return True
        case Exact() | Family():
            return False
        case _:
            return True


def _given_type(overload: Overload, pairs: Sequence[Pair], values: Sequence[ir.Expression], bound: Bound) -> t.Type | None:
    """The type of the result; None where the overload's rule does not take these arguments."""
    kinds = [value.type for value in values]
    if overload.rule is not None:
        return overload.rule(kinds, [value.value if isinstance(value, ir.Constant) else None for value in values])
    wanted = shape(overload.returns)
    found = family_result(wanted, [shape(parameter.type) for parameter, _ in pairs], kinds)
    return built(wanted, bound) if found is None else found
