"""Operators between numbers written in a script, of all sizes and signs, and columns of numbers: what the engine gives is worked out apart.

The scripts are texts, so that reading a number is held too; what is expected comes of Python's fractions and of nothing of the product.
"""

from __future__ import annotations

import operator
import random
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from datahub.engine.evaluate import evaluate
from datahub.engine.scope import Scope
from datahub.types import model as t
from tests.differential.held import checked, framed, state

ROWS = 16
FAILED = "failed"
COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_EDGES = (0, 1, 2, 2**31, 2**53 - 1, 2**53 + 1, 2**63 - 1, 2**63, 2**64, 10**18, 10**27, 10**28, 10**28 + 1, 10**29 - 1, 10**38 - 1)


@dataclass(frozen=True, slots=True)
class Written:
    """A number as a script writes it, and its value."""

    text: str
    value: Fraction

    @property
    def floating(self) -> float | None:
        """The float that it stands for beside floats; None where it says more than a float can."""
        near = float(self.value)
        return near if Fraction(near) == self.value or Fraction(repr(near)) == self.value else None


def written(r: random.Random) -> Written:
    """A number of up to 38 digits."""
    kind = r.random()
    if kind < 0.25:
        units, scale = r.choice(_EDGES), 0
    elif kind < 0.5:
        units, scale = r.randint(0, 12), r.choice((0, 0, 0, 1))
    else:
        digits = r.randint(1, 38)
        units, scale = r.randint(10 ** (digits - 1), 10**digits - 1), r.choice((0, r.randint(0, digits)))
    return spelled(r.choice((1, -1)) * units, scale)


def spelled(units: int, scale: int) -> Written:
    digits = str(abs(units)).rjust(scale + 1, "0")
    text = f"{digits[:-scale]}.{digits[-scale:]}" if scale else digits
    return Written(f"-{text}" if units < 0 else text, Fraction(units, 10**scale))


# ---------------------------------------------------------------- columns


KINDS: tuple[t.Type, ...] = (
    t.Int(True),
    t.Decimal(True, 12, 2),
    t.Decimal(True, 38, 0),
    t.Decimal(True, 38, 10),
    t.Decimal(True, 38, 38),
    t.Float(True),
)


