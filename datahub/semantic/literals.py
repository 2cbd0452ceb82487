"""Constants that a script writes outside expressions, as values of a type: defaults of parameters, cells of tables."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation

from datahub.semantic.ir import Value
from datahub.syntax import ast
from datahub.syntax.literals import EXACT
from datahub.types import model as t

_WHOLE = re.compile(r"[+-]?[0-9]+")
_EXACT = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?%?")
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
TRUE_WORDS = frozenset(("true", "yes"))
FALSE_WORDS = frozenset(("false", "no"))


class NotOfType(ValueError):
    """The text or literal is no value of the type; the message says what one looks like."""


def value_of_text(text: str, kind: t.Type, true_words: frozenset[str] = TRUE_WORDS, false_words: frozenset[str] = FALSE_WORDS) -> Value:
    """Read `text`, written without quotes in a script, as a value of `kind`.

    Raise `NotOfType` where it is none.
    """
    match t.base_of(kind):
        case t.Text() as shape:
            return _text(text, shape)
        case t.Enum(members=members):
            return _member(text, members)
        case t.Bool():
            return _bool(text, true_words, false_words)
        case t.Int(width=width):
            return _int(text, width)
        case t.Decimal() as shape:
            return _decimal(text, shape)
        case t.Float():
            return float(_exact(text))
        case t.Date() | t.Time() | t.DateTime() | t.LocalDateTime() | t.Duration() as clock:
            return _clock(text, clock)
        case t.Json():
            return text
        case t.Unknown():
            return None
        case other:
            raise NotOfType(f"a value of type {t.spelled(other)} cannot be written here")


def value_of_literal(literal: ast.Literal_, kind: t.Type) -> Value:
    """The value of `kind` that `literal` writes. Raise `NotOfType` where it is none."""
    base = t.base_of(kind)
    match literal:
        case ast.Null():
            if kind.nullable:
                return None
            raise NotOfType(f"{t.spelled(kind)} is never null")
        case ast.ListOf(items=items):
            if not isinstance(base, t.ListOf):
                raise NotOfType(f"a list is no {t.spelled(base)}")
            return tuple(value_of_literal(item, base.item) for item in items)  # type: ignore[arg-type]
        case ast.Boolean(value=value):
            return _expect(value, base, (t.Bool,), "true or false")
        case ast.Number(value=number):
            if isinstance(base, t.Text | t.Enum | t.Bool | t.Date | t.Time | t.DateTime | t.LocalDateTime | t.Duration):
                raise NotOfType(f"a number is no {t.spelled(base)}")
            return value_of_text(format(number, "f") if isinstance(number, Decimal) else str(number), kind)
        case ast.String(value=text):
            if isinstance(base, t.Int | t.Decimal | t.Float | t.Bool):
                raise NotOfType(f"text is no {t.spelled(base)}")
            return value_of_text(text, kind)
        case ast.Reference(name=name):
            if isinstance(base, t.Enum):
                return _member(name.text, base.members)
            raise NotOfType(f"`{name.text}` is no value; text stands in quotes")


def _expect(value: Value, base: t.Type, kinds: tuple[type, ...], what: str) -> Value:
    if not isinstance(base, (*kinds, t.Unknown)):
        raise NotOfType(f"{what} is no {t.spelled(base)}")
    return value


def _text(text: str, shape: t.Text) -> str:
    if shape.longest is not None and len(text) > shape.longest:
        raise NotOfType(f"it has {len(text)} characters, {shape.longest} at most")
    if shape.shortest is not None and len(text) < shape.shortest:
        raise NotOfType(f"it has {len(text)} characters, {shape.shortest} at least")
    return text


def _member(text: str, members: tuple[str, ...]) -> str:
    if text not in members:
        raise NotOfType("it is one of " + ", ".join(f"`{member}`" for member in members))
    return text


def _bool(text: str, true_words: frozenset[str], false_words: frozenset[str]) -> bool:
    if text in true_words:
        return True
    if text in false_words:
        return False
    raise NotOfType("it is one of " + ", ".join(f"`{word}`" for word in (*sorted(true_words), *sorted(false_words))))


def _int(text: str, width: int) -> int:
    if not _WHOLE.fullmatch(text):
        raise NotOfType("a whole number is digits, such as `12` or `-3`")
    number = int(text)
    if not -(2 ** (width - 1)) <= number < 2 ** (width - 1):
        raise NotOfType(f"it does not fit in {width} bits")
    return number


def _exact(text: str) -> Decimal:
    if not _EXACT.fullmatch(text):
        raise NotOfType("a number is digits with a point, such as `12.50`")
    if text.endswith("%"):
        return Decimal(text[:-1]).scaleb(-2, EXACT)
    return Decimal(text)


def _decimal(text: str, shape: t.Decimal) -> Decimal:
    number = _exact(text)
    try:
        whole = number.quantize(Decimal(1).scaleb(-shape.scale), context=EXACT)
    except InvalidOperation:
        raise NotOfType(f"it has more digits than {t.spelled(shape)}") from None
    if whole != number:
        raise NotOfType(f"it has more than {shape.scale} digits after the point")
    if len(whole.as_tuple().digits) > shape.precision:
        raise NotOfType(f"it has more than {shape.precision - shape.scale} digits before the point")
    return whole


def _clock(text: str, kind: t.Type) -> Value:
    try:
        match kind:
            case t.Date():
                return date.fromisoformat(text)
            case t.Time():
                return time.fromisoformat(text)
            case t.DateTime():
                return _instant(text)
            case t.LocalDateTime():
                return _local(text)
            case _:
                return _duration(text)
    except ValueError:
        raise NotOfType(f"it is written as `{_EXAMPLES[type(kind)]}`") from None


_EXAMPLES: dict[type, str] = {
    t.Date: "2024-05-31",
    t.Time: "14:30:00",
    t.DateTime: "2024-05-31T14:30:00Z",
    t.LocalDateTime: "2024-05-31T14:30:00",
    t.Duration: "P1DT2H",
}


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found.astimezone(UTC)


def _local(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is not None:
        raise ValueError(text)
    return found


def _duration(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()):
        raise ValueError(text)
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
