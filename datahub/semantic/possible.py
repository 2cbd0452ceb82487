"""Which of a function's reject codes can come up for the arguments that it is given."""

from __future__ import annotations

from collections.abc import Sequence

from datahub.functions.declare import Overload
from datahub.semantic import ir
from datahub.types import model as t
from datahub.types.assign import MOST_DIGITS

_PLANNED = frozenset(
    ("+", "-", "*", "/", "neg", "abs", "sum", "avg", "median", "percentile", "round", "round_half_even", "round_up", "round_down")
)
"""Those whose result has room for all digits, unless a decimal has not so many."""
_GROWING = frozenset(("&", "concat_text", "join_text", "replace", "replace_each", "redact"))
"""Those that reject nothing but a text beyond 16 MiB: what is said of values that never fail holds for them, short of that."""
_DIVIDING = frozenset(("/", "div", "mod"))


def possible_codes(name: str, overload: Overload, values: Sequence[ir.Expression], kind: t.Type) -> tuple[str, ...]:
    """The codes of `overload` that calling it with `values` can give; its result is of type `kind`."""
    return tuple(code for code in overload.rejects if not _ruled_out(code, name, values, kind))


def _ruled_out(code: str, name: str, values: Sequence[ir.Expression], kind: t.Type) -> bool:
    if code == "R601" and name in _DIVIDING and len(values) == 2:
        divisor = values[1]
        return isinstance(divisor, ir.Constant) and divisor.value is not None and divisor.value != 0
    if code == "R603" and name in _GROWING:
        return True
    if code == "R602" and name in _PLANNED:
        base = t.base_of(kind)
        return isinstance(base, t.Decimal) and base.precision < MOST_DIGITS
    return False