def near(kind: t.Type, numbers: list[Written], r: random.Random) -> Any:
    """A value of a column: often one of the numbers, or the next to one of them, or what is left of it in 28 digits."""
    if r.random() < 0.1:
        return None
    value = r.choice(numbers).value
    if isinstance(kind, t.Float):
        at = float(value)
        return r.choice((at, at, float(np.nextafter(at, np.inf)), float(np.nextafter(at, -np.inf)), -at, -0.0, 0.1, r.uniform(-1e3, 1e3)))
    scale = kind.scale if isinstance(kind, t.Decimal) else 0
    low, high = (-(2**63), 2**63 - 1) if isinstance(kind, t.Int) else (1 - 10**kind.precision, 10**kind.precision - 1)  # type: ignore[union-attr]
    units = int(value * 10**scale)
    least = 10 ** max(len(str(abs(units))) - 28, 0)
    units = r.choice((units, units, units + 1, units - 1, -units, (units + least // 2) // least * least, r.randint(-20, 20) * 10**scale))
    units = min(max(units, low), high)
    return units if isinstance(kind, t.Int) else Decimal((int(units < 0), tuple(map(int, str(abs(units)))), -scale))


def _zero(kind: t.Type) -> Any:
    match kind:
        case t.ListOf(item=item):
            return [_zero(item)]
        case t.Float():
            return 0.0
        case t.Decimal(scale=scale):
            return Decimal(0).scaleb(-scale)
        case _:
            return 0


def many(kind: t.Type, numbers: list[Written], r: random.Random) -> Any:
    return None if r.random() < 0.1 else [near(kind, numbers, r) for _ in range(r.randint(0, 3))]


# ---------------------------------------------------------------- what is asked, and what is expected


@dataclass(frozen=True, slots=True)
class Asked:
    """An expression over a column `x`, what it gives for a value of it, and whether it is to be refused."""

    text: str
    kind: t.Type
    numbers: list[Written]
    answer: Callable[[Any], Any]
    inexact: bool = False


def asked(r: random.Random) -> Asked:
    kind, number = r.choice(KINDS), written(r)
    make = r.choice(
        (_comparison, _comparison, _in_written, _in_written, _in_range, _in_list, _in_list, _arithmetic, _arithmetic, _chosen, _chosen)
    )
    return make(kind, number, r)


def seen(kind: t.Type, number: Written) -> Any:
    """The number as the values of such a column see it."""
    return number.floating if isinstance(kind, t.Float) else number.value


def exact(value: Any) -> Any:
    return Fraction(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value


def _unheld(kind: t.Type, *numbers: Written) -> bool:
    return isinstance(kind, t.Float) and any(one.floating is None for one in numbers)


def _comparison(kind: t.Type, number: Written, r: random.Random) -> Asked:
    sign, turned = r.choice(tuple(COMPARED)), r.random() < 0.5

    def answer(value: Any) -> bool:
        if value is None:
            return sign == "<>"
        sides = (seen(kind, number), exact(value)) if turned else (exact(value), seen(kind, number))
        return COMPARED[sign](*sides)

    text = f"{number.text} {sign} x" if turned else f"x {sign} {number.text}"
    return Asked(text, kind, [number], answer, _unheld(kind, number))


def _in_written(kind: t.Type, number: Written, r: random.Random) -> Asked:
    numbers = [number, *(written(r) for _ in range(r.randint(0, 3)))]
    not_, (before, after) = r.random() < 0.4, r.choice(("()", "[]"))
    text = f"x {'not ' * not_}in {before}{', '.join(one.text for one in numbers)}{after}"
    among = [seen(kind, one) for one in numbers]
    return Asked(text, kind, numbers, lambda value: value is not None and (exact(value) in among) is not not_, _unheld(kind, *numbers))


def _in_range(kind: t.Type, number: Written, r: random.Random) -> Asked:
    other = written(r)
    low, high = seen(kind, number), seen(kind, other)
    return Asked(
        f"x in {number.text}..{other.text}",
        kind,
        [number, other],
        lambda value: value is not None and low <= exact(value) <= high,
        _unheld(kind, number, other),
    )


def _in_list(kind: t.Type, number: Written, r: random.Random) -> Asked:
    not_, wanted = r.random() < 0.4, seen(kind, number)
    if r.random() < 0.3:
        text, over = f"{number.text} {'not ' * not_}in [x, {number.text}, null]", kind
        return Asked(text, over, [number], lambda value: not not_, _unheld(kind, number))
    text = f"{number.text} {'not ' * not_}in x"
    answer = lambda value: value is not None and (wanted in map(exact, value)) is not not_  # noqa: E731
    return Asked(text, t.ListOf(kind, True), [number], answer, _unheld(kind, number))


ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def _arithmetic(kind: t.Type, number: Written, r: random.Random) -> Asked:
    sign, turned = r.choice(tuple(ARITHMETIC)), r.random() < 0.5
    text = f"({number.text}) {sign} x" if turned else f"x {sign} ({number.text})"
    mine = float(number.value) if isinstance(kind, t.Float) else number.value

    def answer(value: Any) -> Any:
        if value is None:
            return None
        left, right = (mine, exact(value)) if turned else (exact(value), mine)
        try:
            found = ARITHMETIC[sign](left, right)
        except (ZeroDivisionError, OverflowError):
            return FAILED
        return found if not isinstance(found, float) or np.isfinite(found) else FAILED

    return Asked(text, kind, [number], answer)


CHOSEN: dict[str, Callable[[Any, Any], Any]] = {
    "greatest({w}, x)": lambda w, x: None if x is None else max(w, x),
    "greatest(x, {w})": lambda w, x: None if x is None else max(w, x),
    "least({w}, x, {w})": lambda w, x: None if x is None else min(w, x),
    "clamp(x, {w}, {w})": lambda w, x: None if x is None else w,
    "x default {w}": lambda w, x: w if x is None else x,
    "coalesce(x, {w})": lambda w, x: w if x is None else x,
    "if(x > {w}, {w}, x)": lambda w, x: w if x is not None and x > w else x,
    'case x when {w} then "a" otherwise "b" end': lambda w, x: "a" if x == w else "b",
    'switch(x, {w}, "a", "b")': lambda w, x: "a" if x == w else "b",
    "contains([{w}], x)": lambda w, x: None if x is None else w == x,
    "contains([x], {w})": lambda w, x: w == x,
    "[x] = [{w}]": lambda w, x: w == x,
    "[{w}] <> [x]": lambda w, x: w != x,
    "[{w}] in [[x], [1]]": lambda w, x: w in (x, 1),
    "nullif(x, {w})": lambda w, x: None if x == w else x,
    "first([{w}, x])": lambda w, x: w,
}


def _chosen(kind: t.Type, number: Written, r: random.Random) -> Asked:
    pattern = r.choice(tuple(CHOSEN))
    mine = seen(kind, number)
    text = pattern.format(w=number.text)
    return Asked(text, kind, [number], lambda value: CHOSEN[pattern](mine, exact(value)), _unheld(kind, number))


# ---------------------------------------------------------------- held


def differences(one: Asked, r: random.Random) -> list[str]:
    """What the engine gives otherwise than expected, in a column of values near the numbers."""
    typed = checked(one.text, {"x": one.kind})
    shown = f"{one.text} of {t.spelled(one.kind)}"
    if typed is None:
        return [] if one.inexact else [f"{shown} is refused"]
    if one.inexact:
        return [f"{shown} is taken, and no float is like that"]
    column = many if isinstance(one.kind, t.ListOf) else near
    inner = one.kind.item if isinstance(one.kind, t.ListOf) else one.kind
    values = [column(inner, one.numbers, r) for _ in range(ROWS)]
    if r.random() < 0.25:
        # What all values have in common, nothing but zeros among it, chooses how they are worked out.
        values = [r.choice((values[0], None, _zero(one.kind))) if r.random() < 0.2 else _zero(one.kind) for _ in range(ROWS)]
    given = evaluate(typed, Scope(framed({"x": one.kind}, [{"x": value} for value in values]), state()))
    got = given.array(ROWS).to_pylist()
    failed = {int(at) for failure in given.failures for at in np.arange(ROWS)[failure.rows]}
    wanted = [_in_type(one.answer(value), typed.type) for value in values]
    found = [FAILED if at in failed else exact(value) for at, value in enumerate(got)]
    return [
        f"{shown}: of {value!r} the engine gives {engine!r}, and it is {right!r}"
        for value, engine, right in zip(values, found, wanted, strict=True)
        if engine != right
    ]


def _in_type(value: Any, kind: t.Type) -> Any:
    """An exact result as its type has it: rounded half away from zero at its last digit, and a failure where it has no room."""
    if not isinstance(value, Fraction):
        return value
    scale = kind.scale if isinstance(kind, t.Decimal) else 0
    units = abs(value) * 10**scale
    whole = int(units + Fraction(1, 2))
    most = 10**kind.precision if isinstance(kind, t.Decimal) else 2**63 + (value < 0)
    return FAILED if whole >= most else Fraction(whole if value >= 0 else -whole, 10**scale)
