"""Calls of constants, worked out while the script is checked: what always fails is known, and what cannot fail any more."""

from __future__ import annotations

import inspect
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.diagnostics.rule import Severity
from datahub.document import Span
from datahub.functions.columns import as_mask
from datahub.functions.declare import REGISTRY, Outcome, Overload
from datahub.semantic import ir
from datahub.semantic.rules_types import NEVER_CONVERTS
from datahub.semantic.scope import Scope
from datahub.semantic.told import shown
from datahub.semantic.values import constant
from datahub.types import model as t
from datahub.types.arrow import arrow_type

_CONVERSIONS = ("int", "decimal", "float", "bool", "date", "time", "datetime", "local_datetime", "make_date")
FOLDED = frozenset((*_CONVERSIONS, "+", "-", "*", "/", "neg", "&", "round", "div", "mod", "abs"))
"""Those that take a moment and give one value. What others give of constants is worked out when a run starts."""
DIVIDING = ("/", "div", "mod")
_SINGLE = t.Bool | t.Int | t.Decimal | t.Float | t.Text | t.Date | t.Time | t.DateTime | t.LocalDateTime
_LONGEST = 1000
"""Texts beyond so many characters are left to the run."""


def folded(call: ir.Call, overload: Overload, scope: Scope, span: Span) -> ir.Expression:
    """The constant that `call` gives where all its arguments are constants, else itself; a failure for sure is told."""
    if call.function not in FOLDED or overload.context or call.type.nullable or not isinstance(t.base_of(call.type), _SINGLE):
        return call
    given = _given(call, overload)
    if given is None:
        if call.function in DIVIDING and _is_zero(call.arguments[1]):
            _tell(call, "R601", scope, span, "whatever is divided by zero")
        return call
    value, code = _answer(call, overload, given)
    if code is not None:
        _tell(call, code, scope, span)
        return call
    return call if value is None or isinstance(value, timedelta) else constant(scope, value, call.type)


def _answer(call: ir.Call, overload: Overload, given: list[Any]) -> tuple[Any, str | None]:
    """The one value of a call, known before any row is, or the code with which it fails."""
    answer = overload.kernel(*given, **left_out(overload, len(given)))
    values, failed = (answer.values, answer.failed) if isinstance(answer, Outcome) else (answer, ())
    code = next((code for mask, code in failed if as_mask(pa.array(mask))[0]), None)
    if code is not None:
        return None, code
    return (values.cast(arrow_type(call.type))[0] if isinstance(values, pa.Array) else values.cast(arrow_type(call.type))).as_py(), None


def is_false(condition: ir.Expression) -> bool:
    """Whether a condition of constants is known not to hold; what needs more than functions of them is left to the run."""
    return _known(condition) is False


def _known(node: ir.Expression) -> ir.Value:
    """The value of an expression of constants; None where it is null, fails, or is not known yet."""
    match node:
        case ir.Constant(value=value):
            return value
        case ir.Logic(operator=operator, left=left, right=right):
            first, second, decides = _known(left), _known(right), operator == "or"
            return decides if decides in (first, second) else None if None in (first, second) else not decides
        case ir.Call():
            overload = REGISTRY[node.function].overloads[node.overload]
            values = tuple(ir.Constant(_known(one), one.type) for one in node.arguments)
            given = _given(replace(node, arguments=values), overload) if not overload.context else None
            return None if given is None else _answer(node, overload, given)[0]
        case _:
            return None


def _given(call: ir.Call, overload: Overload) -> list[Any] | None:
    """The constants as the kernel takes them; None where an argument is none."""
    parameters = overload.parameters
    given: list[Any] = []
    for at, argument in enumerate(call.arguments):
        if not isinstance(argument, ir.Constant) or not _is_simple(argument):
            return None
        if parameters[min(at, len(parameters) - 1)].constant:
            given.append(argument.value)
        else:
            given.append(pa.scalar(argument.value, arrow_type(argument.type)))
    first = next((at for at, one in enumerate(given) if isinstance(one, pa.Scalar)), None)
    if first is None:
        return None
    given[first] = pa.repeat(given[first], 1)
    return given


def left_out(overload: Overload, count: int) -> dict[str, Any]:
    """The declared defaults that the kernel does not know itself."""
    known = inspect.signature(overload.kernel).parameters
    return {
        place.name: place.default if place.constant else pa.scalar(place.default)
        for place in overload.parameters[count:]
        if place.optional and not place.variadic and place.name in known and known[place.name].default is inspect.Parameter.empty
    }


def _is_simple(argument: ir.Constant) -> bool:
    value = argument.value
    return value is not None and not isinstance(value, tuple) and not (isinstance(value, str) and len(value) > _LONGEST)


def _is_zero(argument: ir.Expression) -> bool:
    return isinstance(argument, ir.Constant) and isinstance(argument.value, int | float | Decimal) and argument.value == 0


def _tell(call: ir.Call, code: str, scope: Scope, span: Span, why: str = "of constants, and so the same everywhere") -> None:
    # No error: the script says what it says, and an expression that always fails can be tried on its own.
    message = f"`{shown(span)}` is rejected with {code} in every row"
    scope.emit(Diagnostic(NEVER_CONVERTS, message, Label(span, why), severity=Severity.WARNING))
