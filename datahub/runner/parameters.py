"""`--param NAME=VALUE`: text as values of the types that the script declares."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, NoReturn

from datahub.types import model as t
from datahub.types.fits import misfit

if TYPE_CHECKING:
    from datahub.plan.operators import Plan
    from datahub.semantic.ir import Value


_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


class Unreadable(Exception):
    """A value that is none of its parameter's type; the text says so."""


def parameters(plan: Plan, given: Mapping[str, str]) -> dict[str, Value]:
    """The values of `given`; what the script does not declare is left as text, for the run to refuse."""
    types = {shape.name: shape.type for shape in plan.parameters}
    return {name: value_of(text, types[name], name) if name in types else text for name, text in given.items()}


def checked(plan: Plan, given: Mapping[str, Value]) -> dict[str, Value]:
    """Values of Python as those of their parameters; texts are read as on the command line, and nothing is rounded or cut."""
    types = {shape.name: shape.type for shape in plan.parameters}
    return {name: _checked(value, types[name], name) if name in types else value for name, value in given.items()}


def _checked(value: Value, kind: t.Type, name: str) -> Value:
    base = t.base_of(kind)
    match value:
        case None:
            fits = kind.nullable
        case str():
            return value_of(value, kind, name)
        case bool():
            fits = isinstance(base, t.Bool)
        case int():
            fits = isinstance(base, t.Int | t.Decimal | t.Float)
        case Decimal() | float():
            fits = isinstance(base, t.Decimal if isinstance(value, Decimal) else t.Float)
        case list() | tuple() if isinstance(base, t.ListOf):
            return tuple(_checked(one, base.item, name) for one in value)
        case datetime():
            fits = isinstance(base, t.DateTime if value.tzinfo else t.LocalDateTime)
        case date() | time():
            fits = isinstance(base, t.Date if isinstance(value, date) else t.Time)
        case _:
            fits = isinstance(base, t.Duration)
    if not fits:
        raise Unreadable(f"`{name}` takes {t.spelled(kind)}, and `{value!r}` is none")
    return _within(value, kind, name)


def _within(value: Value, kind: t.Type, name: str) -> Value:
    """The value, unless the bounds of its type leave it out."""
    said = misfit(value, t.base_of(kind))
    if said is not None:
        raise Unreadable(f"`{name}` takes {t.spelled(kind)}, and `{value}` {said}")
    return value


def value_of(text: str, kind: t.Type, name: str) -> Value:
    """`text` as a value of `kind`: an empty one is null where null is allowed."""
    if not text and kind.nullable:
        return None
    try:
        return _within(_read(text, kind, name), kind, name)
    except (ValueError, InvalidOperation) as error:
        raise Unreadable(f"`{name}` takes {t.spelled(kind)}, and `{text}` is none") from error


def _read(text: str, kind: t.Type, name: str) -> Value:
    match kind:
        case t.Text():
            return text
        case t.Bool():
            return {"true": True, "false": False}[text] if text in ("true", "false") else _refuse()
        case t.Int():
            return int(_number(text))
        case t.Decimal():
            return Decimal(_number(text))
        case t.Float():
            return float(_number(text))
        case t.Date():
            return date.fromisoformat(text)
        case t.Time():
            return time.fromisoformat(text)
        case t.DateTime():
            return instant(text)
        case t.Enum(members=members):
            return text if text in members else _refuse()
        case t.Named(base=base):
            return _read(text, base, name)
        case t.ListOf(item=item):
            return tuple(value_of(part, item, name) for part in _parts(text))
        case _:
            raise Unreadable(f"`{name}` takes {t.spelled(kind)}, which cannot be given on the command line")


def _parts(text: str) -> list[str]:
    """The items of a list: parted at commas, or a list of JSON, whose texts may hold commas."""
    if not (text.startswith("[") and text.endswith("]")):
        return [part.strip() for part in text.split(",")] if text else []
    items = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    return [one if isinstance(one, str) else _WORDS[one] if one is None or isinstance(one, bool) else _refuse() for one in items]


_WORDS = {True: "true", False: "false", None: ""}


def instant(text: str) -> datetime:
    """An ISO instant; a day is its first moment, and what names no zone is UTC."""
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _number(text: str) -> str:
    """`text` if it is a plain number; Python would take `1_000`, `nan` and digits of other scripts."""
    return text if _NUMBER.fullmatch(text) else _refuse()


def _refuse() -> NoReturn:
    raise ValueError
